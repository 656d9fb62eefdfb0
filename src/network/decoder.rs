//! Embedding map `[B, C, 7, 7]` -> pseudo-depth `[B, 1, 224, 224]` in `[0, 1]`.
//!
//! It sees the embedding only: no skip connections, so that all that the map shows had to pass through the embedding
//! (paper, networks). Upsampling interpolates: cheaper on CPU than transposed convolutions, and no checkerboard.

use burn::{
    module::Module,
    nn::{
        PaddingConfig2d,
        conv::{Conv2d, Conv2dConfig},
        interpolate::{Interpolate2d, Interpolate2dConfig, InterpolateMode},
    },
    tensor::{Device, Tensor, activation::sigmoid},
};

use super::{
    WIDTH,
    blocks::{ConvNorm, Form},
    encoder::channels,
    kernels,
};

/// Five residual blocks, each doubling the side (7 to 224), then one channel and a sigmoid.
#[derive(Module, Debug)]
pub struct Decoder {
    blocks: Vec<ResidualUp>,
    head: Conv2d,
}

impl Decoder {
    /// `embedding` channels in, halved by the blocks to `embedding / 16` as 128-64-32-16-16-8.
    ///
    /// # Panics
    /// If `embedding` is not a multiple of 16.
    pub fn new(embedding: usize, device: &Device) -> Self {
        Self::build(embedding, Form::Trainable, device)
    }

    /// The shape of a folded decoder on an encoder of [`WIDTH`]: for loading the weights that ship.
    pub fn folded(device: &Device) -> Self {
        Self::build(channels(WIDTH)[3], Form::Folded, device)
    }

    fn build(embedding: usize, form: Form, device: &Device) -> Self {
        assert!(
            embedding > 0 && embedding.is_multiple_of(16),
            "{embedding} embedding channels are not a multiple of 16"
        );
        let widths = [1, 2, 4, 8, 8, 16].map(|divisor| embedding / divisor);
        Self {
            blocks: widths.windows(2).map(|pair| ResidualUp::build([pair[0], pair[1]], form, device)).collect(),
            head: Conv2dConfig::new([widths[5], 1], [3, 3])
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                .init(device),
        }
    }

    /// `[B, embedding, 7, 7]` -> `[B, 1, 224, 224]` in `[0, 1]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let x = self.blocks.iter().fold(x, |x, block| block.forward(x));
        let bias = self.head.bias.as_ref().expect("the head has a bias");
        sigmoid(match kernels::of(&x) {
            Some(kernels) => kernels.conv(&self.head.weight.val(), &bias.val(), x),
            None => self.head.forward(x),
        })
    }

    /// The same function for deployment: folds every batch norm.
    pub fn fold(self) -> Self {
        Self { blocks: self.blocks.into_iter().map(ResidualUp::fold).collect(), head: self.head }
    }
}

/// Residual block that doubles height and width. What can be done before upsampling is: a quarter of the work.
#[derive(Module, Debug)]
struct ResidualUp {
    first: ConvNorm,
    second: ConvNorm,
    shortcut: ConvNorm,
    upsample: Interpolate2d,
}

impl ResidualUp {
    fn build(channels: [usize; 2], form: Form, device: &Device) -> Self {
        Self {
            first: ConvNorm::build(channels, 3, 1, form, device),
            second: ConvNorm::build([channels[1], channels[1]], 3, 1, form, device),
            shortcut: ConvNorm::build(channels, 1, 1, form, device),
            upsample: Interpolate2dConfig::new()
                .with_scale_factor(Some([2.0, 2.0]))
                .with_mode(InterpolateMode::Nearest)
                .with_align_corners(false)
                .init(),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let y = self.double(self.first.forward_relu(x.clone()));
        self.second.forward_add_relu(y, self.double(self.shortcut.forward(x)))
    }

    fn fold(self) -> Self {
        Self {
            first: self.first.fold(),
            second: self.second.fold(),
            shortcut: self.shortcut.fold(),
            upsample: self.upsample,
        }
    }

    fn double(&self, x: Tensor<4>) -> Tensor<4> {
        match kernels::of(&x) {
            Some(kernels) => kernels.double(x),
            None => self.upsample.forward(x),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Distribution;

    #[test]
    fn a_folded_decoder_draws_the_same_and_has_the_shape_that_ships() {
        let device = Device::flex();
        let decoder = Decoder::new(channels(WIDTH)[3], &device);
        let features = Tensor::random([2, channels(WIDTH)[3], 7, 7], Distribution::Uniform(0.0, 2.0), &device);
        let drawn = decoder.forward(features.clone());
        let folded = decoder.fold();
        assert_eq!(folded.num_params(), Decoder::folded(&device).num_params());
        let off = (drawn.clone() - folded.forward(features)).abs().max().into_scalar::<f32>();
        assert!(off < 1e-4, "{off}");
        // Not the same because both are flat.
        let (darkest, brightest) = (drawn.clone().min().into_scalar::<f32>(), drawn.max().into_scalar::<f32>());
        assert!(brightest - darkest > 0.01, "{darkest} to {brightest}");
    }
}
