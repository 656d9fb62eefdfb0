//! The two building blocks of every network here: [`ConvNorm`] and the residual block [`ResidualDown`].
//!
//! A batch norm only scales and shifts once training is over, so [`ConvNorm::fold`] moves it into the convolution that
//! precedes it: same output, fewer passes over memory.

use burn::{
    module::{Module, Param, RunningState},
    nn::{
        BatchNorm, BatchNormConfig, Initializer, PaddingConfig2d,
        conv::{Conv2d, Conv2dConfig},
        pool::MaxPool2d,
    },
    tensor::{Device, Tensor, activation},
};

use super::kernels::{self, Layer, Normed};
use crate::packed::{Packed, Then};

/// Convolution without bias and batch norm; once folded, convolution with bias.
#[derive(Module, Debug)]
pub struct ConvNorm {
    conv: Conv2d,
    norm: Option<BatchNorm>,
    #[module(skip)]
    packed: Packed,
}

impl ConvNorm {
    /// `[in, out]` channels, square odd `kernel`, padding `kernel / 2`. He initialisation (normal, fan-out).
    pub fn new(channels: [usize; 2], kernel: usize, stride: usize, device: &Device) -> Self {
        Self {
            conv: convolution(channels, kernel, stride).with_bias(false).init(device),
            norm: Some(BatchNormConfig::new(channels[1]).init(device)),
            packed: Packed::default(),
        }
    }

    /// The same layer as [`ConvNorm::fold`] leaves it, uninitialised: for loading folded weights.
    pub fn folded(channels: [usize; 2], kernel: usize, stride: usize, device: &Device) -> Self {
        Self {
            conv: convolution(channels, kernel, stride).with_initializer(Initializer::Zeros).init(device),
            norm: None,
            packed: Packed::default(),
        }
    }

    /// New layer, folded or not.
    pub(crate) fn build(channels: [usize; 2], kernel: usize, stride: usize, form: Form, device: &Device) -> Self {
        match form {
            Form::Trainable => Self::new(channels, kernel, stride, device),
            Form::Folded => Self::folded(channels, kernel, stride, device),
        }
    }

    /// `[B, in, H, W]` -> `[B, out, H / stride, W / stride]`, no activation.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.run(x, None, false)
    }

    /// As [`ConvNorm::forward`], and a ReLU.
    pub fn forward_relu(&self, x: Tensor<4>) -> Tensor<4> {
        self.run(x, None, true)
    }

    /// As [`ConvNorm::forward`], plus `add`, and a ReLU.
    pub fn forward_add_relu(&self, x: Tensor<4>, add: Tensor<4>) -> Tensor<4> {
        self.run(x, Some(add), true)
    }

    fn run(&self, x: Tensor<4>, add: Option<Tensor<4>>, relu: bool) -> Tensor<4> {
        if let Some(norm) = self.norm.as_ref().filter(|norm| norm.training.is_enabled())
            && let Some(kernels) = kernels::of(&x)
        {
            let layer = Layer {
                weight: self.conv.weight.val(),
                stride: self.conv.stride[0],
                gamma: norm.gamma.val(),
                beta: norm.beta.val(),
                epsilon: norm.epsilon,
                relu,
            };
            let Normed { output, mean, variance } = kernels.conv_norm(&layer, x, add);
            for (running, batch) in [(&norm.running_mean, mean), (&norm.running_var, variance)] {
                let value = running.value_sync() * (1.0 - norm.momentum) + batch * norm.momentum;
                running.update(value.detach());
            }
            return output;
        }
        let Some(norm) = &self.norm else {
            let then = if relu { Then::Relu } else { Then::Nothing };
            return self.packed.forward(&self.conv, x, add, then);
        };
        let y = norm.forward(self.conv.forward(x));
        let y = add.into_iter().fold(y, Tensor::add);
        if relu { activation::relu(y) } else { y }
    }

    /// Moves the batch norm's running statistics into the convolution. Folding twice changes nothing.
    pub fn fold(self) -> Self {
        let Some(norm) = self.norm else { return self };
        let mut conv = self.conv;
        let [out, _, _, _] = conv.weight.dims();
        let scale = norm.gamma.val() / (norm.running_var.value() + norm.epsilon).sqrt();
        let bias = norm.beta.val() - norm.running_mean.value() * scale.clone();
        conv.weight = Param::from_tensor(conv.weight.val() * scale.reshape([out, 1, 1, 1]));
        conv.bias = Some(Param::from_tensor(bias));
        Self { conv, norm: None, packed: Packed::default() }
    }

    /// The reverse of [`ConvNorm::fold`], for training on: the same function, with a batch norm whose statistics are those of a
    /// batch `[B, in, H, W]`. A layer that has one stays as it is.
    pub fn unfold(self, x: Tensor<4>) -> Self {
        if self.norm.is_some() {
            return self;
        }
        let mut conv = self.conv;
        let [out, input, kernel, _] = conv.weight.dims();
        let y = conv.forward(x);
        let [batch, _, height, width] = y.dims();
        let y = y.swap_dims(0, 1).reshape([out, batch * height * width]);
        let (variance, mean) = y.var_mean_bias(1);
        let (variance, mean) = (variance.reshape([out]), mean.reshape([out]));
        let bias = conv.bias.take().map_or_else(|| mean.zeros_like(), |bias| bias.val());
        let mut norm = BatchNormConfig::new(out).init(&mean.device());
        norm.gamma = Param::from_tensor((variance.clone() + norm.epsilon).sqrt());
        norm.beta = Param::from_tensor(mean.clone());
        norm.running_mean = RunningState::new(mean.clone() - bias);
        norm.running_var = RunningState::new(variance);
        let fresh = convolution([input, out], kernel, conv.stride[0]).with_bias(false).init(&mean.device());
        Self { conv: Conv2d { weight: conv.weight, ..fresh }, norm: Some(norm), packed: Packed::default() }
    }

    /// A folded layer packs its weights, where they lie on the CPU: for inference alone.
    pub fn pack(self) -> Self {
        let packed = if self.norm.is_none() { Packed::pack(&self.conv) } else { Packed::default() };
        Self { packed, ..self }
    }

    /// A max-pool of what the layer gives.
    pub(crate) fn pool(&self, pool: &MaxPool2d, x: Tensor<4>) -> Tensor<4> {
        self.packed.pool(pool, x)
    }
}

