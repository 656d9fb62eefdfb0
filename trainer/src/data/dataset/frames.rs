//! Recordings -> samples. A recording is a video, or a folder of its frames as images, since copies circulate like that:
//!
//! ```text
//! 2/G_NT_5s_wg_E_2_1.mp4              the video
//! 2/G_NT_5s_wg_E_2_1/FRAME.jpg        its frames, in a folder that is named like it without its ending
//! 2/G_NT_5s_wg_E_2_1.mp4/FRAME.jpg    or with it
//! ```
//!
//! Frames go by the numbers in their names, and are spread as a video's are. Where several recordings of one name lie in a
//! folder, the video is read. Knows nothing of layouts.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use rayon::prelude::*;

use super::{Attack, Listing, Media, Sample, Split, ffmpeg, tree, video};
use crate::picture::{photo, search::ends_in};

/// A video file, or a folder of frames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Recording {
    path: PathBuf,
    /// The file's or folder's, without a video's ending.
    name: OsString,
    /// In order; `None` is a video.
    images: Option<Vec<PathBuf>>,
}

/// The recordings below `folder`, sorted: videos whose names end in one of `endings`, and folders that hold images. What is
/// not read goes to `listing.left_out`.
///
/// # Errors
/// If `folder` itself cannot be listed.
pub(super) fn find(folder: &Path, endings: &[&str], listing: &mut Listing) -> Result<Vec<Recording>> {
    let files = tree::files(folder, &[endings, &photo::ENDINGS].concat(), listing)?;
    let (images, videos): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| ends_in(file, &photo::ENDINGS));
    let mut folders: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    for image in images {
        folders.entry(image.parent().unwrap_or(folder).to_owned()).or_default().push(image);
    }
    let all = videos.into_iter().map(|path| (path, None));
    let all = all.chain(folders.into_iter().map(|(path, images)| (path, Some(in_order(images)))));
    let mut found: BTreeMap<(PathBuf, OsString), Recording> = BTreeMap::new();
    for (path, images) in all {
        let name = if ends_in(&path, endings) { path.file_stem() } else { path.file_name() };
        let name = name.unwrap_or_default().to_owned();
        let place = (path.parent().unwrap_or(folder).to_owned(), name.clone());
        match found.get(&place) {
            Some(first) => listing.leave_out(path, format!("is not read, since {} is", first.path.display())),
            None => drop(found.insert(place, Recording { path, name, images })),
        }
    }
    let mut found: Vec<Recording> = found.into_values().collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// The samples of recordings: `sample` says what the pictures of one have in common, or why it is left out; `complete` may
/// add boxes to a recording's samples.
///
/// # Errors
/// If a video is to be read and `ffmpeg` is not installed.
pub(super) fn list(
    recordings: &[Recording],
    frames_per_video: usize,
    sample: impl Fn(&Recording) -> Result<Sample> + Sync,
    complete: impl Fn(&Recording, &mut Listing) + Sync,
) -> Result<Listing> {
    if recordings.iter().any(|recording| recording.images.is_none()) {
        ffmpeg::installed()?;
    }
    let parts: Vec<Listing> = recordings
        .par_iter()
        .map(|recording| {
            let mut part = Listing::default();
            match sample(recording) {
                Ok(sample) => part = recording.spread(&sample, frames_per_video),
                Err(error) => part.leave_out(&recording.path, format!("{error:#}")),
            }
            if !part.samples.is_empty() {
                complete(recording, &mut part);
            }
            part
        })
        .collect();
    let mut listing = Listing::default();
    listing.append(parts);
    Ok(listing)
}

impl Recording {
    /// The video, or the folder.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The name without a video's ending.
    ///
    /// # Errors
    /// If it is not UTF-8.
    pub(super) fn name(&self) -> Result<&str> {
        self.name.to_str().context("has a name that is not UTF-8")
    }

    /// The file of the same name with another ending.
    pub(super) fn beside(&self, ending: &str) -> PathBuf {
        let mut name = self.name.clone();
        name.push(".");
        name.push(ending);
        self.path.with_file_name(name)
    }

    /// What its pictures have in common.
    pub(super) fn sample(&self, source: &str, subject: String, split: Split, attack: Option<Attack>) -> Sample {
        let media = Media::VideoFrame { path: self.path.clone(), number: 0 };
        Sample { media, source: source.to_owned(), subject, split, attack, face: None, labels: None }
    }

