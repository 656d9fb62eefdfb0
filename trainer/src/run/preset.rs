//! A preset's name or a file's path, and what the command line changes -> settings.

use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::Args;

use super::{
    config::{Config, Head},
    terminal::say,
};

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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::config::{Augment, Averaging};

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
