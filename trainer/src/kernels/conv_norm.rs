//! Convolution, batch norm over the batch, addition and ReLU as one differentiable operation of burn's CPU backend.

use std::sync::Arc;

use bonafide_kernels::conv::{Conv, Plan};
use burn::{
    backend::{Autodiff, Flex, tensor::FloatTensor},
    tensor::Shape,
};
use burn_autodiff::{
    checkpoint::base::Checkpointer,
    grads::Gradients,
    ops::{Backward, NodeGuard, Ops, OpsKind},
};
use burn_flex::FlexTensor;
use rayon::prelude::*;

use super::{
    norm::{self, Norm, Sums},
    tensor::{channels_last, image, numbers, of},
    through::{Through, Wanted},
};

/// A tensor that remembers how it came about.
pub(super) type Recorded = FloatTensor<Autodiff<Flex>>;

/// What is computed.
pub(super) struct Layer {
    pub stride: usize,
    pub epsilon: f64,
    pub relu: bool,
}

/// What the forward pass leaves to the backward pass.
#[derive(Debug, Clone)]
struct Saved {
    conv: Conv,
    relu: bool,
    x: FlexTensor,
    weight: FlexTensor,
    /// Before the norm.
    z: FlexTensor,
    output: FlexTensor,
    norm: Arc<Norm>,
}

/// Output, and the batch's mean and biased variance. `norm` is gamma and beta.
pub(super) fn conv_norm(
    layer: &Layer,
    x: Recorded,
    weight: Recorded,
    norm: [Recorded; 2],
    add: Option<Recorded>,
) -> (Recorded, [FlexTensor; 2]) {
    let [gamma, beta] = norm;
    let values = Values {
        x: channels_last(x.primitive()),
        weight: weight.primitive().to_contiguous(),
        gamma: gamma.primitive().to_contiguous(),
        beta: beta.primitive().to_contiguous(),
        add: add.as_ref().map(|add| channels_last(add.primitive())),
    };
    let saved = forward(layer, values);
    let statistics = [&saved.norm.mean, &saved.norm.variance]
        .map(|of_channels| of(of_channels.clone(), Shape::new([of_channels.len()])));
    let nodes = [x.node(), weight.node(), gamma.node(), beta.node()];
    let output = match add {
        Some(add) => {
            let [x, weight, gamma, beta] = nodes;
            record([x, weight, gamma, beta, add.node()], saved)
        }
        None => record(nodes, saved),
    };
    (output, statistics)
}

fn record<const N: usize>(nodes: [NodeGuard; N], saved: Saved) -> Recorded {
    let output = saved.output.clone();
    match ConvNormStep.prepare::<burn_autodiff::checkpoint::strategy::NoCheckpointing>(nodes).compute_bound().stateful()
    {
        OpsKind::Tracked(prepared) => prepared.finish(saved, output),
        OpsKind::UnTracked(prepared) => prepared.finish(output),
    }
}

struct Values {
    x: FlexTensor,
    weight: FlexTensor,
    gamma: FlexTensor,
    beta: FlexTensor,
    add: Option<FlexTensor>,
}

fn forward(layer: &Layer, values: Values) -> Saved {
    let [batch, height, width, input] = values.x.layout().shape().dims();
    let [output, _, kernel, _] = values.weight.layout().shape().dims();
    let conv = Conv {
        size: [height, width],
        channels: [input, output],
        kernel,
        stride: layer.stride,
        padding: [kernel / 2; 2],
    };
    let [rows, columns] = conv.out_size();
    let plan = Plan::forward(&conv, numbers(&values.weight));
    let x = numbers(&values.x);
    let mut z = vec![0.0; batch * conv.outputs()];
    let mut images: Vec<_> = z.chunks_exact_mut(conv.outputs()).zip(x.chunks_exact(conv.inputs())).collect();
    // Moments around any value near the mean lose no digits; the first image's first pixel is one.
    let mut buffer = Vec::new();
    let origin = {
        let (z, x) = &mut images[0];
        plan.run(plan.pad(x, &mut buffer), z);
        z[..output].to_vec()
    };
    let sums: Vec<Sums> = images
        .par_iter_mut()
        .enumerate()
        .map_init(Vec::new, |buffer, (number, (z, x))| {
            if number > 0 {
                plan.run(plan.pad(x, buffer), z);
            }
            norm::moments(z, &origin)
        })
        .collect();
    let norm = Norm::new(
        &norm::total(&sums),
        &origin,
        batch * rows * columns,
        numbers(&values.gamma),
        numbers(&values.beta),
        layer.epsilon,
    );
    let mut normed = vec![0.0; z.len()];
    let add = values.add.as_ref().map(numbers);
    normed.par_chunks_exact_mut(conv.outputs()).enumerate().for_each(|(number, normed)| {
        let here = number * conv.outputs()..(number + 1) * conv.outputs();
        norm.apply(&z[here.clone()], add.map(|add| &add[here]), layer.relu, normed);
    });
    let shape = [batch, output, rows, columns];
    Saved {
        conv,
        relu: layer.relu,
        x: values.x,
        weight: values.weight,
        z: image(z, shape),
        output: image(normed, shape),
        norm: Arc::new(norm),
    }
}

