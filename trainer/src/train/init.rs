//! What an encoder starts from: He initialisation, an ImageNet run of ours, or a published checkpoint.

use std::fs;

use anyhow::{Context, Result};
use bonafide::{network::Encoder, weights::sha256};
use burn::tensor::Device;
use clap::Args;

use super::stage::origin;
use crate::{
    run::{self, config::Model},
    weights::pytorch::load_pytorch,
};

/// torchvision's ResNet-18 -> our encoder. A checkpoint of ours matches none of the patterns but the first.
const NAMES: [(&str, &str); 12] = [
    (r"^(module\.|backbone\.|encoder\.)+", ""),
    (r"^conv1\.", "stem.conv."),
    (r"^bn1\.", "stem.norm."),
    (r"^layer1\.(\d)\.", "stages.$1."),
    (r"^layer2\.0\.", "stages.2."),
    (r"^layer2\.1\.", "stages.3."),
    (r"^layer3\.0\.", "stages.4."),
    (r"^layer3\.1\.", "stages.5."),
    (r"^layer4\.0\.", "stages.6."),
    (r"^layer4\.1\.", "stages.7."),
    (r"\.downsample\.0\.", ".shortcut.conv."),
    (r"\.downsample\.1\.", ".shortcut.norm."),
];

/// The blocks' layers, after [`NAMES`].
const BLOCKS: [(&str, &str); 4] = [
    (r"^(stages\.\d)\.conv1\.", "$1.first.conv."),
    (r"^(stages\.\d)\.bn1\.", "$1.first.norm."),
    (r"^(stages\.\d)\.conv2\.", "$1.second.conv."),
    (r"^(stages\.\d)\.bn2\.", "$1.second.norm."),
];

/// Options that say what the encoder starts from.
#[derive(Debug, Clone, Default, Args)]
pub struct InitArgs {
    /// Start the encoder from the run of a `trainer pretrain-imagenet`, or from a checkpoint: .safetensors or PyTorch's
    /// .pth, .pt, with torchvision's ResNet-18 names. Without it: He initialisation.
    #[arg(long, value_name = "RUN|FILE")]
    pub init: Option<std::path::PathBuf>,
}

impl InitArgs {
    /// One line that tells this start from others.
    ///
    /// # Errors
    /// If what is named does not exist.
    pub fn describe(&self) -> Result<String> {
        let Some(path) = &self.init else { return Ok("he".into()) };
        if path.is_dir() {
            return origin(path);
        }
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Ok(format!("checkpoint {name} {}", &sha256(&bytes)[..16]))
    }
}

/// The encoder that the options name, on a device that records gradients.
///
/// # Errors
/// If the run has no checkpoint, or the file is none of an encoder of this width.
pub fn encoder(args: &InitArgs, model: &Model, device: &Device) -> Result<Encoder> {
    let Some(path) = &args.init else { return Ok(Encoder::new(model.width, device)) };
    if path.is_dir() {
        let trained = run::trained(path)?;
        return run::load_module(&trained, "encoder", Encoder::new(model.width, device));
    }
    // Other tensors than the encoder's, such as the ImageNet head, are left out.
    let names: Vec<_> = NAMES.into_iter().chain(BLOCKS).collect();
    load_pytorch(path, Encoder::new(model.width, device), &names)
        .with_context(|| format!("{} is no checkpoint of an encoder of width {}", path.display(), model.width))
}
