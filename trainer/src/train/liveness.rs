//! The networks that fine-tuning trains, as one: crops `[B, 3, 224, 224]` -> logits `[B]`, and the loss of a batch.

use anyhow::{Result, ensure};
use bonafide::{
    network::{Classifier, Encoder},
    score::Score,
};
use burn::{
    module::Module,
    tensor::{Device, Int, Tensor, activation::log_softmax},
};

use super::aenet::Aenet;
use crate::{
    data::{
        augment::PATCHES,
        examples::{Example, Examples},
        item::Item,
    },
    run::{
        self,
        config::{Head, Model},
        terminal::progress,
    },
};

/// A row of the paper's tables.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant, reason = "one exists at a time")]
pub enum Liveness {
    /// Ours, with one head or two.
    Classifier(Classifier),
    /// The state of the art that the paper compares with.
    Aenet(Aenet),
}

impl Liveness {
    /// New heads on a backbone. `types` are the attack types that a second head learns.
    pub fn new(model: &Model, encoder: Encoder, types: usize, device: &Device) -> Self {
        let width = model.width;
        match model.head {
            Head::Single => Self::Classifier(Classifier::from_encoder(encoder, width, device)),
            Head::Multihead => {
                Self::Classifier(Classifier::from_encoder(encoder, width, device).with_types(types, width, device))
            }
            Head::Aenet => Self::Aenet(Aenet::from_encoder(encoder, width, device)),
        }
    }

    /// The backbone.
    pub fn encoder(&self) -> &Encoder {
        match self {
            Self::Classifier(network) => &network.encoder,
            Self::Aenet(network) => &network.encoder,
        }
    }

    /// The network that can ship.
    ///
    /// # Errors
    /// If it is not ours.
    pub fn classifier(self) -> Result<Classifier> {
        match self {
            Self::Classifier(network) => Ok(network),
            Self::Aenet(_) => anyhow::bail!("an AENet run is a comparison: only a classifier can be exported"),
        }
    }

    /// `[B, 3, 224, 224]` in `[0, 1]` -> `[B]`: the log-odds of bona fide.
    pub fn logits(&self, images: Tensor<4>) -> Tensor<1> {
        match self {
            Self::Classifier(network) => network.forward(images),
            Self::Aenet(network) => network.forward(images),
        }
    }

    /// Scores examples in order, unaugmented.
    ///
    /// # Errors
    /// If a crop has gone or is damaged.
    pub fn score(&self, examples: &Examples, of: &[&Example], device: &Device) -> Result<Vec<f32>> {
        let logits = self.logits_of(examples, of, device)?;
        Ok(logits.into_iter().map(|logit| Score::from_logit(logit).value()).collect())
    }

    /// The log-odds of examples in order, unaugmented.
    ///
    /// # Errors
    /// If a crop has gone or is damaged.
    pub fn logits_of(&self, examples: &Examples, of: &[&Example], device: &Device) -> Result<Vec<f32>> {
        self.logits_as(examples, Example::in_order(of, 32), device)
    }

    /// The means of the log-odds of examples and of their patches, in order, unaugmented.
    ///
    /// # Errors
    /// If a crop has gone or is damaged.
    pub fn logits_with_patches(&self, examples: &Examples, of: &[&Example], device: &Device) -> Result<Vec<f32>> {
        let mut sums = self.logits_of(examples, of, device)?;
        for place in PATCHES {
            let patches = self.logits_as(examples, Example::patches(of, place, 32), device)?;
            sums.iter_mut().zip(patches).for_each(|(sum, logit)| *sum += logit);
        }
        Ok(sums.into_iter().map(|sum| sum / (PATCHES.len() + 1) as f32).collect())
    }

    fn logits_as(&self, examples: &Examples, plans: Vec<Vec<Item>>, device: &Device) -> Result<Vec<f32>> {
        let mut logits = Vec::new();
        let bar = progress(plans.iter().map(Vec::len).sum(), "scoring");
        for plan in plans {
            logits.extend(run::values(self.logits(examples.batch(&plan, device)?.images)));
            bar.inc(plan.len() as u64);
        }
        bar.finish_and_clear();
        Ok(logits)
    }
}

/// Mean cross-entropy of logits `[B, K]` against labels `[B]` below K.
pub fn cross_entropy(logits: Tensor<2>, labels: Tensor<1, Int>) -> Tensor<1> {
    -log_softmax(logits, 1).gather(1, labels.unsqueeze_dim(1)).mean()
}

/// Checks that the examples have what a head learns from.
///
/// # Errors
/// If AENet's labels are missing, or a second head would have nothing to tell apart.
pub fn check(head: Head, examples: &Examples) -> Result<()> {
    match head {
        Head::Single => Ok(()),
        Head::Multihead => {
            ensure!(
                examples.types().len() > 1,
                "a second head needs at least two attack types; the data has {}",
                examples.types().len()
            );
            Ok(())
        }
        Head::Aenet => {
            ensure!(
                examples.all_labelled(),
                "AENet learns CelebA-Spoof's attributes, types and illumination: these crops have no such labels"
            );
            Ok(())
        }
    }
}
