//! The networks that ship -> ONNX files, for other runtimes: `trainer export-onnx`.
//!
//! Traced from the networks' own forward passes, batch norms folded, weights in f32. `make bench` compares with them.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result};
use bonafide::{
    crop::CROP_SIZE,
    face::blazeface::{BlazeFace, INPUT_SIZE},
    network::Classifier,
    weights::{CLASSIFIER, DETECTOR, Manifest, load_safetensors},
};
use burn::tensor::{Device, Tensor};
use burn_onnx::export::OnnxExporter;
use clap::Args;

/// Options of `trainer export-onnx`.
#[derive(Debug, Args)]
pub struct OnnxArgs {
    /// Folder with manifest.json and the weights that it names.
    #[arg(long, default_value = "pkg/weights")]
    weights: PathBuf,
    /// Folder to write detector.onnx and classifier.onnx to.
    #[arg(long)]
    out: PathBuf,
}

/// Runs `trainer export-onnx`: batches of one, `[1, 3, 128, 128]` in `[-1, 1]` -> the detector's maps (burn-onnx knows no
/// permutation, with which they become rows), `[1, 3, 224, 224]` in `[0, 1]` -> liveness logit. Not the experts, for it knows no
/// PReLU either; they came from ONNX files.
///
/// # Errors
/// If weights are missing, damaged or of another release, a layer has no form in ONNX, or the disk refuses.
pub fn run(args: &OnnxArgs) -> Result<()> {
    let path = args.weights.join("manifest.json");
    let manifest = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let manifest = Manifest::parse(&manifest)?;
    let device = Device::flex();
    let bytes = |network| manifest.bytes(network, |file| fs::read(args.weights.join(file)).ok());
    let detector = load_safetensors(BlazeFace::new(&device), &bytes(DETECTOR)?)?;
    let classifier = load_safetensors(Classifier::folded(&device), &bytes(CLASSIFIER)?)?;

    let exporter = OnnxExporter::new();
    let zeros = |side| Tensor::<4>::zeros([1, 3, side, side], &device);
    fs::create_dir_all(&args.out).with_context(|| format!("cannot make {}", args.out.display()))?;
    exporter
        .export(&detector, zeros(INPUT_SIZE), BlazeFace::maps)
        .and_then(|model| model.save(args.out.join("detector.onnx")))
        .context("the detector cannot be exported")?;
    exporter
        .export(&classifier, zeros(CROP_SIZE), Classifier::forward)
        .and_then(|model| model.save(args.out.join("classifier.onnx")))
        .context("the classifier cannot be exported")?;
    Ok(())
}
