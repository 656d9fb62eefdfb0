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
//! The last camera is drawn alike for both classes, so that none of its traces is the label; so is the resampling of what
//! it sees. Every draw comes from the given generator: the same seed gives the same bytes.

mod camera;
mod clip;
mod codec;
mod condition;
mod display;
mod draw;
mod filters;
mod halftone;
mod hold;
mod light;
mod paper;
mod plane;
mod room;
mod species;

use std::borrow::Cow;

use bonafide::{
    frame::Frame,
    region::{Region, sample},
};
use clap::ValueEnum;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

pub use self::{
    camera::Camera,
    clip::Clip,
    condition::Condition,
    species::{Instrument, PaiSpecies},
};
pub(crate) use self::{codec::jpeg, draw::normal, light::mirrored};
use crate::picture::sheet::to_byte;

/// Width, in face boxes, of the crop for which all draws are given. Its first sets stored that much.
pub const CROP: f32 = 1.95;

/// A square picture, planar RGB `[3, size, size]`; in sRGB `[0, 1]` between stages, in linear light within them.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// Side in pixels.
    pub size: usize,
    /// Channel, row, column.
    pub planes: Vec<f32>,
}

impl Picture {
    /// A region of a frame, as the product samples it.
    pub(crate) fn of(frame: &Frame<'_>, region: &Region, size: usize) -> Self {
        Self { size, planes: sample(frame, region, size) }
    }

    /// An sRGB picture as 8-bit pixels, three bytes each.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        (0..self.size * self.size).flat_map(|at| self.rgb(at).map(to_byte)).collect()
    }

    /// The same, four bytes each, opaque: what a [`Frame`] borrows.
    pub(crate) fn rgba(&self) -> Vec<u8> {
        self.bytes().chunks_exact(3).flat_map(|rgb| [rgb[0], rgb[1], rgb[2], 255]).collect()
    }
}

/// What is before the camera.
#[derive(Debug, Clone)]
pub struct Scene {
    /// sRGB, at the photo's own resolution.
    pub picture: Picture,
    /// Its width in crops of [`CROP`] face boxes.
    pub scope: f32,
}

impl Scene {
    /// Its own pixels across a training crop.
    fn native(&self) -> f32 {
        self.picture.size as f32 / self.scope
    }
}

/// A stage of the simulation that an ablation leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The attacker's own camera: the instrument shows the scene itself.
    FirstCamera,
    /// The instrument's light: gamma, gamut, white and black of a display, ink and paper of a print.
    Light,
    /// The display's pixels and the print's dots.
    Grid,
    /// Reflections, veil and background.
    Room,
}

/// How presentations are simulated.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Simulator {
    /// Left out, for ablations.
    pub without: Vec<Stage>,
    /// A harder condition, for tests.
    pub condition: Option<Condition>,
}

/// What must not tell a simulated attack from a simulated bona fide presentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Take {
    /// Photosites across the stored crop.
    pub sensor: u32,
    /// Quality of the compression, 1 to 100.
    pub quality: u8,
}

impl Simulator {
    /// The scene before the camera is the person: the camera's own pixels.
    pub fn bona_fide(&self, scene: &Scene, rng: &mut ChaCha8Rng) -> (Picture, Take) {
        let (scene, camera) = self.take(scene, rng);
        let picture = witness(&scene, &camera, rng);
        (self.delivered(picture, scene.scope, rng), camera.take())
    }

    /// The scene before the camera is a print or a screen that shows the person: the camera's own pixels.
    pub fn attack(&self, scene: &Scene, instrument: Instrument, rng: &mut ChaCha8Rng) -> (Picture, Take) {
        let (scene, camera) = self.take(scene, rng);
        let picture = self.present(&scene, instrument, &camera, rng);
        (self.delivered(picture, scene.scope, rng), camera.take())
    }

    fn delivered(&self, picture: Picture, scope: f32, rng: &mut ChaCha8Rng) -> Picture {
        match self.condition {
            None => picture,
            Some(condition) => condition.deliver(picture, scope, rng),
        }
    }

    /// Whether a stage is simulated.
    fn has(&self, stage: Stage) -> bool {
        !self.without.contains(&stage)
    }

    fn take<'a>(&self, scene: &'a Scene, rng: &mut ChaCha8Rng) -> (Cow<'a, Scene>, Camera) {
        let camera = Camera::draw(scene, rng);
        match self.condition {
            None => (Cow::Borrowed(scene), camera),
            Some(condition) => condition.change(scene, camera, rng),
        }
    }

    /// As [`Simulator::attack`], before a given camera.
    pub(crate) fn present(
        &self,
        scene: &Scene,
        instrument: Instrument,
        camera: &Camera,
        rng: &mut ChaCha8Rng,
    ) -> Picture {
        let photo = self.photograph(scene, rng);
        self.shoot(&photo, instrument, camera, rng, None)
    }

    /// What the attacker recorded of the person.
    fn photograph(&self, scene: &Scene, rng: &mut ChaCha8Rng) -> Picture {
        if !self.has(Stage::FirstCamera) {
            return scene.picture.clone();
        }
        let first = Camera::draw_first(scene, rng);
        first.shoot(&seen(scene, first.sensor), None, rng)
    }

    /// An instrument that shows a photo, before a given camera. What is drawn of a shot itself, its noise, comes from `noise`
    /// where that is given.
    fn shoot(
        &self,
        photo: &Picture,
        instrument: Instrument,
        camera: &Camera,
        rng: &mut ChaCha8Rng,
        noise: Option<&mut ChaCha8Rng>,
    ) -> Picture {
        let camera = &camera.before(instrument.species() == PaiSpecies::Replay, rng);
        match instrument {
            Instrument::Laser | Instrument::Inkjet => {
                let (light, dots) = paper::show(photo, instrument, camera, self, rng);
                camera.shoot(&light, self.has(Stage::Grid).then_some(&dots), noise.unwrap_or(rng))
            }
            Instrument::Stripes | Instrument::Pentile => {
                let (light, grid) = display::show(photo, instrument, camera, self, rng);
                camera.shoot(&light, self.has(Stage::Grid).then_some(&grid), noise.unwrap_or(rng))
            }
        }
    }
}

