//! Videos, or simulated clips of photos -> error rates of whole checks: `trainer sessions`.
//!
//! ```text
//! presentation -> play (tries) -> rates   ┐
//!                   -> track -> changes   ┴-> report
//! ```
//!
//! What decides is the product's own session, and its loop (`bonafide::watch`): nothing of it is written again here.

pub mod changes;
pub mod play;
pub mod presentation;
pub mod rates;
mod report;
pub mod track;

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use bonafide::pipeline::Pipeline;
use burn::tensor::Device;
use clap::Args;
use rayon::prelude::*;
use serde::Serialize;

use self::{
    changes::Told,
    play::TRIES,
    presentation::{Playing, Presentation},
    rates::{Class, Played},
    track::Track,
};
use crate::{
    data::dataset::{self, Layout, ListOptions, Split},
    measure::intervals::Bootstrap,
    run::{
        terminal::{progress, remark, say},
        write_atomic,
    },
    ship::score::load_pipeline,
};

/// Options of `trainer sessions`.
#[derive(Debug, Args)]
pub struct SessionsArgs {
    /// A data set: its layout and its folder, or for `csv` the table. Videos, or folders of frames that were taken at --rate.
    #[arg(long, num_args = 2, value_names = ["LAYOUT", "PATH"], conflicts_with = "simulate")]
    data: Vec<String>,
    /// Folders of bona fide photos, one person a file: clips are simulated of them.
    #[arg(long, num_args = 1..)]
    simulate: Vec<PathBuf>,
    /// Only the people of these splits [default: all].
    #[arg(long, value_enum, value_delimiter = ',', num_args = 1..)]
    splits: Vec<Split>,
    /// Of --simulate: at most so many photos of each folder, the first by the hash of their name; 0 takes all.
    #[arg(long, default_value_t = 0)]
    photos_per_source: usize,
    /// Of --simulate: length of a clip, seconds. A check that takes its full window needs somewhat more than 3.
    #[arg(long, default_value_t = 3.5)]
    seconds: f64,
    /// Frames a second; a session counts ten.
    #[arg(long, default_value_t = 10.0)]
    rate: f64,
    /// The operating point of the manifest.
    #[arg(long, default_value = "balanced")]
    operating_point: String,
    /// Also measure what changes from frame to frame tell of exchanged faces, over limits.
    #[arg(long)]
    changes: bool,
    /// Seed of all that is drawn.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write the figures to this file, as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Write what is printed to this file too, for `trainer card --tests`.
    #[arg(long)]
    markdown: Option<PathBuf>,
    /// Folder with manifest.json and the weights that it names. Repeatable, as for `trainer score`.
    #[arg(long, default_value = "pkg/weights")]
    weights: Vec<PathBuf>,
}

/// What is written as JSON.
#[derive(Debug, Serialize)]
struct Report {
    /// Of the weights' manifest.
    model_sha256: String,
    operating_point: String,
    /// Frames a second.
    rate: f64,
    /// Folders of photos, or the data set.
    of: Vec<String>,
    seed: u64,
    classes: Vec<Class>,
    changes: Vec<Told>,
    /// Presentations that could not be played, and why.
    left_out: Vec<String>,
}

/// Runs `trainer sessions`.
///
/// # Errors
/// If an option is out of its range, weights or data do not serve, or nothing could be played.
pub fn run(args: &SessionsArgs) -> Result<()> {
    ensure!(args.rate > 0.0 && args.rate <= 120.0, "--rate {}: 120 frames a second at the most", args.rate);
    ensure!(
        args.seconds > 0.0 && args.seconds <= 60.0,
        "--seconds {}: a simulated clip lasts up to a minute",
        args.seconds
    );
    let presentations = presentations(args)?;
    let pipeline = load_pipeline(&args.weights, &Device::flex())?;
    let report = measure(args, &presentations, &pipeline)?;
    let text = report::markdown(&report);
    if let Some(path) = &args.json {
        write_atomic(path, &serde_json::to_vec_pretty(&report)?)?;
    }
    if let Some(path) = &args.markdown {
        write_atomic(path, text.as_bytes())?;
    }
    say(&text)?;
    Ok(())
}

fn presentations(args: &SessionsArgs) -> Result<Vec<Presentation>> {
    let [layout, path] = args.data.as_slice() else {
        ensure!(!args.simulate.is_empty(), "give a data set by --data, or folders of photos by --simulate");
        return presentation::of_photos(&args.simulate, args.photos_per_source, &args.splits, TRIES as u64);
    };
    let layout = <Layout as clap::ValueEnum>::from_str(layout, false)
        .map_err(|_| anyhow::anyhow!("{layout} is no layout: `trainer prepare --help` lists them"))?;
    // Of a folder of frames all are wanted, of a video only its path.
    let options = ListOptions { frames_per_video: 1_000, ..ListOptions::default() };
    let listing = dataset::list(layout, Path::new(path), &options)?;
    for left_out in &listing.left_out {
        remark(format_args!("left out: {left_out}"));
    }
    let mut samples = listing.samples;
    samples.retain(|sample| args.splits.is_empty() || args.splits.contains(&sample.split));
    Ok(presentation::of_samples(&samples))
}

fn measure(args: &SessionsArgs, presentations: &[Presentation], pipeline: &Pipeline) -> Result<Report> {
    let setup = pipeline.setup(&args.operating_point, None)?;
    let playing = Playing { rate: args.rate, seconds: args.seconds, seed: args.seed };
    let bar = progress(presentations.len(), "playing");
    let results: Vec<Result<(Played, Track)>> = presentations
        .par_iter()
        .map(|of| {
            let mut track = Track { subject: of.subject.clone(), attack: of.attack.clone(), seen: Vec::new() };
            let tries = play::play(of, pipeline, &setup, &playing, args.changes.then_some(&mut track))?;
            ensure!(!tries.is_empty(), "{} has no frame", of.videos[0]);
            bar.inc(1);
            Ok((Played { subject: of.subject.clone(), attack: of.attack.clone(), tries }, track))
        })
        .collect();
    bar.finish_and_clear();
    let (mut played, mut tracks, mut left_out) = (Vec::new(), Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok((tries, track)) => {
                played.push(tries);
                tracks.push(track);
            }
            Err(error) => left_out.push(format!("{error:#}")),
        }
    }
    ensure!(
        !played.is_empty(),
        "nothing could be played, first because {}",
        left_out.first().map_or("there is nothing", String::as_str)
    );
    left_out.iter().for_each(|why| remark(format_args!("left out: {why}")));
    let bootstrap = Bootstrap { seed: args.seed, ..Bootstrap::default() };
    Ok(Report {
        model_sha256: setup.model_sha256,
        operating_point: args.operating_point.clone(),
        rate: args.rate,
        of: if args.data.is_empty() { names(&args.simulate) } else { args.data[..1].to_vec() },
        seed: args.seed,
        classes: rates::classes(&played, bootstrap),
        changes: if args.changes { changes::told(&tracks, args.seed, bootstrap) } else { Vec::new() },
        left_out,
    })
}

/// Folders' own names: a report names no path of a machine.
fn names(folders: &[PathBuf]) -> Vec<String> {
    folders.iter().filter_map(|folder| folder.file_name()).map(|name| name.to_string_lossy().into_owned()).collect()
}
