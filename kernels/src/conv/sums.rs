//! The sums of a [`Plan`]: a few pixels and a few vectors of channels at a time, in registers.

use pulp::{Simd, WithSimd, bytemuck};

use super::{Phase, Plan, TILE, block};

pub(super) struct Sums<'a> {
    pub(super) plan: &'a Plan,
    pub(super) padded: &'a [f32],
    pub(super) out: &'a mut [f32],
}

impl WithSimd for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let outputs = self.plan.channels[1];
        for phase in &self.plan.phases {
            if block(outputs) == S::F32_LANES {
                phase.sums::<S, 1>(simd, self.padded, self.out, outputs);
            } else {
                phase.sums::<S, 2>(simd, self.padded, self.out, outputs);
            }
        }
    }
}

impl Phase {
    #[inline(always)]
    fn sums<S: Simd, const V: usize>(&self, simd: S, padded: &[f32], out: &mut [f32], outputs: usize) {
        let lanes = V * S::F32_LANES;
        let pixels = self.grid[0] * self.grid[1];
        let numbers: usize = self.taps.iter().map(|[_, run]| run).sum();
        for (number, weights) in self.weights.chunks_exact(numbers * lanes).enumerate() {
            let weights: &[S::f32s] = bytemuck::cast_slice(weights);
            let first = number * lanes;
            let width = lanes.min(outputs - first);
            let (mut row, mut column) = (0, 0);
            for start in (0..pixels).step_by(TILE) {
                let (mut from, mut to) = ([0; TILE], [0; TILE]);
                let count = TILE.min(pixels - start);
                for pixel in 0..TILE {
                    if pixel < count {
                        from[pixel] = self.input[0] + row * self.input[1] + column * self.input[2];
                        to[pixel] = self.output[0] + row * self.output[1] + column * self.output[2] + first;
                        column += 1;
                        if column == self.grid[1] {
                            (row, column) = (row + 1, 0);
                        }
                    } else {
                        from[pixel] = from[0];
                    }
                }
                let sums = self.tile::<S, V>(simd, padded, from, weights);
                for pixel in 0..count {
                    let sums: &[f32] = bytemuck::cast_slice(&sums[pixel]);
                    out[to[pixel]..][..width].copy_from_slice(&sums[..width]);
                }
            }
        }
    }

    #[inline(always)]
    fn tile<S: Simd, const V: usize>(
        &self,
        simd: S,
        padded: &[f32],
        from: [usize; TILE],
        mut weights: &[S::f32s],
    ) -> [[S::f32s; V]; TILE] {
        let mut sums = [[simd.splat_f32s(0.0); V]; TILE];
        for [offset, run] in &self.taps {
            let (now, later) = weights.split_at(run * V);
            weights = later;
            let windows = from.map(|from| &padded[from + offset..][..*run]);
            // Eight numbers at a time, so that bounds are checked once for all of them.
            let mut at = 0;
            let mut eights = now.chunks_exact(8 * V);
            for eight in &mut eights {
                let windows = windows.map(|window| window[at..].first_chunk::<8>().expect("eight remain"));
                for k in 0..8 {
                    let weights: [S::f32s; V] = std::array::from_fn(|v| eight[k * V + v]);
                    for pixel in 0..TILE {
                        let value = simd.splat_f32s(windows[pixel][k]);
                        for v in 0..V {
                            sums[pixel][v] = simd.mul_add_e_f32s(value, weights[v], sums[pixel][v]);
                        }
                    }
                }
                at += 8;
            }
            for one in eights.remainder().chunks_exact(V) {
                for pixel in 0..TILE {
                    let value = simd.splat_f32s(windows[pixel][at]);
                    for v in 0..V {
                        sums[pixel][v] = simd.mul_add_e_f32s(value, one[v], sums[pixel][v]);
                    }
                }
                at += 1;
            }
        }
        sums
    }
}
