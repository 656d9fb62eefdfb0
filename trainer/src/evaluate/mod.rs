//! A fine-tuned classifier -> its figures on the test split: `trainer evaluate`.
//!
//! ```text
//! figures, pca -> gallery --------v
//! html, svg -> curves, plots, reliability, breakdown -> report
//! html, markdown -> table, compare, cross
//! ```
//!
//! [`measure`](crate::measure) measures. Only [`figures`] and the command itself know networks and examples.

pub mod breakdown;
pub mod compare;
pub mod cross;
pub mod curves;
pub mod figures;
pub mod gallery;
pub mod html;
pub mod markdown;
pub mod pca;
pub mod plots;
pub mod reliability;
pub mod report;
pub mod steadiness;
pub mod svg;
pub mod table;

use std::path::{Path, PathBuf};

use anyhow::Result;
use bonafide::network::{Classifier, Encoder};
use burn::{module::Module, tensor::Device};
use clap::Args;

pub use table::{Row, html_table, table};

use crate::{
    data::examples::{Example, Examples, Split},
    measure::{
        Evaluation,
        calibration::{Calibrated, Calibration, Reliability},
        evaluate_scores, labelled, parts,
    },
    run::{
        self, RunFolder,
        config::Config,
        device::DeviceChoice,
        named::{self, Named},
        terminal::say,
        write_atomic,
    },
    train::{finetune, pretrain::load_generator},
};
use figures::Tested;
use gallery::{Cloud, Grid};
use report::Report;

/// Options of `trainer evaluate`.
#[derive(Debug, Clone, Args)]
pub struct EvaluateArgs {
    /// Folder of the fine-tuning run.
    #[arg(long)]
    pub run: PathBuf,
    /// The prepared folders that the run was trained on: their development split chooses the thresholds.
    #[arg(long, required = true, num_args = 1..)]
    pub data: Vec<PathBuf>,
    /// Prepared folders whose test split is measured instead of that of --data (inter-dataset).
    #[arg(long, num_args = 1..)]
    pub test: Vec<PathBuf>,
    /// Folder of the pretraining run: the report then shows the depth that its generator draws, and its embeddings.
    #[arg(long)]
    pub pretrained: Option<PathBuf>,
    /// Folder of a run whose encoder learnt on ImageNet: the report then shows its embeddings too.
    #[arg(long)]
    pub imagenet: Option<PathBuf>,
    /// A further prepared folder, NAME=FOLDER, whose test split is measured at the balanced threshold, with the same
    /// calibration: what other light, cameras or compression do. Repeatable.
    #[arg(long, value_name = "NAME=FOLDER")]
    pub condition: Vec<Named>,
    /// Measure the network's own scores, as the paper does. What ships is calibrated: `trainer export` refuses these.
    #[arg(long)]
    pub uncalibrated: bool,
    /// Where to compute.
    #[arg(long, default_value = "cpu")]
    pub device: DeviceChoice,
}

/// What the table of conditions calls the presentations that all other figures are of.
const TEST_SPLIT: &str = "the test split itself";

