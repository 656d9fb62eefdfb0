//! What each network said of real presentations -> how their votes become one score, and its thresholds: `trainer fuse`.
//!
//! ```text
//! trainer score --csv -> columns (who voted what) + labels -> scores -> fit -> block -> a manifest
//! ```
//!
//! Whoever holds presentations that this project does not have fits on them; a block without the pictures comes back.

pub mod block;
pub mod columns;
pub mod fit;
pub mod scores;
pub mod successor;

use std::path::PathBuf;

use anyhow::{Result, ensure};
use bonafide::quality::gate::MIN_PIXELS;
use clap::Args;

pub use block::Block;

use crate::run::{terminal::say, write_atomic};

/// Options of `trainer fuse`.
#[derive(Debug, Args)]
pub struct FuseArgs {
    /// What `trainer score --csv` wrote of the presentations. Repeatable: one file a data set, say.
    #[arg(long, required_unless_present = "block")]
    scores: Vec<PathBuf>,
    /// What they are: a CSV file with the columns path,class,species,source,subject, and split if there is one; without it
    /// the score files themselves have these columns. class is bona-fide or attack, split train, development, test or
    /// empty; rows of the split `test` are measured and not fitted on, and nobody is in it and in another.
    #[arg(long, requires = "scores")]
    labels: Option<PathBuf>,
    /// Smallest face that is fitted on, pixels: what the gate lets through.
    #[arg(long, default_value_t = MIN_PIXELS)]
    min_face: f32,
    /// The classifier's logit is held within this distance of 0.
    #[arg(long, default_value_t = 8.0)]
    classifier_limit: f32,
    /// Each expert's logit is held within this distance of 0.
    #[arg(long, default_value_t = 12.0)]
    experts_limit: f32,
    /// What the presentations are, in a sentence, for whoever reads the manifest.
    #[arg(long, required_unless_present = "block", default_value = "")]
    about: String,
    /// Take this block instead of fitting one.
    #[arg(long, conflicts_with = "scores")]
    block: Option<PathBuf>,
    /// The block was fitted with an earlier classifier: scale its votes' weight to a new one's, by what each says of the same
    /// pictures. Two files that `trainer score --csv` wrote, with the earlier weights and with the new ones.
    #[arg(long, num_args = 2, value_names = ["WAS", "NOW"], requires = "block")]
    successor: Vec<PathBuf>,
    /// Write the block to this file.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Write the report (Markdown) to this file as well as to the terminal.
    #[arg(long)]
    report: Option<PathBuf>,
    /// Folder of weights whose manifest gets the block, and the experts' files that lie in it.
    #[arg(long)]
    weights: Option<PathBuf>,
}

/// Runs `trainer fuse`.
///
/// # Errors
/// If files cannot be read, a row has no label, a class is missing, the votes do not tell the classes apart, or the disk
/// refuses.
pub fn run(args: &FuseArgs) -> Result<()> {
    let (block, mut said) = match &args.block {
        Some(path) => {
            let block = Block::read(path)?;
            match args.successor.as_slice() {
                [was, now] => (Block { fusion: successor::succeed(block.fusion, was, now)?, ..block }, String::new()),
                _ => (block, String::new()),
            }
        }
        None => {
            for (name, limit) in
                [("--classifier-limit", args.classifier_limit), ("--experts-limit", args.experts_limit)]
            {
                ensure!(limit.is_finite() && limit > 0.0, "{name} is {limit}: it must be a number above 0");
            }
            ensure!(args.min_face.is_finite(), "--min-face is {}: it must be a number", args.min_face);
            let scores = scores::read(&args.scores, args.labels.as_deref(), args.min_face)?;
            let limits = fit::Limits { classifier: args.classifier_limit, experts: args.experts_limit };
            let fitted = fit::fit(&scores, limits, &args.about)?;
            let report = fitted.report();
            if let Some(path) = &args.report {
                write_atomic(path, report.as_bytes())?;
            }
            (fitted.block, report + "\n")
        }
    };
    if let Some(path) = &args.out {
        block.write(path)?;
    }
    if let Some(folder) = &args.weights {
        block.apply(folder)?;
        said += &format!("{}: fusion and operating points are set\n", folder.join("manifest.json").display());
    }
    if said.is_empty() { Ok(()) } else { say(said) }
}
