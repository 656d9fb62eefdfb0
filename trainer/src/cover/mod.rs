//! Bona fide photos -> the network that sees whether something covers a face, and how often it errs: `trainer cover`.
//!
//! ```text
//! worn, shape -> canvas -> sitter -> cloth, glasses, hand -> kind -> example -> learn -> measure -> report
//! ```
//!
//! There are no photos of covered faces that might be used, so covers are drawn onto uncovered ones, along FaceMesh's points
//! and in the light of the photo. What they lack real covers have; the figures compare networks and are no promises.

mod canvas;
mod cloth;
mod example;
mod glasses;
mod hand;
mod kind;
mod learn;
mod measure;
mod report;
mod shape;
mod sitter;
mod worn;

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use bonafide::{
    network::Cover,
    weights::{COVER, Manifest, NetworkFile, load_safetensors},
};
use burn::tensor::Device;
use clap::Args;
use rayon::prelude::*;

use crate::{
    data::dataset::{Listing, Split, photos, video},
    faces::{FaceArgs, Finder},
    picture::sheet::Sheet,
    run::{
        self,
        terminal::{progress, remark, say},
        write_atomic,
    },
    ship::export::COVER_FILE,
    weights::store::{Precision, manifest_text, serialise},
};
use kind::Kind;
use learn::LearnArgs;
use sitter::Sitter;
use worn::Worn;

/// What 16 bits may do to the log-odds of a picture that lies on the threshold.
const ROUNDING: f32 = 0.01;
/// Frames looked at of each film.
const FRAMES: usize = 12;
/// Faces on a sheet.
const SHEET: usize = 24;

/// Options of `trainer cover`.
#[derive(Debug, Args)]
pub struct CoverArgs {
    /// Folders of bona fide photos, one person a file; each folder is a source.
    #[arg(long, required = true, num_args = 1..)]
    data: Vec<PathBuf>,
    /// List of the photos among them whose people wear a cover (trainer/configs/worn.txt): a word, `eyes`, `mouth`, `held` or
    /// `unclear`, and `source/name`.
    #[arg(long)]
    worn: Option<PathBuf>,
    /// Films of people without a cover, or folders of such films, to measure on.
    #[arg(long, num_args = 1..)]
    films: Vec<PathBuf>,
    /// Folder whose manifest gets the network, beside the detector.
    #[arg(long, default_value = "pkg/weights")]
    out: PathBuf,
    #[command(flatten)]
    learn: LearnArgs,
    /// Seed of all that is drawn.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Measure the network that is there; train none.
    #[arg(long)]
    measure: bool,
    /// Only draw this sheet (JPEG) of what is learnt from, a column a kind, each kind twice: as drawn and as the network sees it.
    #[arg(long)]
    sheet: Option<PathBuf>,
    #[command(flatten)]
    face: FaceArgs,
}

/// Runs `trainer cover`: writes the network into the manifest of `--out`, and its report to the standard output.
///
/// # Errors
/// If photos, weights, films or disk do not serve, or the loss is no longer finite.
pub fn run(args: &CoverArgs) -> Result<()> {
    let finder = args.face.open()?;
    let worn = args.worn.as_deref().map_or_else(|| Ok(HashMap::new()), worn::read)?;
    let sitters = sitters(&finder, &photos::list(&args.data, 0)?, &worn)?;
    let bare = |split| move |sitter: &&Sitter| sitter.split == split && sitter.worn.is_none();
    let learnt = |sitter: &&Sitter| sitter.split == Split::Train && sitter.worn != Some(Worn::Held);
    let train: Vec<&Sitter> = sitters.iter().filter(learnt).collect();
    let development: Vec<&Sitter> = sitters.iter().filter(bare(Split::Development)).collect();
    let test: Vec<&Sitter> = sitters.iter().filter(bare(Split::Test)).collect();
    ensure!(
        train.len() >= 8 && !development.is_empty() && !test.is_empty(),
        "too few photos show a face: people are needed to learn from, to choose a threshold on and to measure on"
    );
    if let Some(path) = &args.sheet {
        return sheet(&train, path, args.seed);
    }
    let network = if args.measure {
        load(&args.out)?
    } else {
        let learnt = learn::learn(&train, &args.learn, args.seed)?;
        let folded = reload(&serialise(&learnt.fold(), Precision::Int8)?)?;
        let answers = measure::answers(&folded.clone().pack(), &finder.detector, &development, args.seed)?;
        let at = measure::threshold(&folded.clone().pack(), &answers, &development, args.seed);
        let bytes = serialise(&folded.shifted(-at - ROUNDING), Precision::Int8)?;
        write(&args.out, &bytes)?;
        remark(format_args!("{COVER_FILE}: {} bytes; the threshold lay at {at:.3}", bytes.len()));
        reload(&bytes)?
    }
    .pack();
    let measured: Vec<&Sitter> = development.into_iter().chain(test).collect();
    let answers = measure::answers(&network, &finder.detector, &measured, args.seed)?;
    for answer in
        answers.iter().filter(|answer| answer.kind == Kind::Bare && answer.log_odds.is_some_and(|at| at > 0.0))
    {
        remark(format_args!("refused as photographed: {}", answer.sitter.subject));
    }
    let mut photographed = [
        ("Worn in generated pictures of people whom it did not learn from".to_owned(), 0, 0),
        ("Photographed covers, held out".to_owned(), 0, 0),
    ];
    for sitter in sitters.iter().filter(|sitter| sitter.worn.is_some()) {
        let row = match sitter.worn {
            Some(Worn::Held) => &mut photographed[1],
            _ if sitter.split == Split::Train => continue,
            _ => &mut photographed[0],
        };
        if let Some(log_odds) = measure::ask(&network, &finder.detector, &example::frame(&sitter.canvas().rgba()))? {
            row.1 += usize::from(log_odds > 0.0);
            row.2 += 1;
            remark(format_args!("worn, {}: {log_odds:.2}", sitter.subject));
        }
    }
    let clips = films(&args.films)?.iter().map(|path| film(&network, &finder, path)).collect::<Result<Vec<_>>>()?;
    say(report::report(train.len(), &answers, &photographed, &clips))?;
    Ok(())
}

