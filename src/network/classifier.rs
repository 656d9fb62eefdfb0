//! Face crop `[B, 3, 224, 224]` -> liveness logit `[B]`: the network that ships.

use burn::{
    module::{Module, Param},
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
    /// The attack's type (paper, networks: the multihead ablation): helps training, never ships.
    types: Option<TypeHead>,
}

/// Embedding `[B, in]` -> logits of the types `[B, out]`, as deep as the liveness head.
#[derive(Module, Debug)]
struct TypeHead {
    hidden1: Linear,
    hidden2: Linear,
    output: Linear,
}

impl TypeHead {
    fn new(input: usize, output: usize, device: &Device) -> Self {
        Self {
            hidden1: LinearConfig::new(input, 64).init(device),
            hidden2: LinearConfig::new(64, 32).init(device),
            output: LinearConfig::new(32, output).init(device),
        }
    }

    fn forward(&self, embedding: Tensor<2>) -> Tensor<2> {
        self.output.forward(relu(self.hidden2.forward(relu(self.hidden1.forward(embedding)))))
    }
}

impl Classifier {
    /// A He-initialised classifier with batch norms: for training. [`WIDTH`] is what ships.
    pub fn new(width: f64, device: &Device) -> Self {
        Self::from_encoder(Encoder::new(width, device), width, device)
    }

    /// A new head on a trained encoder of that width.
    pub fn from_encoder(encoder: Encoder, width: f64, device: &Device) -> Self {
        Self {
            encoder,
            hidden1: LinearConfig::new(channels(width)[3], 64).init(device),
            hidden2: LinearConfig::new(64, 32).init(device),
            output: LinearConfig::new(32, 1).init(device),
            types: None,
        }
    }

    /// The same with a second head for `types` attack types and bona fide (0.72 M parameters at width 0.25).
    pub fn with_types(self, types: usize, width: f64, device: &Device) -> Self {
        Self { types: Some(TypeHead::new(channels(width)[3], types + 1, device)), ..self }
    }

    /// The shape of a folded classifier: for loading the weights that ship.
    pub fn folded(device: &Device) -> Self {
        Self::from_encoder(Encoder::build(WIDTH, Form::Folded, device), WIDTH, device)
    }

