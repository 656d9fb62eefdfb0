//! Outlines -> how much of each pixel they hold.

/// Side in pixels of the square that everything is drawn in.
pub(super) const SIDE: usize = 224;
/// Samples of a pixel, along a side.
const FINE: usize = 3;

/// How much of each pixel of the square a shape holds, 0 to 1.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    pub alpha: Vec<f32>,
}

impl Shape {
    /// Nothing.
    pub(super) fn empty() -> Self {
        Self { alpha: vec![0.0; SIDE * SIDE] }
    }

    /// Everything.
    #[cfg(test)]
    pub(super) fn full() -> Self {
        Self { alpha: vec![1.0; SIDE * SIDE] }
    }

    /// The inside of a closed outline.
    pub(super) fn outline(corners: &[[f32; 2]]) -> Self {
        let mut shape = Self::empty();
        let (fine, part) = (FINE as f32, 1.0 / (FINE * FINE) as f32);
        let mut crossings = Vec::new();
        for line in 0..SIDE * FINE {
            let y = (line as f32 + 0.5) / fine;
            crossings.clear();
            for (from, to) in corners.iter().zip(corners.iter().cycle().skip(1)) {
                if (from[1] <= y) != (to[1] <= y) {
                    crossings.push(from[0] + (y - from[1]) / (to[1] - from[1]) * (to[0] - from[0]));
                }
            }
            crossings.sort_by(f32::total_cmp);
            for pair in crossings.as_chunks::<2>().0 {
                let column = |x: f32| ((x * fine).round().max(0.0) as usize).min(SIDE * FINE);
                for sample in column(pair[0])..column(pair[1]) {
                    shape.alpha[line / FINE * SIDE + sample / FINE] += part;
                }
            }
        }
        shape.alpha.iter_mut().for_each(|alpha| *alpha = alpha.min(1.0));
        shape
    }

    /// A line through some places, `width` pixels wide.
    pub(super) fn line(places: &[[f32; 2]], width: f32) -> Self {
        let mut shape = Self::empty();
        for pair in places.windows(2) {
            shape.add_stroke(pair[0], pair[1], [width / 2.0; 2]);
        }
        shape
    }

    /// A stroke with round ends, from one radius to another.
    pub(super) fn stroke(from: [f32; 2], to: [f32; 2], radii: [f32; 2]) -> Self {
        let mut shape = Self::empty();
        shape.add_stroke(from, to, radii);
        shape
    }

    fn add_stroke(&mut self, from: [f32; 2], to: [f32; 2], radii: [f32; 2]) {
        let most = radii[0].max(radii[1]) + 1.0;
        let span = |a: f32, b: f32| {
            let inside = |at: f32| at.clamp(0.0, SIDE as f32) as usize;
            inside((a.min(b) - most).floor())..inside((a.max(b) + most).ceil())
        };
        for y in span(from[1], to[1]) {
            for x in span(from[0], to[0]) {
                let at = [x as f32 + 0.5, y as f32 + 0.5];
                let (along, away) = near(from, to, at);
                let radius = radii[0] + along * (radii[1] - radii[0]);
                let alpha = &mut self.alpha[y * SIDE + x];
                // A line thinner than a pixel holds a part of it.
                *alpha = alpha.max((radius - away + 0.5).clamp(0.0, 1.0).min(2.0 * radius));
            }
        }
    }

    /// What both hold.
    #[must_use]
    pub(super) fn and(mut self, other: &Self) -> Self {
        self.alpha.iter_mut().zip(&other.alpha).for_each(|(one, other)| *one *= other);
        self
    }

    /// What one of them holds.
    #[must_use]
    pub(super) fn or(mut self, other: &Self) -> Self {
        self.alpha.iter_mut().zip(&other.alpha).for_each(|(one, other)| *one = one.max(*other));
        self
    }

    /// So much of it.
    #[must_use]
    pub(super) fn thin(mut self, part: f32) -> Self {
        self.alpha.iter_mut().for_each(|alpha| *alpha *= part);
        self
    }
}

/// How far along a stroke, 0 to 1, the place nearest to a point lies, and how far away from it the point is.
pub(super) fn near(from: [f32; 2], to: [f32; 2], at: [f32; 2]) -> (f32, f32) {
    let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
    let along = (((at[0] - from[0]) * dx + (at[1] - from[1]) * dy) / (dx * dx + dy * dy).max(1e-6)).clamp(0.0, 1.0);
    (along, (at[0] - from[0] - along * dx).hypot(at[1] - from[1] - along * dy))
}

/// A smooth closed curve through some places: Catmull and Rom's spline.
pub(super) fn curve(through: &[[f32; 2]]) -> Vec<[f32; 2]> {
    const STEPS: usize = 8;
    let count = through.len();
    let of = |at: usize, axis: usize| through[at % count][axis];
    (0..count * STEPS)
        .map(|step| {
            let (at, t) = (step / STEPS + count, (step % STEPS) as f32 / STEPS as f32);
            [0, 1].map(|axis| {
                let [a, b, c, d] = [of(at - 1, axis), of(at, axis), of(at + 1, axis), of(at + 2, axis)];
                b + 0.5 * t * (c - a + t * (2.0 * a - 5.0 * b + 4.0 * c - d + t * (3.0 * (b - c) + d - a)))
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(shape: &Shape) -> f32 {
        shape.alpha.iter().sum()
    }

    #[test]
    fn shapes_hold_their_areas() {
        let square = Shape::outline(&[[10.5, 20.0], [40.5, 20.0], [40.5, 50.0], [10.5, 50.0]]);
        assert!((area(&square) - 900.0).abs() < 15.0, "{}", area(&square));
        let stroke = Shape::stroke([50.0, 50.0], [90.0, 50.0], [5.0, 5.0]);
        let expected = 400.0 + std::f32::consts::PI * 25.0;
        assert!((area(&stroke) - expected).abs() < 15.0, "{}", area(&stroke));
        assert!((area(&Shape::line(&[[10.0, 9.5], [60.0, 9.5]], 0.5)) - 25.0).abs() < 4.0);
        let both = square.clone().and(&Shape::outline(&[[0.0, 0.0], [25.5, 0.0], [25.5, 99.0], [0.0, 99.0]]));
        assert!((area(&both) - 450.0).abs() < 15.0);
        assert!((area(&square.or(&stroke).thin(0.5)) - (900.0 + expected) / 2.0).abs() < 15.0);
    }

    #[test]
    fn what_reaches_outside_the_square_is_cut() {
        let huge = Shape::outline(&[[-1e3, -1e3], [1e3, -1e3], [1e3, 1e3], [-1e3, 1e3]]);
        assert_eq!(area(&huge), (SIDE * SIDE) as f32);
        Shape::stroke([-50.0, -50.0], [900.0, 100.0], [9.0, 3.0]);
    }

    #[test]
    fn a_curve_goes_through_its_places() {
        let places = [[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0]];
        let curve = curve(&places);
        for place in places {
            assert!(curve.contains(&place));
        }
    }
}
