//! A fine-tuned classifier -> its figures on the test split: `trainer evaluate`.

pub mod evaluation;
pub mod intervals;
pub mod labelled;
pub mod metrics;
pub mod ranked;

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

pub use evaluation::{Evaluation, evaluate_scores};
pub use labelled::{Labelled, Unscored};

use crate::{
    device::DeviceChoice,
    examples::{Example, Examples, Split},
    finetune::{load_classifier, score},
    run::{RunFolder, write_atomic},
};

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
    let scored = |split| {
        let of = examples.of(split);
        Example::labelled(&of, &score(&classifier, &examples, &of, &device))
    };
    let (development, test) = (scored(Split::Development), scored(Split::Test));
    let unscored = examples.unscored(Split::Test);
    let evaluation = evaluate_scores(&describe(&args.data), &development, &test, &unscored)?;
    let silent = examples.unscored(Split::Development);
    labelled::write_csv(
        &folder.file("scores.csv"),
        &[("development", &development, &silent), ("test", &test, &unscored)],
    )?;
    let json = serde_json::to_string_pretty(&evaluation)?;
    write_atomic(&folder.file("evaluation.json"), json.as_bytes())?;
    println!("{json}");
    Ok(())
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
