//! Glasses with dark lenses and with clear ones, goggles and bands over the eyes.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{
    canvas::{Canvas, Uneven},
    shape::{Shape, curve},
    sitter::Parts,
};

/// How much of the eyes a lens lets through.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Lens {
    /// None, or hardly any: dark, mirrored, tinted.
    Dark,
    /// Nearly all.
    Clear,
}

/// A pair of glasses with its frame, sides and reflections.
pub(super) fn glasses(canvas: &mut Canvas, parts: &Parts, lens: Lens, rng: &mut ChaCha8Rng) {
    let unit = parts.unit;
    let (wide, high) = (rng.random_range(0.34..0.5), rng.random_range(0.2..0.42));
    // 2 is an ellipse, more a rectangle; aviators hang outward, cats' eyes rise.
    let (form, droop) = (rng.random_range(1.8..5.0f32), rng.random_range(-0.12..0.16));
    let low = rng.random_range(-0.02..0.12);
    let frame_colour = canvas.lit(match rng.random_range(0..5) {
        0..2 => [rng.random_range(0.02..0.15); 3],
        2 => [0.55, 0.45, 0.25].map(|value: f32| value * rng.random_range(0.6..1.4)),
        3 => [rng.random_range(0.4..0.9); 3],
        _ => std::array::from_fn(|_| rng.random_range(0.05..0.7)),
    });
    let thick = rng.random_range(0.015..0.08) * unit;
    let outlines = [-1.0, 1.0].map(|side: f32| {
        let centre = side * rng.random_range(0.49..0.53);
        let corners: Vec<[f32; 2]> = (0..24)
            .map(|step| {
                let (sin, cos) = (step as f32 / 24.0 * std::f32::consts::TAU).sin_cos();
                let bulge = |of: f32| of.signum() * of.abs().powf(2.0 / form);
                let (x, y) = (wide * bulge(cos), high * bulge(sin));
                // Outward and below: the droop.
                let outward = side * x / wide;
                parts.place([centre + x, low + y + droop * outward * (0.5 + y / high / 2.0)])
            })
            .collect();
        curve(&corners)
    });
    let lenses = outlines.each_ref().map(|outline| Shape::outline(outline));
    let both = lenses[0].clone().or(&lenses[1]);
    look_through(canvas, parts, &both, lens, [low - high, low + high], rng);
    reflections(canvas, parts, &both, low, if lens == Lens::Dark { 0.6 } else { 0.25 }, rng);
    // The frame: around each lens, over the nose, to the ears. Rimless ones have no more than a bridge.
    let rims = rng.random_bool(0.85);
    for outline in outlines.iter().filter(|_| rims) {
        let mut closed = outline.clone();
        closed.push(outline[0]);
        canvas.put(&Shape::line(&closed, thick), 0.25, |_, _| frame_colour);
    }
    let bridge = [-0.5 + wide, 0.0, 0.5 - wide].map(|x| parts.place([x, low - if x == 0.0 { 0.08 } else { 0.03 }]));
    canvas.put(&Shape::line(&bridge, thick), 0.2, |_, _| frame_colour);
    for (side, ear) in [(-1.0, 127), (1.0, 356)] {
        let hinge = parts.place([side * (0.5 + wide), low - 0.1]);
        canvas.put(&Shape::line(&[hinge, parts.at(ear)], thick.max(1.0)), 0.2, |_, _| frame_colour);
    }
}

