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
use bonafide::network::{Encoder, WIDTH};
use burn::{module::Module, tensor::Device};
use clap::Args;

pub use evaluation::Evaluation;
pub use labelled::{Labelled, Unscored};
pub use measure::evaluate_scores;
pub use table::{Row, html_table, table};

use crate::{
    device::DeviceChoice,
    examples::{Example, Examples, Split},
    finetune::{load_classifier, score},
    pretrain::load_generator,
    run::{self, RunFolder, write_atomic},
};
use figures::Tested;
use gallery::{Cloud, Grid};
use report::Report;

/// Options of `trainer evaluate`.
#[derive(Debug, Args)]
pub struct EvaluateArgs {
    /// Folder of the fine-tuning run.
    #[arg(long)]
    run: PathBuf,
    /// The folders of photos that the run was trained with; people keep their split.
    #[arg(long, required = true, num_args = 1..)]
    data: Vec<PathBuf>,
    /// Folder with the detector's and the face mesh's weights.
    #[arg(long, default_value = "pkg/weights")]
    weights: PathBuf,
    /// Folder of the pretraining run: the report then shows the depth that its generator draws, and its embeddings.
    #[arg(long)]
    pretrained: Option<PathBuf>,
    /// Folder of a run whose encoder learnt on ImageNet: the report then shows its embeddings too.
    #[arg(long)]
    imagenet: Option<PathBuf>,
    /// Where to compute.
    #[arg(long, value_enum, default_value = "cpu")]
    device: DeviceChoice,
}

/// Runs `trainer evaluate`.
///
/// # Errors
/// If run or photos are missing, or the disk refuses.
pub fn run(args: &EvaluateArgs) -> Result<()> {
    let (folder, config) = RunFolder::existing(&args.run)?;
    let device = args.device.open()?;
    let classifier = load_classifier(&args.run, &device)?;
    let examples = Examples::load(&args.data, &args.weights, &config)?;
    let scored = |of: &[&Example]| Example::labelled(of, &score(&classifier, &examples, of, &device));
    let of_test = examples.of(Split::Test);
    let (development, test) = (scored(&examples.of(Split::Development)), scored(&of_test));
    let unscored = examples.unscored(Split::Test);
    let evaluation = evaluate_scores(&describe(&args.data), &development, &test, &unscored)?;
    let silent = examples.unscored(Split::Development);
    labelled::write_csv(
        &folder.file("scores.csv"),
        &[("development", &development, &silent), ("test", &test, &unscored)],
    )?;
    let json = serde_json::to_string_pretty(&evaluation)?;
    write_atomic(&folder.file("evaluation.json"), json.as_bytes())?;

    let tested = Tested { all: &examples, examples: &of_test, labelled: &test };
    let report = Report {
        title: args.run.file_name().map_or_else(|| "Evaluation".into(), |name| name.to_string_lossy().into_owned()),
        facts: vec![("Seed".into(), config.seed.to_string()), ("Commit".into(), folder.commit())],
        evaluation: &evaluation,
        test: &test,
        failures: Some(figures::failures(&tested, evaluation.threshold, &device)?),
        depth: Some(depth(args, &tested, &device)?),
        clouds: clouds(args, &tested, config.seed, &device)?,
    };
    write_atomic(&folder.file("report.html"), report.html().as_bytes())?;
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
fn clouds(args: &EvaluateArgs, tested: &Tested, seed: u64, device: &Device) -> Result<Vec<Cloud>> {
    device.seed(seed);
    let mut clouds = vec![figures::cloud("He-initialised", Encoder::new(WIDTH, device), tested, device)];
    for (name, path) in [("ImageNet-pretrained", &args.imagenet), ("PDGAN encoder", &args.pretrained)] {
        if let Some(path) = path {
            clouds.push(figures::cloud(name, figures::load_encoder(path, device)?, tested, device));
        }
    }
    Ok(clouds)
}

fn describe(data: &[PathBuf]) -> String {
    let sources: Vec<String> = data
        .iter()
        .map(|path| path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()))
        .collect();
    format!(
        "bona fide photos ({}), each recaptured by simulation; attacks are simulated prints and screens",
        sources.join(", ")
    )
}
