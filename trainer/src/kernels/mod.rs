//! The networks' layers on CPU, for training: the same results as burn's own operations, at a fraction of their cost.
//!
//! [`install`] puts them beneath the networks of the root crate (see [`bonafide::network::kernels`]). Images lie with their
//! channels last; between the layers they are ordinary tensors of burn.

mod conv_bias;
mod conv_norm;
mod norm;
mod resample;
mod tensor;
mod through;

use bonafide::network::kernels::{self, Kernels, Layer, Normed};
use burn::{
    backend::{Autodiff, Flex, GradientCheckpointingStrategy},
    tensor::{DType, Device, Tensor},
};

/// Puts the kernels beneath the networks, for the whole process.
pub fn install() {
    kernels::install(&Cpu);
}

#[derive(Debug)]
struct Cpu;

/// What [`Cpu::serve`] has made sure of.
const PRIMITIVE: &str = "a recorded tensor on the CPU";

fn one(tensor: &Tensor<1>) -> conv_norm::Recorded {
    tensor.clone().try_into_primitive::<Autodiff<Flex>>().expect(PRIMITIVE)
}

fn image(tensor: Tensor<4>) -> conv_norm::Recorded {
    tensor.try_into_primitive::<Autodiff<Flex>>().expect(PRIMITIVE)
}

impl Kernels for Cpu {
    fn serve(&self, x: &Tensor<4>) -> bool {
        let device = x.device();
        device.is_autodiff()
            && device.gradient_checkpointing_strategy() == Some(GradientCheckpointingStrategy::Disabled)
            && device.inner() == Device::flex()
            && x.dtype() == DType::F32
    }

    fn conv_norm(&self, layer: &Layer, x: Tensor<4>, add: Option<Tensor<4>>) -> Normed {
        let (output, [mean, variance]) = conv_norm::conv_norm(
            &conv_norm::Layer { stride: layer.stride, epsilon: layer.epsilon, relu: layer.relu },
            image(x),
            image(layer.weight.clone()),
            [one(&layer.gamma), one(&layer.beta)],
            add.map(image),
        );
        let statistic = |tensor| Tensor::from_inner(Tensor::from_primitive::<Flex>(tensor));
        Normed {
            output: Tensor::from_primitive::<Autodiff<Flex>>(output),
            mean: statistic(mean),
            variance: statistic(variance),
        }
    }

    fn conv(&self, weight: &Tensor<4>, bias: &Tensor<1>, x: Tensor<4>) -> Tensor<4> {
        let output = conv_bias::conv_bias(&image(x), &image(weight.clone()), &one(bias));
        Tensor::from_primitive::<Autodiff<Flex>>(output)
    }

    fn max_pool(&self, x: Tensor<4>) -> Tensor<4> {
        Tensor::from_primitive::<Autodiff<Flex>>(resample::max_pool(&image(x)))
    }

    fn double(&self, x: Tensor<4>) -> Tensor<4> {
        Tensor::from_primitive::<Autodiff<Flex>>(resample::double(&image(x)))
    }
}
