//! Light in front of the lens -> the sRGB picture that a webcam or phone makes of it. The same for both classes.
//!
//! The order is that of a camera (Ramanath et al., *Color Image Processing Pipeline*, IEEE Signal Processing Magazine
//! 2005): lens, sensor, exposure and white balance, demosaicing, noise reduction, tone, sharpening, compression.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{
    Picture, Scene, Take,
    codec::Codec,
    draw::{log, normal},
    filters::{demosaic, shaken, unsharp},
    hold::Hold,
    light::{blur, encoded, luma, map},
};

/// Photosites over the scene's own pixels, at the most, where the scene is coarser than [`SHARP`].
const FINER: f32 = 0.85;
/// Pixels across a training crop that a scene needs to look sharp to the networks, which see no more than that of it.
const SHARP: f32 = 288.0;
/// Photosites across a training crop, at the least and at the most: a face of 100 to 350. The gate asks for 150.
const LEAST: f32 = 195.0;
const MOST: f32 = 680.0;

/// Fine structure that repeats faster than the picture's own pixels could hold, as the lens leaves it.
///
/// It is evaluated at each photosite, so that moire emerges where the sensor's grid cannot follow it.
pub(super) trait Texture {
    /// The light of `channel` at photosite `(x, y)`, where the picture says `light`.
    fn light(&self, x: usize, y: usize, channel: usize, light: f32) -> f32;
}

/// The curve that a camera's pixels take to the picture.
#[derive(Debug, Clone, Copy)]
struct Tone {
    /// Gamma on top of sRGB.
    gamma: f32,
    /// Strength of the S curve.
    contrast: f32,
    /// What becomes black: the sRGB value that is cut off, or below 0 the one to which black is lifted.
    black: f32,
}

impl Tone {
    fn draw(rng: &mut ChaCha8Rng) -> Self {
        let gamma = rng.random_range(0.85..1.15);
        let contrast = rng.random_range(0.0..0.7);
        let black = match rng.random_range(0..20) {
            0..7 => rng.random_range(0.0..0.06),
            7..11 => -rng.random_range(0.0..0.25f32),
            _ => 0.0,
        };
        Self { gamma, contrast, black }
    }

    fn at(&self, light: f32) -> f32 {
        let v = encoded(light).powf(self.gamma);
        let curved = v + self.contrast * v * (1.0 - v) * (2.0 * v - 1.0);
        if self.black > 0.0 {
            ((curved - self.black) / (1.0 - self.black)).max(0.0)
        } else {
            curved * (1.0 + self.black) - self.black
        }
    }
}

/// One camera with its settings.
#[derive(Debug, Clone)]
pub struct Camera {
    /// Width of what it sees, in crops of training's width.
    pub(super) scope: f32,
    /// Photosites across what it sees.
    pub(crate) sensor: usize,
    /// Lens and focus: standard deviation in photosites.
    pub(super) lens: f32,
    /// Shake: length in photosites and direction in radians.
    pub(super) shake: (f32, f32),
    /// A colour filter array of 2 x 2, instead of three colours at each photosite (binned, as webcams do).
    mosaic: bool,
    /// Mean sRGB luma that automatic exposure aims at.
    pub(super) target: f32,
    /// What exposure meters: the share of the whole scene, the rest is the face; and the scene's luma over the face's.
    metering: (f32, f32),
    /// Light that the lens scatters over the whole picture, as a share of the mean.
    flare: f32,
    /// What white balance missed, per channel.
    balance: [f32; 3],
    /// Photon noise: variance per unit of light. Read noise: variance.
    noise: (f32, f32),
    /// Noise reduction: share of the smoothed picture where there is no edge.
    smoothing: f32,
    tone: Tone,
    saturation: f32,
    /// Unsharp mask: strength, and standard deviation in pixels.
    sharpening: (f32, f32),
    codec: Codec,
    /// Where what it sees lies in a frame of a clip, against where it was drawn.
    pub(super) hold: Option<Hold>,
}

