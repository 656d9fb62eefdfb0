//! Folders of bona fide photos -> who is in them and which split they belong to.
//!
//! One file is one person. A split follows from the person's name alone, so that it never changes when photos are added,
//! and no person is in two.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use bonafide::{face::FaceBox, weights::sha256};
use serde::{Deserialize, Serialize};

use crate::{photo::expand, recapture::PaiSpecies};

/// A presentation attack: its species, and where the data set tells, the instrument.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Attack {
    /// Family.
    pub species: PaiSpecies,
    /// Such as "phone" or "a4".
    pub instrument: Option<String>,
}

/// CelebA-Spoof's labels, which AENet learns beside the class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Semantics {
    /// CelebA's face attributes.
    pub attributes: Vec<bool>,
    /// 0 (bona fide) to 10.
    pub spoof_type: u8,
    /// 0 to 4.
    pub illumination: u8,
}

/// Pixels of a sample.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Media {
    /// An image file.
    Photo(PathBuf),
    /// One frame of a video.
    VideoFrame {
        /// The video.
        path: PathBuf,
        /// Which, from 0.
        number: u64,
    },
}

/// One presentation.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Its pixels.
    pub media: Media,
    /// Data set, or folder.
    pub source: String,
    /// The person, unique across sources.
    pub subject: String,
    /// What it is used for.
    pub split: Split,
    /// `None` is bona fide.
    pub attack: Option<Attack>,
    /// The data set's own box in pixels.
    pub face: Option<FaceBox>,
    /// Further labels.
    pub labels: Option<Semantics>,
}

impl std::fmt::Display for Attack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.instrument {
            Some(instrument) => write!(f, "{}/{instrument}", self.species),
            None => write!(f, "{}", self.species),
        }
    }
}

/// What an example is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    /// Weights are fitted on it (70 % of the people).
    Train,
    /// Thresholds and choices are made on it (15 %).
    Development,
    /// Figures are reported on it (15 %).
    Test,
}

/// A bona fide photo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Where it is.
    pub path: PathBuf,
    /// The folder that it came in. Sources differ in size, colour and origin: every class must have each in equal share.
    pub source: String,
    /// The person's name: source and file name.
    pub name: String,
    /// What it is used for.
    pub split: Split,
}

/// The people in `folders`, at most `per_source` of each (0 is all), sorted by name.
///
/// # Errors
/// If a folder is missing or holds no image, or two folders share their name.
pub fn subjects(folders: &[PathBuf], per_source: usize) -> Result<Vec<Subject>> {
    let mut all: Vec<Subject> = Vec::new();
    for folder in folders {
        let source = file_name(folder);
        ensure!(
            all.iter().all(|subject| subject.source != source),
            "two data folders are named {source}: rename one, a source must be told from the others"
        );
        let mut found: Vec<(String, Subject)> = expand(std::slice::from_ref(folder))?
            .into_iter()
            .map(|path| {
                let relative = path.strip_prefix(folder).unwrap_or(&path).with_extension("");
                let name = format!("{source}/{}", relative.display());
                let hash = sha256(name.as_bytes());
                let split = split(&hash);
                (hash, Subject { path, source: source.clone(), name, split })
            })
            .collect();
        // By hash: any number of them is a fair draw.
        found.sort_by(|a, b| a.0.cmp(&b.0));
        if per_source > 0 {
            found.truncate(per_source);
        }
        all.extend(found.into_iter().map(|(_, subject)| subject));
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

fn file_name(folder: &Path) -> String {
    folder.file_name().map_or_else(|| folder.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// From the first digits of a hash that the draw of [`subjects`] does not order by.
fn split(hash: &str) -> Split {
    let digits = &hash[hash.len() - 8..];
    match u32::from_str_radix(digits, 16).expect("a hash is hexadecimal") % 100 {
        0..70 => Split::Train,
        70..85 => Split::Development,
        _ => Split::Test,
    }
}


/// placeholder
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Layout { Photos }
#[derive(Debug, Default)]
pub struct Listing { pub samples: Vec<Sample>, pub left_out: Vec<LeftOut> }
#[derive(Debug)]
pub struct LeftOut { pub path: PathBuf, pub reason: String }
#[derive(Debug, clap::Args)]
pub struct ListOptions {}
pub fn list(_: Layout, root: &Path, _: &ListOptions) -> Result<Listing> {
    let samples = subjects(&[root.to_owned()], 0)?.into_iter().map(|s| Sample { media: Media::Photo(s.path), source: s.source, subject: s.name, split: s.split, attack: None, face: None, labels: None }).collect();
    Ok(Listing { samples, left_out: vec![] })
}
pub fn check_disjoint(_: &[Sample]) -> Result<()> { Ok(()) }
impl Media { pub fn path(&self) -> &Path { match self { Self::Photo(p) => p, Self::VideoFrame { path, .. } => path } } }
impl std::fmt::Display for Media { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { write!(f, "{}", self.path().display()) } }
pub mod video { pub fn frames(_: &std::path::Path, _: &[u64]) -> anyhow::Result<Vec<crate::photo::Photo>> { unreachable!() } }
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_are_stable_disjoint_and_near_their_shares() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..1000 {
            std::fs::write(folder.path().join(format!("{number}.jpg")), b"").unwrap();
        }
        let data = [folder.path().to_owned()];
        let all = subjects(&data, 0).unwrap();
        let share = |split| all.iter().filter(|subject| subject.split == split).count();
        assert!((650..750).contains(&share(Split::Train)), "{}", share(Split::Train));
        assert!((110..190).contains(&share(Split::Development)), "{}", share(Split::Development));
        // A draw of some keeps each one's split.
        for subject in subjects(&data, 100).unwrap() {
            assert!(all.contains(&subject));
        }
    }
}