/// Runs `trainer evaluate`.
///
/// # Errors
/// If run or data do not serve, or the disk refuses.
pub fn run(args: &EvaluateArgs) -> Result<()> {
    named::distinct(&args.condition, "conditions")?;
    let (folder, config) = RunFolder::existing(&args.run)?;
    let about = folder.about()?;
    let device = args.device.first()?;
    let network = finetune::load(&args.run, &device)?;
    let chosen = Examples::load(&args.data)?.seen(about.margin)?;
    let others = (!args.test.is_empty()).then(|| Examples::load(&args.test)?.seen(about.margin)).transpose()?;
    let measured = others.as_ref().unwrap_or(&chosen);
    let logits = |examples: &Examples, of: &[&Example]| {
        if config.finetune.patches {
            network.logits_with_patches(examples, of, &device)
        } else {
            network.logits_of(examples, of, &device)
        }
    };
    let of_development = chosen.of(Split::Development)?;
    let fitted = logits(&chosen, &of_development)?;
    let own = Example::labelled(&of_development, &uncalibrated(&fitted));
    let line = if args.uncalibrated { Calibration::default() } else { Calibration::fit(&fitted, &own)? };
    let development = line.scored(&fitted, &own);

    let of_test = measured.of(Split::Test)?;
    let tested = logits(measured, &of_test)?;
    let own = Example::labelled(&of_test, &uncalibrated(&tested));
    let test = line.scored(&tested, &own);
    let (silent, unscored) = (chosen.unscored(Split::Development), measured.unscored(Split::Test));
    let mut evaluation = evaluate_scores(measured.description(), &development, &test, &unscored)?;
    evaluation.calibration = (!args.uncalibrated).then(|| Calibrated {
        line,
        presentations: development.len(),
        before: Reliability::of(&own),
        after: Reliability::of(&test),
    });
    if !args.condition.is_empty() {
        let same = parts::condition("test", evaluation.balanced(), &test, &unscored)?;
        evaluation.conditions.insert(TEST_SPLIT.into(), same);
    }
    for Named { name, path } in &args.condition {
        let examples = Examples::load(std::slice::from_ref(path))?.seen(about.margin)?;
        let of = examples.of(Split::Test)?;
        let scores: Vec<f32> = logits(&examples, &of)?.into_iter().map(|logit| line.score(logit)).collect();
        let (of, silent) = (Example::labelled(&of, &scores), examples.unscored(Split::Test));
        evaluation.conditions.insert(name.clone(), parts::condition(name, evaluation.balanced(), &of, &silent)?);
    }
    labelled::write_csv(
        &folder.file("scores.csv"),
        &[("development", &development, &silent), ("test", &test, &unscored)],
    )?;
    let json = serde_json::to_string_pretty(&evaluation)?;

    let tested = Tested { all: measured, examples: &of_test, labelled: &test };
    let report = Report {
        title: args.run.file_name().map_or_else(|| "Evaluation".into(), |name| name.to_string_lossy().into_owned()),
        facts: vec![
            ("Backbone".into(), about.backbone),
            ("Seed".into(), config.seed.to_string()),
            ("Commit".into(), about.commit),
        ],
        evaluation: &evaluation,
        test: &test,
        failures: Some(figures::failures(&tested, evaluation.threshold)?),
        depth: Some(depth(args, &tested, &device)?),
        clouds: clouds(args, &tested, &config, &device)?,
    };
    write_atomic(&folder.file("report.html"), report.html().as_bytes())?;
    // Last: a protocol takes a run with evaluation.json as finished.
    write_atomic(&folder.file("evaluation.json"), json.as_bytes())?;
    say(&json)?;
    say(format_args!("evaluation.json, scores.csv and report.html: {}", args.run.display()))?;
    Ok(())
}

/// A run's classifier, calibrated as its evaluation says.
///
/// # Errors
/// If the run is no classifier's, or its evaluation measured the network's own scores.
pub(crate) fn calibrated(run: &Path, evaluation: &Evaluation, device: &Device) -> Result<Classifier> {
    let line = evaluation.calibrated()?.line;
    Ok(finetune::load(run, device)?.classifier()?.calibrated(line.scale as f32, line.offset as f32))
}

/// The network's own scores.
fn uncalibrated(logits: &[f32]) -> Vec<f32> {
    logits.iter().map(|&logit| Calibration::default().score(logit)).collect()
}

fn depth(args: &EvaluateArgs, tested: &Tested, device: &Device) -> Result<Grid> {
    let generator = match &args.pretrained {
        Some(path) => Some(load_generator(path, &run::recording(device))?.valid()),
        None => None,
    };
    figures::depth(tested, generator.as_ref(), device)
}

/// Embeddings before any classifier was trained: of a He-initialised encoder, and of those that the options name.
fn clouds(args: &EvaluateArgs, tested: &Tested, config: &Config, device: &Device) -> Result<Vec<Cloud>> {
    device.seed(config.seed);
    let fresh = Encoder::new(config.model.width, device);
    let mut clouds = vec![figures::cloud("He-initialised", &fresh, tested, device)?];
    for (name, path) in [("ImageNet-pretrained", &args.imagenet), ("PDGAN encoder", &args.pretrained)] {
        if let Some(path) = path {
            clouds.push(figures::cloud(name, &figures::load_encoder(path, device)?, tested, device)?);
        }
    }
    Ok(clouds)
}
