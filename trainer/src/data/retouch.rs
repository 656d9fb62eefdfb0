//! Changes of a crop's pixels, alike for both classes, so that a network finds no class in tone, sharpness or compression:
//! the paper's colours, the light and the curves of cameras ([`Tone`]), and what their optics and files do ([`Wear`]).

use image::imageops;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::{
    recapture::{Picture, jpeg, normal},
    run::{self, config::Augment},
};

/// One draw of every change of the pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Retouch {
    /// New RGB = matrix times RGB.
    colours: Option<[[f32; 3]; 3]>,
    /// Part of its brightness that a screen's grid takes from the colours that are not a column's own, and its period in pixels.
    grid: Option<(f32, f32)>,
    tone: Option<Tone>,
    wear: Wear,
}

/// Light and curves of a camera, in linear light but for the last two.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tone {
    /// Light that lies evenly over the picture.
    veil: f32,
    /// What each channel's light is multiplied by.
    gain: [f32; 3],
    /// Distances from the mean are multiplied by it.
    contrast: f32,
    /// Exponent of the sRGB values.
    gamma: f32,
    /// Distances from gray are multiplied by it.
    saturation: f32,
}

/// What lenses, small pictures, sensors and files leave of a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wear {
    /// Gaussian blur, in pixels.
    blur: Option<f32>,
    /// Side of a smaller picture, over this one's, that it was enlarged from.
    reduced: Option<f32>,
    /// Standard deviation of noise, and its seed.
    noise: Option<(f32, u64)>,
    /// Quality of a JPEG.
    jpeg: Option<u8>,
}

impl Retouch {
    /// No change.
    pub const NONE: Self = Self { colours: None, grid: None, tone: None, wear: Wear::NONE };

    /// Draws the changes that a config asks for.
    pub fn draw(of: &Augment, rng: &mut ChaCha8Rng) -> Self {
        let colours = colour(
            rng.random_range(0.75..1.25),
            rng.random_range(0.5..1.4),
            rng.random_range(-0.12..0.12),
            rng.random_range(0.88..1.14),
        );
        let (tone, toned, wear) = (Tone::draw(rng), rng.random_bool(0.8), Wear::draw(rng));
        Self {
            colours: of.colours.then_some(colours),
            grid: None,
            tone: (of.tone && toned).then_some(tone),
            wear: if of.wear { wear } else { Wear::NONE },
        }
    }

    /// The same through another camera: its tone, and half of the time its number of pixels, which is seven tenths of the crop's at
    /// least.
    #[must_use]
    pub fn retaken(self, rng: &mut ChaCha8Rng) -> Self {
        let tone = Tone::draw(rng);
        let part = rng.random_range(0.7..1.0);
        let reduced = if rng.random() { Some(part) } else { self.wear.reduced };
        Self { tone: Some(tone), wear: Wear { reduced, ..self.wear }, ..self }
    }

    /// Whether no detail is taken.
    pub fn is_sharp(&self) -> bool {
        self.wear.blur.is_none() && self.wear.reduced.is_none()
    }

    /// The same, enlarged from a picture whose side is such a part.
    #[must_use]
    pub fn coarse(self, part: f32) -> Self {
        Self { wear: Wear { reduced: Some(part), ..self.wear }, ..self }
    }

    /// The same behind a screen's stripes of red, green and blue, `period` pixels for the three: a part of each colour is `lost`
    /// where the stripe is another's.
    #[must_use]
    pub fn gridded(self, lost: f32, period: f32) -> Self {
        Self { grid: Some((lost, period)), ..self }
    }

    /// A veil of so much light, for measurements.
    pub fn veil(light: f32) -> Self {
        Self { tone: Some(Tone { veil: light, ..Tone::NONE }), ..Self::NONE }
    }

    /// A contrast about the mean, for measurements.
    pub fn contrast(contrast: f32) -> Self {
        Self { tone: Some(Tone { contrast, ..Tone::NONE }), ..Self::NONE }
    }

    /// Enlarged from a picture whose side is such a part, for measurements.
    pub fn reduced(part: f32) -> Self {
        Self::NONE.coarse(part)
    }

    /// As [`Retouch::apply`], of a crop that is given away.
    pub fn applied(&self, mut planes: Vec<f32>, side: usize) -> Vec<f32> {
        self.apply(&mut planes, side);
        planes
    }

