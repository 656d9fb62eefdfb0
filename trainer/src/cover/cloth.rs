//! Masks and scarves, drawn over the mouth or beneath the chin.

use rand::{Rng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

use super::{
    canvas::{Canvas, Uneven},
    shape::{Shape, curve, near},
    sitter::Parts,
};

/// The jaw from below the ear on the picture's left to that on its right, as FaceMesh numbers it.
const JAW: [usize; 17] = [93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288];

/// Colours of surgical masks and of cloth, sRGB in white light.
const COLOURS: [[f32; 3]; 12] = [
    [0.60, 0.77, 0.88],
    [0.66, 0.83, 0.84],
    [0.55, 0.72, 0.86],
    [0.93, 0.94, 0.95],
    [0.96, 0.95, 0.92],
    [0.08, 0.08, 0.09],
    [0.13, 0.13, 0.15],
    [0.92, 0.72, 0.77],
    [0.55, 0.56, 0.58],
    [0.13, 0.20, 0.38],
    [0.55, 0.10, 0.14],
    [0.20, 0.33, 0.24],
];

/// How a piece of cloth is coloured.
#[derive(Debug)]
struct Weave {
    ground: [f32; 3],
    /// The colour of its pattern, and how the pattern repeats.
    pattern: Option<([f32; 3], Pattern)>,
    uneven: Uneven,
    rough: f32,
}

#[derive(Debug, Clone, Copy)]
enum Pattern {
    /// Stripes: their direction in radians and their pixels.
    Stripes(f32, f32),
    Dots(f32),
    Checks(f32),
    /// Patches, as on camouflage.
    Patches,
}

impl Weave {
    fn draw(skin: [f32; 3], canvas: &Canvas, rng: &mut ChaCha8Rng) -> Self {
        let any = |rng: &mut ChaCha8Rng| std::array::from_fn(|_| rng.random_range(0.05..0.95));
        let ground = match rng.random_range(0..10) {
            // As skin is, which hides a mask best.
            0..2 => skin.map(|value| value * rng.random_range(0.85..1.15)),
            2..8 => canvas.lit(COLOURS.choose(rng).expect("some").map(|value| value * rng.random_range(0.9..1.06))),
            _ => canvas.lit(any(rng)),
        };
        let pattern = rng.random_bool(0.25).then(|| {
            let size = rng.random_range(4.0..16.0);
            let pattern = match rng.random_range(0..4) {
                0 => Pattern::Stripes(rng.random_range(0.0..std::f32::consts::PI), size),
                1 => Pattern::Dots(size),
                2 => Pattern::Checks(size),
                _ => Pattern::Patches,
            };
            (canvas.lit(any(rng)), pattern)
        });
        let grain = rng.random_range(1.0..14.0);
        Self { ground, pattern, uneven: Uneven::draw(grain, rng), rough: rng.random_range(0.01..0.09) }
    }

    fn at(&self, x: f32, y: f32) -> [f32; 3] {
        let ground = match self.pattern {
            Some((other, pattern)) if pattern.holds(x, y, &self.uneven) => other,
            _ => self.ground,
        };
        let bright = 1.0 + self.rough * self.uneven.at(x, y);
        ground.map(|value| value * bright)
    }
}

impl Pattern {
    fn holds(self, x: f32, y: f32, uneven: &Uneven) -> bool {
        let half = |at: f32, size: f32| at.rem_euclid(size) < size / 2.0;
        match self {
            Self::Stripes(angle, size) => half(x * angle.cos() + y * angle.sin(), size),
            Self::Dots(size) => (x.rem_euclid(size) - size / 2.0).hypot(y.rem_euclid(size) - size / 2.0) < size / 4.0,
            Self::Checks(size) => half(x, size) != half(y, size),
            Self::Patches => uneven.at(x * 0.4, y * 0.4) > 0.1,
        }
    }
}

/// Where a piece of cloth begins, in distances between the eyes below them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Top {
    /// On the nose, as it should be worn.
    Nose,
    /// Beneath the nose, over the mouth.
    Lip,
    /// Beneath the mouth: nothing is covered.
    Chin,
}

