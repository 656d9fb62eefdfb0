//! Weights that shipped -> a classifier that can learn on: their batch norms come back, see `Classifier::unfold`.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use bonafide::{
    network::{Classifier, WIDTH},
    weights::{CLASSIFIER, Manifest, load_safetensors},
};
use burn::{module::Module, tensor::Device};

use super::liveness::Liveness;
use crate::{
    data::examples::{Example, Examples, Split},
    run::{
        THEN,
        config::{Config, Head},
    },
};

/// What a run started from that goes on from exported weights.
pub const EXPORTED: &str = "exported weights";

/// Crops whose statistics the batch norms begin with.
const CROPS: usize = 128;

/// What a network started from that goes on from exported weights.
///
/// # Errors
/// If the folder holds no weights.
pub fn describe(weights: &Path) -> Result<String> {
    Ok(format!("{EXPORTED}{THEN}commit {}", manifest(weights)?.training.commit))
}

/// The classifier, on a device that records gradients.
///
/// # Errors
/// If the weights are damaged or of another shape than the config's.
pub fn load(weights: &Path, config: &Config, examples: &Examples, recording: &Device) -> Result<Liveness> {
    ensure!(
        config.model.width == WIDTH && config.model.head == Head::Single,
        "exported weights are of width {WIDTH} with one head: the config's model is another"
    );
    let manifest = manifest(weights)?;
    let bytes = manifest.bytes(CLASSIFIER, |file| std::fs::read(weights.join(file)).ok())?;
    let folded = load_safetensors(Classifier::folded(&Device::flex()), &bytes)?;
    let of = examples.of(Split::Train)?;
    let crops: Vec<&Example> = of.iter().step_by((of.len() / CROPS).max(1)).take(CROPS).copied().collect();
    let batch = examples.batch(&Example::in_order(&crops, CROPS)[0], &Device::flex())?;
    Ok(Liveness::Classifier(folded.unfold(batch.images).fork(&recording.clone().inner()).train()))
}

fn manifest(weights: &Path) -> Result<Manifest> {
    let path = weights.join("manifest.json");
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Manifest::parse(&text)?)
}
