//! Bona fide photos -> a prepared folder of simulated presentations, bona fide and attack. `trainer synthesize`.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use bonafide::crop::CROP_MARGIN;
use clap::{Args, ValueEnum};

use super::realism::Measurements;
use crate::{
    data::{
        dataset::{Split, photos},
        prepare::{Preparation, Recapture},
        prepared::Cut,
    },
    faces::{FaceArgs, experts::Bar},
    recapture::{Condition, Instrument, Simulator, Stage},
    run,
    run::terminal::say,
};

/// Options of `trainer synthesize`.
#[derive(Debug, Args)]
pub struct SynthesizeArgs {
    /// Folders of bona fide photos, one person a file; each folder is a source.
    #[arg(long, required = true, num_args = 1..)]
    data: Vec<PathBuf>,
    /// Folder to write to; the same command again goes on where it was broken off.
    #[arg(long)]
    out: PathBuf,
    /// At most so many photos of each folder, the first by the hash of their name; 0 takes all.
    #[arg(long, default_value_t = 0)]
    photos_per_source: usize,
    /// Recaptures of each photo as bona fide, and as many again as attacks.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1000))]
    variants: u64,
    /// Seed of all recaptures: the same seed, the same bytes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The kinds of attack, in turn [default: all].
    #[arg(long, value_enum, value_delimiter = ',', num_args = 1.., default_values_t = Instrument::value_variants().to_vec(), hide_default_value = true)]
    instruments: Vec<Instrument>,
    /// Only the people of these splits [default: all].
    #[arg(long, value_enum, value_delimiter = ',', num_args = 1..)]
    splits: Vec<Split>,
    /// Stages of an attack to leave out, for ablations.
    #[arg(long, value_enum, value_delimiter = ',', num_args = 1..)]
    without: Vec<Stage>,
    /// A condition harder than training's, for tests.
    #[arg(long, value_enum)]
    condition: Option<Condition>,
    /// Leave out photos whose mean log-odds of bona fide by MiniFASNetV2 are below this, -12 to 12, both classes of them.
    #[arg(long, value_name = "LOG_ODDS", allow_negative_numbers = true)]
    least_live: Option<f32>,
    /// Side of the networks' crop over the face box's: another than the product's serves ablations, never export.
    #[arg(long, default_value_t = CROP_MARGIN)]
    margin: f32,
    /// Side of the stored crop over that of the networks': 2.7 face boxes, as far as the experts look, where training alone
    /// needs 2.1.
    #[arg(long, default_value_t = 1.8)]
    reach: f32,
    /// Measured statistics of real presentations (JSON): also write report.md, simulated beside measured.
    #[arg(long, value_name = "JSON", num_args = 1..)]
    report: Vec<PathBuf>,
    #[command(flatten)]
    face: FaceArgs,
}

/// Runs `trainer synthesize`.
///
/// # Errors
/// If the photos, the weights or the disk do not serve.
pub fn run(args: &SynthesizeArgs) -> Result<()> {
    ensure!(
        args.margin > 0.5 && args.margin < 8.0 && args.reach >= 1.0 && args.margin * args.reach <= 8.0,
        "--margin {} and --reach {}: what is stored must be at least the networks' crop and at most 8 face boxes wide",
        args.margin,
        args.reach
    );
    let bar = args.least_live.map(|least| Bar::load(args.face.weights(), least)).transpose()?;
    let simulator = Simulator { without: args.without.clone(), condition: args.condition };
    let mut made_with = serde_json::json!({
        "variants": args.variants,
        "seed": args.seed,
        "instruments": args.instruments,
        "simulator": simulator,
    });
    if let Some(least) = args.least_live {
        made_with["least_live"] = least.into();
    }
    let preparation = Preparation {
        out: &args.out,
        cut: Cut { margin: args.margin, reach: args.reach },
        face: &args.face,
        made_with,
        recapture: Some(Recapture {
            variants: args.variants,
            seed: args.seed,
            instruments: args.instruments.clone(),
            simulator,
            bar,
        }),
    };
    let measured = (!args.report.is_empty()).then(|| Measurements::read(&args.report)).transpose()?;
    let mut listing = photos::list(&args.data, args.photos_per_source)?;
    if !args.splits.is_empty() {
        listing.samples.retain(|sample| args.splits.contains(&sample.split));
        ensure!(!listing.samples.is_empty(), "no photo falls into the wanted splits: give more photos");
    }
    preparation.run(&listing)?;
    if let Some(measured) = measured {
        let report = measured.report(&listing.samples, &args.face, args.seed)?;
        run::write_atomic(&args.out.join("report.md"), report.as_bytes())?;
        say(&report)?;
    }
    Ok(())
}
