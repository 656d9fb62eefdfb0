//! A fine-tuned classifier -> its figures on the test split: `trainer evaluate`.
//!
//! ```text
//! labelled -> ranked -> metrics, intervals -> measure -> evaluation -> table, report
//!                   svg, curves, plots, pca, figures -> gallery -----------^
//! ```
//!
//! Only [`figures`] and the command itself know networks and examples; the rest measures whatever gave the scores.

pub mod curves;
pub mod evaluation;
pub mod figures;
pub mod gallery;
pub mod html;
pub mod intervals;
pub mod labelled;
pub mod measure;
pub mod metrics;
pub mod pca;
pub mod plots;
pub mod ranked;
pub mod report;
pub mod svg;
pub mod table;

use std::path::PathBuf;

use anyhow::Result;
use bonafide::network::Encoder;
use burn::{module::Module, tensor::Device};
use clap::Args;

pub use evaluation::Evaluation;
pub use labelled::{Labelled, Unscored};
pub use measure::evaluate_scores;
pub use table::{Row, html_table, table};

use crate::{
    config::Config,
    device::DeviceChoice,
    examples::{Example, Examples, Split},
    finetune,
    pretrain::load_generator,
    run::{self, RunFolder, write_atomic},
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
    /// Where to compute.
    #[arg(long, default_value = "cpu")]
    pub device: DeviceChoice,
}

/// Runs `trainer evaluate`.
///
/// # Errors
/// If run or data do not serve, or the disk refuses.
pub fn run(args: &EvaluateArgs) -> Result<()> {
    let (folder, config) = RunFolder::existing(&args.run)?;
    let about = folder.about()?;
    let device = args.device.first()?;
    let network = finetune::load(&args.run, &device)?;
    let chosen = Examples::load(&args.data)?;
    let others = (!args.test.is_empty()).then(|| Examples::load(&args.test)).transpose()?;
    let measured = others.as_ref().unwrap_or(&chosen);
    let scored = |examples: &Examples, of: &[&Example]| -> Result<_> {
        Ok(Example::labelled(of, &network.score(examples, of, &device)?))
    };
    let of_test = measured.of(Split::Test)?;
    let (development, test) = (scored(&chosen, &chosen.of(Split::Development)?)?, scored(measured, &of_test)?);
    let (silent, unscored) = (chosen.unscored(Split::Development), measured.unscored(Split::Test));
    let evaluation = evaluate_scores(measured.description(), &development, &test, &unscored)?;
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
    println!("{json}");
    println!("evaluation.json, scores.csv and report.html: {}", args.run.display());
    Ok(())
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
