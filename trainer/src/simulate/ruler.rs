//! A prepared folder -> what networks that know real attacks say of it, beside what they say of real ones: `trainer realism`.
//!
//! A simulator whose live recaptures look recaptured to a network that has seen real ones is not there yet. The first expert
//! (MiniFASNetV2) may choose the simulator's ranges; the second (V1SE) chooses nothing, and says whether that went too far.

use std::{collections::BTreeMap, path::PathBuf};

use anyhow::{Result, ensure};
use clap::Args;
use rayon::prelude::*;

use super::realism::Measurements;
use crate::{
    data::prepared::{Prepared, face_box},
    faces::experts::Experts,
    measure::{Labelled, metrics::auc},
    picture::{features::quantiles, photo::Photo},
    run::terminal::{progress, say},
};

/// The views that are shown, in face boxes: the one in which real presentations were measured, and the experts' nearest.
const SCALES: [f32; 2] = [2.0, 1.5];
/// Name of the measured figure: the mean of both experts' log-odds, in the view of two face boxes.
const MEASURED: &str = "minifas_logit";

/// Options of `trainer realism`.
#[derive(Debug, Args)]
pub struct RealismArgs {
    /// Folders that `trainer synthesize` or `trainer prepare` wrote.
    #[arg(long, required = true, num_args = 1..)]
    data: Vec<PathBuf>,
    /// Measured statistics of real presentations (JSON), to stand beside.
    #[arg(long, value_name = "JSON", num_args = 1..)]
    measured: Vec<PathBuf>,
    /// Folder of the experts' weights.
    #[arg(long, default_value = "pkg/weights")]
    weights: PathBuf,
    /// At most so many samples of each folder, evenly spread; 0 takes all.
    #[arg(long, default_value_t = 0)]
    samples: usize,
}

/// A crop, and what each expert says of it in each of [`SCALES`].
struct Said {
    source: String,
    attack: Option<String>,
    logits: [[f32; 2]; SCALES.len()],
}

/// Runs `trainer realism`.
///
/// # Errors
/// If a folder or the weights do not serve, or the folders lack a class.
pub fn run(args: &RealismArgs) -> Result<()> {
    let experts = Experts::load(&args.weights)?;
    let measured = (!args.measured.is_empty()).then(|| Measurements::read(&args.measured)).transpose()?;
    let mut all = Vec::new();
    for folder in &args.data {
        all.extend(ask(&Prepared::load(folder)?, &experts, args.samples)?);
    }
    ensure!(
        all.iter().any(|one| one.attack.is_some()) && all.iter().any(|one| one.attack.is_none()),
        "the folders hold one class alone"
    );
    say(table(&all, measured.as_ref()))?;
    Ok(())
}

fn ask(prepared: &Prepared, experts: &Experts, most: usize) -> Result<Vec<Said>> {
    let step = if most == 0 { 1 } else { prepared.records.len().div_ceil(most).max(1) };
    // A finished folder numbers its samples from 0.
    let crops: Vec<_> = prepared.crops().filter(|(record, _)| record.number.is_multiple_of(step)).collect();
    let bar = progress(crops.len(), "ask");
    let said = crops
        .into_par_iter()
        .map(|(record, crop)| {
            let photo = Photo::read(&prepared.path.join(&crop.image))?;
            let face = face_box(crop.face);
            bar.inc(1);
            Ok(Said {
                source: record.source.clone(),
                attack: crop.attack.as_ref().map(ToString::to_string),
                logits: SCALES.map(|scale| experts.say(&photo.frame(), &face, scale)),
            })
        })
        .collect();
    bar.finish_and_clear();
    said
}

fn table(all: &[Said], measured: Option<&Measurements>) -> String {
    let mut groups: BTreeMap<Option<&str>, Vec<&Said>> = BTreeMap::new();
    let mut sources: BTreeMap<&str, Vec<&Said>> = BTreeMap::new();
    for one in all {
        groups.entry(one.attack.as_deref()).or_default().push(one);
        sources.entry(&one.source).or_default().push(one);
    }
    let real = measured.map_or_else(Vec::new, |measured| measured.quantiles(MEASURED));
    let mut text =
        String::from("Log-odds of bona fide, quantiles 5 / 25 / 50 / 75 / 95 %, view of 2.0 face boxes:\n\n");
    text.push_str("| class | crops | mean of both | MiniFASNetV2 | V1SE | covers of the measured 5 to 95 % |\n|---|---:|---|---|---|---|\n");
    for (attack, of) in &groups {
        let quantile = |value: &dyn Fn(&Said) -> f64| quantiles(of.iter().map(|one| value(one)).collect());
        let mean = quantile(&|one| mean(one.logits[0]));
        let covers: Vec<String> = real
            .iter()
            .filter(|(_, name, _)| alike(*attack, *name))
            .map(|(source, name, there)| {
                let shared = (mean[4].min(there[4]) - mean[0].max(there[0])).max(0.0) / (there[4] - there[0]);
                format!("{source} {} {:.0} %", name.unwrap_or("live"), 100.0 * shared)
            })
            .collect();
        text.push_str(&format!(
            "| {} | {} | {} | {} | {} | {} |\n",
            attack.unwrap_or("bona fide"),
            of.len(),
            short(mean),
            short(quantile(&|one| f64::from(one.logits[0][0]))),
            short(quantile(&|one| f64::from(one.logits[0][1]))),
            covers.join(", ")
        ));
    }
    for (source, name, there) in &real {
        text.push_str(&format!("| *measured: {source} {}* | | {} | | | |\n", name.unwrap_or("live"), short(*there)));
    }
    text.push_str("\n| AUC, bona fide against attacks | mean of both | MiniFASNetV2 | V1SE |\n|---|---:|---:|---:|\n");
    let whole: Vec<&Said> = all.iter().collect();
    for (at, scale) in SCALES.iter().enumerate() {
        let named = [("all", &whole)].into_iter().chain(sources.iter().map(|(name, of)| (*name, of)));
        for (name, of) in named.filter(|(_, of)| of.iter().any(|one| one.attack.is_none())) {
            let area = |value: &dyn Fn([f32; 2]) -> f64| {
                let labelled: Vec<Labelled> = of
                    .iter()
                    .map(|one| Labelled {
                        score: value(one.logits[at]) as f32,
                        attack: one.attack.clone(),
                        subject: String::new(),
                        source: String::new(),
                        slices: Vec::new(),
                    })
                    .collect();
                auc(&labelled)
            };
            text.push_str(&format!(
                "| {name}, {scale:.1} face boxes | {:.3} | {:.3} | {:.3} |\n",
                area(&mean),
                area(&|said| f64::from(said[0])),
                area(&|said| f64::from(said[1]))
            ));
        }
    }
    text
}

fn mean([one, other]: [f32; 2]) -> f64 {
    f64::from(one + other) / 2.0
}

/// Whether a simulated attack and a measured one are of a kind: prints, phones' PenTile, tablets' stripes.
fn alike(simulated: Option<&str>, measured: Option<&str>) -> bool {
    let (Some(simulated), Some(measured)) = (simulated, measured) else { return simulated == measured };
    match measured {
        "phone_screen" => simulated.contains("pentile"),
        "tablet_screen" => simulated.contains("stripes"),
        measured => simulated.contains("print") == measured.contains("print"),
    }
}

fn short(values: [f64; 5]) -> String {
    values.map(|value| format!("{value:.1}")).join(" / ")
}
