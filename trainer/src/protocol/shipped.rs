//! The weights that ship -> scores of the whole pictures that a prepared folder was made from, faces found and cut as in the
//! product. A prepared crop would not do: another detector may have cut it.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::Path,
};

use anyhow::{Context, Result, ensure};
use bonafide::{pipeline::Pipeline, weights::sha256};
use burn::tensor::Device;
use rayon::prelude::*;

use crate::{
    data::{
        dataset::video,
        prepared::{Outcome, Prepared, Record},
    },
    measure::{
        Labelled, Unscored,
        labelled::{Presentations, read_csv, write_csv},
    },
    picture::photo::Photo,
    run::terminal::{progress, say},
    ship::score::load_pipeline,
};

/// What to do where there are no pictures to score.
const ELSE: &str = "or leave the row out, as `--rows he,pdgan` does";

/// Scores of a prepared folder's pictures by split, kept in a file of `folder` that is called after `name`, the weights and
/// the records: the same again are read from there. The product's own choice among several faces is scored, the most
/// confident one.
///
/// # Errors
/// If the weights cannot be loaded, a picture is not there or cannot be read any more, the folder's attacks are simulated
/// ones, of which there is no picture, or the disk refuses.
pub(super) fn scores(
    weights: &Path,
    set: &Prepared,
    folder: &Path,
    name: &str,
) -> Result<BTreeMap<String, Presentations>> {
    let path = weights.join("manifest.json");
    let manifest = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let records = serde_json::to_string(&set.records)?;
    let digest = sha256(format!("{} {}", sha256(&manifest), sha256(records.as_bytes())).as_bytes());
    let file = folder.join(format!("{name}-{}.csv", &digest[..12]));
    if !file.exists() {
        check(set)?;
        say(format_args!("shipped weights on {name}"))?;
        let pipeline = load_pipeline(&[weights.to_owned()], &Device::flex())?;
        let of = score_all(&pipeline, set)?;
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let splits = of.iter().map(|(split, (scored, silent))| (split.as_str(), scored.as_slice(), silent.as_slice()));
        write_csv(&file, &splits.collect::<Vec<_>>())?;
    }
    read_csv(&file)
}

/// Refuses a folder whose samples have no picture of their own, before the first is scored.
fn check(set: &Prepared) -> Result<()> {
    let path = set.path.display();
    for record in &set.records {
        if let Outcome::Crops(crops) = &record.outcome {
            ensure!(
                crops.len() == 1 && crops[0].attack == record.attack,
                "{path} holds simulated presentations, of which only crops were kept: prepare a data set of real ones, {ELSE}"
            );
        }
        let file = Path::new(&record.file);
        ensure!(
            record.frame.is_some() || !video::is_video(file),
            "{path} does not say which frames of {} it holds: prepare it again with this trainer, {ELSE}",
            record.file
        );
        let readable = matches!(record.outcome, Outcome::Unreadable(_)) || file.is_file();
        ensure!(
            readable,
            "{} is not there, from which {path} was prepared: put the data set back, run this in the folder in which it was \
             prepared, {ELSE}",
            record.file
        );
    }
    Ok(())
}

fn score_all(pipeline: &Pipeline, set: &Prepared) -> Result<BTreeMap<String, Presentations>> {
    let mut files: BTreeMap<&str, Vec<&Record>> = BTreeMap::new();
    for record in set.records.iter().filter(|record| !matches!(record.outcome, Outcome::Unreadable(_))) {
        files.entry(&record.file).or_default().push(record);
    }
    let bar = progress(set.records.len(), "scoring");
    // One task a file: a video is decoded once for all its frames.
    let scored: Vec<Vec<(usize, Option<f32>)>> = files
        .into_par_iter()
        .map(|(file, records)| {
            let scores = score_file(pipeline, Path::new(file), &records);
            bar.inc(records.len() as u64);
            scores.with_context(|| format!("a picture of {} cannot be scored", set.path.display()))
        })
        .collect::<Result<_>>()?;
    bar.finish_and_clear();
    let scores: HashMap<usize, Option<f32>> = scored.into_iter().flatten().collect();
    let mut splits: BTreeMap<String, Presentations> = BTreeMap::new();
    for record in &set.records {
        let (labelled, silent) = splits.entry(record.split.to_string()).or_default();
        let attack = record.attack.as_ref().map(ToString::to_string);
        let (subject, source) = (record.subject.clone(), record.source.clone());
        match scores.get(&record.number).copied().flatten() {
            Some(score) => labelled.push(Labelled { score, attack, subject, source, slices: Vec::new() }),
            None => silent.push(Unscored { attack, subject, source }),
        }
    }
    Ok(splits)
}

/// The scores of records that share a file, by their numbers; `None` where no face is found.
fn score_file(pipeline: &Pipeline, file: &Path, records: &[&Record]) -> Result<Vec<(usize, Option<f32>)>> {
    let frames: Vec<u64> = records.iter().filter_map(|record| record.frame).collect();
    let photos = if frames.is_empty() {
        let (photo, _) = Photo::read(file)?.seen();
        vec![photo; records.len()]
    } else {
        video::frames(file, &frames)?
    };
    let pairs = records.iter().zip(photos);
    pairs
        .map(|(record, photo)| {
            let scored = pollster::block_on(pipeline.score(&photo.frame()))?;
            Ok((record.number, scored.map(|scored| scored.score.value())))
        })
        .collect()
}