    /// Changes a crop, planar `[3, side, side]` in `[0, 1]`, in place; values stay in `[0, 1]`.
    pub fn apply(&self, planes: &mut [f32], side: usize) {
        if let Some(matrix) = self.colours {
            per_pixel(planes, |rgb| {
                matrix.map(|row| (row[0] * rgb[0] + row[1] * rgb[1] + row[2] * rgb[2]).clamp(0.0, 1.0))
            });
        }
        if let Some((lost, period)) = self.grid {
            for (channel, plane) in planes.chunks_exact_mut(side * side).enumerate() {
                for (at, value) in plane.iter_mut().enumerate() {
                    let stripe = ((at % side) as f32 * 3.0 / period) as usize % 3;
                    if stripe != channel {
                        *value *= 1.0 - lost;
                    }
                }
            }
        }
        if let Some(tone) = &self.tone {
            tone.apply(planes);
        }
        self.wear.apply(planes, side);
    }
}

impl Tone {
    const NONE: Self = Self { veil: 0.0, gain: [1.0; 3], contrast: 1.0, gamma: 1.0, saturation: 1.0 };

    fn draw(rng: &mut ChaCha8Rng) -> Self {
        let exposure = (0.25 * normal(rng)).exp();
        Self {
            veil: if rng.random_bool(0.7) { rng.random_range(0.0..0.15) } else { 0.0 },
            gain: std::array::from_fn(|_| exposure * (0.08 * normal(rng)).exp()),
            contrast: rng.random_range(-0.45..0.4f32).exp(),
            gamma: (0.2 * normal(rng)).exp(),
            saturation: rng.random_range(0.5..1.4),
        }
    }

    fn apply(&self, planes: &mut [f32]) {
        // sRGB as a power law of 2.2: near enough for a draw.
        let lit =
            |value: f32, channel: usize| ((value.powf(2.2) + self.veil) * self.gain[channel]).min(1.0).powf(1.0 / 2.2);
        let plane = planes.len() / 3;
        for (channel, values) in planes.chunks_exact_mut(plane).enumerate() {
            values.iter_mut().for_each(|value| *value = lit(*value, channel));
        }
        let mean = planes.iter().sum::<f32>() / planes.len() as f32;
        let curve = |value: f32| (mean + self.contrast * (value - mean)).clamp(0.0, 1.0).powf(self.gamma);
        per_pixel(planes, |rgb| {
            let rgb = rgb.map(curve);
            let gray = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
            rgb.map(|value| (gray + self.saturation * (value - gray)).clamp(0.0, 1.0))
        });
    }
}

impl Wear {
    const NONE: Self = Self { blur: None, reduced: None, noise: None, jpeg: None };

    fn draw(rng: &mut ChaCha8Rng) -> Self {
        Self {
            // Neither goes below what leaves a face of 100 pixels: that is what recaptures lose.
            blur: rng.random_bool(0.25).then(|| rng.random_range(0.3..0.7)),
            reduced: rng.random_bool(0.2).then(|| rng.random_range(0.65..0.95)),
            noise: rng.random_bool(0.3).then(|| (rng.random_range(1.0..7.0) / 255.0, rng.random())),
            jpeg: rng.random_bool(0.4).then(|| rng.random_range(35..=95)),
        }
    }

    fn apply(&self, planes: &mut [f32], side: usize) {
        if *self == Self::NONE {
            return;
        }
        let plane = side * side;
        let pixels = (0..plane).flat_map(|at| [0, 1, 2].map(|c| planes[c * plane + at])).collect();
        let mut picture = image::Rgb32FImage::from_raw(side as u32, side as u32, pixels).expect("three values a pixel");
        if let Some(sigma) = self.blur {
            picture = imageops::blur(&picture, sigma);
        }
        if let Some(part) = self.reduced {
            let small = ((part * side as f32).round() as u32).max(1);
            picture = imageops::resize(&picture, small, small, imageops::FilterType::Triangle);
            picture = imageops::resize(&picture, side as u32, side as u32, imageops::FilterType::CatmullRom);
        }
        let mut values = picture.into_raw();
        if let Some((deviation, seed)) = self.noise {
            let mut rng = run::rng(seed, "noise", 0);
            values.iter_mut().for_each(|value| *value += deviation * normal(&mut rng));
        }
        for at in 0..plane {
            for c in 0..3 {
                planes[c * plane + at] = values[3 * at + c].clamp(0.0, 1.0);
            }
        }
        if let Some(quality) = self.jpeg {
            planes.copy_from_slice(&jpeg(&Picture { size: side, planes: planes.to_vec() }, quality).planes);
        }
    }
}

