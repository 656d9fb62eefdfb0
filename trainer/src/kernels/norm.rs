//! One image's part of a batch norm, of the addition and the ReLU after it, and of their gradients, channels last.
//!
//! Each channel's numbers are repeated until they fill a line, so that an image is gone through line by line, whatever its
//! number of channels.

use pulp::Arch;

/// A line is at least this long.
const LINE: usize = 128;

/// Numbers of the channels, again and again.
fn line(channels: impl ExactSizeIterator<Item = f32> + Clone) -> Vec<f32> {
    let times = LINE.div_ceil(channels.len());
    (0..times).flat_map(|_| channels.clone()).collect()
}

/// Sums of lines -> sums of channels.
fn fold(sums: &[f32], channels: usize) -> Vec<f64> {
    let mut folded = vec![0.0; channels];
    for line in sums.chunks_exact(channels) {
        for (folded, sum) in folded.iter_mut().zip(line) {
            *folded += f64::from(*sum);
        }
    }
    folded
}

/// Two sums for each channel.
pub(super) type Sums = [Vec<f64>; 2];

/// Sums of an image's differences from `origin` (any value near the mean) and of their squares.
pub(super) fn moments(image: &[f32], origin: &[f32]) -> Sums {
    let origins = line(origin.iter().copied());
    let mut sums = [vec![0.0; origins.len()], vec![0.0; origins.len()]];
    Arch::new().dispatch(|| {
        let [first, second] = &mut sums;
        for values in image.chunks(origins.len()) {
            for (((value, origin), first), second) in values.iter().zip(&origins).zip(&mut *first).zip(&mut *second) {
                let difference = value - origin;
                *first += difference;
                *second += difference * difference;
            }
        }
    });
    sums.map(|sums| fold(&sums, origin.len()))
}

/// Adds up images in their order.
pub(super) fn total(images: &[Sums]) -> Sums {
    [0, 1].map(|which| {
        (0..images[0][which].len()).map(|channel| images.iter().map(|sums| sums[which][channel]).sum()).collect()
    })
}

/// What a batch norm does to each channel.
#[derive(Debug, Clone)]
pub(super) struct Norm {
    pub mean: Vec<f32>,
    /// Biased.
    pub variance: Vec<f32>,
    /// 1 over the standard deviation.
    pub inverse: Vec<f32>,
    pub gamma: Vec<f32>,
    pub beta: Vec<f32>,
}

impl Norm {
    /// From [`moments`] of `count` values of each channel.
    pub(super) fn new(sums: &Sums, origin: &[f32], count: usize, gamma: &[f32], beta: &[f32], epsilon: f64) -> Self {
        let count = count as f64;
        let [first, second] = sums;
        let mean = first.iter().zip(origin).map(|(sum, origin)| (f64::from(*origin) + sum / count) as f32).collect();
        let variance: Vec<f64> = first
            .iter()
            .zip(second)
            .map(|(first, second)| (second / count - (first / count).powi(2)).max(0.0))
            .collect();
        Self {
            mean,
            inverse: variance.iter().map(|variance| (1.0 / (variance + epsilon).sqrt()) as f32).collect(),
            variance: variance.into_iter().map(|variance| variance as f32).collect(),
            gamma: gamma.to_vec(),
            beta: beta.to_vec(),
        }
    }

    /// gamma (z - mean) / deviation + beta, plus `add`, and no less than 0 if `relu`.
    pub(super) fn apply(&self, z: &[f32], add: Option<&[f32]>, relu: bool, out: &mut [f32]) {
        let channels = 0..self.mean.len();
        let scale = line(channels.clone().map(|c| self.gamma[c] * self.inverse[c]));
        let shift = line(channels.map(|c| self.beta[c] - self.gamma[c] * self.inverse[c] * self.mean[c]));
        let least = if relu { 0.0 } else { f32::NEG_INFINITY };
        let width = scale.len();
        Arch::new().dispatch(|| match add {
            Some(add) => {
                for ((out, z), add) in out.chunks_mut(width).zip(z.chunks(width)).zip(add.chunks(width)) {
                    for ((((out, z), add), scale), shift) in out.iter_mut().zip(z).zip(add).zip(&scale).zip(&shift) {
                        *out = at_least(z * scale + shift + add, least);
                    }
                }
            }
            None => {
                for (out, z) in out.chunks_mut(width).zip(z.chunks(width)) {
                    for (((out, z), scale), shift) in out.iter_mut().zip(z).zip(&scale).zip(&shift) {
                        *out = at_least(z * scale + shift, least);
                    }
                }
            }
        });
    }

    /// Sums of an image's gradient and of its products with z - mean: the gradients of beta and, over the deviation, gamma.
    pub(super) fn gradient_sums(&self, grad: &[f32], z: &[f32]) -> Sums {
        let means = line(self.mean.iter().copied());
        let mut sums = [vec![0.0; means.len()], vec![0.0; means.len()]];
        Arch::new().dispatch(|| {
            let [first, second] = &mut sums;
            for (grad, z) in grad.chunks(means.len()).zip(z.chunks(means.len())) {
                let sums = first.iter_mut().zip(&mut *second);
                for (((grad, z), mean), (first, second)) in grad.iter().zip(z).zip(&means).zip(sums) {
                    *first += grad;
                    *second += grad * (z - mean);
                }
            }
        });
        sums.map(|sums| fold(&sums, self.mean.len()))
    }

    /// The gradient by z of an image, into `out`; `sums` are [`Norm::gradient_sums`] of the batch, `count` values of each
    /// channel.
    pub(super) fn gradient(&self, sums: &Sums, count: usize, grad: &[f32], z: &[f32], out: &mut [f32]) {
        let channels = 0..self.mean.len();
        let scale = line(channels.clone().map(|c| self.gamma[c] * self.inverse[c]));
        // scale (grad - mean(grad) - (z - mean) slope) = scale grad - falling z + constant
        let slope = |c: usize| self.inverse[c] * self.inverse[c] * (sums[1][c] / count as f64) as f32;
        let slopes = line(channels.clone().map(slope));
        let means = line(self.mean.iter().copied());
        let offsets = line(channels.map(|c| (sums[0][c] / count as f64) as f32));
        let width = scale.len();
        Arch::new().dispatch(|| {
            for ((out, grad), z) in out.chunks_mut(width).zip(grad.chunks(width)).zip(z.chunks(width)) {
                let lines = scale.iter().zip(&slopes).zip(&means).zip(&offsets);
                for (((out, grad), z), (((scale, slope), mean), offset)) in out.iter_mut().zip(grad).zip(z).zip(lines) {
                    *out = scale * (grad - offset - (z - mean) * slope);
                }
            }
        });
    }
}

/// The gradient before a ReLU, from that after it and what the ReLU gave.
pub(super) fn relu_gradient(grad: &[f32], output: &[f32], out: &mut [f32]) {
    Arch::new().dispatch(|| {
        for ((out, grad), output) in out.iter_mut().zip(grad).zip(output) {
            *out = if *output > 0.0 { *grad } else { 0.0 };
        }
    });
}

/// The larger of both; NaN stays NaN, so that a broken run is seen.
#[inline(always)]
fn at_least(value: f32, least: f32) -> f32 {
    if value < least { least } else { value }
}
