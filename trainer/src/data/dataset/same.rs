//! Files -> which of them hold the same picture, whatever they are called and however they are packed. Knows nothing of layouts.
//!
//! The same is what decodes to the same pixels, and of videos what has the same bytes. A photo that was coded anew with loss
//! is another picture.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    hash::Hash,
    path::{Path, PathBuf},
};

use bonafide::weights::sha256;
use image::ImageReader;
use rayon::prelude::*;

use super::{LeftOut, Listing, Sample, video};
use crate::picture::photo::Photo;

/// The files that hold the same picture, by their places in `files`: groups of at least two, in order. What cannot be read
/// is in none, it will be named when it is read. Only what might be the same is decoded.
pub(super) fn groups(files: &[PathBuf]) -> Vec<Vec<usize>> {
    by(files, size, digest)
}

/// As [`groups`], of files with the same bytes alone: quickly told even of folders that are hardly used.
pub(super) fn copies(files: &[PathBuf]) -> Vec<Vec<usize>> {
    by(files, length, bytes)
}

/// Those of one `size` are asked for their `digest`.
fn by<K: Eq + Hash + Send>(
    files: &[PathBuf],
    size: fn(&Path) -> Option<K>,
    digest: fn(&Path) -> Option<String>,
) -> Vec<Vec<usize>> {
    let sizes: Vec<_> = files.par_iter().map(|file| size(file)).collect();
    let candidates: Vec<usize> = alike(sizes.into_iter().enumerate()).into_iter().flatten().collect();
    let digests: Vec<_> = candidates.par_iter().map(|&at| (at, digest(&files[at]))).collect();
    alike(digests)
}

fn length(file: &Path) -> Option<u64> {
    fs::metadata(file).ok().map(|about| about.len())
}

fn bytes(file: &Path) -> Option<String> {
    fs::read(file).ok().map(|bytes| sha256(&bytes))
}

/// The places of equal keys, where there are several.
fn alike<K: Eq + Hash>(of: impl IntoIterator<Item = (usize, Option<K>)>) -> Vec<Vec<usize>> {
    let mut places: HashMap<K, Vec<usize>> = HashMap::new();
    for (at, key) in of {
        if let Some(key) = key {
            places.entry(key).or_default().push(at);
        }
    }
    let mut groups: Vec<_> = places.into_values().filter(|places| places.len() > 1).collect();
    groups.iter_mut().for_each(|places| places.sort_unstable());
    groups.sort_unstable();
    groups
}

/// What files of the same picture have in common and is quickly read: of a photo its sides, whichever is up, of a video its bytes.
fn size(file: &Path) -> Option<(bool, u64, u64)> {
    if video::is_video(file) {
        return length(file).map(|length| (true, length, 0));
    }
    let reader = ImageReader::open(file).ok()?.with_guessed_format().ok()?;
    let (width, height) = reader.into_dimensions().ok()?;
    Some((false, width.min(height).into(), width.max(height).into()))
}

fn digest(file: &Path) -> Option<String> {
    match video::is_video(file) {
        true => bytes(file),
        false => Photo::read(file).ok().map(|photo| photo.digest()),
    }
}

/// What the files of a layout are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Files {
    /// Each a person, whose split follows from the name.
    People,
    /// Pictures of people who have a split.
    Pictures,
    /// The same, or recordings: videos, or folders of frames, which may stand still.
    Recordings,
}

/// Leaves out, by name, every sample whose picture another one has: it stays once where class and split agree, else not at all,
/// since one of them is wrong.
pub(super) fn once(listing: &mut Listing, of: Files) {
    let mut place: BTreeMap<&Path, usize> = BTreeMap::new();
    let mut first: Vec<&Sample> = Vec::new();
    for sample in &listing.samples {
        place.entry(sample.media.path()).or_insert_with(|| {
            first.push(sample);
            first.len() - 1
        });
    }
    let files: Vec<PathBuf> = first.iter().map(|sample| sample.media.path().to_owned()).collect();
    let what = |sample: &Sample| {
        let class = sample.attack.as_ref().map_or("bona fide", |_| "an attack");
        format!("{class} in the split {}", sample.split)
    };
    let mut out: BTreeMap<PathBuf, String> = BTreeMap::new();
    for group in groups(&files) {
        let folder = |at: usize| files[at].parent();
        let frames = |at: usize| !video::is_video(&files[at]);
        if of == Files::Recordings && group.iter().all(|&at| frames(at) && folder(at) == folder(group[0])) {
            continue;
        }
        let (one, others) = (first[group[0]], &group[1..]);
        let other = others.iter().map(|&at| first[at]).find(|sample| what(sample) != what(one));
        let same = |of: &Sample| format!("is the same picture as {}", of.media.path().display());
        match other.filter(|_| of != Files::People) {
            None => out.extend(others.iter().map(|&at| (files[at].clone(), same(one)))),
            Some(other) => out.extend(group.iter().map(|&at| {
                let than = if what(first[at]) == what(one) { other } else { one };
                let why = format!("{}, yet {}, not {}: neither is used", same(than), what(first[at]), what(than));
                (files[at].clone(), why)
            })),
        }
    }
    listing.samples.retain(|sample| !out.contains_key(sample.media.path()));
    listing.left_out.extend(out.into_iter().map(|(path, reason)| LeftOut { path, reason }));
}
