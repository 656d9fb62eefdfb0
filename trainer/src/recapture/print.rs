//! Linear light -> the light off a print of it: ink gamut, halftone dots, paper.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{
    Picture,
    optics::{blur, resize},
};

/// Samples per pixel along each axis while dots are drawn.
const OVERSAMPLING: usize = 3;
/// Angles of the cyan, magenta and yellow screens (textbook values, in degrees).
const ANGLES: [f32; 3] = [15.0, 75.0, 0.0];

/// Prints a picture and looks at it, evenly lit, at the picture's own resolution.
pub(super) fn print(light: Picture, rng: &mut ChaCha8Rng) -> Picture {
    let size = light.size;
    let soft = blur(&light, rng.random_range(0.3..1.5));
    let saturation = rng.random_range(0.7..0.98f32);
    // Dot gain (Yule and Nielsen): ink covers more than was asked for.
    let gain = rng.random_range(0.75..1.0f32);
    let ink = rng.random_range(0.01..0.06f32);
    let paper: [f32; 3] = std::array::from_fn(|_| rng.random_range(0.75..0.98f32));
    // Camera pixels per halftone cell: from dots that are seen to dots that are not.
    let cell = rng.random_range(1.2..3.5f32) * OVERSAMPLING as f32;
    let depth = rng.random_range(0.2..0.8f32);

    let mut fine = resize(&soft, size * OVERSAMPLING);
    let plane = fine.size * fine.size;
    for at in 0..plane {
        let rgb = [0, 1, 2].map(|channel| fine.planes[channel * plane + at]);
        let gray = 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2];
        let (x, y) = ((at % fine.size) as f32, (at / fine.size) as f32);
        for channel in 0..3 {
            let reflected = (gray + saturation * (rgb[channel] - gray)).clamp(0.0, 1.0).powf(1.0 / gain);
            // A cosine cell is a clustered dot with a soft edge; `depth` is how hard the edge is.
            let (sin, cos) = ANGLES[channel].to_radians().sin_cos();
            let phase = std::f32::consts::TAU / cell;
            let dot = 0.5 + 0.25 * (((x * cos + y * sin) * phase).cos() + ((y * cos - x * sin) * phase).cos());
            let halftone = (reflected + depth * (dot - 0.5) * 4.0 * reflected * (1.0 - reflected)).clamp(0.0, 1.0);
            fine.planes[channel * plane + at] = paper[channel] * (ink + (1.0 - ink) * halftone);
        }
    }
    let mut seen = resize(&fine, size);
    // Paper fibres: brightness that wanders over a few pixels.
    let grain = rng.random_range(0.0..0.03f32);
    let coarse = size / 3;
    let noise =
        Picture { size: coarse, planes: (0..3 * coarse * coarse).map(|_| rng.random_range(-1.0..1.0)).collect() };
    for (value, noise) in seen.planes.iter_mut().zip(resize(&noise, size).planes) {
        *value *= 1.0 + grain * noise;
    }
    seen
}
