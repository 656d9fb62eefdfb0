//! A video file -> how many frames it has, and some of them as photos, upright as its rotation says. No video decoder in Rust
//! reads what the data sets hold: `ffmpeg` does.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, Read},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, anyhow, bail, ensure};

use super::{
    Listing, Media, Sample,
    ffmpeg::{PAM, Reader, VIDEOS, frame, input},
};
use crate::picture::{
    photo::Photo,
    search::{Passed, ends_in, search},
};

/// Whether a file's name is a video's.
pub fn is_video(path: &Path) -> bool {
    ends_in(path, &VIDEOS)
}

/// The videos below a folder, as [`search`] finds them.
///
/// # Errors
/// If it cannot be listed.
pub fn below(folder: &Path, pass: impl FnMut(PathBuf, Passed<'static>)) -> Result<Vec<PathBuf>> {
    search(folder, &VIDEOS, pass)
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
        let mut ffmpeg = strict(path)?;
        ffmpeg.args(["-map", "0:v:0", "-vf", &format!("fps={rate}:start_time=0,{}", displayed())]);
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
pub fn spaced(count: u64, wanted: usize) -> Vec<u64> {
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
    let mut probe = input("ffprobe", path, &[])?;
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
    let chosen: Vec<String> = numbers.iter().map(|number| format!("eq(n,{number})")).collect();
    let mut ffmpeg = strict(path)?;
    ffmpeg.args(["-map", "0:v:0", "-vf", &format!("select='{}',{}", any(&chosen), displayed())]);
    ffmpeg.args(["-fps_mode", "passthrough", "-frames:v", &numbers.len().to_string()]);
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

/// Frames as large as they are shown: pixels that are wider than high are widened, others heightened. A later frame of another size
/// is scaled to the first one's, which the filter remembers (0 and 1); one of another shape has no size there, and ends the program.
fn displayed() -> String {
    let first = "st(2,iw*max(sar,1));st(3,ih/min(sar,1));if(not(ld(0)),st(0,ld(2))+st(1,ld(3)))";
    let side = |side: u32| format!("'{first};if(lt(abs(ld(2)*ld(1)/ld(3)/ld(0)-1),0.02),round(ld({side})),NAN)'");
    format!("scale=w={}:h={}:eval=frame", side(0), side(1))
}

/// `ffmpeg` as it decodes the file: it ends at the first thing that is damaged, which it would otherwise fill in with gray or from
/// other frames. Frames of another size are no new beginning for it, from which it would count anew.
///
/// Refuses what a camera for high dynamic range recorded: read as if it were sRGB its colours are washed out.
fn strict(path: &Path) -> Result<Command> {
    let mut probe = input("ffprobe", path, &[])?;
    probe.args(["-select_streams", "v:0", "-show_entries", "stream=codec_name,color_transfer"]);
    probe.args(["-of", "default=nokey=1:noprint_wrappers=1"]);
    let mut reader = Reader::start(probe, "ffprobe")?;
    let mut answer = String::new();
    let _ = reader.stdout.by_ref().take(1024).read_to_string(&mut answer);
    // What cannot be probed cannot be decoded either, and says so then.
    let mut lines = answer.lines().map(str::trim);
    let (codec, transfer) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    ensure!(
        !["arib-std-b67", "smpte2084"].contains(&transfer),
        "is a video of high dynamic range ({transfer}): convert it first, with ffmpeg's zscale and tonemap filters"
    );
    let mut options = vec!["-nostdin", "-xerror", "-reinit_filter", "0"];
    // The one decoder that goes on without a flag on the frame. With others this would refuse what is harmless, such as a reference
    // to a frame before a cut.
    if codec == "mjpeg" {
        options.extend(["-err_detect:v", "explode"]);
    }
    input("ffmpeg", path, &options)
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
}