/// A mask with its straps.
pub(super) fn mask(canvas: &mut Canvas, parts: &Parts, top: Top, rng: &mut ChaCha8Rng) {
    let unit = parts.unit;
    let down = |vertex: usize, by: f32| {
        let [x, y] = parts.at(vertex);
        [x, y + by * unit]
    };
    // The middle of the upper edge, and how far towards the ears it goes on.
    let (middle, sides) = match top {
        Top::Nose => {
            let on = *[6, 197, 195, 5].choose(rng).expect("some");
            (down(on, rng.random_range(-0.05..0.08)), [down(117, 0.0), down(346, 0.0)])
        }
        Top::Lip => (down(2, rng.random_range(-0.06..0.06)), [down(207, -0.15), down(427, -0.15)]),
        Top::Chin => (down(18, rng.random_range(0.08..0.2)), [down(150, -0.12), down(379, -0.12)]),
    };
    let wide = rng.random_range(0.98..1.06);
    let long = rng.random_range(0.0..0.22);
    let centre = parts.at(152);
    // The mask bulges over the jaw, or ends a little before it; a short one begins further from the ears.
    let ends = if top == Top::Chin { 4..JAW.len() - 4 } else { rng.random_range(0..3)..JAW.len() };
    let jaw: Vec<[f32; 2]> = JAW[ends.start..JAW.len() - ends.start]
        .iter()
        .map(|vertex| {
            let [x, y] = parts.at(*vertex);
            let low = ((y - parts.at(93)[1]) / (centre[1] - parts.at(93)[1]).max(1.0)).clamp(0.0, 1.0);
            [centre[0] + (x - centre[0]) * wide, y + low * low * long * unit]
        })
        .collect();
    let mut through = jaw.clone();
    through.extend([sides[1], middle, sides[0]]);
    let outline = curve(&through);
    let shape = Shape::outline(&outline);
    let weave = Weave::draw(canvas.colour(&parts.cheeks()), canvas, rng);
    let strap = canvas.lit(if rng.random_bool(0.6) { [0.93; 3] } else { weave.ground });
    let thick = rng.random_range(0.025..0.06) * unit;
    for (corner, ear) in [(jaw[0], parts.at(127)), (jaw[jaw.len() - 1], parts.at(356))] {
        let beyond = [ear[0] + (ear[0] - centre[0]) * 0.06, ear[1]];
        canvas.put(&Shape::line(&[corner, beyond], thick), 0.2, |_, _| strap);
        if rng.random_bool(0.6) {
            canvas.put(&Shape::line(&[[corner[0], corner[1] - 0.4 * unit], beyond], thick), 0.2, |_, _| strap);
        }
    }
    let folds = folds(&jaw, middle, rng);
    let lit = light(parts, rng);
    canvas.put(&shape, rng.random_range(0.0..0.5), |x, y| {
        let bright = lit(x, y) + folds.iter().map(|fold| fold.at(x, y)).sum::<f32>();
        weave.at(x, y).map(|value| value * bright)
    });
    if rng.random_bool(0.5) {
        // The seam along the upper edge.
        let seam = Shape::line(&[sides[0], middle, sides[1]], rng.random_range(0.02..0.06) * unit).and(&shape);
        let tint = rng.random_range(0.7..1.1);
        canvas.put(&seam, 0.0, |x, y| weave.at(x, y).map(|value| value * tint));
    }
}

