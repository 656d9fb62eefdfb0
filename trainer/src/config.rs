//! A TOML file -> typed settings. Unknown keys are refused: a misspelt one would silently be a default.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

/// Everything that a run's result depends on, besides its photos and the code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Seed of every random draw.
    pub seed: u64,
    /// Which photos, and what is made of them.
    pub data: Data,
    /// Generator and critic.
    pub pretrain: Pretrain,
    /// Classifier.
    pub finetune: Finetune,
}

/// What the examples are made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// At most so many photos of each source folder (the first by the hash of their name); 0 takes all.
    pub photos_per_source: usize,
    /// Recaptures of each photo as bona fide, and as many again as attacks, alternately print and replay.
    pub variants: usize,
    /// Side in pixels of the stored crops, a little wider than the product's, that augmentation cuts from.
    pub stored_size: usize,
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

/// Fine-tuning (paper, schedule).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finetune {
    /// Epochs in all.
    pub epochs: usize,
    /// Crops per step.
    pub batch: usize,
    /// Adam's learning rate.
    pub lr: f64,
}

impl Config {
    /// Reads and checks a config file.
    ///
    /// # Errors
    /// If the file cannot be read, has an unknown or missing key, or a value that no run could use.
    pub fn load(path: &Path) -> Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read the config {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("in the config {}", path.display()))
    }

    fn parse(text: &str) -> Result<Self> {
        let config: Self = toml::from_str(text)?;
        let (p, f) = (&config.pretrain, &config.finetune);
        ensure!(config.data.variants > 0, "data.variants must be at least 1");
        ensure!(
            (224..=1024).contains(&config.data.stored_size),
            "data.stored_size is {}: the crops need 224 to 1024 pixels",
            config.data.stored_size
        );
        ensure!(p.batch > 1 && f.batch > 1, "batch must be at least 2: batch norm has no statistics of one crop");
        ensure!(p.epochs > 0 && f.epochs > 0, "epochs must be at least 1");
        ensure!(p.warmup_epochs <= p.epochs, "pretrain.warmup_epochs is more than pretrain.epochs");
        ensure!(p.critic_every > 0, "pretrain.critic_every must be at least 1");
        for (name, value) in [
            ("pretrain.generator_lr", p.generator_lr),
            ("pretrain.critic_lr", p.critic_lr),
            ("pretrain.lambda_l", p.lambda_l),
            ("finetune.lr", f.lr),
        ] {
            ensure!(value.is_finite() && value > 0.0, "{name} is {value}: it must be a positive number");
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = include_str!("../configs/first.toml");

    #[test]
    fn the_preset_keeps_the_papers_numbers() {
        let config = Config::parse(FIRST).unwrap();
        let p = config.pretrain;
        assert_eq!((p.lambda_l, p.lambda_g, p.lambda_cg, p.lambda_d, p.lambda_cd), (50.0, 0.2, 0.1, 1.0, 1.0));
        assert_eq!((p.critic_lr, p.critic_every, config.finetune.lr), (1e-5, 25, 1e-3));
    }

    #[test]
    fn unknown_keys_and_unusable_values_are_refused() {
        for (from, to) in [
            ("batch = 16", "batchsize = 16"),
            ("batch = 16", "batch = 1"),
            ("variants = ", "variants = 0 # "),
            ("critic_every = 25", "critic_every = 0"),
            ("lr = 1e-3", "lr = nan"),
        ] {
            assert!(FIRST.contains(from), "{from}");
            assert!(Config::parse(&FIRST.replacen(from, to, 1)).is_err(), "{to}");
        }
    }
}
