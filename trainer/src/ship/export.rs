//! A fine-tuned classifier -> folded safetensors and the manifest: what the package ships.

use std::{collections::BTreeMap, fs, path::PathBuf};

use anyhow::{Context, Result, ensure};
use bonafide::{
    crop::{CROP_SIZE, MARGINS},
    fusion::Fusion,
    network::{Classifier, Decoder, Encoder},
    session::presence::MAX_CHANGE,
    weights::{
        CLASSIFIER, COVER, Contract, DECODER, DETECTOR, FORMAT, Manifest, NetworkFile, Training, load_safetensors,
    },
};
use burn::tensor::{
    Device, Distribution, Tensor,
    module::interpolate,
    ops::{InterpolateMode, InterpolateOptions},
};
use clap::Args;

use crate::{
    evaluate::calibrated,
    fuse::Block,
    measure::Evaluation,
    run::{RunFolder, terminal::say, write_atomic},
    train::depth_view,
    weights::store::{Precision, manifest_text, serialise},
};

/// Largest change of a logit, relative to 1 + its size, that fewer bits may cause.
const TOLERANCE: f32 = 0.01;
/// Largest change of a depth, which is in `[0, 1]`, that they may cause.
const DEPTH_TOLERANCE: f32 = 0.02;

/// The file of the network that sees covers, which `trainer cover` writes.
pub const COVER_FILE: &str = "cover.safetensors";

/// Options of `trainer export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Folder of the fine-tuning run, evaluated before.
    #[arg(long)]
    run: PathBuf,
    /// Folder of the `trainer depth-view` run on that one; without it the weights have no depth view.
    #[arg(long)]
    depth_view: Option<PathBuf>,
    /// Folder to write to; holds detector.safetensors already.
    #[arg(long, default_value = "pkg/weights")]
    out: PathBuf,
    /// Count the experts in, whose files lie in the folder already: this file holds the fusion and its thresholds, as
    /// `trainer fuse --out` writes it (trainer/configs/fusion.json is what ships). It was fitted with another classifier's
    /// votes: score real presentations and fit it again. Without this the classifier decides alone.
    #[arg(long, value_name = "BLOCK")]
    experts: Option<PathBuf>,
    /// How finely the classifier's weights are stored; `trainer precision` measures what that costs.
    #[arg(long, value_enum, default_value = "int8")]
    precision: Precision,
    /// A face that changes more between two scored frames starts its check again: cosine distance of the embeddings, see
    /// `trainer sessions --changes`. It belongs to the classifier: without it a limit that lets most through holds.
    #[arg(long)]
    largest_change: Option<f32>,
}