/// What is seen in the lenses, from one height to another: the eyes behind them, more or less, and what they mirror.
fn look_through(
    canvas: &mut Canvas,
    parts: &Parts,
    on: &Shape,
    lens: Lens,
    [high, low]: [f32; 2],
    rng: &mut ChaCha8Rng,
) {
    let (top, bottom) = (parts.place([0.0, high])[1], parts.place([0.0, low])[1]);
    let below = move |y: f32| ((y - top) / (bottom - top)).clamp(0.0, 1.0);
    let (through, fade, mirrors) = match lens {
        Lens::Clear => (rng.random_range(0.88..1.0), 0.0, rng.random_range(0.0..0.08)),
        Lens::Dark => {
            let fade = if rng.random_bool(0.4) { rng.random_range(0.0..0.35) } else { 0.0 };
            let mirrors = if rng.random_bool(0.35) { rng.random_range(0.5..0.98) } else { rng.random_range(0.0..0.3) };
            (rng.random_range(0.0..0.28), fade, mirrors)
        }
    };
    let tint: [f32; 3] = std::array::from_fn(|_| if lens == Lens::Dark { rng.random_range(0.4..1.4) } else { 1.0 });
    canvas.tint(on, |_, y| tint.map(|tint| (tint * (through + fade * below(y))).min(1.0)));
    // The sky above, the ground below, and things between them with edges or without.
    let colours: [[f32; 3]; 3] = std::array::from_fn(|_| {
        let (bright, plain) = (rng.random_range(0.05..1.0), rng.random_range(0.0..1.0));
        canvas.lit(std::array::from_fn(|_| bright * (plain + (1.0 - plain) * rng.random_range(0.2..1.2f32))))
    });
    let scene = Uneven::draw(rng.random_range(3.0..18.0), rng);
    let (hard, edge) = (rng.random_bool(0.5), rng.random_range(-0.2..0.4));
    canvas.put(&on.clone().thin(mirrors), 0.0, |x, y| {
        let thing = scene.at(x, y);
        if hard && thing > edge {
            return colours[2];
        }
        let mix = (below(y) + 0.5 * thing).clamp(0.0, 1.0);
        std::array::from_fn(|channel| colours[0][channel] + mix * (colours[1][channel] - colours[0][channel]))
    });
}

/// A band over both eyes: goggles, a visor, a sleeping mask.
pub(super) fn band(canvas: &mut Canvas, parts: &Parts, rng: &mut ChaCha8Rng) {
    let (up, low) = (rng.random_range(0.25..0.5), rng.random_range(0.22..0.5));
    let wide = rng.random_range(0.85..1.25);
    let nose = rng.random_range(0.0..0.2);
    let places = [
        [-wide, -0.6 * up],
        [-0.5 * wide, -up],
        [0.0, -up],
        [0.5 * wide, -up],
        [wide, -0.6 * up],
        [wide, 0.6 * low],
        [0.55 * wide, low],
        [0.0, low - nose],
        [-0.55 * wide, low],
        [-wide, 0.6 * low],
    ];
    let shape = Shape::outline(&curve(&places.map(|place| parts.place(place))));
    let bright = if rng.random_bool(0.6) { 0.2 } else { 0.95 };
    let colour = canvas.lit(std::array::from_fn(|_| rng.random_range(0.02..bright)));
    let uneven = Uneven::draw(rng.random_range(2.0..20.0), rng);
    let rough = rng.random_range(0.0..0.2);
    let strap = [[-2.0, -0.05], [-wide, 0.0]].map(|place| parts.place(place));
    let other = [[wide, 0.0], [2.0, -0.05]].map(|place| parts.place(place));
    for strap in [strap, other] {
        canvas.put(&Shape::line(&strap, rng.random_range(0.05..0.3) * parts.unit), 0.2, |_, _| colour);
    }
    canvas.put(&shape.clone().thin(rng.random_range(0.93..1.0)), 0.4, |x, y| {
        colour.map(|value| value * (1.0 + rough * uneven.at(x, y)))
    });
    if rng.random_bool(0.5) {
        reflections(canvas, parts, &shape, 0.0, 0.5, rng);
    }
}

/// Windows and lamps that lenses mirror, each in at most `most` of its own light.
fn reflections(canvas: &mut Canvas, parts: &Parts, on: &Shape, low: f32, most: f32, rng: &mut ChaCha8Rng) {
    if rng.random_bool(0.35) {
        return;
    }
    let (x, y) = (rng.random_range(-0.25..0.25), low + rng.random_range(-0.15..0.1));
    let (width, height, lean) =
        (rng.random_range(0.05..0.3), rng.random_range(0.08..0.35), rng.random_range(-0.2..0.2));
    let strength = rng.random_range(0.05..most);
    let white = canvas.lit([rng.random_range(0.85..1.0), 1.0, rng.random_range(0.9..1.1)]);
    for side in [-0.5, 0.5] {
        let corner = |u: f32, v: f32| parts.place([side + x + u * width + v * lean, y + v * height]);
        let patch = Shape::outline(&[corner(-0.5, -0.5), corner(0.5, -0.5), corner(0.5, 0.5), corner(-0.5, 0.5)]);
        canvas.put(&patch.and(on).thin(strength), 0.0, |_, _| white);
    }
}
