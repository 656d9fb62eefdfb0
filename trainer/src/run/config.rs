//! A preset's name or a TOML file -> typed settings. Unknown keys are refused: a misspelt one would silently be a default.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use super::terminal::say;

/// The presets that come with the trainer: name, file.
pub const PRESETS: [(&str, &str); 4] = [
    ("intra", include_str!("../../configs/intra.toml")),
    ("inter", include_str!("../../configs/inter.toml")),
    ("small", include_str!("../../configs/small.toml")),
    ("shipped", include_str!("../../configs/shipped.toml")),
];

/// The presets' names, in a sentence.
fn names() -> String {
    let names = PRESETS.map(|(name, _)| name);
    let (last, others) = names.split_last().expect("there are presets");
    format!("{} and {last}", others.join(", "))
}

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

/// Options that choose the settings.
#[derive(Debug, Clone, Args)]
pub struct ConfigArgs {
    /// A preset (intra, inter: the paper's; small: two CPU cores; shipped: the weights in pkg) or a TOML file. `trainer
    /// preset NAME` prints one.
    #[arg(long, default_value = "small")]
    pub config: String,
    /// Instead of the config's: seed of every random draw.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Instead of the config's: channels over ResNet-18's, such as 0.25 or 1.0.
    #[arg(long)]
    pub width: Option<f64>,
    /// Instead of the config's: what stands on the backbone.
    #[arg(long, value_enum)]
    pub head: Option<Head>,
}

impl ConfigArgs {
    /// The settings, with what the command line changes.
    ///
    /// # Errors
    /// If the config cannot be read or a value is one that no run could use.
    pub fn resolve(&self) -> Result<Config> {
        let mut config = Config::load(&self.config)?;
        config.seed = self.seed.unwrap_or(config.seed);
        config.model.width = self.width.unwrap_or(config.model.width);
        config.model.head = self.head.unwrap_or(config.model.head);
        config.check()?;
        Ok(config)
    }
}

/// Options of `trainer preset`.
#[derive(Debug, Args)]
pub struct PresetArgs {
    /// intra, inter, small or shipped.
    name: String,
}

/// Runs `trainer preset`: prints a preset, to start a config file of one's own from.
///
/// # Errors
/// If there is no such preset.
pub fn run(args: &PresetArgs) -> Result<()> {
    let Some((_, text)) = PRESETS.iter().find(|(name, _)| *name == args.name) else {
        bail!("there is no preset {}: {} are there", args.name, names());
    };
    say(text)?;
    Ok(())
}

impl Config {
    /// A preset by name, or else a file.
    ///
    /// # Errors
    /// If there is no such preset or file, or [`Config::read`] refuses it.
    pub fn load(name: &str) -> Result<Self> {
        match PRESETS.iter().find(|(preset, _)| *preset == name) {
            Some((_, text)) => Self::parse(text).with_context(|| format!("in the preset {name}")),
            None if Path::new(name).exists() => Self::read(name.as_ref()),
            None => bail!("there is no preset and no file {name}: presets are {}", names()),
        }
    }

    /// Reads and checks a config file.
    ///
    /// # Errors
    /// If the file cannot be read, has an unknown or missing key, or a value that no run could use.
    pub fn read(path: &Path) -> Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read the config {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("in the config {}", path.display()))
    }

    fn parse(text: &str) -> Result<Self> {
        let config: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| text[..span.start].lines().count().max(1));
            anyhow::anyhow!("line {line}: {}", error.message())
        })?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<()> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_presets_keep_the_papers_numbers() {
        for (name, lambda_l, epochs, baseline) in [("intra", 100.0, 38, 50), ("inter", 50.0, 8, 20)] {
            let Config { pretrain: p, finetune: f, model, augment, .. } = Config::load(name).unwrap();
            // Geometry on the face box, and colours; nothing else.
            assert_eq!(augment, Augment { boxes: true, colours: true, ..Augment::default() });
            assert_eq!((f.averaging, f.agreement), (Averaging::None, false));
            assert_eq!([f.teach, f.map, f.variance, f.steady, f.detail], [0.0; 5]);
            assert_eq!((p.lambda_l, p.lambda_g, p.lambda_cg, p.lambda_d, p.lambda_cd), (lambda_l, 0.2, 0.1, 1.0, 1.0));
            assert_eq!((p.epochs, p.warmup_epochs, p.critic_every), (12, 5, 25));
            assert_eq!((p.generator_lr, p.critic_lr, f.lr), (1e-4, 1e-5, 1e-3));
            assert_eq!((f.epochs, f.baseline_epochs), (epochs, baseline));
            assert_eq!((model.width, model.head), (0.25, Head::Single));
        }
    }

    #[test]
    fn every_preset_normalises_epochs() {
        for (name, _) in PRESETS {
            let Config { pretrain, finetune, .. } = Config::load(name).unwrap();
            assert_eq!(finetune.baseline_epochs, pretrain.epochs + finetune.epochs, "{name}");
        }
    }

    #[test]
    fn unknown_keys_and_unusable_values_are_refused() {
        let small = PRESETS[2].1;
        for (from, to) in [
            ("batch = 16", "batchsize = 16"),
            ("batch = 16", "batch = 1"),
            ("critic_every = 25", "critic_every = 0"),
            ("lr = 1e-3", "lr = nan"),
            ("width = 0.25", "width = 0.3"),
            ("head = \"single\"", "head = \"double\""),
        ] {
            assert!(small.contains(from), "{from}");
            assert!(Config::parse(&small.replacen(from, to, 1)).is_err(), "{to}");
        }
        assert!(Config::load("nonesuch").unwrap_err().to_string().contains("no preset and no file"));
    }
}
