//! View of a face `[B, 3, 64, 64]` in `[0, 1]` -> log-odds `[B]` that something covers its eyes or its mouth.
//!
//! A network of its own, so that a classifier can be exchanged without it, and so small that a frame does not notice it. Its
//! last layer sees where in the face a feature lies: dark over the eyes is a pair of glasses, around the mouth it is a beard.

use burn::{
    module::{Module, Param},
    nn::{Linear, LinearConfig},
    tensor::{Device, Tensor},
};

use super::blocks::{ConvNorm, Form};
use crate::crop::COVER_SIZE;

/// Output channels and stride of the 3 x 3 convolutions.
const LAYERS: [(usize, usize); 5] = [(12, 2), (24, 2), (24, 1), (32, 2), (32, 2)];
/// Side of the last map.
const MAP: usize = COVER_SIZE / 16;

/// Five convolutions and a linear layer on the 4 x 4 pixels that they leave: 24,865 parameters.
#[derive(Module, Debug)]
pub struct Cover {
    layers: Vec<ConvNorm>,
    output: Linear,
}

impl Cover {
    /// A He-initialised network with batch norms: for training.
    pub fn new(device: &Device) -> Self {
        Self::build(Form::Trainable, device)
    }

    /// The shape of a folded network: for loading the weights that ship.
    pub fn folded(device: &Device) -> Self {
        Self::build(Form::Folded, device)
    }

    fn build(form: Form, device: &Device) -> Self {
        let mut input = 3;
        let layers = LAYERS
            .map(|(output, stride)| {
                ConvNorm::build([std::mem::replace(&mut input, output), output], 3, stride, form, device)
            })
            .into();
        Self { layers, output: LinearConfig::new(input * MAP * MAP, 1).init(device) }
    }

    /// `[B, 3, 64, 64]` in `[0, 1]` -> `[B]`: the log-odds of a cover, any real number.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<1> {
        let x = self.layers.iter().fold(x, |x, layer| layer.forward_relu(x));
        let x: Tensor<2> = x.flatten(1, 3);
        self.output.forward(x).squeeze_dim(1)
    }

    /// The same network with its log-odds moved by `offset`: a threshold becomes part of the last layer, so that 0 is where
    /// it lies.
    pub fn shifted(self, offset: f32) -> Self {
        let bias = self.output.bias.map(|bias| Param::from_tensor(bias.val() + offset));
        Self { output: Linear { bias, ..self.output }, ..self }
    }

    /// Folds every batch norm.
    pub fn fold(self) -> Self {
        Self { layers: self.layers.into_iter().map(ConvNorm::fold).collect(), ..self }
    }

    /// Packs every folded convolution, see [`ConvNorm::pack`].
    pub fn pack(self) -> Self {
        Self { layers: self.layers.into_iter().map(ConvNorm::pack).collect(), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Distribution;

    #[test]
    fn folding_and_packing_change_nothing_and_a_shift_moves_the_log_odds() {
        let device = Device::flex();
        let network = Cover::new(&device);
        assert_eq!(network.clone().fold().num_params(), 24_865);
        let x = Tensor::random([3, 3, COVER_SIZE, COVER_SIZE], Distribution::Uniform(0.0, 1.0), &device);
        let plain = network.forward(x.clone());
        assert_eq!(plain.dims(), [3]);
        let moved = network.fold().shifted(-1.5).pack().forward(x);
        let off = (plain - 1.5 - moved).abs().max().into_scalar::<f32>();
        assert!(off < 1e-4, "{off}");
    }
}
