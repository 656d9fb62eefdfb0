//! A TOML file -> typed settings. Unknown keys are refused: a misspelt one would silently be a default.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// Everything that a run's result depends on, besides its examples, its backbone's origin and the code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Seed of every random draw.
    pub seed: u64,
    /// How training crops are changed anew in each epoch.
    pub augment: Augment,
    /// The networks' shape.
    pub model: Model,
    /// Generator and critic.
    pub pretrain: Pretrain,
    /// Backbone on an ImageNet-layout folder.
    pub imagenet: Imagenet,
    /// Classifier.
    pub finetune: Finetune,
}

/// How training crops are changed; no change knows the class. The paper has the first two.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Augment {
    /// Size and place of the face box (paper, augmentation).
    pub boxes: bool,
    /// Brightness, hue, saturation and temperature (paper, augmentation).
    pub colours: bool,
    /// Left and right.
    pub flip: bool,
    /// By some degrees.
    pub rotation: bool,
    /// The frame's edges near the face: black past them, as in the product.
    pub edges: bool,
    /// Veil, exposure, white balance, contrast, gamma and saturation, as cameras differ.
    pub tone: bool,
    /// Blur, a coarser picture, noise and JPEG.
    pub wear: bool,
}

/// Shape of backbone and head.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Channels over ResNet-18's: 0.25 ships, 1.0 is ResNet-18.
    pub width: f64,
    /// What stands on the backbone.
    pub head: Head,
}

/// What stands on the backbone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Head {
    /// One liveness logit: what ships.
    Single,
    /// The paper's ablation: a second output for the attack's type, same weight on both losses.
    Multihead,
    /// AENet with semantic and geometric auxiliary losses (C, S, G of the CelebA-Spoof paper); needs that set's labels.
    Aenet,
}

/// Pretraining (paper, objectives and schedule).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pretrain {
    /// Epochs in all.
    pub epochs: usize,
    /// Of which the first so many on L1 alone.
    pub warmup_epochs: usize,
    /// Crops per step.
    pub batch: usize,
    /// Adam's learning rate (generator).
    pub generator_lr: f64,
    /// SGD's learning rate (critic).
    pub critic_lr: f64,
    /// One critic step for so many generator steps.
    pub critic_every: usize,
    /// Weight of E||x - G(z)||_1.
    pub lambda_l: f64,
    /// Weight of the generator's adversarial term.
    pub lambda_g: f64,
    /// Weight of the generator's class term.
    pub lambda_cg: f64,
    /// Weight of the critic's adversarial term.
    pub lambda_d: f64,
    /// Weight of the critic's class term.
    pub lambda_cd: f64,
}

/// Training of the backbone on an ImageNet-layout folder (our choice: He et al. 2016, SGD with momentum 0.9, weight
/// decay 1e-4, and a cosine instead of steps).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Imagenet {
    /// Epochs in all.
    pub epochs: usize,
    /// Images per step.
    pub batch: usize,
    /// SGD's first learning rate; it falls to 0 along a cosine.
    pub lr: f64,
}

/// Fine-tuning (paper, schedule).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finetune {
    /// Epochs on a pretrained generator's encoder.
    pub epochs: usize,
    /// Epochs of a baseline: as many as pretraining and fine-tuning together (paper, protocols).
    pub baseline_epochs: usize,
    /// Crops per step.
    pub batch: usize,
    /// Adam's learning rate.
    pub lr: f64,
    /// How often it falls to 0 along a cosine, over equal parts of the epochs; 0 keeps it constant, as the paper does.
    pub cosine_cycles: usize,
    /// What of the steps' weights is kept.
    pub averaging: Averaging,
    /// Weight of two further outputs that learn what the experts say of the same crop (Huber loss of their log-odds over 4);
    /// 0 has none. They never ship.
    pub teach: f64,
    /// Weighs each crop by how far the experts agree with its class.
    pub agreement: bool,
    /// Weight of a loss on the encoder's map, 7 x 7, each of whose places learns the class by itself (George and Marcel, *Deep
    /// pixel-wise binary supervision*, 2019); 0 has none.
    pub map: f64,
    /// Weight of the variance of the loss over attack types (Krueger et al., *V-REx*, 2021); 0 has none.
    pub variance: f64,
    /// Every second crop is a patch of it, of the camera's own pixels, and what is scored is the mean of the logits of the whole
    /// crop and of three patches. A comparison: what ships looks once. Runs of before have none.
    #[serde(default)]
    pub patches: bool,
    /// Weight of the distance (Huber loss) between the logits of a crop and of its twin, the same crop through another camera,
    /// of another tone and often of fewer pixels, and from a box that jumped, in deviations of the batch's logits; every second
    /// crop has one. 0 has none.
    #[serde(default)]
    pub steady: f64,
    /// Weight of what a logit falls too little, short of half a deviation of the batch's logits, where a bona fide crop loses its
    /// detail or lies behind a screen's grid: the sharp ones without a twin have a copy in turn enlarged from a face of 45 to 65
    /// pixels and under stripes of 2 to 6. 0 has none.
    #[serde(default)]
    pub detail: f64,
}

