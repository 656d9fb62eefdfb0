//! View of a face `[B, 3, 80, 80]`, BGR in 0 to 255 -> logits of three classes `[B, 3]`: the experts, two networks that
//! learnt from real attacks.
//!
//! MiniFASNet is Minivision's (Silent-Face-Anti-Spoofing, Apache-2.0): MobileFaceNet's inverted bottlenecks (Chen et al.
//! 2018), thinned, and in one of the two with squeeze-and-excitation (Hu et al. 2018). Here for inference alone, its batch
//! norms folded into the convolutions before them, and its three last layers, which have nothing between them, into one.

use burn::{
    module::Module,
    nn::{
        Initializer, Linear, LinearConfig, PRelu, PReluConfig, PaddingConfig2d,
        conv::{Conv2d, Conv2dConfig},
    },
    tensor::{
        Device, Tensor,
        activation::{relu, sigmoid},
    },
};

use crate::{
    packed::{Packed, Then},
    weights::EXPERTS,
};

/// Channels between the bottlenecks of each stage.
const STAGES: [usize; 3] = [64, 128, 128];
/// Residual bottlenecks of each stage, behind the one that halves the map.
const RESIDUALS: [usize; 3] = [4, 6, 2];
/// Channels that the map is summed over its 5 x 5 pixels with.
const WIDE: usize = 512;
/// Classes: bona fide is the second, the others are attacks.
pub const CLASSES: usize = 3;

/// One of the two published networks, by the names that they were published under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Variant {
    /// MiniFASNetV2.
    V2,
    /// MiniFASNetV1SE.
    V1Se,
}

impl Variant {
    /// Both, in the order in which they are asked, that of [`EXPERTS`].
    pub const ALL: [Self; 2] = [Self::V2, Self::V1Se];

    /// Its key in a manifest's networks, and the stem of its file.
    pub fn name(self) -> &'static str {
        EXPERTS[self as usize]
    }

    /// Channels within the bottlenecks, in order: of each stage the one that halves the map, then the residual ones.
    fn widths(self) -> [usize; 15] {
        match self {
            Self::V2 => [103, 13, 13, 13, 13, 231, 231, 52, 26, 77, 26, 26, 308, 26, 26],
            Self::V1Se => [103, 13, 26, 13, 52, 231, 154, 52, 26, 52, 26, 26, 308, 26, 26],
        }
    }

    /// Whether the last bottleneck of each stage has a [`Squeeze`].
    fn squeezes(self) -> bool {
        self == Self::V1Se
    }
}

/// The network of a [`Variant`]: 0.36 million parameters each.
#[derive(Module, Debug)]
pub struct MiniFasNet {
    stem: Window,
    stem_depthwise: Window,
    bottlenecks: Vec<Bottleneck>,
    expand: Window,
    sum: Window,
    head: Linear,
}

impl MiniFasNet {
    /// The network without weights.
    pub fn new(variant: Variant, device: &Device) -> Self {
        let mut widths = variant.widths().into_iter();
        let mut bottlenecks = Vec::new();
        let mut input = 32;
        for (output, residuals) in STAGES.into_iter().zip(RESIDUALS) {
            for (place, width) in widths.by_ref().take(1 + residuals).enumerate() {
                let squeeze = variant.squeezes() && place == residuals;
                bottlenecks.push(Bottleneck::new([input, width, output], place > 0, squeeze, device));
                input = output;
            }
        }
        Self {
            stem: Window::new([3, 32], [3, 2, 1], 1, true, device),
            stem_depthwise: Window::new([32, 32], [3, 1, 1], 32, true, device),
            bottlenecks,
            expand: Window::new([input, WIDE], [1, 1, 0], 1, true, device),
            sum: Window::new([WIDE, WIDE], [5, 1, 0], WIDE, false, device),
            head: LinearConfig::new(WIDE, CLASSES).with_initializer(Initializer::Zeros).init(device),
        }
    }

    /// The same function of weights that stay as they are: on the CPU, several times as fast.
    pub fn pack(self) -> Self {
        Self {
            stem: self.stem.pack(),
            stem_depthwise: self.stem_depthwise.pack(),
            bottlenecks: self.bottlenecks.into_iter().map(Bottleneck::pack).collect(),
            expand: self.expand.pack(),
            sum: self.sum.pack(),
            head: self.head,
        }
    }

    /// `[B, 3, 80, 80]`, BGR in 0 to 255 -> logits of the classes `[B, 3]`, for [`log_odds`].
    pub fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let x = self.stem_depthwise.forward(self.stem.forward(x));
        let x = self.bottlenecks.iter().fold(x, |x, bottleneck| bottleneck.forward(x));
        let x = self.sum.forward(self.expand.forward(x));
        let [batch, channels, _, _] = x.dims();
        self.head.forward(x.reshape([batch, channels]))
    }
}

/// The log-odds of bona fide that the classes' logits mean: `log(p / (1 - p))` of their softmax. Any real number, higher is
/// safer; NaN if one of them is.
pub fn log_odds([one, bona_fide, other]: [f32; CLASSES]) -> f32 {
    if one.is_nan() || other.is_nan() {
        return f32::NAN;
    }
    let (most, least) = (one.max(other), one.min(other));
    bona_fide - (most + (least - most).exp().ln_1p())
}

/// A convolution with bias, and a PReLU where slopes were learnt.
#[derive(Module, Debug)]
struct Window {
    conv: Conv2d,
    slopes: Option<PRelu>,
    #[module(skip)]
    packed: Packed,
}

