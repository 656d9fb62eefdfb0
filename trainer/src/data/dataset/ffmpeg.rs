//! The programs `ffprobe` and `ffmpeg` (5.1 or later): started without a shell, read from, ended. They may open nothing but the
//! file itself, and what they write is checked like any file.

use std::{
    collections::VecDeque,
    ffi::OsString,
    fs,
    io::{BufRead, BufReader, ErrorKind, Read},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    sync::OnceLock,
    thread::JoinHandle,
};

use anyhow::{Context, Error, Result, anyhow, bail, ensure};
use bonafide::{
    frame::{MAX_SIDE, over_black},
    picture::MAX_PIXELS,
};

use crate::picture::photo::Photo;

/// Endings of videos.
pub(super) const VIDEOS: [&str; 6] = ["mp4", "mov", "avi", "mkv", "webm", "m4v"];

/// Containers that ffmpeg may recognise: no playlist, which would name other files.
const CONTAINERS: &str = "mov,avi,matroska,mpegts,yuv4mpegpipe";

const REMEDY: &str = "videos are read through it, install ffmpeg 5.1 or later";

/// What `ffmpeg` says of a side that is no number.
const SHAPELESS: &str = "Error when evaluating the expression";

/// PAM is raw RGBA with the size before each frame, so that rotation and odd headers need no second opinion.
pub(super) const PAM: [&str; 7] = ["-c:v", "pam", "-pix_fmt", "rgba", "-f", "image2pipe", "pipe:1"];

/// Checks, once, that both programs are there, start and are new enough.
///
/// # Errors
/// If one is not, with how to get it.
pub(super) fn installed() -> Result<()> {
    static CHECKED: OnceLock<Result<(), String>> = OnceLock::new();
    let check = |program| {
        let output = Command::new(program).arg("-version").output().map_err(|error| not_started(error, program))?;
        let says = String::from_utf8_lossy(&output.stdout);
        ensure!(output.status.success(), "{program} ends with {} as it starts: {REMEDY}", output.status);
        ensure!(!is_older(&says), "{} is too old: {REMEDY}", says.lines().next().unwrap_or_default());
        Ok(())
    };
    let checked =
        CHECKED.get_or_init(|| ["ffprobe", "ffmpeg"].into_iter().try_for_each(check).map_err(|e| format!("{e:#}")));
    checked.clone().map_err(Error::msg)
}

/// Whether a program that says this of its version is older than 5.1. One whose version is no number is built from the sources of
/// a day, and taken.
fn is_older(says: &str) -> bool {
    let version = says.split_whitespace().skip_while(|word| *word != "version").nth(1).unwrap_or_default();
    let mut numbers = version.trim_start_matches('n').split(|c: char| !c.is_ascii_digit()).map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) < (5, 1),
        _ => false,
    }
}

/// `program` with the file as its input, read with these `options`, and nothing else within its reach.
pub(super) fn input(program: &str, path: &Path, options: &[&str]) -> Result<Command> {
    installed()?;
    // Asked first: opening a pipe would wait for its other end.
    let kind = fs::metadata(path).context("cannot be read")?;
    ensure!(kind.is_file(), "is no regular file");
    let mut url = OsString::from("file:");
    url.push(path);
    let mut command = Command::new(program);
    command.args(["-v", "error", "-protocol_whitelist", "file,pipe", "-format_whitelist", CONTAINERS]);
    command.args(["-max_pixels", &MAX_PIXELS.to_string(), "-threads", "1"]);
    command.args(options);
    command.arg("-i").arg(url);
    Ok(command)
}

fn not_started(error: std::io::Error, program: &str) -> anyhow::Error {
    if error.kind() == ErrorKind::NotFound {
        anyhow!("{program} is not installed: {REMEDY}")
    } else {
        anyhow!(error).context(format!("{program} cannot be started: {REMEDY}"))
    }
}

/// Bytes of complaint that are kept: the last ones.
const KEPT: usize = 4096;

