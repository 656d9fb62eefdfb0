//! Features with targets in `[0, 1]` -> the most likely weights of a logistic regression, by Newton's method.

/// Newton's method needs about ten.
const MOST_STEPS: usize = 100;

/// A point to fit: its features (a constant 1 among them, where there is to be an offset), what they should give, and how
/// much it counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point<const N: usize> {
    /// What is weighed.
    pub features: [f64; N],
    /// P(bona fide) that the sum should mean, in `[0, 1]`.
    pub target: f64,
    /// Not negative.
    pub weight: f64,
}

/// The weights with the least cross-entropy, from `start` on, with step halving; returns early where no step lowers it any
/// more. Targets short of 0 and 1 keep weights finite where classes do not overlap.
pub fn fit<const N: usize>(points: &[Point<N>], start: [f64; N]) -> [f64; N] {
    let (mut weights, mut loss) = (start, cross_entropy(points, &start));
    for _ in 0..MOST_STEPS {
        let (mut gradient, mut hessian) = ([0.0; N], [[0.0; N]; N]);
        for (i, row) in hessian.iter_mut().enumerate() {
            row[i] = 1e-9;
        }
        for point in points {
            let p = 1.0 / (1.0 + (-sum(&weights, &point.features)).exp());
            let (error, curvature) = (point.weight * (p - point.target), point.weight * p * (1.0 - p));
            for ((slope, row), feature) in gradient.iter_mut().zip(&mut hessian).zip(point.features) {
                *slope += error * feature;
                for (bend, other) in row.iter_mut().zip(point.features) {
                    *bend += curvature * feature * other;
                }
            }
        }
        let step = solve(hessian, gradient);
        let shorter = (0..40).map(|halvings| 0.5_f64.powi(halvings)).find_map(|share| {
            let next = std::array::from_fn(|i| weights[i] - share * step[i]);
            let lower = cross_entropy(points, &next);
            (lower < loss).then_some((next, lower))
        });
        let Some((next, lower)) = shorter else { break };
        (weights, loss) = (next, lower);
    }
    weights
}

fn sum<const N: usize>(weights: &[f64; N], features: &[f64; N]) -> f64 {
    weights.iter().zip(features).map(|(weight, feature)| weight * feature).sum()
}

/// In a form that no sum overflows.
fn cross_entropy<const N: usize>(points: &[Point<N>], weights: &[f64; N]) -> f64 {
    let of = |point: &Point<N>| {
        let z = sum(weights, &point.features);
        point.weight * (z.max(0.0) - z * point.target + (-z.abs()).exp().ln_1p())
    };
    points.iter().map(of).sum()
}

/// `a x = b` for a symmetric positive definite `a`: Gaussian elimination, which needs no pivots there.
fn solve<const N: usize>(mut a: [[f64; N]; N], mut b: [f64; N]) -> [f64; N] {
    for pivot in 0..N {
        for row in pivot + 1..N {
            let factor = a[row][pivot] / a[pivot][pivot];
            let above = a[pivot];
            a[row].iter_mut().zip(above).for_each(|(value, above)| *value -= factor * above);
            b[row] -= factor * b[pivot];
        }
    }
    for row in (0..N).rev() {
        let known: f64 = (row + 1..N).map(|column| a[row][column] * b[column]).sum();
        b[row] = (b[row] - known) / a[row][row];
    }
    b
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;
    use crate::run::rng;

    #[test]
    fn it_finds_the_weights_that_drew_the_targets() {
        let (truth, mut rng) = ([1.5, -0.5, 0.25], rng(3, "logistic", 0));
        let points: Vec<Point<3>> = (0..4_000)
            .map(|_| {
                let features = [rng.random_range(-3.0..3.0), rng.random_range(-3.0..3.0), 1.0];
                // The target is the probability itself: the fit is exact.
                Point { features, target: 1.0 / (1.0 + (-sum(&truth, &features)).exp()), weight: 2.0 }
            })
            .collect();
        for (found, true_one) in fit(&points, [0.0; 3]).iter().zip(truth) {
            assert!((found - true_one).abs() < 1e-6, "{found} for {true_one}");
        }
    }

    #[test]
    fn a_weight_counts_like_a_copy() {
        let point = |x: f64, target: f64, weight: f64| Point { features: [x, 1.0], target, weight };
        let weighed = [point(-1.0, 0.2, 3.0), point(2.0, 0.9, 1.0), point(0.5, 0.6, 1.0)];
        let one = point(-1.0, 0.2, 1.0);
        let copied = [one, one, one, weighed[1], weighed[2]];
        for (a, b) in fit(&weighed, [0.0; 2]).iter().zip(fit(&copied, [0.0; 2])) {
            assert!((a - b).abs() < 1e-9, "{a} {b}");
        }
    }

    #[test]
    fn systems_are_solved() {
        let a = [[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]];
        let x = solve(a, [6.0, 7.6, 6.9]);
        for (row, expected) in a.iter().zip([6.0, 7.6, 6.9]) {
            assert!((sum(row, &x) - expected).abs() < 1e-12);
        }
    }
}
