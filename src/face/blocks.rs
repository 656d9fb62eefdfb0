//! The block that BlazeFace and FaceMesh share: depthwise 3 x 3, pointwise 1 x 1, and the input added back.
//!
//! Padding is TensorFlow's `SAME`: at stride 2 the odd row and column are added below and to the right only.

use burn::{
    module::Module,
    nn::{
        Initializer, PRelu, PReluConfig, PaddingConfig2d,
        conv::{Conv2d, Conv2dConfig},
        pool::{MaxPool2d, MaxPool2dConfig},
    },
    tensor::{Device, Tensor},
};

use crate::packed::{Packed, Then};

/// `[in, out]` channels with bias, zeros until weights are loaded, padding like TensorFlow's `SAME` for even sizes.
pub(super) fn convolution(
    channels: [usize; 2],
    kernel: usize,
    stride: usize,
    groups: usize,
    device: &Device,
) -> Conv2d {
    let total = kernel - stride.min(kernel);
    let before = total / 2;
    Conv2dConfig::new(channels, [kernel, kernel])
        .with_stride([stride, stride])
        .with_groups(groups)
        .with_padding(PaddingConfig2d::Explicit(before, before, total - before, total - before))
        .with_initializer(Initializer::Zeros)
        .init(device)
}

/// One residual block; ReLU, or PReLU where `slopes` are learnt.
#[derive(Module, Debug)]
pub(super) struct Block {
    depthwise: Conv2d,
    pointwise: Conv2d,
    slopes: Option<PRelu>,
    pool: Option<MaxPool2d>,
    /// Of the two convolutions.
    #[module(skip)]
    packed: [Packed; 2],
}

impl Block {
    pub(super) fn new(channels: [usize; 2], stride: usize, prelu: bool, device: &Device) -> Self {
        let [input, output] = channels;
        Self {
            depthwise: convolution([input, input], 3, stride, input, device),
            pointwise: convolution(channels, 1, 1, 1, device),
            slopes: prelu.then(|| PReluConfig::new().with_num_parameters(output).init(device)),
            pool: (stride == 2).then(|| MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init()),
            packed: Default::default(),
        }
    }

    /// Packs both convolutions: for inference alone.
    pub(super) fn pack(self) -> Self {
        let pointwise = match &self.slopes {
            Some(slopes) => Packed::pack_prelu(&self.pointwise, slopes),
            None => Packed::pack(&self.pointwise),
        };
        Self { packed: [Packed::pack(&self.depthwise), pointwise], ..self }
    }

    /// `[B, in, H, W]` -> `[B, out, H / stride, W / stride]`.
    pub(super) fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [depthwise, pointwise] = &self.packed;
        let y = depthwise.forward(&self.depthwise, x.clone(), None, Then::Nothing);
        let skip = match &self.pool {
            Some(pool) => pointwise.pool(pool, x),
            None => x,
        };
        let then = self.slopes.as_ref().map_or(Then::Relu, Then::PRelu);
        pointwise.forward(&self.pointwise, y, Some(skip), then)
    }
}
