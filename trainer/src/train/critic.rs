//! Depth map `[B, 1, 224, 224]` -> is it ground truth, and whose depth is it: the critic with an auxiliary classifier.
//!
//! AC-GAN style (paper, networks): it sees the depth map only and judges it as a whole, not in patches.

use bonafide::network::{ConvNorm, ResidualDown};
use burn::{
    module::Module,
    nn::{Linear, LinearConfig},
    tensor::{Device, Tensor},
};

/// Channels after the stem and each residual block. Our choice: half the encoder's, a critic need not outgrow it.
const CHANNELS: [usize; 5] = [8, 16, 32, 64, 64];

/// Residual encoder blocks and two outputs.
#[derive(Module, Debug)]
pub struct Critic {
    stem: ConvNorm,
    blocks: Vec<ResidualDown>,
    truth: Linear,
    class: Linear,
}

/// The critic's opinions on a batch of depth maps, as logits `[B]`.
#[derive(Debug, Clone)]
pub struct Opinion {
    /// Above 0: a ground-truth map; below: a generated one.
    pub truth: Tensor<1>,
    /// Above 0: the map of an attack; below: of a bona fide face (paper: bona fide 0, attack 1).
    pub attack: Tensor<1>,
}

impl Critic {
    /// A He-initialised critic.
    pub fn new(device: &Device) -> Self {
        let last = CHANNELS[CHANNELS.len() - 1];
        Self {
            stem: ConvNorm::new([1, CHANNELS[0]], 7, 2, device),
            blocks: CHANNELS.windows(2).map(|pair| ResidualDown::new([pair[0], pair[1]], 2, device)).collect(),
            truth: LinearConfig::new(last, 1).init(device),
            class: LinearConfig::new(last, 1).init(device),
        }
    }

    /// `[B, 1, 224, 224]` in `[0, 1]` -> logits.
    pub fn forward(&self, depth: Tensor<4>) -> Opinion {
        let map = self.blocks.iter().fold(self.stem.forward_relu(depth), |x, block| block.forward(x));
        let [batch, channels, height, width] = map.dims();
        let embedding = map.reshape([batch, channels, height * width]).mean_dim(2).reshape([batch, channels]);
        Opinion {
            truth: self.truth.forward(embedding.clone()).squeeze_dim(1),
            attack: self.class.forward(embedding).squeeze_dim(1),
        }
    }
}