fn sitters(finder: &Finder, listing: &Listing, worn: &HashMap<String, Worn>) -> Result<Vec<Sitter>> {
    let bar = progress(listing.samples.len(), "faces");
    let found = listing
        .samples
        .par_iter()
        .map(|sample| {
            bar.inc(1);
            match worn.get(&sample.subject) {
                Some(Worn::Unclear) => Ok(None),
                worn => Sitter::of(finder, sample, worn.copied()),
            }
        })
        .collect::<Result<Vec<_>>>()?;
    bar.finish_and_clear();
    Ok(found.into_iter().flatten().collect())
}

fn sheet(sitters: &[&Sitter], path: &Path, seed: u64) -> Result<()> {
    let size = bonafide::crop::COVER_SIZE;
    let mut sheet = Sheet::new(2 * Kind::ALL.len(), size);
    let step = sitters.len().div_ceil(SHEET);
    for (row, sitter) in sitters.iter().step_by(step).enumerate() {
        for (column, kind) in Kind::ALL.iter().enumerate() {
            let mut rng = run::rng(seed, &format!("sheet/{row}"), column as u64);
            let drawn = kind.draw(sitter, &mut rng);
            let square = sitter.bounds.square(bonafide::crop::COVER_MARGIN);
            sheet.rgb(&bonafide::region::sample(&example::frame(&drawn), &square, size));
            sheet.rgb(&example::changed(sitter, &drawn, &mut rng));
        }
    }
    sheet.write_jpeg(path)
}

fn reload(bytes: &[u8]) -> Result<Cover> {
    Ok(load_safetensors(Cover::folded(&Device::flex()), bytes)?)
}

fn manifest(folder: &Path) -> Result<Manifest> {
    let path = folder.join("manifest.json");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Manifest::parse(&text)?)
}

fn load(folder: &Path) -> Result<Cover> {
    reload(&manifest(folder)?.bytes(COVER, |file| fs::read(folder.join(file)).ok())?)
}

/// The file, then the manifest that names it.
fn write(folder: &Path, bytes: &[u8]) -> Result<()> {
    let mut manifest = manifest(folder)?;
    manifest.networks.insert(COVER.to_owned(), NetworkFile::describe(COVER_FILE, bytes));
    let text = manifest_text(&manifest)?;
    write_atomic(&folder.join(COVER_FILE), bytes)?;
    write_atomic(&folder.join("manifest.json"), text.as_bytes())
}

/// Films, and those in folders; what else the folders hold is named.
fn films(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut films = Vec::new();
    for path in paths {
        if path.is_dir() {
            films.extend(video::below(path, |path, why| remark(format_args!("{} {why}", path.display())))?);
        } else {
            films.push(path.clone());
        }
    }
    Ok(films)
}

fn film(network: &Cover, finder: &Finder, path: &Path) -> Result<report::Row> {
    let numbers = video::spaced(video::frame_count(path)?, FRAMES);
    let mut row = (path.file_stem().unwrap_or_default().to_string_lossy().into_owned(), 0, 0);
    for photo in video::frames(path, &numbers)? {
        if let Some(log_odds) = measure::ask(network, &finder.detector, &photo.frame())? {
            row.1 += usize::from(log_odds > 0.0);
            row.2 += 1;
        }
    }
    Ok(row)
}
