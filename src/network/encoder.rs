//! Face crop `[B, 3, 224, 224]` -> embedding map `[B, C, 7, 7]`: ResNet-18 at any width (paper, networks).

use burn::{
    module::Module,
    nn::{
        PaddingConfig2d,
        pool::{MaxPool2d, MaxPool2dConfig},
    },
    tensor::{Device, Tensor},
};

use super::{
    blocks::{ConvNorm, Form, ResidualDown},
    kernels,
};

/// ResNet-18 without its head: 7 x 7 / 2 stem, max-pool, four stages of two basic blocks.
#[derive(Module, Debug)]
pub struct Encoder {
    stem: ConvNorm,
    pool: MaxPool2d,
    stages: Vec<ResidualDown>,
}

impl Encoder {
    /// `width` 1.0 is ResNet-18 (64, 128, 256, 512 channels); 0.25 gives 16, 32, 64, 128.
    ///
    /// # Panics
    /// If `width` leaves no channel.
    pub fn new(width: f64, device: &Device) -> Self {
        Self::build(width, Form::Trainable, device)
    }

    pub(crate) fn build(width: f64, form: Form, device: &Device) -> Self {
        let [c1, c2, c3, c4] = channels(width);
        let stages =
            [(c1, c1, 1), (c1, c1, 1), (c1, c2, 2), (c2, c2, 1), (c2, c3, 2), (c3, c3, 1), (c3, c4, 2), (c4, c4, 1)];
        Self {
            stem: ConvNorm::build([3, c1], 7, 2, form, device),
            pool: MaxPool2dConfig::new([3, 3])
                .with_strides([2, 2])
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                .init(),
            stages: stages
                .into_iter()
                .map(|(input, output, stride)| ResidualDown::build([input, output], stride, form, device))
                .collect(),
        }
    }

    /// `[B, 3, 224, 224]` in `[0, 1]` -> `[B, channels(width)[3], 7, 7]`, not negative.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let x = self.stem.forward_relu(x);
        let x = match kernels::of(&x) {
            Some(kernels) => kernels.max_pool(x),
            None => self.stem.pool(&self.pool, x),
        };
        self.stages.iter().fold(x, |x, stage| stage.forward(x))
    }

    /// As [`Encoder::forward`], averaged over the map: embedding `[B, channels(width)[3]]`.
    pub fn embed(&self, x: Tensor<4>) -> Tensor<2> {
        Self::pool(self.forward(x))
    }

    /// The mean of each channel of a map from [`Encoder::forward`]: `[B, C, H, W]` -> `[B, C]`.
    pub fn pool(map: Tensor<4>) -> Tensor<2> {
        let [batch, channels, height, width] = map.dims();
        // Not `mean_dim`, which burn-onnx cannot export.
        let sums = map.reshape([batch, channels, height * width]).sum_dim(2).reshape([batch, channels]);
        sums / (height * width) as f32
    }

    /// Folds every batch norm.
    pub fn fold(self) -> Self {
        Self {
            stem: self.stem.fold(),
            pool: self.pool,
            stages: self.stages.into_iter().map(ResidualDown::fold).collect(),
        }
    }

    /// Unfolds every folded convolution on a batch `[B, 3, 224, 224]`, see [`ConvNorm::unfold`].
    pub fn unfold(self, x: Tensor<4>) -> Self {
        let stem = self.stem.unfold(x.clone());
        let mut x = stem.pool(&self.pool, stem.forward_relu(x));
        let mut stages = Vec::new();
        for stage in self.stages {
            let (stage, y) = stage.unfold(x);
            stages.push(stage);
            x = y;
        }
        Self { stem, pool: self.pool, stages }
    }

    /// Packs every folded convolution, see [`ConvNorm::pack`].
    pub fn pack(self) -> Self {
        Self {
            stem: self.stem.pack(),
            pool: self.pool,
            stages: self.stages.into_iter().map(ResidualDown::pack).collect(),
        }
    }
}

/// Channels of the four stages at a width.
///
/// # Panics
/// If `width` leaves no channel.
pub fn channels(width: f64) -> [usize; 4] {
    let base = (64.0 * width).round() as usize;
    assert!(base > 0, "an encoder of width {width} has no channels");
    [base, 2 * base, 4 * base, 8 * base]
}
