//! A fine-tuned classifier -> its figures on the test split: `trainer evaluate`.

pub mod metrics;

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use serde::{Deserialize, Serialize};

use crate::{
    device::DeviceChoice,
    examples::{Example, Examples, Split},
    finetune,
    run::{RunFolder, write_atomic},
};
use metrics::Rates;

/// Options of `trainer evaluate`.
#[derive(Debug, Args)]
pub struct EvaluateArgs {
    /// Folder of the fine-tuning run.
    #[arg(long)]
    run: PathBuf,
    /// The prepared folders.
    #[arg(long, required = true, num_args = 1..)]
    data: Vec<PathBuf>,
    /// Where to compute.
    #[arg(long, default_value = "cpu")]
    device: DeviceChoice,
}

/// What `evaluation.json` in the run folder says, and `trainer export` puts into the manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// What was measured on.
    pub data: String,
    /// Bona fide crops in the test split.
    pub bona_fide: usize,
    /// Attack crops in the test split.
    pub attacks: usize,
    /// The threshold with the best ACER on the development split.
    pub threshold: f32,
    /// Worst species' APCER on the test split at that threshold.
    pub apcer: f64,
    /// BPCER on the test split at that threshold.
    pub bpcer: f64,
    /// All rates on the test split at that threshold.
    pub held: Rates,
    /// All rates at the test split's own best threshold, as the paper reports them: optimistic.
    pub paper: Rates,
    /// Area under the ROC curve on the test split.
    pub auc: f64,
}

/// Runs `trainer evaluate`.
///
/// # Errors
/// If run or photos are missing, or the disk refuses.
pub fn run(args: &EvaluateArgs) -> Result<()> {
    let (folder, _) = RunFolder::existing(&args.run)?;
    let device = args.device.first()?;
    let classifier = finetune::load(&args.run, &device)?;
    let examples = Examples::load(&args.data)?;
    let scored = |split| -> Result<_> {
        let of = examples.of(split)?;
        Ok(Example::labelled(&of, &classifier.score(&examples, &of, &device)?))
    };
    let development = scored(Split::Development)?;
    let test = scored(Split::Test)?;

    let threshold = metrics::best_acer_threshold(&development);
    let held = metrics::rates(&test, threshold);
    let bona_fide = test.iter().filter(|item| item.attack.is_none()).count();
    let sources: Vec<String> = args
        .data
        .iter()
        .map(|path| path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()))
        .collect();
    let evaluation = Evaluation {
        data: format!(
            "bona fide photos ({}), each recaptured by simulation; attacks are simulated prints and screens",
            sources.join(", ")
        ),
        bona_fide,
        attacks: test.len() - bona_fide,
        threshold,
        apcer: held.apcer_max,
        bpcer: held.bpcer,
        held,
        paper: metrics::rates(&test, metrics::best_acer_threshold(&test)),
        auc: metrics::auc(&test),
    };
    let json = serde_json::to_string_pretty(&evaluation)?;
    write_atomic(&folder.file("evaluation.json"), json.as_bytes())?;
    println!("{json}");
    Ok(())
}
