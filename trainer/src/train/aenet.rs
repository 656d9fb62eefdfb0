//! AENet: the CelebA-Spoof paper's multi-task network, a row of the intra-dataset table (its C, S and G losses).
//!
//! Zhang et al., "CelebA-Spoof: Large-Scale Face Anti-Spoofing Dataset with Rich Annotations", ECCV 2020, section 4. The
//! class (C) is learnt with three semantic tasks (S: face attributes of bona fide faces; type and illumination of attacks)
//! and two geometric ones (G: the depth of bona fide faces, the reflection of attacks) that share one encoder.
//!
//! Reflection maps are not part of the published data set. Without them the reflection of a bona fide face is still known
//! (zero), and that half of the loss is what is learnt here.

use bonafide::network::{Encoder, encoder::channels};
use burn::{
    module::Module,
    nn::{
        Linear, LinearConfig, PaddingConfig2d,
        conv::{Conv2d, Conv2dConfig},
        interpolate::{Interpolate2d, Interpolate2dConfig, InterpolateMode},
    },
    tensor::{Device, Int, Tensor, activation::sigmoid},
};

use super::losses;
use crate::data::examples::Batch;

/// Weights of the losses, as the CelebA-Spoof paper sets them: attributes, type, illumination, depth, reflection.
const WEIGHTS: [f64; 5] = [1.0, 0.1, 0.01, 0.1, 0.1];

/// The encoder, four linear heads and two maps.
#[derive(Module, Debug)]
pub struct Aenet {
    /// The backbone.
    pub encoder: Encoder,
    class: Linear,
    attributes: Linear,
    spoof_type: Linear,
    illumination: Linear,
    upsample: Interpolate2d,
    depth: Conv2d,
    reflection: Conv2d,
}

impl Aenet {
    /// New heads on an encoder of a width; the paper's is 1.0.
    pub fn from_encoder(encoder: Encoder, width: f64, device: &Device) -> Self {
        let embedding = channels(width)[3];
        let map = |out| {
            Conv2dConfig::new([embedding, out], [3, 3])
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                .with_bias(false)
                .init(device)
        };
        Self {
            encoder,
            class: LinearConfig::new(embedding, 1).init(device),
            attributes: LinearConfig::new(embedding, 40).init(device),
            spoof_type: LinearConfig::new(embedding, 11).init(device),
            illumination: LinearConfig::new(embedding, 5).init(device),
            upsample: Interpolate2dConfig::new()
                .with_output_size(Some([14, 14]))
                .with_mode(InterpolateMode::Linear)
                .with_align_corners(false)
                .init(),
            depth: map(1),
            reflection: map(3),
        }
    }

    /// `[B, 3, 224, 224]` in `[0, 1]` -> `[B]`: the log-odds of bona fide.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<1> {
        self.class.forward(self.encoder.embed(x)).squeeze_dim(1)
    }

    /// The weighted sum of all its losses.
    ///
    /// # Panics
    /// If the batch has no semantic labels.
    pub fn loss(&self, batch: &Batch) -> Tensor<1> {
        let labels = batch.semantics.as_ref().expect("AENet's data was checked for labels");
        let map = self.encoder.forward(batch.images.clone());
        let [size, channels, height, width] = map.dims();
        let embedding: Tensor<2> =
            map.clone().reshape([size, channels, height * width]).mean_dim(2).reshape([size, channels]);
        let attack = batch.attack.clone();
        let bona_fide = attack.clone() * -1.0 + 1.0;

        let class =
            losses::binary_cross_entropy(self.class.forward(embedding.clone()).squeeze_dim(1), bona_fide.clone());
        let attributes = self.attributes.forward(embedding.clone());
        let mask = bona_fide.clone().unsqueeze_dim::<2>(1).repeat_dim(1, 40);
        let attributes = losses::masked_binary_cross_entropy(attributes, labels.attributes.clone(), mask);
        let spoof_type = cross_entropy(self.spoof_type.forward(embedding.clone()), labels.spoof_type.clone(), &attack);
        let illumination = cross_entropy(self.illumination.forward(embedding), labels.illumination.clone(), &attack);

        let map = self.upsample.forward(map);
        let depth = (sigmoid(self.depth.forward(map.clone())) - batch.small_depth()).powi_scalar(2).mean();
        let reflection = sigmoid(self.reflection.forward(map)).powi_scalar(2);
        let reflection = (reflection * bona_fide.reshape([size as i32, 1, 1, 1])).mean();
        [attributes, spoof_type, illumination, depth, reflection]
            .into_iter()
            .zip(WEIGHTS)
            .fold(class, |sum, (loss, weight)| sum + loss * weight)
    }
}

/// Mean cross-entropy over the attacks of a batch, 0 if it has none: logits `[B, K]`, labels `[B]`, attack `[B]`.
fn cross_entropy(logits: Tensor<2>, labels: Tensor<1, Int>, attack: &Tensor<1>) -> Tensor<1> {
    let log = burn::tensor::activation::log_softmax(logits, 1);
    let chosen: Tensor<1> = log.gather(1, labels.unsqueeze_dim(1)).squeeze_dim(1);
    -(chosen * attack.clone()).sum() / (attack.clone().sum() + 1e-6)
}