#[derive(Debug)]
struct ConvNormStep;

/// Inputs: image, weights, gamma, beta, and what is added if anything is.
impl<const N: usize> Backward<Flex, N> for ConvNormStep {
    type State = Saved;

    fn backward(self, ops: Ops<Saved, N>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = channels_last(&grads.consume::<Flex>(&ops.node));
        let saved = ops.state;
        let conv = saved.conv;
        let [rows, columns] = conv.out_size();
        let [input, output] = conv.channels;
        let z = channels_last(&saved.z);
        let (z, kept) = (numbers(&z), channels_last(&saved.output));
        let batch = z.len() / conv.outputs();
        let count = batch * rows * columns;

        let mut masked = Vec::new();
        if saved.relu {
            masked = vec![0.0; z.len()];
            masked
                .par_chunks_exact_mut(conv.outputs())
                .zip(numbers(&grad).par_chunks_exact(conv.outputs()))
                .zip(numbers(&kept).par_chunks_exact(conv.outputs()))
                .for_each(|((masked, grad), kept)| norm::relu_gradient(grad, kept, masked));
        }
        let before = if saved.relu { masked.as_slice() } else { numbers(&grad) };
        let sums: Vec<Sums> = before
            .par_chunks_exact(conv.outputs())
            .zip(z.par_chunks_exact(conv.outputs()))
            .map(|(grad, z)| saved.norm.gradient_sums(grad, z))
            .collect();
        let sums = norm::total(&sums);

        let wanted = Wanted { image: ops.parents[0].is_some(), weights: ops.parents[1].is_some() };
        let through = Through { conv: &conv, x: &saved.x, weight: &saved.weight, wanted };
        let (image_grad, weight_grad) = through.gradients(|at, out| {
            let here = at * conv.outputs()..(at + 1) * conv.outputs();
            saved.norm.gradient(&sums, count, &before[here.clone()], &z[here], out);
        });

        if let Some(add) = ops.parents.get(4).and_then(Option::as_ref) {
            let grad =
                if saved.relu { image(masked, [batch, output, rows, columns]) } else { grad.permute(&[0, 3, 1, 2]) };
            grads.register::<Flex>(add.id, grad);
        }
        if let Some(x) = &ops.parents[0] {
            let [height, width] = conv.size;
            grads.register::<Flex>(x.id, image(image_grad, [batch, input, height, width]));
        }
        if let Some(weight) = &ops.parents[1] {
            grads.register::<Flex>(weight.id, of(weight_grad, saved.weight.layout().shape().clone()));
        }
        let [of_beta, of_gamma] = &sums;
        let of_gamma =
            of_gamma.iter().zip(&saved.norm.inverse).map(|(sum, inverse)| (sum * f64::from(*inverse)) as f32);
        if let Some(gamma) = &ops.parents[2] {
            grads.register::<Flex>(gamma.id, of(of_gamma.collect(), Shape::new([output])));
        }
        if let Some(beta) = &ops.parents[3] {
            let of_beta = of_beta.iter().map(|sum| *sum as f32).collect();
            grads.register::<Flex>(beta.id, of(of_beta, Shape::new([output])));
        }
    }
}