/// Runs `trainer export`.
///
/// # Errors
/// If the run was not evaluated or saw a margin that the product does not cut, the depth view is another run's, the detector is
/// missing, the reloaded weights differ from the trained ones, or the disk refuses.
pub fn run(args: &ExportArgs) -> Result<()> {
    let (folder, config) = RunFolder::existing(&args.run)?;
    let (evaluation, about) = (Evaluation::load(&folder)?, folder.about()?);
    ensure!(
        MARGINS.contains(&about.margin),
        "the run learnt from crops {} face boxes wide, the product cuts {MARGINS:?}: train with another --margin",
        about.margin
    );
    let detector_file = "detector.safetensors";
    let detector = fs::read(args.out.join(detector_file)).with_context(|| {
        format!("{} has no {detector_file}: run `trainer import mediapipe` first", args.out.display())
    })?;

    let device = Device::flex();
    // From here on the network is the calibrated one: what is written is compared with it.
    let trained = calibrated(&args.run, &evaluation, &device)?;
    let bytes = serialise(&trained.clone().fold(), args.precision)?;
    let reloaded = load_safetensors(Classifier::folded(&device), &bytes)?;
    let difference = largest_difference(&trained, &reloaded, &device);
    ensure!(
        difference < TOLERANCE,
        "the exported weights give other logits than the trained ones: off by {difference}"
    );

    let classifier_file = "classifier.safetensors";
    let mut networks: BTreeMap<_, _> = [
        (DETECTOR.to_string(), NetworkFile::describe(detector_file, &detector)),
        (CLASSIFIER.to_string(), NetworkFile::describe(classifier_file, &bytes)),
    ]
    .into();
    // Of its own training: whichever classifier lies beside it, it stays.
    if let Ok(cover) = fs::read(args.out.join(COVER_FILE)) {
        networks.insert(COVER.to_string(), NetworkFile::describe(COVER_FILE, &cover));
    }
    let decoder_file = "decoder.safetensors";
    let decoder = match &args.depth_view {
        Some(path) => Some(decoder(&depth_view::load(path, &args.run, &device)?, &trained.encoder, &device)?),
        None => None,
    };
    if let Some(decoder) = &decoder {
        networks.insert(DECODER.to_string(), NetworkFile::describe(decoder_file, decoder));
    }
    let mut manifest = Manifest {
        format: FORMAT,
        contract: Contract { margin: about.margin, ..Contract::current(false) },
        networks,
        fusion: Fusion::default(),
        operating_points: evaluation.operating_points(),
        largest_change: args.largest_change,
        training: Training { data: evaluation.data, commit: about.commit, config: serde_json::to_value(&config)? },
    };
    if let Some(block) = &args.experts {
        Block::read(block)?.into_manifest(&args.out, &mut manifest)?;
    }
    let text = manifest_text(&manifest)?;
    // The manifest last: until it is there, the old one refuses the new bytes.
    write_atomic(&args.out.join(classifier_file), &bytes)?;
    if let Some(decoder) = &decoder {
        write_atomic(&args.out.join(decoder_file), decoder)?;
    }
    write_atomic(&args.out.join("manifest.json"), text.as_bytes())?;
    say(format_args!(
        "{}: {} bytes, logits within {difference:.5} of the trained ones",
        args.out.display(),
        bytes.len()
    ))?;
    match &args.experts {
        Some(_) => say(format_args!(
            "experts: their votes count as fitted for another classifier, until `trainer fuse` fits them anew"
        ))?,
        None => say(format_args!("no experts: the classifier decides alone; --experts counts them in"))?,
    }
    if args.largest_change.is_none() {
        say(format_args!(
            "no largest change: checks hold to {MAX_CHANGE}; `trainer sessions --changes` measures one, --largest-change adds it"
        ))?;
    }
    match decoder {
        Some(decoder) => say(format_args!("depth view: {} bytes", decoder.len()))?,
        None => say(format_args!("no depth view: `trainer depth-view` makes one, --depth-view adds it"))?,
    }
    Ok(())
}

/// The bytes of a decoder in 16 bits, which draw the same as it does on what the encoder gives.
fn decoder(trained: &Decoder, encoder: &Encoder, device: &Device) -> Result<Vec<u8>> {
    let bytes = serialise(&trained.clone().fold(), Precision::Half)?;
    let reloaded = load_safetensors(Decoder::folded(device), &bytes)?;
    let features = encoder.forward(noise(device));
    let difference = (trained.forward(features.clone()) - reloaded.forward(features)).abs().max().into_scalar::<f32>();
    ensure!(
        difference < DEPTH_TOLERANCE,
        "the exported decoder draws other depth than the trained one: off by {difference}"
    );
    Ok(bytes)
}

fn largest_difference(a: &Classifier, b: &Classifier, device: &Device) -> f32 {
    let x = noise(device);
    let (a, b) = (a.forward(x.clone()), b.forward(x));
    ((a.clone() - b).abs() / (a.abs() + 1.0)).max().into_scalar::<f32>()
}

/// Eight crops of noise as smooth as a face is, always the same: each pixel by itself, it would be what no camera gives and no
/// network learnt from.
fn noise(device: &Device) -> Tensor<4> {
    device.seed(0);
    let coarse = Tensor::random([8, 3, CROP_SIZE / 8, CROP_SIZE / 8], Distribution::Uniform(0.0, 1.0), device);
    interpolate(coarse, InterpolateOptions::new(InterpolateMode::Bilinear).with_output_size([CROP_SIZE; 2]))
}
