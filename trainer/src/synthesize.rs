//! Bona fide photos -> a prepared folder of simulated presentations, bona fide and attack. `trainer synthesize`.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::{
    dataset::photos,
    detect::FaceArgs,
    prepare::{Preparation, Recapture},
    realism::Measurements,
    recapture::Instrument,
    run,
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
    /// Side in pixels of the stored crops, a little wider than the product's, that augmentation cuts from.
    #[arg(long, default_value_t = 288, value_parser = clap::value_parser!(u32).range(224..=1024))]
    size: u32,
    /// Recaptures of each photo as bona fide, and as many again as attacks.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1000))]
    variants: u64,
    /// Seed of all recaptures: the same seed, the same bytes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The kinds of attack, in turn [default: all].
    #[arg(long, value_enum, value_delimiter = ',', num_args = 1.., default_values_t = Instrument::value_variants().to_vec(), hide_default_value = true)]
    instruments: Vec<Instrument>,
    /// Measured statistics of real replays (JSON): also write report.md, simulated beside measured.
    #[arg(long, value_name = "JSON")]
    report: Option<PathBuf>,
    #[command(flatten)]
    face: FaceArgs,
}

/// Runs `trainer synthesize`.
///
/// # Errors
/// If the photos, the weights or the disk do not serve.
pub fn run(args: &SynthesizeArgs) -> Result<()> {
    let preparation = Preparation {
        out: &args.out,
        size: args.size,
        face: &args.face,
        recapture: Some(Recapture { variants: args.variants, seed: args.seed, instruments: args.instruments.clone() }),
        made_with: serde_json::json!({
            "variants": args.variants,
            "seed": args.seed,
            "instruments": args.instruments,
            "simulator": env!("CARGO_PKG_VERSION"),
        }),
    };
    let measured = args.report.as_deref().map(Measurements::read).transpose()?;
    let listing = photos::list(&args.data, args.photos_per_source)?;
    preparation.run(&listing)?;
    if let Some(measured) = measured {
        let report = measured.report(&listing.samples, &args.face, args.seed)?;
        run::write_atomic(&args.out.join("report.md"), report.as_bytes())?;
        print!("{report}");
    }
    Ok(())
}
