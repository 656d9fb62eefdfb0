//! What an encoder starts from: He initialisation, an ImageNet run of ours, or a published checkpoint.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use bonafide::{
    network::Encoder,
    weights::sha256,
};
use burn::{
    store::{ModuleSnapshot, ModuleStore, PyTorchToBurnAdapter, PytorchStore, SafetensorsStore},
    tensor::Device,
};
use clap::Args;

use crate::{config::Model, run, stage::origin};

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
    read_checkpoint(path, Encoder::new(model.width, device))
        .with_context(|| format!("{} is no checkpoint of an encoder of width {}", path.display(), model.width))
}

/// Fills an encoder from a safetensors or PyTorch checkpoint with torchvision's or our names. Other tensors, such as the
/// ImageNet head, are left out. A PyTorch file is parsed, never unpickled: only tensors come out of it.
///
/// # Errors
/// If the file cannot be parsed, or lacks one of the encoder's tensors or has it in another shape.
fn read_checkpoint(path: &Path, mut encoder: Encoder) -> Result<Encoder> {
    let names = || NAMES.into_iter().chain(BLOCKS);
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    match ending.as_str() {
        "safetensors" => {
            let mut store = SafetensorsStore::from_file(path).with_from_adapter(PyTorchToBurnAdapter);
            for (from, to) in names() {
                store = store.with_key_remapping(from, to);
            }
            fill(&mut encoder, store.allow_partial(true))?;
        }
        "pth" | "pt" | "bin" => {
            let mut store = PytorchStore::from_file(path);
            for (from, to) in names() {
                store = store.with_key_remapping(from, to);
            }
            fill(&mut encoder, store.allow_partial(true))?;
        }
        _ => anyhow::bail!("its name must end in .safetensors, .pth, .pt or .bin"),
    }
    Ok(encoder)
}

fn fill<S: ModuleStore>(encoder: &mut Encoder, mut store: S) -> Result<()> {
    let applied = encoder.load_from(&mut store).map_err(|error| anyhow::anyhow!("{error}"))?;
    if let Some(error) = applied.errors.first() {
        anyhow::bail!("{error}");
    }
    ensure!(applied.missing.is_empty(), "it lacks {}", applied.missing[0].0);
    Ok(())
}
