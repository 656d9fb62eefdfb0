//! View of a face `[B, 3, 64, 64]` in `[0, 1]` -> log-odds that something covers its eyes, and its mouth, `[B, 2]`; the larger
//! is that of a covered face.
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
const LAYERS: [(usize, usize); 5] = [(16, 2), (24, 2), (32, 1), (32, 2), (48, 2)];
/// A deviation of the pixels below which a picture is flat, and its noise not spread.
const FLAT: f32 = 0.02;
/// Side of the last map.
const MAP: usize = COVER_SIZE / 16;

/// Five convolutions and a linear layer on the 4 x 4 pixels that they leave: 35,530 parameters.
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
        Self { layers, output: LinearConfig::new(input * MAP * MAP, 2).init(device) }
    }

    /// `[B, 3, 64, 64]` in `[0, 1]` -> `[B]`: the log-odds of a cover over eyes or mouth, any real number.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<1> {
        self.parts(x).max_dim(1).squeeze_dim(1)
    }

    /// The same of the eyes and of the mouth, `[B, 2]`.
    pub fn parts(&self, x: Tensor<4>) -> Tensor<2> {
        let x = self.layers.iter().fold(even(x), |x, layer| layer.forward_relu(x));
        let x: Tensor<2> = x.flatten(1, 3);
        self.output.forward(x)
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

/// Each channel of each picture with mean 0 and deviation 1: a camera's exposure and white balance cover nothing.
fn even(x: Tensor<4>) -> Tensor<4> {
    let [batch, channels, height, width] = x.dims();
    let rows = x.reshape([batch, channels, height * width]);
    let area = (height * width) as f32;
    let away = rows.clone() - rows.sum_dim(2) / area;
    let deviation = ((away.clone() * away.clone()).sum_dim(2) / area + FLAT * FLAT).sqrt();
    (away / deviation).reshape([batch, channels, height, width])
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Distribution;

    #[test]
    fn folding_and_packing_change_nothing_and_a_shift_moves_the_log_odds() {
        let device = Device::flex();
        let network = Cover::new(&device);
        assert_eq!(network.clone().fold().num_params(), 35_530);
        let x = Tensor::random([3, 3, COVER_SIZE, COVER_SIZE], Distribution::Uniform(0.0, 1.0), &device);
        let plain = network.forward(x.clone());
        assert_eq!(plain.dims(), [3]);
        let moved = network.fold().shifted(-1.5).pack().forward(x);
        let off = (plain - 1.5 - moved).abs().max().into_scalar::<f32>();
        assert!(off < 1e-4, "{off}");
    }

    #[test]
    fn exposure_and_white_balance_change_nothing() {
        let device = Device::flex();
        let x = Tensor::<4>::random([2, 3, COVER_SIZE, COVER_SIZE], Distribution::Uniform(0.0, 1.0), &device);
        let gain = Tensor::<1>::from_floats([0.6, 0.7, 0.9], &device).reshape([1, 3, 1, 1]);
        let network = Cover::new(&device);
        let off = network.forward(x.clone()) - network.forward(x * gain + 0.1);
        assert!(off.abs().max().into_scalar::<f32>() < 0.02);
    }
}
