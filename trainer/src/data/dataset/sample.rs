//! One picture of a data set: where its pixels are, who shows, which split, which class. Knows nothing of layouts.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use bonafide::face::FaceBox;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::recapture::PaiSpecies;

/// What an example is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    /// Weights are fitted on it (70 % of the people where no split was published).
    Train,
    /// Thresholds and choices are made on it (15 %).
    Development,
    /// Figures are reported on it (15 %).
    Test,
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Train => "train",
            Self::Development => "development",
            Self::Test => "test",
        })
    }
}

/// One picture of a data set.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Where its pixels are.
    pub media: Media,
    /// The data set that it came in. Sources differ in size, colour and origin.
    pub source: String,
    /// The person, unique across sources: `source/…`.
    pub subject: String,
    /// What it is used for.
    pub split: Split,
    /// `None` is bona fide.
    pub attack: Option<Attack>,
    /// The data set's own box in pixels of the upright picture, if it has one: good enough to choose among faces.
    pub face: Option<FaceBox>,
    /// What CelebA-Spoof says besides; `None` elsewhere.
    pub labels: Option<Semantics>,
}

/// Where a picture is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Media {
    /// An image file.
    Photo(PathBuf),
    /// A frame of a video file, for [`super::video::frames`].
    VideoFrame {
        /// The video.
        path: PathBuf,
        /// From 0, in the order of display.
        number: u64,
    },
}

impl Media {
    /// The file.
    pub fn path(&self) -> &Path {
        match self {
            Self::Photo(path) | Self::VideoFrame { path, .. } => path,
        }
    }

    /// Of a video: the frame's number.
    pub fn frame(&self) -> Option<u64> {
        match self {
            Self::Photo(_) => None,
            Self::VideoFrame { number, .. } => Some(*number),
        }
    }
}

impl fmt::Display for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Photo(path) => write!(f, "{}", path.display()),
            Self::VideoFrame { path, number } => write!(f, "{}, frame {number}", path.display()),
        }
    }
}

/// What a presentation attack was made with.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Attack {
    /// The family. Paper masks are prints: an instrument species is told by how it is produced (ISO/IEC 30107-1).
    pub species: PaiSpecies,
    /// The data set's finer name, such as "phone", "a4" or "paper mask".
    pub instrument: Option<String>,
}

impl Attack {
    pub(super) fn new(species: PaiSpecies, instrument: &str) -> Self {
        Self { species, instrument: Some(instrument.to_owned()) }
    }
}

/// "print", or "replay/phone".
impl fmt::Display for Attack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.species.fmt(f)?;
        self.instrument.as_ref().map_or(Ok(()), |instrument| write!(f, "/{instrument}"))
    }
}

/// The rich labels of CelebA-Spoof, that AENet learns from (Zhang et al., ECCV 2020).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Semantics {
    /// CelebA's 40 face attributes, one bit each in CelebA's order, the first the lowest; labelled on bona fide pictures
    /// only.
    pub attributes: u64,
    /// 0 bona fide, 1 photo, 2 poster, 3 A4, 4 face mask, 5 upper-body mask, 6 region mask, 7 PC, 8 pad, 9 phone,
    /// 10 3D mask.
    pub spoof_type: u8,
    /// 0 bona fide, 1 normal, 2 strong, 3 back, 4 dark.
    pub illumination: u8,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attacks_read_as_species_and_instrument() {
        assert_eq!(Attack::new(PaiSpecies::Replay, "phone").to_string(), "replay/phone");
        assert_eq!(Attack { species: PaiSpecies::Print, instrument: None }.to_string(), "print");
    }
}