fn per_pixel(planes: &mut [f32], change: impl Fn([f32; 3]) -> [f32; 3]) {
    let plane = planes.len() / 3;
    for at in 0..plane {
        let new = change([planes[at], planes[plane + at], planes[2 * plane + at]]);
        for (channel, value) in new.into_iter().enumerate() {
            planes[channel * plane + at] = value;
        }
    }
}

/// Brightness, saturation, hue (radians) and temperature (red over neutral) as one matrix: a turn and a stretch of the
/// chroma around the luma axis (paper, augmentation).
fn colour(brightness: f32, saturation: f32, hue: f32, temperature: f32) -> [[f32; 3]; 3] {
    // Rodrigues' rotation around (1, 1, 1) / sqrt 3.
    let (sin, cos) = hue.sin_cos();
    let (third, root) = ((1.0 - cos) / 3.0, sin / 3f32.sqrt());
    let turn = [
        [cos + third, third - root, third + root],
        [third + root, cos + third, third - root],
        [third - root, third + root, cos + third],
    ];
    let tint = [temperature, 1.0, 1.0 / temperature];
    let luma = [0.299, 0.587, 0.114];
    std::array::from_fn(|to| {
        std::array::from_fn(|from| {
            let gray: f32 = luma[from] * (1.0 - saturation);
            brightness * tint[to] * (gray + saturation * turn[to][from])
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::rng;

    const ALL: Augment =
        Augment { boxes: true, colours: true, flip: true, rotation: true, edges: true, tone: true, wear: true };

    #[test]
    fn no_change_of_colour_is_the_identity() {
        let matrix = colour(1.0, 1.0, 0.0, 1.0);
        for (to, row) in matrix.iter().enumerate() {
            for (from, value) in row.iter().enumerate() {
                assert!((value - f32::from(u8::from(to == from))).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn every_change_gives_numbers_from_0_to_1_and_the_same_ones_again() {
        let mut rng = rng(3, "test", 0);
        let plain: Vec<f32> = (0..3 * 32 * 32).map(|at| (at % 37) as f32 / 36.0).collect();
        let mut changed = 0;
        for _ in 0..60 {
            let retouch = Retouch::draw(&ALL, &mut rng);
            let (mut once, mut again) = (plain.clone(), plain.clone());
            retouch.apply(&mut once, 32);
            retouch.apply(&mut again, 32);
            assert_eq!(once, again);
            assert!(once.iter().all(|value| (0.0..=1.0).contains(value)));
            changed += usize::from(once != plain);
        }
        assert_eq!(changed, 60);
    }

    #[test]
    fn another_camera_has_fewer_pixels_half_of_the_time_but_seven_tenths_at_least() {
        let mut rng = rng(5, "test", 0);
        let parts: Vec<f32> = (0..400)
            .filter_map(|_| Retouch::NONE.retaken(&mut rng).wear.reduced)
            .inspect(|part| assert!(*part >= 0.7))
            .collect();
        assert!((150..250).contains(&parts.len()), "{}", parts.len());
    }

    #[test]
    fn a_grid_keeps_a_third_of_each_colour_whole() {
        let mut planes = vec![1.0; 3 * 6 * 6];
        Retouch::NONE.gridded(0.4, 3.0).apply(&mut planes, 6);
        for (channel, plane) in planes.chunks_exact(36).enumerate() {
            for (at, value) in plane.iter().enumerate() {
                assert!((value - if at % 3 == channel { 1.0 } else { 0.6 }).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn a_veil_lifts_black_and_contrast_spreads_about_the_mean() {
        let mut planes = vec![0.0, 1.0, 0.0, 1.0, 0.0, 1.0];
        Retouch::veil(0.05).apply(&mut planes, 1);
        assert!((planes[0] - 0.05f32.powf(1.0 / 2.2)).abs() < 1e-5 && planes[1] == 1.0);
        let mut planes = vec![0.4, 0.6, 0.4, 0.6, 0.4, 0.6];
        Retouch::contrast(0.5).apply(&mut planes, 1);
        assert!((planes[0] - 0.45).abs() < 1e-6 && (planes[1] - 0.55).abs() < 1e-6);
    }
}
