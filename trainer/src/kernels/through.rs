//! From the gradient of a convolution's output to those of its images and its weights.

use bonafide_kernels::conv::{self, Conv, Plan};
use burn_flex::FlexTensor;
use rayon::prelude::*;

use super::tensor::numbers;

/// Parts of a batch whose weights' gradients are summed apart, and then in order: the same for any number of threads.
const PARTS: usize = 8;

/// Which gradients are asked for.
pub(super) struct Wanted {
    pub image: bool,
    pub weights: bool,
}

/// A convolution that was run. `x` has its channels last.
pub(super) struct Through<'a> {
    pub conv: &'a Conv,
    pub x: &'a FlexTensor,
    pub weight: &'a FlexTensor,
    pub wanted: Wanted,
}

impl Through<'_> {
    /// The gradients of images and weights; what nobody wants is empty. `before` writes the gradient of an image's output.
    pub(super) fn gradients(&self, before: impl Fn(usize, &mut [f32]) + Sync) -> (Vec<f32>, Vec<f32>) {
        let (conv, wanted) = (self.conv, &self.wanted);
        let forward = Plan::forward(conv, numbers(self.weight));
        let backward = Plan::backward(conv, numbers(self.weight));
        let (inputs, outputs) = (conv.inputs(), conv.outputs());
        let x = numbers(self.x);
        let batch = x.len() / inputs;
        let mut image_grad = vec![0.0; if wanted.image { batch * inputs } else { 0 }];
        let mut images: Vec<Option<&mut [f32]>> = if wanted.image {
            image_grad.chunks_exact_mut(inputs).map(Some).collect()
        } else {
            (0..batch).map(|_| None).collect()
        };
        let part = batch.div_ceil(PARTS);
        let parts: Vec<Vec<f32>> = images
            .par_chunks_mut(part)
            .enumerate()
            .map(|(number, images)| {
                let mut sums = vec![0.0; if wanted.weights { forward.weights_len() } else { 0 }];
                let (mut grad, mut buffer) = (vec![0.0; outputs], Vec::new());
                for (at, image) in images.iter_mut().enumerate() {
                    let at = number * part + at;
                    before(at, &mut grad);
                    if let Some(image) = image {
                        backward.run(backward.pad(&grad, &mut buffer), image);
                    }
                    if wanted.weights {
                        let x = forward.pad(&x[at * inputs..(at + 1) * inputs], &mut buffer);
                        forward.weights(x, &conv::whole_blocks(&grad, conv.channels[1]), &mut sums);
                    }
                }
                sums
            })
            .collect();
        let weight_grad = parts.into_iter().reduce(|mut all, part| {
            all.iter_mut().zip(&part).for_each(|(all, part)| *all += part);
            all
        });
        let weight_grad =
            if wanted.weights { conv::unpack(conv, &weight_grad.unwrap_or_default()) } else { Vec::new() };
        (image_grad, weight_grad)
    }
}
