//! Linear light -> the light of a screen that shows it: limited pixels, RGB stripes, raised black, its own white point.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{
    Picture,
    optics::{blur, resize},
};

/// Parts of a display pixel along each axis: red, green and blue stripes.
const PARTS: usize = 3;

/// Shows a picture on a screen and looks at it from straight ahead, at the picture's own resolution.
pub(super) fn show(light: Picture, rng: &mut ChaCha8Rng) -> Picture {
    let size = light.size;
    // The face is shown with fewer pixels than the camera has for it, or about as many.
    let shown = resize(&light, (size as f32 * rng.random_range(0.35..0.95)) as usize);
    let black = rng.random_range(0.001..0.05f32);
    let gain = rng.random_range(0.75..1.05f32);
    let white: [f32; 3] = std::array::from_fn(|_| rng.random_range(-0.15..0.15f32).exp());
    // The dark line between pixel rows.
    let gap = rng.random_range(0.2..0.7f32);

    let fine = shown.size * PARTS;
    let mut emitted = Picture { size: fine, planes: vec![0.0; 3 * fine * fine] };
    for (channel, white) in white.into_iter().enumerate() {
        for y in 0..fine {
            let row = if y % PARTS == PARTS - 1 { gap } else { 1.5 - 0.5 * gap };
            for x in (channel..fine).step_by(PARTS) {
                let value = shown.planes[(channel * shown.size + y / PARTS) * shown.size + x / PARTS];
                emitted.planes[(channel * fine + y) * fine + x] =
                    (black + (1.0 - black) * value) * gain * white * row * PARTS as f32;
            }
        }
    }
    // The camera's lens and pixels average the stripes; how much of the grid is left is a matter of focus.
    let seen = resize(&blur(&emitted, rng.random_range(0.4..1.4) * fine as f32 / size as f32), size);
    reflect(seen, rng)
}

/// Adds the veil that a window or lamp leaves on the glass: a plane of light across the picture.
fn reflect(mut seen: Picture, rng: &mut ChaCha8Rng) -> Picture {
    let strength = rng.random_range(0.0..0.06f32);
    let angle = rng.random_range(0.0..std::f32::consts::TAU);
    let (sin, cos) = angle.sin_cos();
    let size = seen.size;
    for (i, value) in seen.planes.iter_mut().enumerate() {
        let (x, y) = ((i % size) as f32 / size as f32 - 0.5, (i / size % size) as f32 / size as f32 - 0.5);
        *value += strength * (0.5 + x * cos + y * sin).clamp(0.0, 1.0);
    }
    seen
}
