//! Embedding map `[B, C, 7, 7]` -> pseudo-depth `[B, 1, 224, 224]` in `[0, 1]`.
//!
//! It sees the embedding only: no skip connections, so that all that the map shows had to pass through the embedding
//! (paper, networks table). Upsampling interpolates: cheaper on CPU than transposed convolutions, and no checkerboard.

use burn::{
    module::Module,
    nn::{
        PaddingConfig2d,
        conv::{Conv2d, Conv2dConfig},
        interpolate::{Interpolate2d, Interpolate2dConfig, InterpolateMode},
    },
    tensor::{Device, Tensor, activation::sigmoid},
};

use super::{blocks::ConvNorm, kernels};

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
        assert!(
            embedding > 0 && embedding.is_multiple_of(16),
            "{embedding} embedding channels are not a multiple of 16"
        );
        let widths = [1, 2, 4, 8, 8, 16].map(|divisor| embedding / divisor);
        Self {
            blocks: widths.windows(2).map(|pair| ResidualUp::new([pair[0], pair[1]], device)).collect(),
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
    fn new(channels: [usize; 2], device: &Device) -> Self {
        Self {
            first: ConvNorm::new(channels, 3, 1, device),
            second: ConvNorm::new([channels[1], channels[1]], 3, 1, device),
            shortcut: ConvNorm::new(channels, 1, 1, device),
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

    fn double(&self, x: Tensor<4>) -> Tensor<4> {
        match kernels::of(&x) {
            Some(kernels) => kernels.double(x),
            None => self.upsample.forward(x),
        }
    }
}
