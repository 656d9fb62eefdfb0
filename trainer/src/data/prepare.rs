//! A data set -> a prepared folder: faces found, crops cut, depth drawn, once for all runs. `trainer prepare`.
//!
//! Data sets bring their own attacks and are taken as they are. Bona fide photos have none beside them:
//! `trainer synthesize` recaptures each, through the same [`Preparation`].

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Mutex,
};

use anyhow::{Result, ensure};
use bonafide::crop::CROP_MARGIN;
use clap::Args;
use rayon::prelude::*;

pub use super::crops::Recapture;
use super::{
    crops::{Made, Maker},
    dataset::{self, Layout, ListOptions, Sample},
    prepared::{Cut, Outcome, Record, Writer},
};
use crate::{
    faces::FaceArgs,
    picture::photo::Photo,
    run::{
        self,
        terminal::{progress, say},
    },
};

/// Options of `trainer prepare`.
#[derive(Debug, Args)]
pub struct PrepareArgs {
    /// How the data set is laid out.
    #[arg(long, value_enum)]
    layout: Layout,
    /// The data set's folder (csv: the manifest's file).
    #[arg(long)]
    data: PathBuf,
    /// Folder to write to; the same command again goes on where it was broken off.
    #[arg(long)]
    out: PathBuf,
    /// Side of the networks' crop over the face box's: another than the product's serves comparisons, never export.
    #[arg(long, default_value_t = CROP_MARGIN)]
    margin: f32,
    #[command(flatten)]
    list: ListOptions,
    #[command(flatten)]
    face: FaceArgs,
}

/// Runs `trainer prepare`.
///
/// # Errors
/// If the data set, the weights or the disk do not serve, or a subject is in two splits.
pub fn run(args: &PrepareArgs) -> Result<()> {
    let preparation = Preparation {
        out: &args.out,
        cut: Cut::with_margin(args.margin),
        face: &args.face,
        recapture: None,
        made_with: serde_json::json!({ "layout": args.layout, "options": args.list }),
    };
    preparation.run(&dataset::list(args.layout, &args.data, &args.list)?)
}

/// A listing of samples on its way to a prepared folder.
#[derive(Debug)]
pub struct Preparation<'a> {
    /// The folder.
    pub out: &'a Path,
    /// How much around a face is stored.
    pub cut: Cut,
    /// What finds faces and depth.
    pub face: &'a FaceArgs,
    /// For bona fide photos alone.
    pub recapture: Option<Recapture>,
    /// The caller's options, which a resumed preparation must have in common with the one that was broken off.
    pub made_with: serde_json::Value,
}

impl Preparation<'_> {
    /// Reads, cuts and writes whatever is not there yet.
    ///
    /// # Errors
    /// If the weights or the disk do not serve, or the folder was made with other options.
    pub fn run(self, listing: &dataset::Listing) -> Result<()> {
        let samples = &listing.samples;
        let (writer, done) = Writer::open(self.out, self.cut, samples.len(), self.identity(samples)?)?;
        let mut groups: BTreeMap<&Path, Vec<usize>> = BTreeMap::new();
        let mut there = vec![false; samples.len()];
        for record in &done {
            there[record.number] = true;
        }
        for (number, sample) in samples.iter().enumerate().filter(|(number, _)| !there[*number]) {
            groups.entry(sample.media.path()).or_default().push(number);
        }

        let finder = self.face.open()?;
        let maker = Maker { out: self.out, cut: self.cut, recapture: self.recapture.as_ref(), finder };
        let bar = progress(samples.len(), "prepare").with_position(done.len() as u64);
        let writer = Mutex::new(writer);
        // One task a file: a video is decoded once for all its frames.
        groups.into_par_iter().try_for_each(|(_, numbers)| -> Result<()> {
            maker.read(samples, &numbers, |number, photo| {
                let sample = &samples[number];
                let picture = photo.as_ref().ok().map(Photo::digest);
                let Made { outcome, tone, faceless } = match photo {
                    Ok(photo) => maker.crops(number, sample, photo)?,
                    Err(error) => Outcome::Unreadable(format!("{error:#}")).into(),
                };
                let record = Record {
                    number,
                    source: sample.source.clone(),
                    subject: sample.subject.clone(),
                    split: sample.split,
                    attack: sample.attack.clone(),
                    file: sample.media.path().display().to_string(),
                    frame: sample.media.frame(),
                    picture,
                    tone,
                    faceless,
                    outcome,
                };
                writer.lock().expect("no thread panics while it holds this").append(&record)?;
                bar.inc(1);
                Ok(())
            })
        })?;
        bar.finish_and_clear();
        let prepared = writer.into_inner().expect("no thread panicked").finish()?;
        report(&prepared.records, &listing.left_out, self.out)
    }
}

/// Says what became of every sample: the totals on the terminal, each one that gave no crop in `left-out.csv`.
fn report(records: &[Record], unlisted: &[dataset::LeftOut], out: &Path) -> Result<()> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(["file", "reason"])?;
    for left_out in unlisted {
        csv.write_record([&left_out.path.display().to_string(), &left_out.reason])?;
    }
    let (mut crops, mut depths, mut faceless, mut unreadable, mut recaptures) = (0, 0, 0, 0, 0);
    for record in records {
        recaptures += record.faceless.len();
        match &record.outcome {
            Outcome::Crops(made) => {
                crops += made.len();
                depths += made.iter().filter(|crop| crop.depth.is_some()).count();
            }
            Outcome::NoFace(reason) => {
                faceless += 1;
                csv.write_record([&record.file, reason])?;
            }
            Outcome::Unreadable(reason) => {
                unreadable += 1;
                csv.write_record([&record.file, reason])?;
            }
        }
    }
    run::write_atomic(&out.join("left-out.csv"), &csv.into_inner()?)?;
    say(format_args!(
        "{}: {} samples -> {crops} crops, {depths} with depth; left out: {faceless} without a usable face, {unreadable} unreadable, \
         {} not listable (left-out.csv names them), {recaptures} recaptures without a face",
        out.display(),
        records.len(),
        unlisted.len()
    ))?;
    ensure!(
        crops > 0,
        "nothing of {} samples could be used: {} says why",
        records.len(),
        out.join("left-out.csv").display()
    );
    Ok(())
}

impl Preparation<'_> {
    /// What a resumed preparation must have in common with the one that was broken off.
    fn identity(&self, samples: &[Sample]) -> Result<serde_json::Value> {
        let names: String = samples.iter().map(|sample| format!("{}\n", sample.media)).collect();
        let mut identity = self.made_with.clone();
        identity["detector"] = self.face.detector_name().into();
        identity["depth"] = self.face.depth_name().into();
        identity["checkpoints"] = self.face.digests()?.into();
        identity["files"] = bonafide::weights::sha256(names.as_bytes()).into();
        Ok(identity)
    }
}
