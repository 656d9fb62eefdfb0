//! PRNet's network: the crop of a face -> its position map; and the names of its published weights.
//!
//! Feng et al. 2018, "Joint 3D Face Reconstruction and Dense Alignment with Position Map Regression Network" (`resfcn256` of
//! YadiraF/PRNet, MIT licence, published for TensorFlow). [`Prnet::load`] reads the checkpoint that pytorchcv publishes as
//! `prnet` (osmr/imgclsmob, MIT licence): the original's weights under PyTorch's names.
//!
//! Padding is TensorFlow's `SAME`: a kernel of 4 at stride 1 sees one pixel before and two after.

use std::path::Path;

use anyhow::{Context, Result};
use burn::{
    module::Module,
    nn::{
        BatchNorm, BatchNormConfig, PaddingConfig2d,
        conv::{Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig},
    },
    tensor::{
        Device, Tensor,
        activation::{relu, sigmoid},
    },
};

use crate::weights::pytorch::load_pytorch;

/// Side of the crop and of the position map in pixels.
pub const SIZE: usize = 256;
/// What the map's values are multiplied with: they become pixels of the crop (`MaxPos`).
pub const SCALE: f32 = 1.1 * SIZE as f32;

/// Channels of the first layer.
const STEM: usize = 16;
/// Channels of the encoder's stages: two blocks each, the first of which halves the side.
const ENCODER: [usize; 5] = [32, 64, 128, 256, 512];
/// Output channels and layers of the decoder's stages: the first layer of each but the first doubles the side.
const DECODER: [(usize, usize); 6] = [(512, 1), (256, 3), (128, 3), (64, 3), (32, 2), (16, 2)];
/// Layers of three channels at the end.
const OUTPUT: usize = 3;
/// TensorFlow's, not PyTorch's.
const EPSILON: f64 = 1e-3;

fn norm(channels: usize, device: &Device) -> BatchNorm {
    BatchNormConfig::new(channels).with_epsilon(EPSILON).init(device)
}

fn convolution(channels: [usize; 2], kernel: usize, stride: usize, device: &Device) -> Conv2d {
    let total = kernel - stride.min(kernel);
    let before = total / 2;
    Conv2dConfig::new(channels, [kernel, kernel])
        .with_stride([stride, stride])
        .with_padding(PaddingConfig2d::Explicit(before, before, total - before, total - before))
        .with_bias(false)
        .init(device)
}

/// Convolution and batch norm.
#[derive(Module, Debug)]
struct Down {
    conv: Conv2d,
    norm: BatchNorm,
}

impl Down {
    fn new(channels: [usize; 2], kernel: usize, stride: usize, device: &Device) -> Self {
        Self { conv: convolution(channels, kernel, stride, device), norm: norm(channels[1], device) }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        relu(self.norm.forward(self.conv.forward(x)))
    }
}

/// Residual block with a bottleneck of half the channels; its norm comes after the sum.
#[derive(Module, Debug)]
struct Residual {
    reduce: Down,
    middle: Down,
    expand: Conv2d,
    shortcut: Option<Conv2d>,
    norm: BatchNorm,
}

impl Residual {
    fn new(channels: [usize; 2], stride: usize, device: &Device) -> Self {
        let [input, output] = channels;
        let half = output / 2;
        Self {
            reduce: Down::new([input, half], 1, 1, device),
            middle: Down::new([half, half], 4, stride, device),
            expand: convolution([half, output], 1, 1, device),
            shortcut: (stride != 1 || input != output).then(|| shortcut(channels, stride, device)),
            norm: norm(output, device),
        }
    }

    /// `[B, in, H, W]` -> `[B, out, H / stride, W / stride]`.
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let y = self.expand.forward(self.middle.forward(self.reduce.forward(x.clone())));
        let skip = match &self.shortcut {
            Some(shortcut) => shortcut.forward(x),
            None => x,
        };
        relu(self.norm.forward(y + skip))
    }
}

/// 1 x 1 without padding: at stride 2 it takes the first of every two pixels.
fn shortcut(channels: [usize; 2], stride: usize, device: &Device) -> Conv2d {
    Conv2dConfig::new(channels, [1, 1]).with_stride([stride, stride]).with_bias(false).init(device)
}

/// Transposed 4 x 4 convolution and batch norm.
#[derive(Module, Debug)]
struct Up {
    conv: ConvTranspose2d,
    norm: BatchNorm,
}

