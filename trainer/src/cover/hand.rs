//! Hands of the person's own skin: over the mouth, over the eyes, or beside both.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{
    canvas::{Canvas, Uneven},
    shape::{Shape, curve, near},
    sitter::Parts,
};

/// Where a hand lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Place {
    /// One, over the mouth.
    Mouth,
    /// One across both eyes, or one over each.
    Eyes,
    /// On a cheek, the forehead or beneath the chin: eyes and mouth show.
    Beside,
}

/// Draws it.
pub(super) fn hand(canvas: &mut Canvas, parts: &Parts, place: Place, rng: &mut ChaCha8Rng) {
    let skin = canvas.colour(&parts.cheeks());
    let bright = rng.random_range(0.85..1.12);
    let skin = skin.map(|value| value * bright * rng.random_range(0.97..1.03));
    let unit = parts.unit * rng.random_range(0.9..1.15);
    let draw = |canvas: &mut Canvas, at: [f32; 2], degrees: f32, reach: f32, rng: &mut ChaCha8Rng| {
        let (sin, cos) = degrees.to_radians().sin_cos();
        Hand { at: parts.place(at), along: [cos, sin], mirrored: rng.random(), unit, reach }.draw(canvas, skin, rng);
    };
    let side = if rng.random() { 1.0 } else { -1.0 };
    let jump = |rng: &mut ChaCha8Rng| rng.random_range(-0.12..0.12);
    // Degrees: 0 points to the picture's right, 90 down, -90 up. From the right side a hand points to the left.
    let inward = |tilt: f32| if side > 0.0 { 180.0 - tilt } else { tilt };
    match place {
        Place::Mouth => {
            let mouth = [jump(rng), 1.08 + jump(rng)];
            let tilt = rng.random_range(-70.0..15.0);
            draw(canvas, mouth, inward(tilt), rng.random_range(0.1..0.7), rng);
        }
        Place::Eyes if rng.random_bool(0.5) => {
            let tilt = rng.random_range(-25.0..15.0);
            draw(canvas, [side * 0.1 + jump(rng), 0.02 + jump(rng)], inward(tilt), rng.random_range(0.3..0.6), rng);
        }
        Place::Eyes => {
            for side in [-1.0, 1.0] {
                let tilt = -90.0 + side * rng.random_range(-10.0..30.0);
                draw(canvas, [side * 0.5, 0.05 + jump(rng)], tilt, rng.random_range(0.2..0.7), rng);
            }
        }
        Place::Beside => {
            let (at, tilt) = match rng.random_range(0..4) {
                0 => ([side * rng.random_range(1.4..1.7), 0.9], -90.0 + side * 10.0),
                1 => ([side * 0.2, 2.1 + jump(rng)], inward(-10.0)),
                2 => ([side * 0.3, -1.05 + jump(rng)], inward(10.0)),
                _ => ([side * rng.random_range(1.4..1.6), 1.5], inward(-100.0)),
            };
            draw(canvas, at, tilt, rng.random_range(0.2..0.6), rng);
        }
    }
}

/// A hand: four fingers, a thumb, the back or the palm, and a wrist. `at` is the place that lies where it should, `reach`
/// finger lengths from the knuckles.
struct Hand {
    at: [f32; 2],
    /// Where the fingers point, length 1.
    along: [f32; 2],
    /// A left hand is a right one in a mirror.
    mirrored: bool,
    /// Between the person's eyes, pixels: 6.3 cm.
    unit: f32,
    reach: f32,
}

impl Hand {
    /// So many units from the knuckles along the fingers and across, in pixels.
    fn place(&self, along: f32, across: f32) -> [f32; 2] {
        let across = if self.mirrored { -across } else { across };
        let along = along - 1.15 * self.reach;
        [0, 1].map(|axis| {
            let side = [-self.along[1], self.along[0]][axis];
            self.at[axis] + self.unit * (along * self.along[axis] + across * side)
        })
    }

    fn draw(&self, canvas: &mut Canvas, skin: [f32; 3], rng: &mut ChaCha8Rng) {
        let uneven = Uneven::draw(rng.random_range(2.0..12.0), rng);
        let (rough, round) = (rng.random_range(0.02..0.08), rng.random_range(0.15..0.5));
        let (shadow, light) = (rng.random_range(0.1..0.5), rng.random_range(-0.15..0.15));
        let tone = |bright: f32, x: f32, y: f32| {
            let bright = bright * (1.0 + rough * uneven.at(x, y));
            // Where skin is darker it is redder.
            [skin[0] * bright.powf(0.85), skin[1] * bright, skin[2] * bright.powf(1.05)]
        };
        let back = [
            [0.1, -0.68],
            [0.14, 0.0],
            [0.02, 0.68],
            [-0.8, 0.72],
            [-1.6, 0.5],
            [-3.5, 0.52],
            [-3.5, -0.52],
            [-1.6, -0.5],
            [-0.7, -0.75],
        ];
        let shape = Shape::outline(&curve(&back.map(|[along, across]| self.place(along, across))));
        let axis = [self.place(0.2, 0.0), self.place(-3.5, 0.0)];
        canvas.put(&shape, shadow, |x, y| {
            let (_, away) = near(axis[0], axis[1], [x, y]);
            let edge = (away / (0.75 * self.unit)).min(1.0);
            tone(1.0 - round * 0.6 * edge * edge, x, y)
        });
        let spread = rng.random_range(0.0..0.14);
        let slim = rng.random_range(0.135..0.165);
        let curl = rng.random_range(0.8..1.0);
        for (finger, length) in [1.05, 1.22, 1.15, 0.9].into_iter().enumerate() {
            let across = (finger as f32 - 1.5) * 0.335;
            let tip = across + spread * (finger as f32 - 1.5);
            let length = length * curl;
            let joint = rng.random_range(-0.03..0.03);
            let places = [[-0.1, across], [0.5 * length, (across + tip) / 2.0 + joint], [length, tip]]
                .map(|[a, b]| self.place(a, b));
            let radii = [0.165, slim, slim * 0.85].map(|radius| radius * self.unit);
            self.finger(canvas, &places, &radii, [round, shadow, light], &tone);
        }
        let thumb = [[-1.15, 0.62], [-0.6, 0.95], [-0.15, rng.random_range(0.9..1.15)]].map(|[a, b]| self.place(a, b));
        self.finger(
            canvas,
            &thumb,
            &[0.24, 0.19, 0.15].map(|radius| radius * self.unit),
            [round, shadow, light],
            &tone,
        );
    }

    fn finger(
        &self,
        canvas: &mut Canvas,
        places: &[[f32; 2]; 3],
        radii: &[f32; 3],
        [round, shadow, light]: [f32; 3],
        tone: &impl Fn(f32, f32, f32) -> [f32; 3],
    ) {
        let shape = Shape::stroke(places[0], places[1], [radii[0], radii[1]]).or(&Shape::stroke(
            places[1],
            places[2],
            [radii[1], radii[2]],
        ));
        canvas.put(&shape, shadow, |x, y| {
            let halves = [near(places[0], places[1], [x, y]), near(places[1], places[2], [x, y])];
            let (along, away) = if halves[0].1 < halves[1].1 { halves[0] } else { (1.0 + halves[1].0, halves[1].1) };
            let edge = (away / radii[1]).min(1.0);
            // Creases at the joints, a nail's light at the tip.
            let crease = if (along - 0.95).abs() < 0.07 { 0.1 } else { 0.0 };
            tone(1.03 - round * edge * edge * edge - crease + light * (along - 1.0), x, y)
        });
    }
}
