//! A bona fide picture -> the same scene as a camera sees it live, printed, or on a screen.
//!
//! Image formation in linear light, one file a stage:
//!
//! ```text
//! bona fide   scene ------------------------------------------------> camera
//! replay      scene -> first camera -> display (grid, plane, room) --> camera
//! print       scene -> first camera -> paper (dots, plane, room) ----> camera
//! ```
//!
//! The last camera is drawn alike for both classes, so that none of its traces is the label. Every draw comes from the
//! given generator: the same seed gives the same bytes.

mod camera;
mod codec;
mod display;
mod light;
mod paper;
mod plane;
mod room;

use clap::ValueEnum;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

pub use self::camera::Camera;
use crate::sheet::to_byte;

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

impl std::fmt::Display for PaiSpecies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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

impl std::fmt::Display for Instrument {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Laser => "laser",
            Self::Stripes => "stripes",
            Self::Inkjet => "inkjet",
            Self::Pentile => "pentile",
        })
    }
}

/// A square picture, planar RGB `[3, size, size]`; in sRGB `[0, 1]` between stages, in linear light within them.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// Side in pixels.
    pub size: usize,
    /// Channel, row, column.
    pub planes: Vec<f32>,
}

impl Picture {
    /// An sRGB picture as 8-bit pixels, three bytes each.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        (0..self.size * self.size).flat_map(|at| self.rgb(at).map(to_byte)).collect()
    }
}

/// What must not tell a simulated attack from a simulated bona fide presentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Take {
    /// Photosites across the stored crop.
    pub sensor: u32,
    /// Quality of the compression, 1 to 100.
    pub quality: u8,
}

/// The scene before the camera is the person: `size` x `size` pixels of it.
pub fn bona_fide(scene: &Picture, size: usize, rng: &mut ChaCha8Rng) -> (Picture, Take) {
    let camera = Camera::draw(scene.size, rng);
    (witness(scene, &camera, size, rng), camera.take())
}

/// The scene before the camera is a print or a screen that shows the person: `size` x `size` pixels of it.
pub fn attack(scene: &Picture, instrument: Instrument, size: usize, rng: &mut ChaCha8Rng) -> (Picture, Take) {
    let camera = Camera::draw(scene.size, rng);
    (present(scene, instrument, &camera, size, rng), camera.take())
}

/// As [`bona_fide`], before a given camera.
pub(crate) fn witness(scene: &Picture, camera: &Camera, size: usize, rng: &mut ChaCha8Rng) -> Picture {
    camera.shoot(&seen(scene, camera.sensor), None, size, rng)
}

/// As [`attack`], before a given camera.
pub(crate) fn present(
    scene: &Picture,
    instrument: Instrument,
    camera: &Camera,
    size: usize,
    rng: &mut ChaCha8Rng,
) -> Picture {
    let first = Camera::draw_first(scene.size, rng);
    let photo = first.shoot(&seen(scene, first.sensor), None, first.sensor, rng);
    match instrument {
        Instrument::Laser | Instrument::Inkjet => {
            let (light, dots) = paper::show(&photo, instrument, camera, rng);
            camera.shoot(&light, Some(&dots), size, rng)
        }
        Instrument::Stripes | Instrument::Pentile => {
            let (light, grid) = display::show(&photo, instrument, camera, rng);
            camera.shoot(&light, Some(&grid), size, rng)
        }
    }
}

/// The light of the scene at a sensor's resolution.
fn seen(scene: &Picture, sensor: usize) -> Picture {
    light::resize(&light::map(scene.clone(), light::linear), sensor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::rng;

    fn scene() -> Picture {
        let size = 96;
        let planes = (0..3 * size * size).map(|i| 0.5 + 0.4 * ((i % size) as f32 / 5.0).sin()).collect();
        Picture { size, planes }
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
        for instrument in Instrument::value_variants().iter().copied() {
            let once = attack(&scene(), instrument, 96, &mut rng(1, "test", 0));
            assert_eq!(once, attack(&scene(), instrument, 96, &mut rng(1, "test", 0)));
            assert_ne!(once, attack(&scene(), instrument, 96, &mut rng(1, "test", 1)));
            assert!(once.0.planes.iter().all(|value| (0.0..=1.0).contains(value)));
        }
    }

    #[test]
    fn a_recapture_loses_fine_detail() {
        // The cue that real replays share (SOURCES: loss of fine detail): contrast of a fine pattern, mean of ten draws.
        let contrast = |picture: &Picture| {
            picture.planes.windows(3).map(|w| (w[0] - 2.0 * w[1] + w[2]).abs()).sum::<f32>()
                / picture.planes.len() as f32
        };
        let mut rng = rng(2, "test", 0);
        let fine =
            Picture { size: 96, planes: (0..3 * 96 * 96).map(|i| if i / 2 % 2 == 0 { 0.3 } else { 0.7 }).collect() };
        let live: f32 = (0..10).map(|_| contrast(&bona_fide(&fine, 96, &mut rng).0)).sum();
        for instrument in Instrument::value_variants().iter().copied() {
            let recaptured: f32 = (0..10).map(|_| contrast(&attack(&fine, instrument, 96, &mut rng).0)).sum();
            assert!(recaptured < live, "{instrument}: {recaptured} against {live}");
        }
    }
}