/// What of the steps' weights is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Averaging {
    /// The last ones (paper).
    None,
    /// An exponential mean with decay 0.998, sooner where there are fewer steps.
    Exponential,
    /// The mean of all after the first quarter of the steps (Cha et al., *SWAD*, 2021, without its choice of the window by
    /// validation: simulated figures do not choose here).
    Dense,
}

impl Config {
    /// Reads and checks a config file.
    ///
    /// # Errors
    /// If the file cannot be read, has an unknown or missing key, or a value that no run could use.
    pub fn read(path: &Path) -> Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read the config {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("in the config {}", path.display()))
    }

    pub(super) fn parse(text: &str) -> Result<Self> {
        let config: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| text[..span.start].lines().count().max(1));
            anyhow::anyhow!("line {line}: {}", error.message())
        })?;
        config.check()?;
        Ok(config)
    }

    pub(super) fn check(&self) -> Result<()> {
        let (p, i, f) = (&self.pretrain, &self.imagenet, &self.finetune);
        let width = self.model.width;
        ensure!(
            (0.25..=4.0).contains(&width) && (64.0 * width / 16.0).fract() == 0.0,
            "model.width is {width}: the decoder needs a multiple of 0.25, up to 4"
        );
        for (name, batch) in [("pretrain", p.batch), ("imagenet", i.batch), ("finetune", f.batch)] {
            ensure!(batch > 1, "{name}.batch is {batch}: batch norm has no statistics of one crop");
        }
        for (name, epochs) in [
            ("pretrain.epochs", p.epochs),
            ("imagenet.epochs", i.epochs),
            ("finetune.epochs", f.epochs),
            ("finetune.baseline_epochs", f.baseline_epochs),
            ("pretrain.critic_every", p.critic_every),
        ] {
            ensure!(epochs > 0, "{name} must be at least 1");
        }
        ensure!(
            f.cosine_cycles <= f.epochs,
            "finetune.cosine_cycles is {}, of {} epochs: a cycle takes one at least",
            f.cosine_cycles,
            f.epochs
        );
        ensure!(p.warmup_epochs <= p.epochs, "pretrain.warmup_epochs is more than pretrain.epochs");
        for (name, value) in [
            ("pretrain.generator_lr", p.generator_lr),
            ("pretrain.critic_lr", p.critic_lr),
            ("pretrain.lambda_l", p.lambda_l),
            ("imagenet.lr", i.lr),
            ("finetune.lr", f.lr),
        ] {
            ensure!(value.is_finite() && value > 0.0, "{name} is {value}: it must be a positive number");
        }
        for (name, value) in [
            ("pretrain.lambda_g", p.lambda_g),
            ("pretrain.lambda_cg", p.lambda_cg),
            ("pretrain.lambda_d", p.lambda_d),
            ("pretrain.lambda_cd", p.lambda_cd),
            ("finetune.teach", f.teach),
            ("finetune.map", f.map),
            ("finetune.variance", f.variance),
            ("finetune.steady", f.steady),
            ("finetune.detail", f.detail),
        ] {
            ensure!(value.is_finite() && value >= 0.0, "{name} is {value}: it must not be negative");
        }
        Ok(())
    }
}
