//! What MediaPipe's two face networks are made of: convolutions padded as TFLite pads them, and one residual block.

use burn::{
    module::Module,
    nn::{
        Initializer, PRelu, PReluConfig, PaddingConfig2d,
        conv::{Conv2d, Conv2dConfig},
        pool::{MaxPool2d, MaxPool2dConfig},
    },
    tensor::{Device, Tensor, activation::relu},
};

/// A convolution with bias and TFLite's `SAME` padding, zero until weights are loaded.
///
/// `SAME` adds `kernel - stride` rows and columns in all (both networks only ever see sizes that the stride divides), the
/// odd one *after* the image: a symmetric padding would shift every strided layer by half a pixel.
pub(crate) fn convolution(
    channels: [usize; 2],
    kernel: usize,
    stride: usize,
    groups: usize,
    device: &Device,
) -> Conv2d {
    let before = (kernel - stride) / 2;
    let after = kernel - stride - before;
    Conv2dConfig::new(channels, [kernel, kernel])
        .with_stride([stride, stride])
        .with_groups(groups)
        .with_padding(PaddingConfig2d::Explicit(before, before, after, after))
        .with_initializer(Initializer::Zeros)
        .init(device)
}

/// The activation that a network uses throughout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Activation {
    /// BlazeFace.
    Relu,
    /// FaceMesh: a learned slope per channel below 0.
    PRelu,
}

/// Depthwise 3 x 3 and pointwise 1 x 1 convolution, added to the block's input, then the activation.
///
/// Where the block halves its input, the shortcut is max-pooled; where it adds channels, the shortcut's are zero.
#[derive(Module, Debug)]
pub(crate) struct Block {
    depthwise: Conv2d,
    pointwise: Conv2d,
    /// Absent in BlazeFace, which uses ReLU.
    slope: Option<PRelu>,
    /// Where the block halves its input.
    pool: Option<MaxPool2d>,
}

impl Block {
    /// `(in, out, stride)`, `out >= in`, stride 1 or 2.
    pub(crate) fn new((input, output, stride): (usize, usize, usize), activation: Activation, device: &Device) -> Self {
        Self {
            depthwise: convolution([input, input], 3, stride, input, device),
            pointwise: convolution([input, output], 1, 1, 1, device),
            slope: (activation == Activation::PRelu).then(|| slope(output, device)),
            pool: (stride == 2).then(|| MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init()),
        }
    }

    /// `[B, in, H, W]` -> `[B, out, H / stride, W / stride]`.
    pub(crate) fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let y = self.pointwise.forward(self.depthwise.forward(x.clone()));
        let shortcut = match &self.pool {
            Some(pool) => pool.forward(x),
            None => x,
        };
        let [batch, input, height, width] = shortcut.dims();
        let added = y.dims()[1] - input;
        let shortcut = if added == 0 {
            shortcut
        } else {
            let zeros = Tensor::zeros([batch, added, height, width], &shortcut.device());
            Tensor::cat(vec![shortcut, zeros], 1)
        };
        let y = shortcut + y;
        match &self.slope {
            Some(slope) => slope.forward(y),
            None => relu(y),
        }
    }
}

/// One learned slope per channel.
pub(crate) fn slope(channels: usize, device: &Device) -> PRelu {
    PReluConfig::new().with_num_parameters(channels).init(device)
}

/// Blocks from a table of `(in, out, stride)`.
pub(crate) fn blocks(table: &[(usize, usize, usize)], activation: Activation, device: &Device) -> Vec<Block> {
    table.iter().map(|row| Block::new(*row, activation, device)).collect()
}
