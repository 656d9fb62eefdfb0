//! The ink dots of a print, as the camera's photosites see them: clustered or dispersed.
//!
//! Clustered dots (amplitude modulation, laser and offset) are a cosine lattice per ink at its textbook angle; dispersed dots
//! (frequency modulation, inkjet) are noise of the same variance. Both are dimmed by what the camera's optics leave of them,
//! as the display's grid is.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{
    Instrument, Picture,
    camera::{Camera, Texture},
    draw::log,
    light::blur,
    plane::Plane,
};

/// Angles of the cyan, magenta and yellow dots, in degrees: each absorbs one of red, green and blue.
const ANGLES: [f32; 3] = [15.0, 75.0, 0.0];

/// The ink dots before the camera.
pub(super) struct Halftone {
    plane: Plane,
    /// Dot cells across the crop (clustered dots), and photosites.
    cells: f32,
    sensor: f32,
    /// Contrast of clustered dots along each ink's two directions, as the optics leave it.
    clustered: [[f32; 2]; 3],
    /// Dispersed dots per photosite and channel, as the optics leave them; empty for clustered dots.
    dispersed: Vec<f32>,
}

impl Texture for Halftone {
    fn light(&self, x: usize, y: usize, channel: usize, light: f32) -> f32 {
        let Some(at) = self.plane.photosite(x, y, self.sensor) else { return light };
        let dot = if self.dispersed.is_empty() {
            let (sin, cos) = ANGLES[channel].to_radians().sin_cos();
            let phase = std::f32::consts::TAU * self.cells;
            let (a, b) = (at[0] * cos + at[1] * sin, at[1] * cos - at[0] * sin);
            let [along, across] = self.clustered[channel];
            0.5 * (along * (a * phase).cos() + across * (b * phase).cos())
        } else {
            let n = self.sensor as usize;
            self.dispersed[(channel * n + y) * n + x]
        };
        // Most dots show where half the paper is covered, none on bare paper or in full ink.
        (light + 2.0 * dot * light * (1.0 - light)).max(0.0)
    }
}

/// Draws the dots of an instrument before a camera.
pub(super) fn dots(plane: Plane, instrument: Instrument, camera: &Camera, rng: &mut ChaCha8Rng) -> Halftone {
    let cells = camera.scope * log(rng, 200.0, 1400.0);
    let pitch = cells / camera.sensor as f32;
    let left = ANGLES.map(|angle| {
        let (sin, cos) = angle.to_radians().sin_cos();
        [camera.transfer([pitch * cos, pitch * sin]), camera.transfer([-pitch * sin, pitch * cos])]
    });
    let depth = rng.random_range(0.3..0.9f32);
    let n = camera.sensor;
    let mut dispersed = Vec::new();
    if instrument == Instrument::Inkjet {
        // White noise without its low frequencies: dispersed dots leave no coarse pattern (Ulichney, 1988).
        let scale = rng.random_range(0.05..0.35f32) * left[0][0].abs().sqrt();
        let white = Picture { size: n, planes: (0..3 * n * n).map(|_| rng.random_range(-1.0..1.0f32)).collect() };
        let low = blur(&white, 1.0);
        let blue =
            Picture { size: n, planes: white.planes.iter().zip(low.planes).map(|(w, l)| scale * (w - l)).collect() };
        dispersed = blur(&blue, camera.lens * 0.7).planes;
    }
    Halftone { plane, cells, sensor: n as f32, clustered: left.map(|along| along.map(|left| depth * left)), dispersed }
}
