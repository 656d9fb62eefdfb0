//! Convolution of each channel with a window of its own, channels last.

use pulp::{Arch, Simd, WithSimd};

use crate::{reach, windows};

/// A square depthwise convolution with its bias.
#[derive(Debug, Clone, PartialEq)]
pub struct Depthwise {
    kernel: usize,
    stride: usize,
    padding: [usize; 2],
    /// `[kernel, kernel, channels]`.
    weights: Vec<f32>,
    bias: Vec<f32>,
}

impl Depthwise {
    /// `weights` is `[channels, 1, kernel, kernel]`; `padding` zeros lie before and after the image, on both axes.
    pub fn new(kernel: usize, stride: usize, padding: [usize; 2], weights: &[f32], bias: &[f32]) -> Self {
        let (taps, channels) = (kernel * kernel, bias.len());
        let weights = (0..taps).flat_map(|tap| (0..channels).map(move |channel| weights[channel * taps + tap]));
        Self { kernel, stride, padding, weights: weights.collect(), bias: bias.to_vec() }
    }

    /// Height and width of an output image.
    pub fn out_size(&self, size: [usize; 2]) -> [usize; 2] {
        size.map(|side| windows(side, self.kernel, self.stride, self.padding))
    }

    /// One image of that height and width.
    pub fn run(&self, size: [usize; 2], x: &[f32]) -> Vec<f32> {
        let [rows, columns] = self.out_size(size);
        let mut out = vec![0.0; rows * columns * self.bias.len()];
        Arch::new().dispatch(Sums { layer: self, size, columns, x, out: &mut out });
        out
    }
}

struct Sums<'a> {
    layer: &'a Depthwise,
    size: [usize; 2],
    columns: usize,
    x: &'a [f32],
    out: &'a mut [f32],
}

impl WithSimd for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { layer: Depthwise { kernel, stride, padding, weights, bias }, size, columns, x, out } = self;
        let ([height, width], channels) = (size, bias.len());
        for (pixel, out) in out.chunks_exact_mut(channels).enumerate() {
            let [ky, y, down] = reach(pixel / columns, height, *kernel, *stride, padding[0]);
            let [kx, x0, across] = reach(pixel % columns, width, *kernel, *stride, padding[0]);
            let taps = Taps {
                x: &x[(y * width + x0) * channels..],
                weights: &weights[(ky * kernel + kx) * channels..],
                rows: [width * channels, kernel * channels],
                down,
                across: across * channels,
                channels,
            };
            let (pairs, lane) = (2 * S::F32_LANES, S::F32_LANES);
            let mut first = 0;
            while first + pairs <= channels {
                taps.add::<S, 2>(simd, first, bias, out);
                first += pairs;
            }
            while first + lane <= channels {
                taps.add::<S, 1>(simd, first, bias, out);
                first += lane;
            }
            if first < channels {
                taps.add_rest(simd, first, bias, out);
            }
        }
    }
}

/// The taps of one output pixel: where they begin in image and weights, and how they lie there.
struct Taps<'a> {
    x: &'a [f32],
    weights: &'a [f32],
    /// From one row of taps to the next, in image and weights.
    rows: [usize; 2],
    /// Rows of taps.
    down: usize,
    /// Numbers in a row of them.
    across: usize,
    channels: usize,
}

impl Taps<'_> {
    /// Where each tap lies, in image and weights, from a channel on.
    #[inline(always)]
    fn places(&self, first: usize) -> impl Iterator<Item = [usize; 2]> {
        (0..self.down).flat_map(move |row| {
            let [x, weights] = self.rows.map(|length| length * row + first);
            (0..self.across).step_by(self.channels).map(move |tap| [x + tap, weights + tap])
        })
    }

    /// The sums of `V` vectors of channels.
    #[inline(always)]
    fn add<S: Simd, const V: usize>(&self, simd: S, first: usize, bias: &[f32], out: &mut [f32]) {
        let at = |numbers: &[f32], from: usize| -> [S::f32s; V] {
            let (vectors, _) = S::as_simd_f32s(&numbers[from..from + V * S::F32_LANES]);
            *vectors.first_chunk().expect("as many numbers as the vectors hold")
        };
        let mut sums = at(bias, first);
        for [x, weights] in self.places(first) {
            let (x, weights) = (at(self.x, x), at(self.weights, weights));
            for v in 0..V {
                sums[v] = simd.add_f32s(sums[v], simd.mul_f32s(x[v], weights[v]));
            }
        }
        let (vectors, _) = S::as_mut_simd_f32s(&mut out[first..first + V * S::F32_LANES]);
        vectors.copy_from_slice(&sums);
    }

    /// The sums of the channels from `first` on, fewer than a vector.
    #[inline(always)]
    fn add_rest<S: Simd>(&self, simd: S, first: usize, bias: &[f32], out: &mut [f32]) {
        let count = self.channels - first;
        let at = |numbers: &[f32], from: usize| simd.partial_load_f32s(&numbers[from..from + count]);
        let mut sums = at(bias, first);
        for [x, weights] in self.places(first) {
            sums = simd.add_f32s(sums, simd.mul_f32s(at(self.x, x), at(self.weights, weights)));
        }
        simd.partial_store_f32s(&mut out[first..], sums);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::naive::{assert_close, numbers, taps};

    #[test]
    fn sums_are_those_of_plain_loops() {
        // Channels for pairs of vectors, for one, and for a rest.
        for channels in [1, 5, 8, 19, 45] {
            for (kernel, stride, padding, size) in
                [(3, 1, [1, 1], [6, 7]), (3, 2, [0, 1], [8, 10]), (5, 1, [0, 0], [5, 5]), (5, 2, [1, 2], [9, 6])]
            {
                let (weights, bias) = (numbers(channels * kernel * kernel, 1), numbers(channels, 2));
                let x = numbers(size[0] * size[1] * channels, 3);
                let layer = Depthwise::new(kernel, stride, padding, &weights, &bias);
                let out = layer.out_size(size);
                let mut expected: Vec<f64> =
                    (0..out[0] * out[1]).flat_map(|_| bias.iter().map(|bias| f64::from(*bias))).collect();
                for [row, column, ky, kx, y, left] in taps(size, out, kernel, stride, padding[0]) {
                    for channel in 0..channels {
                        let value = x[(y * size[1] + left) * channels + channel];
                        let weight = weights[(channel * kernel + ky) * kernel + kx];
                        expected[(row * out[1] + column) * channels + channel] += f64::from(value) * f64::from(weight);
                    }
                }
                assert_close(&format!("{kernel} / {stride}, {channels}"), &layer.run(size, &x), &expected);
            }
        }
    }
}