/// A scarf, or a collar that is drawn up.
pub(super) fn scarf(canvas: &mut Canvas, parts: &Parts, top: Top, rng: &mut ChaCha8Rng) {
    let unit = parts.unit;
    let height = match top {
        Top::Nose => parts.at(195)[1],
        Top::Lip => parts.at(2)[1] + 0.03 * unit,
        Top::Chin => parts.at(152)[1] - 0.12 * unit,
    };
    let middle = parts.at(152)[0];
    let wide = rng.random_range(1.15..1.6) * unit;
    let mut edge =
        |at: f32| [middle + at * wide, height + rng.random_range(-0.1..0.1) * unit - 0.1 * unit * (1.0 - at * at)];
    let upper = [-1.0, -0.5, 0.0, 0.5, 1.0].map(&mut edge);
    let mut through = upper.to_vec();
    through.extend([[middle + 1.3 * wide, height + 3.5 * unit], [middle - 1.3 * wide, height + 3.5 * unit]]);
    let weave = Weave::draw(canvas.colour(&parts.cheeks()), canvas, rng);
    let folds: Vec<Fold> = (0..rng.random_range(2..7))
        .map(|_| {
            let mut place =
                || [middle + rng.random_range(-1.2..1.2) * wide, height + rng.random_range(0.0..1.8) * unit];
            Fold {
                from: place(),
                to: place(),
                width: rng.random_range(0.04..0.16) * unit,
                dark: rng.random_range(0.1..0.45),
            }
        })
        .collect();
    let lit = light(parts, rng);
    canvas.put(&Shape::outline(&curve(&through)), rng.random_range(0.1..0.6), |x, y| {
        let bright = lit(x, y) + folds.iter().map(|fold| fold.at(x, y)).sum::<f32>();
        weave.at(x, y).map(|value| value * bright)
    });
}

/// A dark crease with a bright side.
#[derive(Debug)]
struct Fold {
    from: [f32; 2],
    to: [f32; 2],
    width: f32,
    dark: f32,
}

impl Fold {
    fn at(&self, x: f32, y: f32) -> f32 {
        let (_, away) = near(self.from, self.to, [x, y]);
        let (_, beside) = near(self.from, self.to, [x, y + self.width]);
        let bump = |away: f32| (-(away / self.width).powi(2)).exp();
        self.dark * (0.5 * bump(beside) - bump(away))
    }
}

/// Pleats across, a ridge down the middle, or none.
fn folds(jaw: &[[f32; 2]], middle: [f32; 2], rng: &mut ChaCha8Rng) -> Vec<Fold> {
    let (right, left) = (jaw[0], jaw[jaw.len() - 1]);
    let low = jaw[jaw.len() / 2];
    let size = (left[0] - right[0]).abs();
    match rng.random_range(0..5) {
        0..3 => {
            let count = rng.random_range(2..5);
            let dark = rng.random_range(0.06..0.3);
            (1..=count)
                .map(|fold| {
                    let part = fold as f32 / (count + 1) as f32;
                    let y = |edge: [f32; 2]| 0.35 * edge[1] + 0.65 * (middle[1] + part * (low[1] - middle[1]));
                    Fold {
                        from: [right[0], y(right)],
                        to: [left[0], y(left)],
                        width: rng.random_range(0.008..0.02) * size,
                        dark,
                    }
                })
                .collect()
        }
        3 => vec![Fold {
            from: middle,
            to: low,
            width: rng.random_range(0.01..0.05) * size,
            dark: rng.random_range(-0.2..0.25),
        }],
        _ => Vec::new(),
    }
}

/// A cover bulges: bright in the middle, dark towards its sides and below, more on one side than on the other.
fn light(parts: &Parts, rng: &mut ChaCha8Rng) -> impl Fn(f32, f32) -> f32 + use<> {
    let ([cx, cy], unit) = (parts.mouth(), parts.unit);
    let (round, across, down) =
        (rng.random_range(0.0..0.3), rng.random_range(-0.15..0.15), rng.random_range(-0.05..0.15));
    move |x, y| {
        let (u, v) = ((x - cx) / unit, (y - cy) / unit);
        (1.05 - round * (0.5 * u * u + 0.3 * v * v) + across * u - down * v).clamp(0.3, 1.3)
    }
}
