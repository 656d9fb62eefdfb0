//! A prepared folder -> what gives its classes away without a look at the face. `trainer audit`.
//!
//! Each figure alone ranks the crops. What must say nothing (colour, source, how large the face was, how it was compressed)
//! stays near an AUC of 0.5; tone may tell no more than on real cameras; lost and gained detail are true cues.

use std::{collections::BTreeMap, path::PathBuf};

use anyhow::{Result, ensure};
use bonafide::{frame::Frame, region::sample};
use clap::Args;
use rayon::prelude::*;
use serde::Serialize;

use crate::{
    data::prepared::{Crop, Outcome, Prepared, Record, face_box},
    measure::{Labelled, metrics::auc},
    picture::{
        features::{COLOURS, Features, NAMES, SIDE, measure},
        photo::Photo,
    },
    run::terminal::{progress, say},
};

/// Highest AUC of a figure that must say nothing.
const LEAK: f64 = 0.6;
/// Highest AUC of a figure of tone or colour. On real cameras too attacks are brighter, paler and bluer; a set in which that
/// alone tells the classes teaches nothing else.
const TONE: f64 = 0.7;
/// Highest AUC that whether a face was found may have: 4 points more of one class than of the other.
const LEFT_OUT: f64 = 0.52;

/// Options of `trainer audit`.
#[derive(Debug, Args)]
pub struct AuditArgs {
    /// A folder that `trainer synthesize` or `trainer prepare` wrote.
    #[arg(long)]
    data: PathBuf,
    /// Also write the table as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// One figure of the table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// What ranks the crops.
    pub figure: String,
    /// AUC between the classes, from 0.5 (says nothing) to 1, whichever class is higher.
    pub auc: f64,
    /// The most that is acceptable; `None` where the figure is a true cue.
    pub limit: Option<f64>,
}

/// A crop and its figures.
#[derive(Debug)]
pub struct Measured<'a> {
    /// The sample it is of.
    pub record: &'a Record,
    /// The crop.
    pub crop: &'a Crop,
    /// Its figures.
    pub features: Features,
}

/// Runs `trainer audit`.
///
/// # Errors
/// If the folder does not serve, or a figure that must say nothing separates the classes.
pub fn run(args: &AuditArgs) -> Result<()> {
    let prepared = Prepared::load(&args.data)?;
    let mut findings = findings(&measured(&prepared)?);
    findings.push(left_out(&prepared));
    let mut said = String::from("| figure alone | AUC between classes | at most |\n|---|---:|---:|\n");
    for finding in &findings {
        let limit = finding.limit.map_or("true cue".into(), |limit| format!("{limit:.2}"));
        said += &format!("| {} | {:.3} | {limit} |\n", finding.figure, finding.auc);
    }
    if let Some(path) = &args.json {
        crate::run::write_atomic(path, serde_json::to_string_pretty(&findings)?.as_bytes())?;
    }
    say(said)?;
    let leaks: Vec<&str> = findings
        .iter()
        .filter(|finding| finding.limit.is_some_and(|limit| finding.auc >= limit))
        .map(|finding| finding.figure.as_str())
        .collect();
    ensure!(
        leaks.is_empty(),
        "{} gives the classes away by {}: a network would learn that instead of faces",
        args.data.display(),
        leaks.join(", ")
    );
    Ok(())
}

/// The figures of every crop's face.
///
/// # Errors
/// If a crop has gone or is damaged, or there is none.
pub fn measured(prepared: &Prepared) -> Result<Vec<Measured<'_>>> {
    let crops: Vec<(&Record, &Crop)> = prepared.crops().collect();
    ensure!(!crops.is_empty(), "{} holds no crop", prepared.path.display());
    let bar = progress(crops.len(), "measure");
    let measured = crops
        .into_par_iter()
        .map(|(record, crop)| {
            let photo = Photo::read(&prepared.path.join(&crop.image))?;
            bar.inc(1);
            Ok(Measured { record, crop, features: face(&photo.frame(), crop.face) })
        })
        .collect();
    bar.finish_and_clear();
    measured
}

/// The figures of the face in a stored crop, whose box is x, y, width, height in its pixels.
pub fn face(crop: &Frame<'_>, face: [f32; 4]) -> Features {
    measure(&sample(crop, &face_box(face).square(1.0), SIDE))
}

/// Whether a face was found in a presentation, as a figure that ranks them.
fn left_out(prepared: &Prepared) -> Finding {
    // Of bona fide, of attacks: left out, and all.
    let mut counts = [[0.0; 2]; 2];
    let mut count = |attack: bool, lost: bool| {
        counts[usize::from(attack)][0] += f64::from(u8::from(lost));
        counts[usize::from(attack)][1] += 1.0;
    };
    for record in &prepared.records {
        record.faceless.iter().for_each(|attack| count(attack.is_some(), true));
        match &record.outcome {
            Outcome::Crops(crops) => crops.iter().for_each(|crop| count(crop.attack.is_some(), false)),
            // A photo that is recaptured would have given both classes.
            Outcome::NoFace(_) if !prepared.is_recaptured() => count(record.attack.is_some(), true),
            Outcome::NoFace(_) | Outcome::Unreadable(_) => {}
        }
    }
    let share = |[lost, all]: [f64; 2]| if all > 0.0 { lost / all } else { 0.0 };
    let auc = 0.5 + (share(counts[1]) - share(counts[0])).abs() / 2.0;
    Finding { figure: "left_out".into(), auc, limit: Some(LEFT_OUT) }
}

fn findings(of: &[Measured]) -> Vec<Finding> {
    let rank = |figure: &str, limit: Option<f64>, value: &dyn Fn(&Measured) -> f64| {
        let labelled: Vec<Labelled> = of
            .iter()
            .map(|one| Labelled {
                score: value(one) as f32,
                attack: one.crop.attack.as_ref().map(ToString::to_string),
                subject: one.record.subject.clone(),
                source: one.record.source.clone(),
                slices: Vec::new(),
            })
            .collect();
        let area = auc(&labelled);
        Finding { figure: figure.to_owned(), auc: area.max(1.0 - area), limit }
    };
    // The best that a classifier can know from the source: its share of attacks.
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for one in of {
        let (attacks, all) = counts.entry(&one.record.source).or_default();
        *attacks += usize::from(one.crop.attack.is_some());
        *all += 1;
    }
    let share = |one: &Measured| {
        let (attacks, all) = counts[one.record.source.as_str()];
        attacks as f64 / all as f64
    };
    let mut findings = vec![rank("source", Some(LEAK), &share)];
    if of.iter().all(|one| one.crop.take.is_some()) {
        let take = |one: &Measured| one.crop.take.expect("checked above");
        findings.push(rank("sensor_px", Some(LEAK), &|one| f64::from(take(one).sensor)));
        findings.push(rank("codec_quality", Some(LEAK), &|one| f64::from(take(one).quality)));
    }
    findings.extend(NAMES.iter().enumerate().map(|(at, name)| {
        let tone = matches!(*name, "luma_mean" | "luma_std" | "black_p1" | "white_p99" | "clipped_share");
        let limit = (tone || COLOURS.contains(name)).then_some(TONE);
        rank(name, limit, &|one| one.features.values[at])
    }));
    findings
}
