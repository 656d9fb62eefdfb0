//! A video file -> how many frames it has, and some of them as photos, upright as its rotation says.
//!
//! Through the programs `ffprobe` and `ffmpeg` (5.1 or later), which must be installed: no video decoder in Rust reads
//! what the data sets hold. They are started without a shell, may open nothing but the file itself, and what they write
//! is checked like any file.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fs,
    io::{BufRead, BufReader, ErrorKind, Read},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    thread::JoinHandle,
};

use anyhow::{Context, Result, anyhow, bail, ensure};
use bonafide::{frame::MAX_SIDE, picture::MAX_PIXELS};

use super::{Listing, Media, Sample};
use crate::picture::{photo::Photo, search::ends_in};

/// Endings of videos.
pub(super) const VIDEOS: [&str; 6] = ["mp4", "mov", "avi", "mkv", "webm", "m4v"];

/// Whether a file's name is a video's.
pub fn is_video(path: &Path) -> bool {
    ends_in(path, &VIDEOS)
}

/// Containers that ffmpeg may recognise: no playlist, which would name other files.
const CONTAINERS: &str = "mov,avi,matroska,mpegts,yuv4mpegpipe";

/// PAM is raw RGBA with the size before each frame, so that rotation and odd headers need no second opinion.
const PAM: [&str; 7] = ["-c:v", "pam", "-pix_fmt", "rgba", "-f", "image2pipe", "pipe:1"];

/// Checks that both programs are there.
///
/// # Errors
/// If one is not, with how to get it.
pub fn installed() -> Result<()> {
    for program in ["ffprobe", "ffmpeg"] {
        Command::new(program).arg("-version").output().map_err(|error| not_started(error, program))?;
    }
    Ok(())
}

/// How many frames a video has. The file is read in full, because what its header says may be wrong, but not decoded.
///
/// # Errors
/// If it is no video, holds no picture, or `ffprobe` is missing.
pub fn frame_count(path: &Path) -> Result<u64> {
    count(path).map_err(|error| anyhow!("{} {error:#}", path.display()))
}

/// Frames of a video by their numbers (from 0, in the order of display), in the order of `numbers`, decoded in one pass
/// and by one thread: many videos are best read beside each other. All are in memory at once, 4 bytes a pixel.
///
/// # Errors
/// If the file cannot be decoded as far as the last of them, a frame is absurdly large, or `ffmpeg` is missing.
pub fn frames(path: &Path, numbers: &[u64]) -> Result<Vec<Photo>> {
    let mut photos = BTreeMap::new();
    each(path, &numbers.iter().copied().collect(), |number, photo| {
        photos.insert(number, photo?);
        Ok(())
    })?;
    Ok(numbers.iter().map(|number| photos[number].clone()).collect())
}

/// Hands over the frames of a video by their numbers, in their order, as they are decoded: one is in memory at once. A frame
/// that cannot be read is an error, as are those after it; the ones before it are not lost.
///
/// # Errors
/// What `take` gives; the rest of the video is then left.
pub fn each(
    path: &Path,
    numbers: &BTreeSet<u64>,
    mut take: impl FnMut(u64, Result<Photo>) -> Result<()>,
) -> Result<()> {
    if numbers.is_empty() {
        return Ok(());
    }
    let mut reader = decode(path, numbers);
    for (at, number) in numbers.iter().enumerate() {
        let read = match &mut reader {
            Err(error) => Err(anyhow!("{error:#}")),
            Ok(reader) => frame(&mut reader.stdout).and_then(|photo| match photo {
                Some(photo) => Ok(photo),
                None => match reader.finish()? {
                    Some(complaint) => bail!("cannot be decoded as far as frame {number}: {complaint}"),
                    None => bail!("has no frame {number}"),
                },
            }),
        };
        match read {
            Ok(photo) => take(*number, Ok(photo))?,
            Err(error) => {
                let sentence = format!("{} {error:#}", path.display());
                return numbers.iter().skip(at).try_for_each(|number| take(*number, Err(anyhow!("{sentence}"))));
            }
        }
    }
    Ok(())
}

/// A video's frames from its first on, `rate` a second by their times: where it holds more some are left out, where fewer
/// some come again. One is in memory at once.
///
/// # Errors
/// If the file cannot be read, or `ffmpeg` is missing. A frame may be an error too, the last one then.
pub fn stream(path: &Path, rate: f64) -> Result<Stream> {
    let start = || {
        sdr(path)?;
        let mut ffmpeg = input("ffmpeg", path)?;
        ffmpeg.args(["-map", "0:v:0", "-vf", &format!("fps={rate}:start_time=0")]);
        ffmpeg.args(PAM);
        Reader::start(ffmpeg, "ffmpeg")
    };
    let reader = start().map_err(|error| anyhow!("{} {error:#}", path.display()))?;
    Ok(Stream { path: path.to_owned(), reader: Some(reader) })
}

/// See [`stream`].
pub struct Stream {
    path: PathBuf,
    /// `None` once it has ended.
    reader: Option<Reader>,
}

impl Iterator for Stream {
    type Item = Result<Photo>;

    fn next(&mut self) -> Option<Result<Photo>> {
        let reader = self.reader.as_mut()?;
        let next = match frame(&mut reader.stdout) {
            Ok(Some(photo)) => return Some(Ok(photo)),
            Ok(None) => reader.finish().and_then(|complaint| match complaint {
                Some(complaint) => bail!("cannot be decoded to its end: {complaint}"),
                None => Ok(()),
            }),
            Err(error) => Err(error),
        };
        self.reader = None;
        next.err().map(|error| Err(anyhow!("{} {error:#}", self.path.display())))
    }
}