impl Camera {
    /// Draws a camera before a scene.
    ///
    /// A live face has detail up to the sensor's limit. So the sensor is coarser than the scene's own pixels, unless these are
    /// as fine as the networks can see: a photo that is coarser than both would look recaptured already.
    pub(crate) fn draw(scene: &Scene, rng: &mut ChaCha8Rng) -> Self {
        let scope = scene.scope;
        let native = scene.native();
        let most = if native < SHARP { (native * FINER).max(230.0) } else { MOST };
        let warm = 0.17 * normal(rng);
        Self {
            scope,
            sensor: (scope * log(rng, LEAST, most)) as usize,
            lens: log(rng, 0.2, 0.8),
            shake: (
                if rng.random_bool(0.25) { rng.random_range(0.5..3.5) } else { 0.0 },
                rng.random_range(0.0..std::f32::consts::PI),
            ),
            mosaic: rng.random_bool(0.5),
            target: (0.42 + 0.14 * normal(rng)).clamp(0.16, 0.76),
            // Behind a person: a wall as bright as the face, a window, or the night.
            metering: (rng.random_range(0.0..0.6), (0.1 + 0.3 * normal(rng)).exp()),
            flare: if rng.random_bool(0.5) { rng.random_range(0.0..0.12) } else { 0.0 },
            balance: [(-warm).exp(), (0.04 * normal(rng)).exp(), warm.exp()],
            noise: (log(rng, 1e-5, 6e-4), log(rng, 3e-8, 3e-6)),
            smoothing: rng.random_range(0.0..0.9),
            tone: Tone::draw(rng),
            saturation: rng.random_range(0.65..1.5),
            sharpening: (rng.random_range(0.0..2.8), rng.random_range(0.6..1.4)),
            codec: Codec::draw(rng),
            hold: None,
        }
    }

    /// The same camera for another take: distance, hold, exposure and white balance anew.
    pub(crate) fn again(&self, scene: &Scene, rng: &mut ChaCha8Rng) -> Self {
        let Self { sensor, shake, target, metering, balance, .. } = Self::draw(scene, rng);
        Self { sensor, shake, target, metering: (self.metering.0, metering.1), balance, ..self.clone() }
    }

    /// The camera that an attacker recorded the face with: as above, but well lit and held still.
    pub(super) fn draw_first(scene: &Scene, rng: &mut ChaCha8Rng) -> Self {
        let careful = Self::draw(scene, rng);
        // What is shown or printed was stored as a video or a photo of moderate size: a selfie has more than a webcam's face.
        let most = (0.9 * scene.native()).clamp(200.0, 600.0);
        Self {
            sensor: (scene.scope * log(rng, 150.0, most)) as usize,
            lens: careful.lens.max(0.3),
            sharpening: (careful.sharpening.0.min(2.0), careful.sharpening.1),
            shake: (0.0, 0.0),
            target: careful.target.clamp(0.36, 0.6),
            metering: (0.0, 1.0),
            flare: careful.flare / 3.0,
            balance: careful.balance.map(|gain| gain.sqrt()),
            noise: (careful.noise.0 * 0.3, careful.noise.1 * 0.3),
            // It makes pictures to be looked at: its curve is never flat, so that an attack has passed two.
            tone: Tone {
                contrast: careful.tone.contrast.max(0.25),
                black: careful.tone.black.max(0.0),
                ..careful.tone
            },
            saturation: careful.saturation.clamp(0.85, 1.25),
            ..careful
        }
    }

    /// The same camera before an attack instrument, which shines or not: held close, it lies before a fixed focus's depth of field; a screen
    /// shines brighter than a face does, so that less gain is needed; and exposure, which meters the room too, leaves the
    /// screen too bright, and paper a little.
    pub(super) fn before(&self, shines: bool, rng: &mut ChaCha8Rng) -> Self {
        let defocus = if rng.random_bool(0.3) { rng.random_range(0.0..0.8f32) } else { 0.0 };
        let gain = if shines { log(rng, 0.1, 1.0) } else { 1.0 };
        let around = if shines { log(rng, 0.25, 1.1) } else { log(rng, 0.4, 1.15) };
        Self {
            lens: self.lens.hypot(defocus),
            noise: (self.noise.0 * gain, self.noise.1 * gain),
            metering: (self.metering.0, around),
            ..self.clone()
        }
    }

    /// The same camera with few photosites, a soft lens and coarse compression.
    pub(super) fn degraded(self, rng: &mut ChaCha8Rng) -> Self {
        Self {
            sensor: (self.scope * log(rng, 100.0, 140.0)) as usize,
            lens: rng.random_range(0.8..1.3),
            noise: (self.noise.0 * 3.0, self.noise.1 * 3.0),
            codec: Codec::coarse(rng),
            ..self
        }
    }

    /// The same camera where light is short: exposure falls short too, and noise shows.
    pub(super) fn in_the_dark(self, rng: &mut ChaCha8Rng) -> Self {
        let noise = log(rng, 3.0, 12.0);
        Self {
            target: rng.random_range(0.1..0.22),
            noise: (self.noise.0 * noise, self.noise.1 * noise * 4.0),
            metering: (0.0, 1.0),
            tone: Tone { black: self.tone.black.max(0.0), ..self.tone },
            ..self
        }
    }