    /// Its pictures, all like `sample` but for their media. A video that cannot be read is left out.
    fn spread(&self, sample: &Sample, frames_per_video: usize) -> Listing {
        let Some(images) = &self.images else { return video::spread(sample, frames_per_video) };
        let places = video::spaced(images.len() as u64, frames_per_video).into_iter();
        let samples = places
            .map(|place| Sample { media: Media::Photo(images[place as usize].clone()), ..sample.clone() })
            .collect();
        Listing { samples, left_out: Vec::new() }
    }
}

/// A run of digits, told by its length and then its digits, or of other bytes.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(usize, Vec<u8>),
    Text(Vec<u8>),
}

/// Frame 2 before frame 10, however many zeros stand before the 2.
fn in_order(mut images: Vec<PathBuf>) -> Vec<PathBuf> {
    images.sort_by_cached_key(|path| {
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        let runs = name.chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit());
        runs.map(|run| {
            if !run[0].is_ascii_digit() {
                return Part::Text(run.to_owned());
            }
            let digits: Vec<u8> = run.iter().copied().skip_while(|&digit| digit == b'0').collect();
            Part::Number(digits.len(), digits)
        })
        .collect::<Vec<_>>()
    });
    images
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn write(path: impl AsRef<Path>) {
        fs::create_dir_all(path.as_ref().parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }

    #[test]
    fn frames_go_by_their_numbers() {
        let names =
            ["a_9.jpg", "a_10.jpg", "a_010b.jpg", "a_2.jpg", "a_.jpg", "a_00000000000000000000000000000000000001.jpg"];
        let sorted = in_order(names.map(PathBuf::from).into());
        let expected =
            ["a_00000000000000000000000000000000000001.jpg", "a_2.jpg", "a_9.jpg", "a_10.jpg", "a_010b.jpg", "a_.jpg"];
        assert_eq!(sorted, expected.map(PathBuf::from));
    }

    #[test]
    fn a_video_goes_before_folders_of_its_name_and_nothing_is_lost() {
        let root = tempfile::tempdir().unwrap();
        let files =
            ["1/a.mov", "1/a/0.jpg", "1/b/1.png", "1/b.mov/1.png", "1/c.mov/2.webp", "2/a/0.jpg", "1/a.mp4", "1/c.txt"];
        for file in files {
            write(root.path().join(file));
        }
        let mut listing = Listing::default();
        let found = find(root.path(), &["mov", "mp4"], &mut listing).unwrap();
        let relative = |path: &Path| path.strip_prefix(root.path()).unwrap().to_str().unwrap().to_owned();
        let told: Vec<_> =
            found.iter().map(|one| (relative(&one.path), one.name().unwrap(), one.images.is_none())).collect();
        let expected = [("1/a.mov", "a", true), ("1/b", "b", false), ("1/c.mov", "c", false), ("2/a", "a", false)];
        assert_eq!(told, expected.map(|(path, name, video)| (path.to_owned(), name, video)));
        let left: Vec<String> = listing.left_out.iter().map(|left| relative(&left.path)).collect();
        assert_eq!(left, ["1/a.mp4", "1/a", "1/b.mov"]);
        assert!(listing.left_out[1].reason.ends_with("1/a.mov is"), "{}", listing.left_out[1]);
        assert_eq!(relative(&found[2].beside("face")), "1/c.face");
    }

    #[test]
    fn folders_alone_need_no_ffmpeg_and_are_spread_like_videos() {
        let root = tempfile::tempdir().unwrap();
        for number in 0..20 {
            write(root.path().join(format!("a/frame{number}.jpg")));
        }
        let found = find(root.path(), &["mov"], &mut Listing::default()).unwrap();
        let sample = |recording: &Recording| Ok(recording.sample("s", "s/1".into(), Split::Train, None));
        let listing = list(&found, 4, sample, |_, _| {}).unwrap();
        let names: Vec<_> = listing.samples.iter().map(|sample| sample.media.path().file_name().unwrap()).collect();
        assert_eq!(names, ["frame2.jpg", "frame7.jpg", "frame12.jpg", "frame17.jpg"]);
        assert!(listing.samples.iter().all(|sample| matches!(sample.media, Media::Photo(_))));
        let refused = list(&found, 4, |_| anyhow::bail!("is odd"), |_, _| unreachable!()).unwrap();
        assert_eq!(refused.left_out[0].to_string(), format!("{} is odd", root.path().join("a").display()));
    }
}