/// Whether a network is built with batch norms (for training) or without (for folded weights).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Trainable,
    Folded,
}

fn convolution(channels: [usize; 2], kernel: usize, stride: usize) -> Conv2dConfig {
    let padding = kernel / 2;
    Conv2dConfig::new(channels, [kernel, kernel])
        .with_stride([stride, stride])
        .with_padding(PaddingConfig2d::Explicit(padding, padding, padding, padding))
        // He et al. 2015; fan-out as torchvision's ResNet, so that the paper's baseline is the same start.
        .with_initializer(Initializer::KaimingNormal { gain: std::f64::consts::SQRT_2, fan_out_only: true })
}

/// ResNet's basic block: two 3 x 3 convolutions beside a shortcut (He et al. 2016, option B).
#[derive(Module, Debug)]
pub struct ResidualDown {
    first: ConvNorm,
    second: ConvNorm,
    /// 1 x 1 projection, where size or channels change.
    shortcut: Option<ConvNorm>,
}

impl ResidualDown {
    /// `[in, out]` channels; `stride` 2 halves height and width.
    pub fn new(channels: [usize; 2], stride: usize, device: &Device) -> Self {
        Self::build(channels, stride, Form::Trainable, device)
    }

    pub(crate) fn build(channels: [usize; 2], stride: usize, form: Form, device: &Device) -> Self {
        let [input, output] = channels;
        Self {
            first: ConvNorm::build(channels, 3, stride, form, device),
            second: ConvNorm::build([output, output], 3, 1, form, device),
            shortcut: (stride != 1 || input != output).then(|| ConvNorm::build(channels, 1, stride, form, device)),
        }
    }

    /// `[B, in, H, W]` -> `[B, out, H / stride, W / stride]`, not negative.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let y = self.first.forward_relu(x.clone());
        let shortcut = match &self.shortcut {
            Some(shortcut) => shortcut.forward(x),
            None => x,
        };
        self.second.forward_add_relu(y, shortcut)
    }

    /// Folds its three [`ConvNorm`]s.
    pub fn fold(self) -> Self {
        Self { first: self.first.fold(), second: self.second.fold(), shortcut: self.shortcut.map(ConvNorm::fold) }
    }

    /// Unfolds its three [`ConvNorm`]s, see there, and gives what the block makes of the batch.
    pub fn unfold(self, x: Tensor<4>) -> (Self, Tensor<4>) {
        let first = self.first.unfold(x.clone());
        let second = self.second.unfold(first.forward_relu(x.clone()));
        let shortcut = self.shortcut.map(|shortcut| shortcut.unfold(x.clone()));
        let block = Self { first, second, shortcut };
        let y = block.forward(x);
        (block, y)
    }

    /// Packs its three [`ConvNorm`]s.
    pub fn pack(self) -> Self {
        Self { first: self.first.pack(), second: self.second.pack(), shortcut: self.shortcut.map(ConvNorm::pack) }
    }
}
