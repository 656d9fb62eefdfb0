//! What a protocol does not train or measure, and why: a table that lacks a row, or data that nobody looked at, says so.

use std::path::Path;

use anyhow::Result;

use super::{Protocol, ProtocolArgs, Row};
use crate::{
    data::{
        examples::{Examples, Split},
        prepared::{Outcome, Prepared},
    },
    train::liveness,
};

/// The rows to train, and a sentence for each of the paper's that is none of them. Rows that the options name are taken as
/// they are: what they lack is an error.
pub(super) fn rows(args: &ProtocolArgs) -> Result<(Vec<Row>, Vec<String>)> {
    let wanted = args.rows();
    if !args.rows.is_empty() {
        return Ok((wanted, Vec::new()));
    }
    let examples = Examples::load(&args.finetune_data(&args.data))?;
    let (mut rows, mut notes) = (Vec::new(), Vec::new());
    for row in wanted {
        let why = match liveness::check(row.head(), &examples) {
            Err(error) => error.to_string(),
            Ok(()) if row.needs_imagenet() && args.imagenet.is_none() => {
                let instead = row.without_imagenet();
                rows.push(instead);
                format!("it starts from ImageNet, and no --imagenet was given; {} stands in", instead.title())
            }
            Ok(()) => {
                rows.push(row);
                continue;
            }
        };
        notes.push(format!("Row left out: {}, because {why}.", row.title()));
    }
    Ok((rows, notes))
}

/// A sentence for each split that the inter-dataset protocol leaves alone; the others use all of theirs.
pub(super) fn data(args: &ProtocolArgs) -> Result<Vec<String>> {
    if args.protocol != Protocol::Inter {
        return Ok(Vec::new());
    }
    let mut notes = Vec::new();
    for path in args.data.iter().chain(&args.finetune_data) {
        let why = "nothing learns from it, so that these runs can be measured on their own sources too";
        notes.extend(unused(path, &[Split::Test], why)?);
    }
    for path in &args.test {
        let why = "the paper measures on the test split alone, and trains on nothing of what it measures";
        notes.extend(unused(path, &[Split::Train, Split::Development], why)?);
    }
    if args.finetune_data.is_empty() {
        notes.push(
            "No custom set: --finetune-data was not given, so fine-tuning sees what pretraining saw; the paper adds bona fide \
             faces, prints, phones and tablets of its own."
                .into(),
        );
    }
    Ok(notes)
}

fn unused(path: &Path, splits: &[Split], why: &str) -> Result<Vec<String>> {
    let prepared = Prepared::load(path)?;
    let crops = |split: Split| -> usize {
        let of = prepared.records.iter().filter(|record| record.split == split);
        of.map(|record| if let Outcome::Crops(crops) = &record.outcome { crops.len() } else { 0 }).sum()
    };
    let counts = splits.iter().map(|&split| (split, crops(split))).filter(|(_, count)| *count > 0);
    Ok(counts
        .map(|(split, count)| format!("Not used: the {split} split of {} ({count} crops); {why}.", path.display()))
        .collect())
}
