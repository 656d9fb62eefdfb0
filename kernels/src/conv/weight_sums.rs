//! The sums of [`Plan::weights`]: a few of a window's numbers and a few vectors of channels at a time, over all pixels.

use pulp::{Simd, WithSimd, bytemuck};

use super::{Plan, TILE, block};

pub(super) struct WeightSums<'a> {
    pub(super) plan: &'a Plan,
    pub(super) padded: &'a [f32],
    pub(super) grad: &'a [f32],
    pub(super) sums: &'a mut [f32],
}

impl WithSimd for WeightSums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if block(self.plan.channels[1]) == S::F32_LANES {
            self.blocks::<S, 1>(simd);
        } else {
            self.blocks::<S, 2>(simd);
        }
    }
}

impl WeightSums<'_> {
    /// `grad`'s pixels hold whole blocks of channels.
    #[inline(always)]
    fn blocks<S: Simd, const V: usize>(self, simd: S) {
        let phase = &self.plan.phases[0];
        let lanes = V * S::F32_LANES;
        let blocks = self.plan.channels[1].div_ceil(lanes);
        let [rows, columns] = phase.grid;
        let numbers: usize = phase.taps.iter().map(|[_, run]| run).sum();
        let line = columns * blocks * lanes;
        // Some rows at a time: what is read again for each of the window's numbers stays in the nearest cache.
        let together = (64 / columns).clamp(1, rows);
        for first in (0..rows).step_by(together) {
            let last = rows.min(first + together);
            for (block, sums) in self.sums.chunks_exact_mut(numbers * lanes).enumerate() {
                let sums: &mut [S::f32s] = bytemuck::cast_slice_mut(sums);
                let mut done = 0;
                for [offset, run] in &phase.taps {
                    let mut at = 0;
                    while at < *run {
                        let here = Window {
                            padded: self.padded,
                            grad: self.grad,
                            rows: [first, last],
                            columns,
                            input: [phase.input[0] + offset + at, phase.input[1], phase.input[2]],
                            output: [block * lanes, line, blocks * lanes],
                        };
                        let sums = &mut sums[(done + at) * V..];
                        let left = run - at;
                        at += if left >= TILE {
                            here.add::<S, V, TILE>(simd, sums)
                        } else if left >= 4 {
                            here.add::<S, V, 4>(simd, sums)
                        } else if left >= 2 {
                            here.add::<S, V, 2>(simd, sums)
                        } else {
                            here.add::<S, V, 1>(simd, sums)
                        };
                    }
                    done += run;
                }
            }
        }
    }
}

/// A few of a window's numbers, seen from some rows of pixels.
struct Window<'a> {
    padded: &'a [f32],
    grad: &'a [f32],
    rows: [usize; 2],
    columns: usize,
    /// As in [`Phase`].
    input: [usize; 3],
    output: [usize; 3],
}

impl Window<'_> {
    /// Adds the products of `R` of the window's numbers with the gradient's channels; returns `R`.
    #[inline(always)]
    fn add<S: Simd, const V: usize, const R: usize>(&self, simd: S, out: &mut [S::f32s]) -> usize {
        let mut sums: [[S::f32s; V]; R] = std::array::from_fn(|r| std::array::from_fn(|v| out[r * V + v]));
        for row in self.rows[0]..self.rows[1] {
            let numbers = &self.padded[self.input[0] + row * self.input[1]..];
            let grad = &self.grad[self.output[0] + row * self.output[1]..];
            for column in 0..self.columns {
                let numbers = numbers[column * self.input[2]..].first_chunk::<R>().expect("a window's part");
                let grad: &[S::f32s] = bytemuck::cast_slice(&grad[column * self.output[2]..][..V * S::F32_LANES]);
                let grad: [S::f32s; V] = std::array::from_fn(|v| grad[v]);
                for r in 0..R {
                    let number = simd.splat_f32s(numbers[r]);
                    for v in 0..V {
                        sums[r][v] = simd.mul_add_e_f32s(number, grad[v], sums[r][v]);
                    }
                }
            }
        }
        for r in 0..R {
            for v in 0..V {
                out[r * V + v] = sums[r][v];
            }
        }
        R
    }
}
