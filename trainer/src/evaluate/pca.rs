//! Embeddings -> their two principal components, to look at (the paper's figure 7).

/// A cloud seen from its two widest directions.
#[derive(Debug, Clone, PartialEq)]
pub struct Projection {
    /// Each row's place on the first and the second component, about the mean.
    pub points: Vec<[f64; 2]>,
    /// Share of the variance on each of the two, in `[0, 1]`; 0 if nothing varies.
    pub shares: [f64; 2],
}

/// Projects `rows`, all of one length of at least two. The sign of a component is the one that makes its largest
/// coefficient positive.
///
/// # Panics
/// If rows differ in length, are shorter than two, or there is none.
pub fn project(rows: &[Vec<f32>]) -> Projection {
    let dimensions = rows.first().expect("a cloud has points").len();
    assert!(dimensions > 1 && rows.iter().all(|row| row.len() == dimensions), "rows of one length of at least two");
    let count = rows.len() as f64;
    let mean: Vec<f64> =
        (0..dimensions).map(|at| rows.iter().map(|row| f64::from(row[at])).sum::<f64>() / count).collect();
    let centred: Vec<Vec<f64>> =
        rows.iter().map(|row| row.iter().zip(&mean).map(|(value, mean)| f64::from(*value) - mean).collect()).collect();
    let mut covariance = vec![vec![0.0; dimensions]; dimensions];
    for row in &centred {
        for (i, line) in covariance.iter_mut().enumerate() {
            for (cell, value) in line.iter_mut().zip(row) {
                *cell += row[i] * value / count;
            }
        }
    }
    let total: f64 = (0..dimensions).map(|i| covariance[i][i]).sum();
    let mut pairs = eigen(covariance);
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
    let axes: Vec<Vec<f64>> = pairs[..2].iter().map(|(_, axis)| upright(axis)).collect();
    let dot = |row: &[f64], axis: &[f64]| row.iter().zip(axis).map(|(a, b)| a * b).sum::<f64>();
    let share = |value: f64| if total > 0.0 { (value / total).clamp(0.0, 1.0) } else { 0.0 };
    Projection {
        points: centred.iter().map(|row| [dot(row, &axes[0]), dot(row, &axes[1])]).collect(),
        shares: [share(pairs[0].0), share(pairs[1].0)],
    }
}

fn upright(axis: &[f64]) -> Vec<f64> {
    let largest = axis.iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap_or(1.0);
    axis.iter().map(|value| value * largest.signum()).collect()
}

/// Eigenvalues and eigenvectors of a symmetric matrix by cyclic Jacobi rotations: short, and exact enough at 128 x 128.
fn eigen(mut a: Vec<Vec<f64>>) -> Vec<(f64, Vec<f64>)> {
    let n = a.len();
    let mut vectors: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    let norm = |a: &[Vec<f64>]| a.iter().flatten().map(|value| value * value).sum::<f64>();
    let enough = norm(&a) * 1e-24;
    for _sweep in 0..60 {
        let beside: f64 = (0..n).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| a[i][j] * a[i][j]).sum();
        if beside <= enough {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                if a[p][q] == 0.0 {
                    continue;
                }
                let theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
                let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
                let c = 1.0 / (t * t + 1.0).sqrt();
                let s = t * c;
                for row in &mut a {
                    (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
                }
                rotate(&mut a, p, q, c, s);
                rotate(&mut vectors, p, q, c, s);
            }
        }
    }
    (0..n).map(|i| a[i][i]).zip(vectors).collect()
}

/// Rotates rows `p` and `q`.
fn rotate(rows: &mut [Vec<f64>], p: usize, q: usize, c: f64, s: f64) {
    let (head, tail) = rows.split_at_mut(q);
    for (x, y) in head[p].iter_mut().zip(&mut tail[0]) {
        (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
    }
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;
    use crate::run::rng;

    #[test]
    fn finds_the_axes_of_a_known_cloud() {
        // Standard deviations 3, 1 and 0.1 along (0.6, 0.8, 0), (-0.8, 0.6, 0) and (0, 0, 1), about (5, -2, 1).
        let mut rng = rng(3, "cloud", 0);
        // A sum of uniforms of unit variance: near enough to a bell.
        let mut draw = || (0..3).map(|_| rng.random_range(-1.0..1.0)).sum::<f64>();
        let scales: Vec<[f64; 3]> = (0..4000).map(|_| [3.0 * draw(), draw(), 0.1 * draw()]).collect();
        let rows: Vec<Vec<f32>> = scales
            .iter()
            .map(|[a, b, c]| [5.0 + 0.6 * a - 0.8 * b, -2.0 + 0.8 * a + 0.6 * b, 1.0 + c].map(|x| x as f32).to_vec())
            .collect();
        let found = project(&rows);
        assert!((found.shares[0] - 9.0 / 10.01).abs() < 0.01, "{:?}", found.shares);
        assert!((found.shares[1] - 1.0 / 10.01).abs() < 0.01, "{:?}", found.shares);
        // Signs: 0.8 is the first axis' largest coefficient and positive; -0.8 the second's, so that one is turned.
        for (point, [a, b, _]) in found.points.iter().zip(&scales) {
            assert!((point[0] - a).abs() < 0.5 && (point[1] + b).abs() < 0.5, "{point:?}, {a}, {b}");
        }
    }

    #[test]
    fn agrees_with_a_matrix_solved_by_hand() {
        let mut pairs = eigen(vec![vec![2.0, 1.0], vec![1.0, 2.0]]);
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
        assert!((pairs[0].0 - 3.0).abs() < 1e-12 && (pairs[1].0 - 1.0).abs() < 1e-12);
        assert!((pairs[0].1[0] - pairs[0].1[1]).abs() < 1e-12);
    }

    #[test]
    fn a_cloud_without_extent_has_no_shares() {
        let found = project(&vec![vec![1.0; 128]; 5]);
        assert_eq!(found.shares, [0.0, 0.0]);
        assert!(found.points.iter().flatten().all(|value| *value == 0.0));
    }

    #[test]
    fn all_of_128_dimensions_are_resolved() {
        let mut rng = rng(4, "cloud", 0);
        let rows: Vec<Vec<f32>> =
            (0..300).map(|_| (0..128).map(|at| rng.random_range(-1.0..1.0) * (1 + at) as f32).collect()).collect();
        let found = project(&rows);
        for axis in 0..2 {
            let mean = found.points.iter().map(|point| point[axis]).sum::<f64>() / 300.0;
            assert!(mean.abs() < 1e-9, "{mean}");
        }
        let product = found.points.iter().map(|point| point[0] * point[1]).sum::<f64>();
        let lengths = |axis: usize| found.points.iter().map(|point| point[axis] * point[axis]).sum::<f64>().sqrt();
        assert!(product.abs() / (lengths(0) * lengths(1)) < 1e-9, "the components are not correlated");
        assert!(found.shares[0] > found.shares[1] && found.shares[1] > 1.0 / 128.0);
    }
}
