//! Convolution of each channel with a window of its own, channels last.

use pulp::Arch;

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
        Arch::new().dispatch(|| self.sums(size, columns, x, &mut out));
        out
    }

    #[inline(always)]
    fn sums(&self, [height, width]: [usize; 2], columns: usize, x: &[f32], out: &mut [f32]) {
        let channels = self.bias.len();
        for (pixel, out) in out.chunks_exact_mut(channels).enumerate() {
            out.copy_from_slice(&self.bias);
            let [ky, y, down] = reach(pixel / columns, height, self.kernel, self.stride, self.padding[0]);
            let [kx, x0, across] = reach(pixel % columns, width, self.kernel, self.stride, self.padding[0]);
            for step in 0..down {
                let taps = &x[((y + step) * width + x0) * channels..][..across * channels];
                let weights = &self.weights[((ky + step) * self.kernel + kx) * channels..][..across * channels];
                for (tap, weights) in taps.chunks_exact(channels).zip(weights.chunks_exact(channels)) {
                    add_products(out, tap, weights);
                }
            }
        }
    }
}

/// `out += x * weights`, four channels at a time.
#[inline(always)]
fn add_products(out: &mut [f32], x: &[f32], weights: &[f32]) {
    let ((fours, rest), (x_fours, x_rest), (w_fours, w_rest)) =
        (out.as_chunks_mut::<4>(), x.as_chunks::<4>(), weights.as_chunks::<4>());
    for ((out, x), weights) in fours.iter_mut().zip(x_fours).zip(w_fours) {
        *out = std::array::from_fn(|at| out[at] + x[at] * weights[at]);
    }
    for ((out, x), weights) in rest.iter_mut().zip(x_rest).zip(w_rest) {
        *out += x * weights;
    }
}
