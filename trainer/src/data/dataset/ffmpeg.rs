//! The programs `ffprobe` and `ffmpeg` (5.1 or later): started without a shell, read from, ended. They may open nothing but the
//! file itself, and what they write is checked like any file.

use std::{
    ffi::OsString,
    fs,
    io::{BufRead, BufReader, ErrorKind, Read},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    thread::JoinHandle,
};

use anyhow::{Context, Result, anyhow, bail, ensure};
use bonafide::{frame::MAX_SIDE, picture::MAX_PIXELS};

use crate::picture::photo::Photo;

/// Endings of videos.
pub(super) const VIDEOS: [&str; 6] = ["mp4", "mov", "avi", "mkv", "webm", "m4v"];

/// Containers that ffmpeg may recognise: no playlist, which would name other files.
const CONTAINERS: &str = "mov,avi,matroska,mpegts,yuv4mpegpipe";

/// PAM is raw RGBA with the size before each frame, so that rotation and odd headers need no second opinion.
pub(super) const PAM: [&str; 7] = ["-c:v", "pam", "-pix_fmt", "rgba", "-f", "image2pipe", "pipe:1"];

/// Checks that both programs are there.
///
/// # Errors
/// If one is not, with how to get it.
pub(super) fn installed() -> Result<()> {
    for program in ["ffprobe", "ffmpeg"] {
        Command::new(program).arg("-version").output().map_err(|error| not_started(error, program))?;
    }
    Ok(())
}

/// `program` with the file as its input, and nothing else within its reach.
pub(super) fn input(program: &str, path: &Path) -> Result<Command> {
    // Asked first: opening a pipe would wait for its other end.
    let kind = fs::metadata(path).context("cannot be read")?;
    ensure!(kind.is_file(), "is no regular file");
    let mut url = OsString::from("file:");
    url.push(path);
    let mut command = Command::new(program);
    command.args(["-v", "error", "-protocol_whitelist", "file,pipe", "-format_whitelist", CONTAINERS]);
    command.args(["-max_pixels", &MAX_PIXELS.to_string(), "-threads", "1"]);
    if program == "ffmpeg" {
        command.arg("-nostdin");
    }
    command.arg("-i").arg(url);
    Ok(command)
}

fn not_started(error: std::io::Error, program: &str) -> anyhow::Error {
    if error.kind() == ErrorKind::NotFound {
        anyhow!("{program} is not installed, and videos are read through it: install ffmpeg 5.1 or later")
    } else {
        anyhow!(error).context(format!("{program} cannot be started"))
    }
}

/// A running program. It is ended when this is dropped.
pub(super) struct Reader {
    child: Child,
    pub(super) stdout: BufReader<ChildStdout>,
    complaints: Option<JoinHandle<String>>,
}

impl Reader {
    pub(super) fn start(mut command: Command, program: &str) -> Result<Self> {
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child =
            command.spawn().map_err(|error| anyhow!("cannot be read: {:#}", not_started(error, program)))?;
        let stdout = BufReader::new(child.stdout.take().context("has no output")?);
        let stderr = child.stderr.take().context("has no errors")?;
        // Read beside the pictures, to the end: a full pipe would stop the program.
        let complaints = std::thread::spawn(move || {
            let mut stderr = BufReader::new(stderr);
            let mut kept = Vec::new();
            let _ = stderr.by_ref().take(4096).read_to_end(&mut kept);
            let _ = std::io::copy(&mut stderr, &mut std::io::sink());
            String::from_utf8_lossy(&kept).into_owned()
        });
        Ok(Self { child, stdout, complaints: Some(complaints) })
    }

    /// Waits for the end. If the program failed: its last line of complaint, or that it may read no such file.
    pub(super) fn finish(&mut self) -> Result<Option<String>> {
        let status = self.child.wait().context("outlives its program")?;
        let said = self.complaints.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        // Without the path, which the program puts before.
        let last = said.lines().rfind(|line| !line.trim().is_empty());
        let last = last.and_then(|line| line.rsplit(": ").next()).map(|line| line.trim().to_owned());
        let other = || format!("what it holds is none of {}, whatever its name", VIDEOS.join(", "));
        let last = if said.contains("not on whitelist") { Some(other()) } else { last };
        Ok(if status.success() { None } else { Some(last.unwrap_or_else(|| format!("{status}"))) })
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One PAM picture; `None` at the end of the stream, in the middle of a picture too.
pub(super) fn frame(stream: &mut impl BufRead) -> Result<Option<Photo>> {
    let (mut width, mut height) = (0, 0);
    loop {
        let mut line = String::new();
        stream.by_ref().take(256).read_line(&mut line).context("cannot be read from ffmpeg")?;
        let mut words = line.split_whitespace();
        match (words.next(), words.next().map(str::parse::<u32>)) {
            (None, _) => return Ok(None),
            (Some("ENDHDR"), _) => break,
            (Some("WIDTH"), Some(Ok(value))) => width = value,
            (Some("HEIGHT"), Some(Ok(value))) => height = value,
            (Some("P7" | "DEPTH" | "MAXVAL" | "TUPLTYPE"), _) => {}
            _ => bail!("comes from ffmpeg in a form that is not understood"),
        }
    }
    ensure!(
        width <= MAX_SIDE && height <= MAX_SIDE && u64::from(width) * u64::from(height) <= MAX_PIXELS,
        "has frames of {width} x {height} pixels, more than can be meant"
    );
    let mut rgba = vec![0; width as usize * height as usize * 4];
    match stream.read_exact(&mut rgba) {
        Ok(()) => Photo::from_rgba(rgba, width, height).map(Some),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error).context("cannot be read from ffmpeg"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_a_sentence() {
        let says = not_started(ErrorKind::NotFound.into(), "ffmpeg").to_string();
        assert_eq!(says, "ffmpeg is not installed, and videos are read through it: install ffmpeg 5.1 or later");
    }

    #[test]
    fn a_picture_that_claims_too_much_is_refused() {
        let read = |text: &str| frame(&mut text.as_bytes());
        assert!(read("").unwrap().is_none());
        assert!(read("P7\nWIDTH 2\nHEIGHT 2\nDEPTH 4\nENDHDR\nabc").unwrap().is_none());
        for bad in ["P7\nWIDTH 99999\nHEIGHT 1\nENDHDR\n", "P7\nWIDTH 16384\nHEIGHT 16384\nENDHDR\n", "GIF89a\n"] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(read("P7\nENDHDR\n").is_err(), "no size");
    }
}
