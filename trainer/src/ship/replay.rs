//! A recorded check -> the verdict that its measures give again, and what led to it: `trainer replay`.
//!
//! For reports of false rejections: a recording holds no pixels, and proves nothing about where its measures came from.

use std::{collections::BTreeMap, fs, path::PathBuf, process::ExitCode};

use anyhow::{Context, Result};
use bonafide::session::{Recording, Verdict};
use clap::Args;
use serde::Serialize;

use crate::run::terminal::say;

/// Options of `trainer replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// What `check(..., { record: true })` gave, a JSON file.
    recording: PathBuf,
}

/// What is printed, as JSON.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Replayed {
    /// Whether both verdicts are the same.
    same: bool,
    recorded: Option<Verdict>,
    replayed: Option<Verdict>,
    operating_point: String,
    /// Of the weights that scored.
    model_sha256: String,
    frames: usize,
    /// Frames by what stood against scoring them.
    hints: BTreeMap<String, usize>,
    /// Scores of the frames that had one: lowest, median, highest.
    scores: Option<[f32; 3]>,
}

/// Runs `trainer replay`: exit code 0 if the verdict comes out again, 1 if another does.
///
/// # Errors
/// If the file cannot be read or is no recording of this release.
pub fn run(args: &ReplayArgs) -> Result<ExitCode> {
    let path = &args.recording;
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let recording = Recording::parse(&text).with_context(|| format!("in {}", path.display()))?;
    let replayed = recording.replay()?;
    let mut hints = BTreeMap::new();
    for hint in recording.observations.iter().filter_map(|observation| observation.quality.hint()) {
        let name = serde_json::to_value(hint)?.as_str().expect("a hint is written as its name").to_owned();
        *hints.entry(name).or_default() += 1;
    }
    let mut scores: Vec<f32> =
        recording.observations.iter().filter_map(|observation| observation.score).map(|score| score.value()).collect();
    scores.sort_by(f32::total_cmp);
    let same = replayed == recording.verdict;
    let report = Replayed {
        same,
        replayed,
        operating_point: recording.setup.name,
        model_sha256: recording.setup.model_sha256,
        frames: recording.observations.len(),
        hints,
        scores: (!scores.is_empty()).then(|| [scores[0], scores[scores.len() / 2], scores[scores.len() - 1]]),
        recorded: recording.verdict,
    };
    say(serde_json::to_string_pretty(&report)?)?;
    Ok(if same { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
