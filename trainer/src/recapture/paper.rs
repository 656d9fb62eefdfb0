//! A picture's sRGB signal -> the light off a print of it: inks, halftone, paper, gloss, bends and edges.
//!
//! Inks multiply (Neugebauer, 1937, with dot gain after Yule and Nielsen, 1951).

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{
    Instrument, Picture, Simulator, Stage,
    camera::{Camera, Texture},
    draw::{log, normal},
    filters::unsharp,
    halftone::dots,
    light::{blur, linear, luma, map, resize},
    plane::Plane,
    room::Room,
};

/// What a print shows to a camera: the light without the dots, and the dots.
pub(super) fn show(
    picture: &Picture,
    instrument: Instrument,
    camera: &Camera,
    simulator: &Simulator,
    rng: &mut ChaCha8Rng,
) -> (Picture, impl Texture + use<>) {
    let curved = rng.random_bool(0.4);
    let plane = Plane::draw(camera, 0.28, if curved { 0.25 } else { 0.0 }, rng);
    let texture = dots(plane, instrument, camera, rng);
    let detail = if simulator.has(Stage::Light) {
        ink(picture, camera, rng)
    } else {
        map(resize(picture, picture.size.min(camera.sensor)), linear)
    };

    let room = if simulator.has(Stage::Room) { Room::draw(rng, 0.05, 0.45) } else { Room::dark() };
    let gloss = if rng.random_bool(0.4) { rng.random_range(0.3..1.0f32) } else { 0.0 };
    let shade: [f32; 2] = std::array::from_fn(|_| rng.random_range(-0.5..0.5));
    // Photo paper has brighteners: it is more often bluish than yellow.
    let cool = 0.04 + 0.07 * normal(rng);
    let tint = [(-cool).exp(), 1.0, cool.exp()].map(|tone| tone * rng.random_range(0.9..1.0f32));
    let border = if rng.random_bool(0.5) { rng.random_range(0.0..0.08f32) } else { 0.0 };
    let cutout = rng.random_bool(0.12).then(|| [rng.random_range(0.3..0.4f32), rng.random_range(0.38..0.5f32)]);
    let grain = grain(camera.sensor, rng);
    let fingers = Finger::draw(rng);
    let n = camera.sensor;
    let mut seen = Picture { size: n, planes: vec![0.0; 3 * n * n] };
    for y in 0..n {
        for x in 0..n {
            let (u, v) = ((x as f32 + 0.5) / n as f32, (y as f32 + 0.5) / n as f32);
            let at = plane.look(u, v);
            let [right, down] = plane.centred(at);
            let outside = match cutout {
                Some(half) => (right / half[0]).hypot(down / half[1]) - 1.0,
                None => plane.outside(at),
            };
            let hand = plane.centred(plane.held([u, v]));
            let light = if let Some(skin) = fingers.iter().find_map(|finger| finger.at(hand)) {
                skin
            } else if outside <= 0.0 || (cutout.is_none() && outside < border) {
                let rgb = if outside <= 0.0 { detail.cubic(at[0], at[1]) } else { [0.95; 3] };
                // A bend turns the paper to or from the lamp; so does distance.
                let lit = 1.0
                    + shade[0] * right
                    + shade[1] * down
                    + if curved { 1.5 * shade[0] * right.powi(2) } else { 0.0 };
                let glare = room.glare([right, down]);
                [0, 1, 2].map(|channel| {
                    let paper = rgb[channel] * tint[channel] * (1.0 + grain[y * n + x]) * lit.clamp(0.1, 3.0);
                    paper * room.lamp[channel] + gloss * glare[channel]
                })
            } else {
                room.behind([right, down])
            };
            seen.set(y * n + x, light);
        }
    }
    (seen, texture)
}

/// sRGB signal -> reflectance of the printed picture, between full ink and bare paper.
fn ink(picture: &Picture, camera: &Camera, rng: &mut ChaCha8Rng) -> Picture {
    let black = log(rng, 0.005, 0.06);
    let gain = rng.random_range(0.95..1.45f32);
    let saturation = rng.random_range(0.45..1.15f32);
    let spread = rng.random_range(0.0..0.6f32);
    // Printers sharpen what they print.
    let sharpening = rng.random_range(0.0..1.5f32);
    let banding = if rng.random_bool(0.25) { rng.random_range(0.01..0.06f32) } else { 0.0 };
    let lines = camera.scope * rng.random_range(15.0..90.0f32);
    // A face of 200 to 820 printed picture elements.
    let elements = (camera.scope * log(rng, 400.0, 1600.0)) as usize;
    let printed = resize(picture, picture.size.min(elements));
    let printed = unsharp(printed, (sharpening, 1.0));
    let fine = resize(&printed, printed.size.min(camera.sensor));
    let reflected = map(fine, |value| linear(value.clamp(0.0, 1.0)).powf(gain)).repaint(|rgb| {
        let gray = luma(rgb);
        rgb.map(|value| black + (1.0 - black) * (gray + saturation * (value - gray)).clamp(0.0, 1.0))
    });
    let mut out = blur(&reflected, spread);
    let n = out.size;
    for (at, value) in out.planes.iter_mut().enumerate() {
        let row = (at / n % n) as f32 / n as f32;
        *value *= 1.0 + banding * (std::f32::consts::TAU * lines * row).sin();
    }
    out
}

/// Paper fibres: brightness that wanders over a few photosites, `[n, n]` around 0.
fn grain(n: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let strength = rng.random_range(0.0..0.05f32);
    let coarse = ((n as f32 / rng.random_range(1.5..5.0f32)) as usize).max(2);
    let mut own = ChaCha8Rng::seed_from_u64(rng.random());
    let noise = (0..coarse * coarse).map(|_| strength * own.random_range(-1.0..1.0f32)).collect::<Vec<_>>();
    let picture = Picture { size: coarse, planes: noise.repeat(3) };
    resize(&picture, n).planes[..n * n].to_vec()
}

/// A finger that holds the print, from one border inwards.
struct Finger {
    tip: [f32; 2],
    along: [f32; 2],
    width: f32,
    skin: [f32; 3],
}

impl Finger {
    /// None or two.
    fn draw(rng: &mut ChaCha8Rng) -> Vec<Self> {
        if !rng.random_bool(0.12) {
            return Vec::new();
        }
        let tone = log(rng, 0.08, 0.55);
        (0..2)
            .map(|side| {
                let x = if side == 0 { rng.random_range(-0.42..-0.3) } else { rng.random_range(0.3..0.42) };
                let out: f32 = if side == 0 { -1.0 } else { 1.0 };
                let down = rng.random_range(-0.5..0.8f32);
                let length = out.hypot(down);
                Self {
                    tip: [x, rng.random_range(-0.2..0.45)],
                    along: [out / length, down / length],
                    width: rng.random_range(0.035..0.07),
                    skin: [tone, tone * 0.62, tone * 0.45],
                }
            })
            .collect()
    }

    /// Its colour where it covers the view, at a position in crops from the centre.
    fn at(&self, [right, down]: [f32; 2]) -> Option<[f32; 3]> {
        let (x, y) = (right - self.tip[0], down - self.tip[1]);
        let along = x * self.along[0] + y * self.along[1];
        let across = (x * self.along[1] - y * self.along[0]).abs();
        let distance = if along > 0.0 { across } else { x.hypot(y) } / self.width;
        // Rounded: darker to its edges.
        (distance < 1.0).then(|| self.skin.map(|value| value * (1.0 - 0.6 * distance * distance)))
    }
}
