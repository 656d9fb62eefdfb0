//! A convolution with a bias, without a norm, as a differentiable operation of burn's CPU backend.

use bonafide_kernels::conv::{Conv, Plan};
use burn::{backend::Flex, tensor::Shape};
use burn_autodiff::{
    checkpoint::{base::Checkpointer, strategy::NoCheckpointing},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn_flex::FlexTensor;
use rayon::prelude::*;

use super::{
    conv_norm::Recorded,
    tensor::{channels_last, image, numbers, of},
    through::{Through, Wanted},
};

/// What the forward pass leaves to the backward pass.
#[derive(Debug, Clone)]
struct Saved {
    conv: Conv,
    x: FlexTensor,
    weight: FlexTensor,
}

/// `[B, in, H, W]`, `[out, in, kernel, kernel]` and `[out]` -> `[B, out, H, W]`; stride 1, padding `kernel / 2`.
pub(super) fn conv_bias(x: &Recorded, weight: &Recorded, bias: &Recorded) -> Recorded {
    let input = channels_last(x.primitive());
    let filters = weight.primitive().to_contiguous();
    let [batch, height, width, channels] = input.layout().shape().dims();
    let [output, _, kernel, _] = filters.layout().shape().dims();
    let conv =
        Conv { size: [height, width], channels: [channels, output], kernel, stride: 1, padding: [kernel / 2; 2] };
    let plan = Plan::forward(&conv, numbers(&filters));
    let offsets = bias.primitive().to_contiguous();
    let mut z = vec![0.0; batch * conv.outputs()];
    z.par_chunks_exact_mut(conv.outputs()).zip(numbers(&input).par_chunks_exact(conv.inputs())).for_each_init(
        Vec::new,
        |buffer, (z, x)| {
            plan.run(plan.pad(x, buffer), z);
            for pixel in z.chunks_exact_mut(output) {
                pixel.iter_mut().zip(numbers(&offsets)).for_each(|(z, offset)| *z += offset);
            }
        },
    );
    let z = image(z, [batch, output, height, width]);
    let saved = Saved { conv, x: input, weight: filters };
    match ConvBias.prepare::<NoCheckpointing>([x.node(), weight.node(), bias.node()]).compute_bound().stateful() {
        OpsKind::Tracked(prepared) => prepared.finish(saved, z),
        OpsKind::UnTracked(prepared) => prepared.finish(z),
    }
}

#[derive(Debug)]
struct ConvBias;

/// Inputs: image, weights, bias.
impl Backward<Flex, 3> for ConvBias {
    type State = Saved;

    fn backward(self, ops: Ops<Saved, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = channels_last(&grads.consume::<Flex>(&ops.node));
        let grad = numbers(&grad);
        let Saved { conv, x, weight } = ops.state;
        let outputs = conv.outputs();
        let [input, output] = conv.channels;
        let wanted = Wanted { image: ops.parents[0].is_some(), weights: ops.parents[1].is_some() };
        let through = Through { conv: &conv, x: &x, weight: &weight, wanted };
        let (image_grad, weight_grad) =
            through.gradients(|at, out| out.copy_from_slice(&grad[at * outputs..(at + 1) * outputs]));
        if let Some(x) = &ops.parents[0] {
            let [height, width] = conv.size;
            grads.register::<Flex>(x.id, image(image_grad, [grad.len() / outputs, input, height, width]));
        }
        if let Some(parent) = &ops.parents[1] {
            grads.register::<Flex>(parent.id, of(weight_grad, weight.layout().shape().clone()));
        }
        if let Some(bias) = &ops.parents[2] {
            // Each image's sum on its own: the same for any number of threads.
            let sums: Vec<Vec<f64>> = grad
                .par_chunks_exact(outputs)
                .map(|grad| {
                    let mut sums = vec![0.0; output];
                    for pixel in grad.chunks_exact(output) {
                        sums.iter_mut().zip(pixel).for_each(|(sum, value)| *sum += f64::from(*value));
                    }
                    sums
                })
                .collect();
            let total = (0..output).map(|channel| sums.iter().map(|sums| sums[channel]).sum::<f64>() as f32).collect();
            grads.register::<Flex>(bias.id, of(total, Shape::new([output])));
        }
    }
}
