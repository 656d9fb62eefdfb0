//! A fine-tuned network -> its figures on the test split: `trainer evaluate`.

pub mod evaluation;
pub mod intervals;
pub mod labelled;
pub mod metrics;
pub mod ranked;
pub mod table;

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

pub use evaluation::{Evaluation, evaluate_scores};
pub use labelled::{Labelled, Unscored};

use crate::{
    device::DeviceChoice,
    examples::{Example, Examples, Split},
    finetune,
    run::{RunFolder, write_atomic},
};

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
    /// Where to compute.
    #[arg(long, default_value = "cpu")]
    pub device: DeviceChoice,
}

/// Runs `trainer evaluate`.
///
/// # Errors
/// If run or data do not serve, or the disk refuses.
pub fn run(args: &EvaluateArgs) -> Result<()> {
    let (folder, _) = RunFolder::existing(&args.run)?;
    let device = args.device.first()?;
    let network = finetune::load(&args.run, &device)?;
    let chosen = Examples::load(&args.data)?;
    let others = (!args.test.is_empty()).then(|| Examples::load(&args.test)).transpose()?;
    let measured = others.as_ref().unwrap_or(&chosen);
    let scored = |examples: &Examples, split| -> Result<_> {
        let of = examples.of(split)?;
        Ok(Example::labelled(&of, &network.score(examples, &of, &device)?))
    };
    let development = scored(&chosen, Split::Development)?;
    let test = scored(measured, Split::Test)?;
    let (silent, unscored) = (chosen.unscored(Split::Development), measured.unscored(Split::Test));
    let evaluation = evaluate_scores(measured.description(), &development, &test, &unscored)?;
    labelled::write_csv(
        &folder.file("scores.csv"),
        &[("development", &development, &silent), ("test", &test, &unscored)],
    )?;
    let json = serde_json::to_string_pretty(&evaluation)?;
    write_atomic(&folder.file("evaluation.json"), json.as_bytes())?;
    println!("{json}");
    Ok(())
}