impl Up {
    fn new(channels: [usize; 2], stride: usize, device: &Device) -> Self {
        Self {
            conv: ConvTranspose2dConfig::new(channels, [4, 4])
                .with_stride([stride, stride])
                .with_padding([1, 1])
                .with_bias(false)
                .init(device),
            norm: norm(channels[1], device),
        }
    }

    /// `[B, in, H, W]` -> `[B, out, H * stride, W * stride]`, no activation.
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [_, _, height, width] = x.dims();
        let [stride, _] = self.conv.stride;
        // At stride 1 there is one row and column too many, at the end.
        let y = self.conv.forward(x).narrow(2, 0, height * stride).narrow(3, 0, width * stride);
        self.norm.forward(y)
    }
}

/// The network.
#[derive(Module, Debug)]
pub struct Prnet {
    stem: Down,
    encoder: Vec<Residual>,
    decoder: Vec<Up>,
    output: Vec<Up>,
}

impl Prnet {
    /// The network with random weights.
    pub fn new(device: &Device) -> Self {
        let mut input = STEM;
        let mut next = |output: usize| [std::mem::replace(&mut input, output), output];
        let encoder = ENCODER
            .iter()
            .flat_map(|&channels| [(channels, 2), (channels, 1)])
            .map(|(channels, stride)| Residual::new(next(channels), stride, device))
            .collect();
        let mut decoder = Vec::new();
        for (stage, (channels, layers)) in DECODER.into_iter().enumerate() {
            for layer in 0..layers {
                decoder.push(Up::new(next(channels), if layer == 0 && stage > 0 { 2 } else { 1 }, device));
            }
        }
        Self {
            stem: Down::new([3, STEM], 4, 1, device),
            encoder,
            decoder,
            output: (0..OUTPUT).map(|_| Up::new(next(3), 1, device)).collect(),
        }
    }

    /// The network with the weights of pytorchcv's `prnet`.
    ///
    /// # Errors
    /// One sentence if the file is missing, no checkpoint, or one of another network.
    pub fn load(path: &Path, device: &Device) -> Result<Self> {
        load_pytorch(path, Self::new(device), &names())
            .with_context(|| format!("{} is no checkpoint of PRNet with pytorchcv's names", path.display()))
    }

    /// `[B, 3, H, W]`, RGB in `[0, 1]`, sides multiples of 32 (256 x 256 in training) -> position map `[B, 3, H, W]` in
    /// `[0, 1]`: x, y and z of the surface point that each cell stands for, times [`SCALE`] in pixels of the crop, the centre
    /// of its first pixel being 0; z has x's scale, larger is nearer.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let x = self.encoder.iter().fold(self.stem.forward(x), |x, block| block.forward(x));
        let x = self.decoder.iter().fold(x, |x, layer| relu(layer.forward(x)));
        let [first, second, last] = &self.output[..] else { unreachable!("the output has three layers") };
        sigmoid(last.forward(relu(second.forward(relu(first.forward(x))))))
    }
}

/// pytorchcv's names -> ours.
fn names() -> Vec<(String, String)> {
    let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    let mut names = vec![pair(r"^module\.", ""), pair(r"^features\.init_block\.", "stem.")];
    for stage in 0..ENCODER.len() {
        for unit in 0..2 {
            let (theirs, number) = (format!(r"stage{}\.unit{}", stage + 1, unit + 1), 2 * stage + unit);
            names.push((format!(r"^features\.encoder\.{theirs}\."), format!("encoder.{number}.")));
        }
    }
    let units =
        DECODER.iter().enumerate().flat_map(|(stage, &(_, layers))| (1..=layers).map(move |unit| (stage + 1, unit)));
    for (number, (stage, unit)) in units.enumerate() {
        names.push((format!(r"^features\.decoder\.stage{stage}\.unit{unit}\."), format!("decoder.{number}.")));
    }
    for number in 0..OUTPUT {
        names.push((format!(r"^output\.conv{}\.", number + 1), format!("output.{number}.")));
    }
    names.extend([
        pair(r"\.body\.conv1\.", ".reduce."),
        pair(r"\.body\.conv2\.", ".middle."),
        pair(r"\.body\.conv3\.", ".expand."),
        pair(r"\.identity_conv\.", ".shortcut."),
        pair(r"\.norm_activ\.bn\.", ".norm."),
        pair(r"\.bn\.", ".norm."),
    ]);
    names
}
