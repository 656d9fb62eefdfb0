//! What smaller weights cost: one run's classifier as it was trained, in 16 bits and in 8, on the same test split.
//! `trainer precision`.

use std::path::PathBuf;

use anyhow::Result;
use bonafide::{network::Classifier, weights::load_safetensors};
use burn::tensor::Device;
use clap::Args;

use crate::{
    data::examples::{Example, Examples, Split},
    evaluate::calibrated,
    evaluate::markdown::table,
    measure::{Evaluation, metrics::auc},
    run::{RunFolder, terminal::say, write_atomic},
    train::liveness::Liveness,
    weights::store::{Precision, serialise},
};

/// Options of `trainer precision`.
#[derive(Debug, Args)]
pub struct PrecisionArgs {
    /// Folder of the fine-tuning run, evaluated before.
    #[arg(long)]
    run: PathBuf,
    /// Prepared folders whose test split is scored.
    #[arg(long, required = true, num_args = 1..)]
    data: Vec<PathBuf>,
}

/// Runs `trainer precision`: prints a table, and leaves it in the run folder as `precision.md`.
///
/// # Errors
/// If run or data do not serve, or the disk refuses.
pub fn run(args: &PrecisionArgs) -> Result<()> {
    let (folder, _) = RunFolder::existing(&args.run)?;
    let device = Device::flex();
    let trained = calibrated(&args.run, &Evaluation::load(&folder)?, &device)?;
    let folded = trained.clone().fold();
    let examples = Examples::load(&args.data)?.seen(folder.about()?.margin)?;
    let of = examples.of(Split::Test)?;
    let score = |classifier: Classifier| Liveness::Classifier(classifier).score(&examples, &of, &device);
    let exact = score(trained)?;
    let area = |scores: &[f32]| auc(&Example::labelled(&of, scores));
    let mut rows = vec![vec![
        "32 bits, as trained".into(),
        "—".into(),
        fraction(area(&exact)),
        "—".into(),
        "—".into(),
        "—".into(),
    ]];
    for (name, precision) in [("16 bits", Precision::Half), ("convolutions in 8 bits, the rest in 16", Precision::Int8)]
    {
        let bytes = serialise(&folded, precision)?;
        let size = format!("{:.2} MB", bytes.len() as f64 / 1e6);
        let scores = score(load_safetensors(Classifier::folded(&device), &bytes)?)?;
        let moved: Vec<f64> = scores.iter().zip(&exact).map(|(a, b)| f64::from((a - b).abs())).collect();
        let mean = moved.iter().sum::<f64>() / moved.len() as f64;
        let largest = moved.iter().copied().fold(0.0, f64::max);
        let change = format!("{:+.5}", area(&scores) - area(&exact));
        rows.push(vec![name.into(), size, fraction(area(&scores)), change, fraction(mean), fraction(largest)]);
    }
    let head = ["classifier's weights", "file", "AUC", "change", "a score moves by, mean", "at most"];
    let text = table(&head, 1, &rows);
    write_atomic(&folder.file("precision.md"), text.as_bytes())?;
    say(&text)?;
    Ok(())
}

fn fraction(value: f64) -> String {
    format!("{value:.5}")
}
