//! The CPU kernels compute what burn's own operations compute: outputs, running statistics and every gradient.

use bonafide::network::{ConvNorm, Generator, ResidualDown, WIDTH};
use burn::{
    module::{Module, ModuleVisitor, Param},
    tensor::{Device, Distribution, Gradients, Tensor},
};
use trainer::{kernels, run};

/// Every parameter's gradient and every other tensor's value.
struct Collect<'a>(&'a Gradients, Vec<(String, Vec<f32>)>);

impl ModuleVisitor for Collect<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let (what, tensor) = match param.val().grad(self.0) {
            Some(grad) => ("gradient", grad),
            None => ("value", param.val().inner()),
        };
        self.1.push((format!("{what} of {:?}", param.val().dims()), values(tensor)));
    }
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().unwrap()
}

/// All that a training pass through a layer gives, loss by a random weighting of the output.
fn pass<M: Module>(name: &str, layer: &M, x: &Tensor<4>, forward: impl Fn(&M, Tensor<4>) -> Tensor<4>) -> Pass {
    let x = x.clone().inner();
    let x = Tensor::from_inner(x).require_grad();
    // A view with a second use: gradients of both must add up.
    let output = forward(layer, x.clone());
    let device = output.device();
    device.seed(5);
    let weighting = Tensor::random(output.dims(), Distribution::Normal(0.1, 1.0), &device);
    let gradients = (output.clone() * weighting).sum().backward();
    let mut all = Collect(
        &gradients,
        vec![
            ("output".into(), values(output.inner())),
            ("gradient of the input".into(), values(x.grad(&gradients).unwrap())),
        ],
    );
    layer.visit(&mut all);
    (name.to_owned(), all.1)
}

type Pass = (String, Vec<(String, Vec<f32>)>);

/// Layers of all the kinds that the networks hold, and some that they do not.
fn passes() -> Vec<Pass> {
    let device = Device::flex().autodiff();
    let mut all = Vec::new();
    let layers = [
        // channels, kernel, stride, height, width
        ([3, 16], 7, 2, 30, 33),
        ([1, 8], 7, 2, 16, 16),
        ([16, 16], 3, 1, 14, 9),
        ([16, 32], 3, 2, 14, 13),
        ([8, 24], 1, 2, 7, 10),
        ([40, 5], 1, 1, 7, 7),
        ([5, 12], 3, 2, 8, 8),
        ([4, 3], 5, 3, 11, 17),
    ];
    for (channels, kernel, stride, height, width) in layers {
        device.seed(3);
        let layer = ConvNorm::new(channels, kernel, stride, &device);
        run::initialise(&layer);
        let x = Tensor::random([3, channels[0], height, width], Distribution::Normal(2.0, 1.0), &device);
        let name = format!("{channels:?} {kernel} / {stride}");
        all.push(pass(&name, &layer, &x, |layer, x| layer.forward(x)));
        all.push(pass(&format!("{name} relu"), &layer, &x, |layer, x| layer.forward_relu(x)));
        all.push(pass(&format!("{name} add relu"), &layer, &x, |layer, x| {
            let add = layer.forward(x.clone()).detach() + 0.5;
            layer.forward_add_relu(x, add)
        }));
    }
    // Max-pool, and doubling, in the networks that hold them.
    device.seed(6);
    let generator = Generator::new(WIDTH, &device);
    run::initialise(&generator);
    let x = Tensor::random([2, 3, 96, 64], Distribution::Uniform(0.0, 1.0), &device);
    all.push(pass("encoder", &generator.encoder, &x, |encoder, x| encoder.forward(x)));
    let x = Tensor::random([3, 128, 3, 2], Distribution::Uniform(0.0, 1.0), &device);
    all.push(pass("decoder", &generator.decoder, &x, |decoder, x| decoder.forward(x)));
    for (channels, stride) in [([16, 16], 1), ([16, 32], 2)] {
        device.seed(4);
        let block = ResidualDown::new(channels, stride, &device);
        run::initialise(&block);
        let x = Tensor::random([5, channels[0], 14, 14], Distribution::Normal(0.0, 1.0), &device);
        all.push(pass(&format!("block {channels:?}"), &block, &x, |block, x| block.forward(x)));
    }
    all
}

/// The largest difference, over the largest value.
fn difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    let largest = a.iter().fold(0f32, |largest, a| largest.max(a.abs()));
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / largest.max(1e-6)
}

#[test]
fn kernels_compute_what_burn_computes() {
    // One test: kernels are installed for the process.
    let before = passes();
    kernels::install();
    let after = passes();
    let mut worst = Vec::new();
    for ((name, before), (_, after)) in before.iter().zip(&after) {
        for ((what, before), (_, after)) in before.iter().zip(after) {
            let difference = difference(before, after);
            if difference > 1e-4 || difference.is_nan() {
                worst.push(format!("{name}, {what}: {difference}"));
            }
        }
    }
    assert!(worst.is_empty(), "{worst:#?}");
    assert!(before != after, "the kernels were not used");
    assert!(passes() == after, "a second time gives other numbers");
}