/// Whole lines of the last [`KEPT`] bytes.
fn last_lines(mut from: impl Read) -> String {
    let (mut kept, mut cut, mut part) = (VecDeque::new(), false, [0; KEPT]);
    while let Ok(read @ 1..) = from.read(&mut part) {
        kept.extend(&part[..read]);
        cut |= kept.len() > KEPT;
        kept.drain(..kept.len().saturating_sub(KEPT));
    }
    let said = String::from_utf8_lossy(kept.make_contiguous()).into_owned();
    if cut { said.split_once('\n').unwrap_or_default().1.to_owned() } else { said }
}

/// The last line of complaint, without what the program puts before: the path, or which part of it speaks.
fn complaint(said: &str) -> Option<String> {
    let says = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with("Last message repeated");
    let last = said.lines().rfind(says)?.rsplit(": ").next()?;
    let last = if last.starts_with('[') { last.split_once("] ").map_or(last, |(_, rest)| rest) } else { last };
    Some(last.trim().to_owned())
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
        let complaints = std::thread::spawn(move || last_lines(stderr));
        Ok(Self { child, stdout, complaints: Some(complaints) })
    }

    /// Waits for the end. If the program failed: its last line of complaint, or that it may read no such file.
    pub(super) fn finish(&mut self) -> Result<Option<String>> {
        let status = self.child.wait().context("outlives its program")?;
        let said = self.complaints.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        let other = || format!("what it holds is none of {}, whatever its name", VIDEOS.join(", "));
        let last = if said.contains("not on whitelist") {
            Some(other())
        } else if said.contains(SHAPELESS) {
            Some("its frames change their shape there: cut it in two".to_owned())
        } else {
            complaint(&said)
        };
        Ok(if status.success() { None } else { Some(last.unwrap_or_else(|| format!("{status}"))) })
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One PAM picture, over black; `None` at the end of the stream, in the middle of a picture too.
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
        Ok(()) => {
            over_black(&mut rgba);
            Photo::from_rgba(rgba, width, height).map(Some)
        }
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
        assert_eq!(says, "ffmpeg is not installed: videos are read through it, install ffmpeg 5.1 or later");
    }

    #[test]
    fn versions_before_5_1_are_too_old() {
        let old = |version: &str| {
            is_older(&format!("ffmpeg version {version} Copyright (c) 2000-2026 the FFmpeg developers"))
        };
        assert!(["4.4.2-0ubuntu0.22.04.1", "5.0", "n4.2", "2.8.17"].iter().all(|version| old(version)));
        assert!(
            !["5.1", "5.1.9-0+deb12u1", "n6.0", "7.1", "10.0", "N-109542-g2c7d2d4"].iter().any(|version| old(version))
        );
    }

    #[test]
    fn the_last_whole_line_is_the_complaint() {
        let many = "[h264 @ 0x55] error while decoding MB\n".repeat(1_000);
        let said = last_lines(format!("{many}film.mp4: corrupt frame\n    Last message repeated 3 times\n").as_bytes());
        assert!(said.len() <= KEPT && said.starts_with("[h264 @ 0x55] error"), "{said}");
        assert_eq!(complaint(&said).unwrap(), "corrupt frame");
        assert_eq!(complaint(&last_lines(many.as_bytes())).unwrap(), "error while decoding MB");
        assert_eq!(complaint("[mjpeg @ 0x55] error y=18\n").unwrap(), "error y=18");
        assert_eq!(complaint(&last_lines(&b""[..])), None);
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

    #[test]
    fn transparent_pixels_are_black() {
        let mut stream = &b"P7\nWIDTH 2\nHEIGHT 1\nENDHDR\n\xc8\x64\x32\x00\xc8\x64\x32\xff"[..];
        let photo = frame(&mut stream).unwrap().unwrap();
        assert_eq!(photo.frame().rgba(), [0, 0, 0, 255, 200, 100, 50, 255]);
    }
}
