//! Face crop `[B, 3, 224, 224]` -> liveness logit `[B]`: the network that ships.

use burn::{
    module::Module,
    nn::{Linear, LinearConfig},
    tensor::{Device, Tensor, activation::relu},
};

use super::{
    WIDTH,
    blocks::Form,
    encoder::{Encoder, channels},
};

/// Encoder, global average pool and three linear layers, 128-64-32-1 at width 0.25: 712,465 learnt parameters (the
/// paper's 0.71 M).
#[derive(Module, Debug)]
pub struct Classifier {
    /// The backbone, pretrained as a generator's encoder.
    pub encoder: Encoder,
    hidden1: Linear,
    hidden2: Linear,
    output: Linear,
}

impl Classifier {
    /// A He-initialised classifier at the shipped width, with batch norms: for training.
    pub fn new(device: &Device) -> Self {
        Self::from_encoder(Encoder::new(WIDTH, device), device)
    }

    /// A new head on a trained encoder of the shipped width.
    pub fn from_encoder(encoder: Encoder, device: &Device) -> Self {
        let embedding = channels(WIDTH)[3];
        Self {
            encoder,
            hidden1: LinearConfig::new(embedding, 64).init(device),
            hidden2: LinearConfig::new(64, 32).init(device),
            output: LinearConfig::new(32, 1).init(device),
        }
    }

    /// The shape of a folded classifier: for loading the weights that ship.
    pub fn folded(device: &Device) -> Self {
        Self::from_encoder(Encoder::build(WIDTH, Form::Folded, device), device)
    }

    /// `[B, 3, 224, 224]` in `[0, 1]` -> `[B]`: the log-odds of bona fide, any real number, higher is safer.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<1> {
        let embedding = self.embed(x);
        let hidden = relu(self.hidden2.forward(relu(self.hidden1.forward(embedding))));
        self.output.forward(hidden).squeeze_dim(1)
    }

    /// `[B, 3, 224, 224]` in `[0, 1]` -> embedding `[B, 128]`.
    pub fn embed(&self, x: Tensor<4>) -> Tensor<2> {
        let map = self.encoder.forward(x);
        let [batch, channels, height, width] = map.dims();
        map.reshape([batch, channels, height * width]).mean_dim(2).reshape([batch, channels])
    }

    /// The same function without batch norms, for deployment.
    pub fn fold(self) -> Self {
        Self { encoder: self.encoder.fold(), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_the_papers_size() {
        // burn counts the batch norms' running means and variances too, two per channel of 1,200 normalised channels.
        assert_eq!(Classifier::new(&Device::flex()).num_params(), 712_465 + 2 * 1_200);
    }
}
