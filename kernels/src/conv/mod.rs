//! One image's convolution, its gradient by the image and its gradient by the weights, channels last.
//!
//! All three are sums of products over a window, held in registers for a few pixels and a few vectors of channels; nothing
//! is unfolded into a matrix first. Sums run in a fixed order whatever the number of threads.

mod sums;
mod weight_sums;

use std::{borrow::Cow, sync::Arc};

use pulp::{Arch, Simd, WithSimd};

use crate::windows;
use sums::Sums;
use weight_sums::WeightSums;

/// Pixels (or rows of the weights' gradient) that share registers: 6 x 2 vectors fill the 16 of AVX2. WebAssembly has no
/// fused multiply-add, whose product needs a register too: there, 4 x 2 run twice as fast as 5 x 2, which spill.
const TILE: usize = if cfg!(target_family = "wasm") { 4 } else { 6 };

/// A square convolution without dilation or groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conv {
    /// Height and width of an input image.
    pub size: [usize; 2],
    /// Channels of input and output.
    pub channels: [usize; 2],
    /// Side of the window.
    pub kernel: usize,
    /// Step between windows.
    pub stride: usize,
    /// Zeros before and after the image, on both axes.
    pub padding: [usize; 2],
}

impl Conv {
    /// Height and width of an output image.
    pub fn out_size(&self) -> [usize; 2] {
        self.size.map(|side| windows(side, self.kernel, self.stride, self.padding))
    }

    /// Numbers in an input image.
    pub fn inputs(&self) -> usize {
        self.size[0] * self.size[1] * self.channels[0]
    }

    /// Numbers in an output image.
    pub fn outputs(&self) -> usize {
        let [height, width] = self.out_size();
        height * width * self.channels[1]
    }
}

/// Weights in the order in which they are read.
#[derive(Debug, Clone)]
pub struct Packed(Arc<[f32]>);

impl Packed {
    /// `weights` is `[out, in, kernel, kernel]`.
    pub fn new([input, output]: [usize; 2], kernel: usize, weights: &[f32]) -> Self {
        let numbers = (0..kernel).flat_map(|ky| (0..kernel).flat_map(move |kx| (0..input).map(move |i| (ky, kx, i))));
        Self(pack(output, numbers, |(ky, kx, i), o| weights[((o * input + i) * kernel + ky) * kernel + kx]))
    }
}

/// Pixels whose sums have the same taps: all of them in the forward direction; backward through a stride, a phase each.
#[derive(Debug)]
struct Phase {
    /// Rows and columns of pixels.
    grid: [usize; 2],
    /// First number of the first pixel's window, and the steps to the next row's and the next column's.
    input: [usize; 3],
    /// The same of where the sums go.
    output: [usize; 3],
    /// Windows' rows: offset from the window's start, and length.
    taps: Vec<[usize; 2]>,
    /// For each block of output channels, one vector pair for each tap's number.
    weights: Arc<[f32]>,
}

/// A convolution made ready for many images.
#[derive(Debug)]
pub struct Plan {
    phases: Vec<Phase>,
    /// Numbers of an input image, its zero border: above, left, padded height, padded width.
    size: [usize; 2],
    border: [usize; 4],
    channels: [usize; 2],
}

/// Floats in a vector of this machine.
pub fn lanes() -> usize {
    struct Lanes;
    impl WithSimd for Lanes {
        type Output = usize;
        fn with_simd<S: Simd>(self, _: S) -> usize {
            S::F32_LANES
        }
    }
    Arch::new().dispatch(Lanes)
}

/// Channels that share registers: two vectors, or one where that is enough.
fn block(channels: usize) -> usize {
    if channels <= lanes() { lanes() } else { 2 * lanes() }
}

impl Plan {
    /// The convolution. `weights` is `[out, in, kernel, kernel]`.
    pub fn forward(conv: &Conv, weights: &[f32]) -> Self {
        Self::packed(conv, &Packed::new(conv.channels, conv.kernel, weights))
    }

    /// The same with weights that were packed before, for this kernel and these channels.
    pub fn packed(conv: &Conv, weights: &Packed) -> Self {
        let Conv { size, channels: [input, output], kernel, stride, padding: [before, after] } = *conv;
        let [rows, columns] = conv.out_size();
        let padded = size.map(|side| before + side + after);
        let line = padded[1] * input;
        let phase = Phase {
            grid: [rows, columns],
            input: [0, stride * line, stride * input],
            output: [0, columns * output, output],
            taps: (0..kernel).map(|ky| [ky * line, kernel * input]).collect(),
            weights: weights.0.clone(),
        };
        Self { phases: vec![phase], size, border: [before, before, padded[0], padded[1]], channels: [input, output] }
    }