    /// What must not give the class away.
    pub(super) fn take(&self) -> Take {
        Take { sensor: (self.sensor as f32 / self.scope) as u32, quality: self.codec.quality() }
    }

    /// What is left of a pattern of so many cycles per photosite, to the right and down: the lens's blur, the photosite's own
    /// width, and the path along which the camera shook.
    pub(super) fn transfer(&self, [right, down]: [f32; 2]) -> f32 {
        use std::f32::consts::PI;
        let sinc = |x: f32| if x.abs() < 1e-3 { 1.0 } else { x.sin() / x };
        let frequency = right.hypot(down);
        let (length, angle) = self.shake;
        let along = right * angle.cos() + down * angle.sin();
        (-2.0 * (PI * self.lens * frequency).powi(2)).exp() * sinc(PI * frequency) * sinc(PI * length * along)
    }

    /// Takes the photo: linear light, seen from the camera at its own resolution, to sRGB of the same size.
    pub(super) fn shoot(&self, light: &Picture, texture: Option<&dyn Texture>, rng: &mut ChaCha8Rng) -> Picture {
        assert_eq!(light.size, self.sensor, "the scene is rendered at the sensor's resolution");
        let mut sensor = shaken(&blur(light, self.lens), self.shake);
        let n = self.sensor;
        if let Some(texture) = texture {
            for channel in 0..3 {
                for y in 0..n {
                    for x in 0..n {
                        let at = (channel * n + y) * n + x;
                        sensor.planes[at] = texture.light(x, y, channel, sensor.planes[at]);
                    }
                }
            }
        }
        let exposure = self.exposure(&sensor);
        let plane = n * n;
        let scattered = std::array::from_fn::<f32, 3, _>(|channel| {
            self.flare * sensor.planes[channel * plane..][..plane].iter().sum::<f32>() / plane as f32
        });
        for (at, value) in sensor.planes.iter_mut().enumerate() {
            let light = ((1.0 - self.flare) * *value + scattered[at / plane]) * exposure;
            let noisy = light + (self.noise.0 * light.max(0.0) + self.noise.1).sqrt() * normal(rng);
            // A photosite holds so much and no more, before white balance multiplies.
            *value = noisy.min(1.1) * self.balance[at / plane];
        }
        let raw = if self.mosaic { demosaic(&sensor) } else { sensor };
        let smooth = self.reduce_noise(raw);
        let toned = self.develop(smooth);
        let sharp = unsharp(toned, self.sharpening);
        self.codec.pass(&sharp)
    }

    /// The gain that brings what is metered to the target.
    fn exposure(&self, sensor: &Picture) -> f32 {
        let (n, mut sum, mut count) = (sensor.size, 0.0, 0);
        let reach = (0.3 * n as f32 / self.scope) as usize;
        for y in (n / 2 - reach..n / 2 + reach).step_by(4) {
            for x in (n / 2 - reach..n / 2 + reach).step_by(4) {
                sum += encoded(luma(sensor.rgb(y * n + x)));
                count += 1;
            }
        }
        let (share, around) = self.metering;
        let metered = (sum / count as f32).max(0.02) * around.powf(share);
        // sRGB is nearly a square root: 2.2 is the exponent of the best power law.
        (self.target / metered).powf(2.2)
    }

    /// Blends towards the neighbourhood's mean where the two differ little: a sigma filter (Lee, 1983).
    fn reduce_noise(&self, picture: Picture) -> Picture {
        if self.smoothing < 0.1 {
            return picture;
        }
        let mean = blur(&picture, 0.8);
        let plane = picture.size * picture.size;
        let mut out = picture;
        for (at, value) in out.planes.iter_mut().enumerate() {
            let away = *value - mean.planes[at];
            let green = mean.planes[plane + at % plane].max(0.0);
            let sigma = 2.5 * (self.noise.0 * green + self.noise.1).sqrt() + 0.004;
            *value -= self.smoothing * away * (-(away / sigma).powi(2)).exp();
        }
        out
    }

    fn develop(&self, picture: Picture) -> Picture {
        let saturation = self.saturation;
        let coloured = picture.repaint(|rgb| {
            let gray = luma(rgb);
            rgb.map(|value| gray + saturation * (value - gray))
        });
        map(coloured, |light| self.tone.at(light))
    }
}