/// The numbers of `wanted` of `count` frames: the middle of each of so many equal parts, never the black first frame or
/// the cut-off last one of a long video.
pub(super) fn spaced(count: u64, wanted: usize) -> Vec<u64> {
    let wanted = (wanted as u64).min(count);
    (0..wanted).map(|part| ((2 * part + 1) * count) / (2 * wanted)).collect()
}

/// A video's samples, all like `sample`, whose media names the video. One that cannot be read is left out.
pub(super) fn spread(sample: &Sample, frames_per_video: usize) -> Listing {
    let mut listing = Listing::default();
    let path = sample.media.path();
    match count(path) {
        Ok(count) => {
            listing.samples = spaced(count, frames_per_video)
                .into_iter()
                .map(|number| Sample { media: Media::VideoFrame { path: path.to_owned(), number }, ..sample.clone() })
                .collect();
        }
        Err(error) => listing.leave_out(path, format!("{error:#}")),
    }
    listing
}

fn count(path: &Path) -> Result<u64> {
    let mut probe = input("ffprobe", path)?;
    probe.args(["-select_streams", "v:0", "-show_entries", "packet=flags", "-of", "compact=nokey=1:print_section=0"]);
    let mut reader = Reader::start(probe, "ffprobe")?;
    let shown = shown(&mut reader.stdout);
    let complaint = reader.finish()?;
    ensure!(complaint.is_none(), "is no video that can be read: {}", complaint.unwrap_or_default());
    let shown = shown.context("is no video that can be read")?;
    ensure!(shown > 0, "holds no moving picture");
    Ok(shown)
}

/// How many packets are shown, of lines with the flags of each: a file that was cut without coding it anew holds some, marked
/// for discarding, that are decoded for those after them only.
fn shown(mut flags: impl BufRead) -> std::io::Result<u64> {
    let (mut shown, mut line) = (0, String::new());
    while flags.by_ref().take(256).read_line(&mut line)? > 0 {
        shown += u64::from(!line.trim().is_empty() && !line.contains('D'));
        line.clear();
    }
    Ok(shown)
}

fn decode(path: &Path, numbers: &BTreeSet<u64>) -> Result<Reader> {
    sdr(path)?;
    let chosen: Vec<String> = numbers.iter().map(|number| format!("eq(n,{number})")).collect();
    let mut ffmpeg = input("ffmpeg", path)?;
    ffmpeg.args(["-map", "0:v:0", "-vf", &format!("select='{}'", any(&chosen)), "-fps_mode", "passthrough"]);
    ffmpeg.args(["-frames:v", &numbers.len().to_string()]);
    ffmpeg.args(PAM);
    Reader::start(ffmpeg, "ffmpeg")
}

/// One of the conditions. ffmpeg reads a long row of them by calling itself for each, a hundred deep at most: so they are
/// nested in halves.
fn any(conditions: &[String]) -> String {
    match conditions {
        [] => "0".into(),
        [one] => one.clone(),
        many => {
            let (one, other) = many.split_at(many.len() / 2);
            format!("({}+{})", any(one), any(other))
        }
    }
}

/// Refuses what a camera for high dynamic range recorded: read as if it were sRGB its colours are washed out.
fn sdr(path: &Path) -> Result<()> {
    let mut probe = input("ffprobe", path)?;
    probe.args(["-select_streams", "v:0", "-show_entries", "stream=color_transfer"]);
    probe.args(["-of", "default=nokey=1:noprint_wrappers=1"]);
    let mut reader = Reader::start(probe, "ffprobe")?;
    let mut answer = String::new();
    let _ = reader.stdout.by_ref().take(1024).read_to_string(&mut answer);
    // What cannot be probed cannot be decoded either, and says so then.
    let transfer = answer.lines().next().unwrap_or_default().trim().to_owned();
    ensure!(
        !["arib-std-b67", "smpte2084"].contains(&transfer.as_str()),
        "is a video of high dynamic range ({transfer}): convert it first, with ffmpeg's zscale and tonemap filters"
    );
    Ok(())
}

/// One PAM picture; `None` at the end of the stream, in the middle of a picture too.
fn frame(stream: &mut impl BufRead) -> Result<Option<Photo>> {
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

/// `program` with the file as its input, and nothing else within its reach.
fn input(program: &str, path: &Path) -> Result<Command> {
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
struct Reader {
    child: Child,
    stdout: BufReader<ChildStdout>,
    complaints: Option<JoinHandle<String>>,
}

impl Reader {
    fn start(mut command: Command, program: &str) -> Result<Self> {
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
    fn finish(&mut self) -> Result<Option<String>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_spaced_evenly_and_never_repeated() {
        assert_eq!(spaced(100, 4), [12, 37, 62, 87]);
        assert_eq!(spaced(1, 8), [0]);
        assert_eq!(spaced(3, 8), [0, 1, 2]);
        assert_eq!(spaced(0, 8), [] as [u64; 0]);
    }

    #[test]
    fn packets_that_are_decoded_and_not_shown_do_not_count() {
        assert_eq!(shown("KD_\n_D_\n___\n\nK__\n".as_bytes()).unwrap(), 2);
        assert_eq!(shown("".as_bytes()).unwrap(), 0);
    }

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