    /// From the gradient of the output to that of the input.
    pub fn backward(conv: &Conv, weights: &[f32]) -> Self {
        let Conv { size, channels: [input, output], kernel, stride, padding: [padding, _] } = *conv;
        let grad = conv.out_size();
        // Input pixel s m + r - padding meets kernel row r + s t where the gradient's row is m - t.
        let border = kernel.div_ceil(stride) - 1;
        let reach = size.map(|side| (side - 1 + padding) / stride + 1);
        let padded = [0, 1].map(|axis| border + reach[axis].max(grad[axis]));
        let line = padded[1] * output;
        let axis = |r: usize, side: usize| {
            let count = if r < kernel { (kernel - r).div_ceil(stride) } else { 0 };
            // The first m whose pixel is inside, and how many follow.
            let first = padding.saturating_sub(r).div_ceil(stride);
            let end = (side + padding).saturating_sub(r).div_ceil(stride);
            (count, first, end.saturating_sub(first), stride * first + r - padding)
        };
        let mut phases = Vec::new();
        for ry in 0..stride {
            for rx in 0..stride {
                let (ty, my, rows, y) = axis(ry, size[0]);
                let (tx, mx, columns, x) = axis(rx, size[1]);
                if ty * tx * rows * columns == 0 {
                    continue;
                }
                let start = ((my + border + 1 - ty) * padded[1] + mx + border + 1 - tx) * output;
                let numbers = (0..ty).rev().flat_map(|t| {
                    (0..tx).rev().flat_map(move |u| (0..output).map(move |o| (ry + stride * t, rx + stride * u, o)))
                });
                phases.push(Phase {
                    grid: [rows, columns],
                    input: [start, line, output],
                    output: [(y * size[1] + x) * input, stride * size[1] * input, stride * input],
                    taps: (0..ty).map(|t| [t * line, tx * output]).collect(),
                    weights: pack(input, numbers, |(ky, kx, o), i| {
                        weights[((o * input + i) * kernel + ky) * kernel + kx]
                    }),
                });
            }
        }
        Self { phases, size: grad, border: [border, border, padded[0], padded[1]], channels: [output, input] }
    }

    /// An image with its zero border, in a buffer that is used again and again.
    #[inline(never)]
    pub fn pad<'a>(&self, image: &'a [f32], buffer: &'a mut Vec<f32>) -> &'a [f32] {
        let [top, left, height, width] = self.border;
        if [height, width] == self.size {
            return image;
        }
        let channels = self.channels[0];
        buffer.clear();
        buffer.resize(height * width * channels, 0.0);
        let line = self.size[1] * channels;
        for (y, row) in image.chunks_exact(line).enumerate() {
            buffer[((y + top) * width + left) * channels..][..line].copy_from_slice(row);
        }
        buffer
    }

    /// Writes every sum of one image; pixels that no tap reaches keep what `out` holds.
    #[inline(never)]
    pub fn run(&self, padded: &[f32], out: &mut [f32]) {
        Arch::new().dispatch(Sums { plan: self, padded, out });
    }

    /// Adds one image's gradient of the weights to `sums`, which [`Plan::weights_len`] sizes. Of a forward plan.
    pub fn weights(&self, padded: &[f32], grad: &[f32], sums: &mut [f32]) {
        Arch::new().dispatch(WeightSums { plan: self, padded, grad, sums });
    }

    /// Numbers that [`Plan::weights`] adds to.
    pub fn weights_len(&self) -> usize {
        self.phases[0].weights.len()
    }
}

/// `[block of output channels][number][channel]`, zeros where the last block is not full.
fn pack<N>(outputs: usize, numbers: impl Iterator<Item = N> + Clone, weight: impl Fn(N, usize) -> f32) -> Arc<[f32]>
where
    N: Copy,
{
    let block = block(outputs);
    let mut packed = Vec::new();
    for first in (0..outputs).step_by(block) {
        for number in numbers.clone() {
            packed.extend((first..first + block).map(|o| if o < outputs { weight(number, o) } else { 0.0 }));
        }
    }
    packed.into()
}

/// Pixels of an image whose channels fill whole blocks: itself, or with zeros behind.
pub fn whole_blocks(image: &[f32], channels: usize) -> Cow<'_, [f32]> {
    let whole = channels.next_multiple_of(block(channels));
    if whole == channels {
        return Cow::Borrowed(image);
    }
    let mut padded = vec![0.0; image.len() / channels * whole];
    for (padded, pixel) in padded.chunks_exact_mut(whole).zip(image.chunks_exact(channels)) {
        padded[..channels].copy_from_slice(pixel);
    }
    Cow::Owned(padded)
}

/// Sums of [`Plan::weights`] -> `[out, in, kernel, kernel]`.
pub fn unpack(conv: &Conv, sums: &[f32]) -> Vec<f32> {
    let Conv { channels: [input, output], kernel, .. } = *conv;
    let (block, numbers) = (block(output), kernel * kernel * input);
    let mut weights = Vec::with_capacity(output * numbers);
    for o in 0..output {
        for i in 0..input {
            for k in 0..kernel * kernel {
                weights.push(sums[(o / block * numbers + k * input + i) * block + o % block]);
            }
        }
    }
    weights
}

#[cfg(test)]
mod tests;