/// As [`Simulator::bona_fide`], before a given camera.
pub(crate) fn witness(scene: &Scene, camera: &Camera, rng: &mut ChaCha8Rng) -> Picture {
    camera.shoot(&turned(&seen(scene, camera.sensor), camera, rng), None, rng)
}

/// The light of the scene at a sensor's resolution.
fn seen(scene: &Scene, sensor: usize) -> Picture {
    light::resize(&light::map(scene.picture.clone(), light::linear), sensor)
}

/// Turned by a degree at most, too little to matter for the depth: an attack instrument is never quite level, and
/// resampling it softens the picture as much as this does. And moved as the camera is held.
fn turned(light: &Picture, camera: &Camera, rng: &mut ChaCha8Rng) -> Picture {
    let (sin, cos) = rng.random_range(-0.02..0.02f32).sin_cos();
    let n = light.size;
    let mut out = Picture { size: n, planes: vec![0.0; light.planes.len()] };
    for y in 0..n {
        for x in 0..n {
            let at = [(x as f32 + 0.5) / n as f32, (y as f32 + 0.5) / n as f32];
            let [u, v] = camera.hold.map_or(at, |hold| hold.seen_at(at, camera.scope)).map(|at| at - 0.5);
            out.set(y * n + x, light.cubic(0.5 + u * cos - v * sin, 0.5 + u * sin + v * cos));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::rng;

    fn scene() -> Scene {
        let size = 96;
        let planes = (0..3 * size * size).map(|i| 0.5 + 0.4 * ((i % size) as f32 / 5.0).sin()).collect();
        Scene { picture: Picture { size, planes }, scope: 1.0 }
    }

    fn attack(scene: &Scene, instrument: Instrument, rng: &mut ChaCha8Rng) -> (Picture, Take) {
        Simulator::default().attack(scene, instrument, rng)
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
        for instrument in Instrument::value_variants().iter().copied() {
            let once = attack(&scene(), instrument, &mut rng(1, "test", 0));
            assert_eq!(once, attack(&scene(), instrument, &mut rng(1, "test", 0)));
            assert_ne!(once, attack(&scene(), instrument, &mut rng(1, "test", 1)));
            assert!(once.0.planes.iter().all(|value| (0.0..=1.0).contains(value)));
        }
    }

    #[test]
    fn what_the_instrument_itself_does_not_add_is_lost() {
        // Two cameras pass less than one: contrast of a fine pattern over that of a coarse one, mean of draws. With its grid or
        // dots an instrument gains detail as often as it loses some, as real ones do.
        let contrast = |picture: &Picture| {
            let values = &picture.planes;
            let fine = values.windows(3).map(|w| (w[0] - 2.0 * w[1] + w[2]).abs()).sum::<f32>() / values.len() as f32;
            let mean = values.iter().sum::<f32>() / values.len() as f32;
            fine / (values.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / values.len() as f32).sqrt()
        };
        let mut rng = rng(2, "test", 0);
        let of = |at: usize, period: usize, depth: f32| if (at / period).is_multiple_of(2) { depth } else { -depth };
        let planes = (0..3 * 240 * 240).map(|i| 0.5 + of(i % 240, 60, 0.2) + of(i % 240, 2, 0.08)).collect();
        let fine = Scene { picture: Picture { size: 240, planes }, scope: 1.0 };
        let plain = Simulator { without: vec![Stage::Grid], ..Simulator::default() };
        for instrument in Instrument::value_variants().iter().copied() {
            let (mut live, mut recaptured) = (0.0, 0.0);
            for _ in 0..24 {
                // Before the same camera.
                let camera = Camera::draw(&fine, &mut rng);
                live += contrast(&witness(&fine, &camera, &mut rng));
                recaptured += contrast(&plain.present(&fine, instrument, &camera, &mut rng));
            }
            assert!(recaptured < live, "{instrument}: {recaptured} against {live}");
        }
    }

    #[test]
    fn a_wider_view_shows_the_middle_as_the_crop_does() {
        // The same instrument, seen wide: the middle of the picture is as sharp as the crop alone.
        let wide = |size: usize, scope: f32| {
            let planes = (0..3 * size * size).map(|i| 0.5 + 0.4 * ((i % size) as f32 / 3.0).sin()).collect();
            Scene { picture: Picture { size, planes }, scope }
        };
        let deviation = |picture: &Picture, scope: f32| {
            let (n, middle) = (picture.size, picture.size / 2);
            let reach = (0.2 * n as f32 / scope) as usize;
            let values: Vec<f32> = (middle - reach..middle + reach)
                .flat_map(|y| (middle - reach..middle + reach).map(move |x| y * n + x))
                .map(|at| light::luma(picture.rgb(at)))
                .collect();
            let mean = values.iter().sum::<f32>() / values.len() as f32;
            (values.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / values.len() as f32).sqrt()
        };
        let mut rng = rng(3, "test", 0);
        let mut mean = |scene: &Scene| {
            (0..12).map(|_| deviation(&Simulator::default().bona_fide(scene, &mut rng).0, scene.scope)).sum::<f32>()
                / 12.0
        };
        let (near, far) = (mean(&wide(300, 1.0)), mean(&wide(600, 2.0)));
        assert!((near - far).abs() < 0.35 * near, "{near} against {far}");
    }
}
