//! A classifier with what it learns beside its task -> the loss of a batch: each part has its weight in the config.
//!
//! What is learnt beside never ships: `trainer export` takes the classifier alone.

use bonafide::network::encoder::channels;
use burn::{
    module::Module,
    nn::{Linear, LinearConfig},
    tensor::{Device, Tensor, activation::sigmoid},
};

use super::{
    liveness::{Liveness, cross_entropy},
    losses,
};
use crate::{
    data::batch::{Batch, Twins},
    run::config::{Finetune, Model},
};

/// The experts' log-odds are learnt over this: about one deviation of theirs.
const UNIT: f64 = 4.0;

/// By how much the logit of a crop that lost its detail, or lies behind a grid, is to fall, in deviations of the batch's logits.
const FALL: f64 = 0.5;

/// A network, and the outputs that only teach.
#[derive(Module, Debug)]
pub struct Lesson {
    /// What is trained.
    pub network: Liveness,
    /// Embedding -> what the two experts say.
    experts: Linear,
    /// A place of the map -> its own opinion.
    places: Linear,
}

impl Lesson {
    /// New outputs beside a network.
    pub fn new(network: Liveness, model: &Model, device: &Device) -> Self {
        let embedding = channels(model.width)[3];
        Self {
            network,
            experts: LinearConfig::new(embedding, 2).init(device),
            places: LinearConfig::new(embedding, 1).init(device),
        }
    }

    /// The loss of a batch: binary cross-entropy, and what the config adds.
    pub fn loss(&self, batch: &Batch, config: &Finetune) -> Tensor<1> {
        let network = match &self.network {
            Liveness::Aenet(network) => return network.loss(batch),
            Liveness::Classifier(network) => network,
        };
        let count = batch.images.dims()[0];
        let (features, twins) = match &batch.twins {
            None => (network.encoder.forward(batch.images.clone()), None),
            Some(Twins { images, places, lower }) => {
                // One batch, so that its norms see both.
                let all = network.encoder.forward(Tensor::cat(vec![batch.images.clone(), images.clone()], 0));
                let twins = all.clone().narrow(0, count, places.dims()[0]);
                (all.narrow(0, 0, count), Some((twins, places.clone(), lower.clone())))
            }
        };
        let bona_fide = batch.attack.clone() * -1.0 + 1.0;
        let (liveness, types) = network.heads(features.clone());
        let apart = twins.map(|(twins, places, lower)| {
            let (other, _) = network.heads(twins);
            let [moved, short] = twin_losses(liveness.clone(), liveness.clone().select(0, places) - other, lower);
            moved * config.steady + short * config.detail
        });
        let each = losses::binary_cross_entropies(liveness, bona_fide.clone());
        let weighed = match &batch.experts {
            Some(said) if config.agreement => each.clone() * agreement(said.clone(), bona_fide.clone()),
            _ => each.clone(),
        };
        let mut loss = weighed.mean();
        if let Some(types) = types {
            loss = loss + cross_entropy(types, batch.types.clone());
        }
        if config.variance > 0.0 {
            loss = loss + losses::variance_over_types(each, batch.types.clone()) * config.variance;
        }
        let [_, channels, height, width] = features.dims();
        let places = features.reshape([count, channels, height * width]);
        if let Some(said) = batch.experts.clone().filter(|_| config.teach > 0.0) {
            let embedding = places.clone().mean_dim(2).reshape([count, channels]);
            loss = loss + losses::hubers(self.experts.forward(embedding) - said / UNIT).mean() * config.teach;
        }
        if let Some(apart) = apart {
            loss = loss + apart;
        }
        if config.map > 0.0 {
            let logits = self.places.forward(places.swap_dims(1, 2)).reshape([count * height * width]);
            let truth = bona_fide.reshape([count, 1]).expand([count, height * width]).reshape([count * height * width]);
            loss = loss + losses::binary_cross_entropy(logits, truth) * config.map;
        }
        loss
    }
}

/// How far the logits of twins lie apart that are to be alike, and by how much those of crops that are to score less fall too
/// little: of a batch's logits `[B]`, by how much they fell in the twins `[T]`, and which of these are to score less `[T]`.
///
/// In deviations of the batch's logits, or smaller logits would do.
fn twin_losses(logits: Tensor<1>, fallen: Tensor<1>, lower: Tensor<1>) -> [Tensor<1>; 2] {
    let fallen = fallen / (logits.var(0) + 1e-4).sqrt();
    let mean = |each: Tensor<1>, of: Tensor<1>| (each * of.clone()).sum() / of.sum().clamp_min(1.0);
    let moved = mean(losses::hubers(fallen.clone()), -lower.clone() + 1.0);
    [moved, mean((-fallen + FALL).clamp_min(0.0), lower)]
}

/// Weights `[B]`, 1 on average: near 1 where the experts' mean agrees with the class, least where they are sure of the other.
fn agreement(said: Tensor<2>, bona_fide: Tensor<1>) -> Tensor<1> {
    let count = bona_fide.dims()[0];
    let mean = said.mean_dim(1).reshape([count]);
    let agrees = mean * (bona_fide * 2.0 - 1.0);
    let weights = sigmoid(agrees * 0.5 + 1.5);
    weights.clone() / weights.mean()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smaller_logits_are_no_steadier_and_what_is_to_score_less_falls() {
        let device = Device::flex();
        let losses = |size: f32, fallen: [f32; 3]| {
            let of = |values: &[f32]| Tensor::<1>::from_floats(values, &device) * size;
            let lower = Tensor::<1>::from_floats([0.0, 1.0, 1.0], &device);
            twin_losses(of(&[-3.0, -1.0, 1.0, 3.0]), of(&fallen), lower).map(|loss| loss.into_scalar::<f32>())
        };
        let [moved, short] = losses(1.0, [1.0, 0.5, -0.5]);
        assert!(moved > 0.05 && short > 0.4, "{moved} {short}");
        let [of_small, short_of_small] = losses(0.1, [1.0, 0.5, -0.5]);
        assert!((of_small / moved - 1.0).abs() < 0.01 && (short_of_small / short - 1.0).abs() < 0.01);
        // Half of the deviation, which is 2.6, is enough; and a logit that stays is not far from itself.
        assert_eq!(losses(1.0, [0.0, 1.5, 9.0]), [0.0, 0.0]);
        assert!(losses(1.0, [0.0, 1.2, 9.0])[1] > 0.0);
        // A batch of one logit again and again has no deviation.
        assert!(losses(0.0, [0.0; 3]).iter().all(|loss| loss.is_finite()));
    }

    #[test]
    fn a_crop_that_the_experts_call_the_other_class_weighs_least() {
        let device = Device::flex();
        let said = Tensor::<2>::from_floats([[8.0, 6.0], [-6.0, -8.0], [-6.0, -8.0], [0.0, 0.0]], &device);
        let bona_fide = Tensor::<1>::from_floats([1.0, 1.0, 0.0, 0.0], &device);
        let weights: Vec<f32> = agreement(said, bona_fide).into_data().try_into_vec().unwrap();
        assert!((weights.iter().sum::<f32>() - 4.0).abs() < 1e-5);
        assert!(weights[1] < 0.2 && weights[3] > 1.0 && weights[0] == weights[2], "{weights:?}");
    }
}