    /// `[B, 3, 224, 224]` in `[0, 1]` -> `[B]`: the log-odds of bona fide, any real number, higher is safer.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<1> {
        self.liveness(self.embed(x))
    }

    /// As [`Classifier::forward`], and with a second head the logits of the types too, `[B, types + 1]`, 0 bona fide.
    pub fn forward_types(&self, x: Tensor<4>) -> (Tensor<1>, Option<Tensor<2>>) {
        self.heads(self.encoder.forward(x))
    }

    /// As [`Classifier::forward_types`], of what [`Encoder::forward`] gave.
    pub fn heads(&self, features: Tensor<4>) -> (Tensor<1>, Option<Tensor<2>>) {
        let embedding = Encoder::pool(features);
        let types = self.types.as_ref().map(|head| head.forward(embedding.clone()));
        (self.liveness(embedding), types)
    }

    /// As [`Classifier::forward`], of the embedding `[B, 128]` that [`Classifier::embed`] or [`Encoder::pool`] gave.
    pub fn liveness(&self, embedding: Tensor<2>) -> Tensor<1> {
        let hidden = relu(self.hidden2.forward(relu(self.hidden1.forward(embedding))));
        self.output.forward(hidden).squeeze_dim(1)
    }

    /// `[B, 3, 224, 224]` in `[0, 1]` -> embedding `[B, 128]` (at width 0.25).
    pub fn embed(&self, x: Tensor<4>) -> Tensor<2> {
        self.encoder.embed(x)
    }

    /// The same network with its logit at `scale * logit + offset`: a calibration becomes part of the last layer, so that
    /// whoever runs the weights needs to know nothing of it.
    pub fn calibrated(self, scale: f32, offset: f32) -> Self {
        let Linear { weight, bias } = self.output;
        let moved = |bias: Param<Tensor<1>>| Param::from_tensor(bias.val() * scale + offset);
        let output = Linear { weight: Param::from_tensor(weight.val() * scale), bias: bias.map(moved) };
        Self { output, ..self }
    }

    /// The same function for deployment: without batch norms, and without the second head.
    pub fn fold(self) -> Self {
        Self { encoder: self.encoder.fold(), types: None, ..self }
    }

    /// The reverse of [`Classifier::fold`], for training on from weights that shipped: the same function, with batch norms whose
    /// statistics are those of a batch `[B, 3, 224, 224]`.
    pub fn unfold(self, x: Tensor<4>) -> Self {
        Self { encoder: self.encoder.unfold(x), ..self }
    }

    /// The same function of a folded classifier whose weights stay as they are: on the CPU, several times as fast.
    pub fn pack(self) -> Self {
        Self { encoder: self.encoder.pack(), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Distribution;

    #[test]
    fn has_the_papers_size() {
        // burn counts the batch norms' running means and variances too, two per channel of 1,200 normalised channels.
        assert_eq!(Classifier::new(WIDTH, &Device::flex()).num_params(), 712_465 + 2 * 1_200);
    }

    #[test]
    fn unfolding_changes_nothing_and_folds_back() {
        let device = Device::flex();
        let folded = Classifier::new(WIDTH, &device).fold();
        let x = Tensor::random([4, 3, 96, 96], Distribution::Uniform(0.0, 1.0), &device);
        let unfolded = folded.clone().unfold(x.clone());
        assert_eq!(unfolded.num_params(), Classifier::new(WIDTH, &device).num_params());
        let plain = folded.forward(x.clone());
        for other in [unfolded.clone(), unfolded.fold()] {
            let off = (other.forward(x.clone()) - plain.clone()).abs().max().into_scalar::<f32>();
            assert!(off < 1e-3, "{off}");
        }
    }

    #[test]
    fn packing_changes_nothing_but_the_time() {
        let device = Device::flex();
        let classifier = Classifier::new(WIDTH, &device).fold();
        let x = Tensor::random([2, 3, 96, 96], Distribution::Uniform(0.0, 1.0), &device);
        let plain = classifier.forward(x.clone());
        let off = (classifier.pack().forward(x) - plain).abs().max().into_scalar::<f32>();
        assert!(off < 1e-4, "{off}");
    }

    #[test]
    fn a_calibration_moves_the_logit_and_nothing_else() {
        let device = Device::flex();
        let classifier = Classifier::new(WIDTH, &device).with_types(3, WIDTH, &device);
        let x = Tensor::random([3, 3, 64, 64], Distribution::Uniform(0.0, 1.0), &device);
        let (plain, types) = classifier.forward_types(x.clone());
        let (moved, same_types) = classifier.calibrated(0.4, -1.5).forward_types(x);
        let off = (plain * 0.4 - 1.5 - moved).abs().max().into_scalar::<f32>();
        assert!(off < 1e-4, "{off}");
        assert_eq!((types.unwrap() - same_types.unwrap()).abs().max().into_scalar::<f32>(), 0.0);
    }

    #[test]
    fn the_second_head_brings_it_to_the_papers_other_size_and_does_not_ship() {
        let device = Device::flex();
        let classifier = Classifier::new(WIDTH, &device).with_types(3, WIDTH, &device);
        assert_eq!((classifier.num_params() - 2 * 1_200) / 1_000, 722);
        let (liveness, types) = classifier.forward_types(Tensor::ones([2, 3, 64, 64], &device));
        assert_eq!((liveness.dims(), types.unwrap().dims()), ([2], [2, 4]));
        assert_eq!(classifier.fold().num_params(), Classifier::folded(&device).num_params());
    }
}
