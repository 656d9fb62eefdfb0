//! What attacks are called: the species of their instruments, and the kinds of them that are simulated.

use std::fmt;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// Presentation attack instrument species (ISO/IEC 30107-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PaiSpecies {
    /// A photo on paper.
    Print,
    /// A photo or video on a screen.
    Replay,
    /// A worn likeness. Nothing here simulates one yet.
    Mask,
}

impl fmt::Display for PaiSpecies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Print => "print",
            Self::Replay => "replay",
            Self::Mask => "mask",
        })
    }
}

/// How a simulated attack is produced: an instrument species' finer kind (ISO/IEC 30107-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Instrument {
    /// A print with clustered dots: laser, offset.
    Laser,
    /// A screen whose pixels are red, green and blue stripes: most laptops and tablets.
    Stripes,
    /// A print with dispersed dots.
    Inkjet,
    /// A screen with two coloured parts a pixel: most OLED phones.
    Pentile,
}

impl Instrument {
    /// The species it belongs to.
    pub fn species(self) -> PaiSpecies {
        match self {
            Self::Laser | Self::Inkjet => PaiSpecies::Print,
            Self::Stripes | Self::Pentile => PaiSpecies::Replay,
        }
    }
}

impl fmt::Display for Instrument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Laser => "laser",
            Self::Stripes => "stripes",
            Self::Inkjet => "inkjet",
            Self::Pentile => "pentile",
        })
    }
}