impl Window {
    /// `[in, out]` channels in `groups` (as many as channels: each has a window of its own), the window's side, step and padding, and a PReLU if asked.
    fn new(
        channels: [usize; 2],
        [kernel, stride, padding]: [usize; 3],
        groups: usize,
        prelu: bool,
        device: &Device,
    ) -> Self {
        Self {
            conv: Conv2dConfig::new(channels, [kernel, kernel])
                .with_stride([stride, stride])
                .with_groups(groups)
                .with_padding(PaddingConfig2d::Explicit(padding, padding, padding, padding))
                .with_initializer(Initializer::Zeros)
                .init(device),
            slopes: prelu.then(|| PReluConfig::new().with_num_parameters(channels[1]).init(device)),
            packed: Packed::default(),
        }
    }

    fn pack(self) -> Self {
        let packed = match &self.slopes {
            Some(slopes) => Packed::pack_prelu(&self.conv, slopes),
            None => Packed::pack(&self.conv),
        };
        Self { packed, ..self }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.run(x, None)
    }

    fn run(&self, x: Tensor<4>, add: Option<Tensor<4>>) -> Tensor<4> {
        let then = self.slopes.as_ref().map_or(Then::Nothing, Then::PRelu);
        self.packed.forward(&self.conv, x, add, then)
    }
}

/// Pointwise to its width, depthwise 3 x 3, pointwise back (MobileFaceNet). With a shortcut it keeps the map's size,
/// without one it halves it.
#[derive(Module, Debug)]
struct Bottleneck {
    expand: Window,
    depthwise: Window,
    project: Window,
    squeeze: Option<Squeeze>,
    shortcut: bool,
}

impl Bottleneck {
    fn new([input, width, output]: [usize; 3], shortcut: bool, squeeze: bool, device: &Device) -> Self {
        Self {
            expand: Window::new([input, width], [1, 1, 0], 1, true, device),
            depthwise: Window::new([width, width], [3, if shortcut { 1 } else { 2 }, 1], width, true, device),
            project: Window::new([width, output], [1, 1, 0], 1, false, device),
            squeeze: squeeze.then(|| Squeeze::new(output, device)),
            shortcut,
        }
    }

    fn pack(self) -> Self {
        Self { expand: self.expand.pack(), depthwise: self.depthwise.pack(), project: self.project.pack(), ..self }
    }

    /// `[B, in, H, W]` -> `[B, out, H, W]`, or half of both sides without a shortcut.
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let y = self.depthwise.forward(self.expand.forward(x.clone()));
        let shortcut = self.shortcut.then_some(x);
        match &self.squeeze {
            None => self.project.run(y, shortcut),
            Some(squeeze) => shortcut.into_iter().fold(squeeze.forward(self.project.forward(y)), Tensor::add),
        }
    }
}

/// Squeeze-and-excitation: how much of each channel goes on, told from the means of all (Hu et al. 2018).
#[derive(Module, Debug)]
struct Squeeze {
    reduce: Linear,
    restore: Linear,
}

impl Squeeze {
    /// To a quarter of the channels and back.
    fn new(channels: usize, device: &Device) -> Self {
        let linear = |from, to| LinearConfig::new(from, to).with_initializer(Initializer::Zeros).init(device);
        Self { reduce: linear(channels, channels / 4), restore: linear(channels / 4, channels) }
    }

    /// `[B, C, H, W]`, each channel times a share in `[0, 1]`.
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [batch, channels, height, width] = x.dims();
        let sums = x.clone().reshape([batch, channels, height * width]).sum_dim(2).reshape([batch, channels]);
        let means = sums / (height * width) as f32;
        let shares = sigmoid(self.restore.forward(relu(self.reduce.forward(means))));
        x * shares.reshape([batch, channels, 1, 1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::VIEW_SIZE;
    use burn::{
        module::{ModuleMapper, Param},
        tensor::Distribution,
    };

    /// Random weights of a size that keeps numbers moderate.
    struct Fill;

    impl ModuleMapper for Fill {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let value = param.val();
            let fan = value.dims()[1..].iter().product::<usize>().max(1) as f64;
            let random = Tensor::random(value.dims(), Distribution::Normal(0.0, 1.2 / fan.sqrt()), &value.device());
            Param::from_tensor(random)
        }
    }

    fn views(batch: usize, device: &Device) -> Tensor<4> {
        Tensor::random([batch, 3, VIEW_SIZE, VIEW_SIZE], Distribution::Uniform(0.0, 255.0), device)
    }

    #[test]
    fn packing_changes_nothing_but_the_time() {
        let device = Device::flex();
        for variant in Variant::ALL {
            let network = MiniFasNet::new(variant, &device).map(&mut Fill);
            let x = views(2, &device);
            let plain = network.forward(x.clone());
            let size = plain.clone().abs().max().into_scalar::<f32>();
            let off = (network.pack().forward(x) - plain).abs().max().into_scalar::<f32>();
            assert!(size > 0.1 && off <= 1e-4 * size, "{variant:?}: off by {off} of {size}");
        }
    }

    #[test]
    fn log_odds_are_the_softmaxs_and_keep_what_is_no_number() {
        for logits in [[0.5_f32, 2.0, -1.0], [-3.0, -7.5, 2.0], [1.0, 1.0, 1.0]] {
            let sum: f32 = logits.map(f32::exp).iter().sum();
            let p = logits[1].exp() / sum;
            assert!((log_odds(logits) - (p / (1.0 - p)).ln()).abs() < 1e-5, "{logits:?}");
        }
        // Where the softmax itself has run out of numbers.
        assert_eq!(log_odds([-50.0, 150.0, -300.0]), 200.0);
        for at in 0..CLASSES {
            let mut logits = [0.0; CLASSES];
            logits[at] = f32::NAN;
            assert!(log_odds(logits).is_nan(), "{at}");
        }
    }
}
