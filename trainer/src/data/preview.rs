//! Prepared folders -> a contact sheet of what training sees: `trainer augment`.
//!
//! Two rows a crop: the product's crop and its augmentations, and beneath them the depth targets, which follow the
//! geometry and not the colours.

use std::path::PathBuf;

use anyhow::Result;
use bonafide::crop::CROP_SIZE;
use clap::Args;
use rand::seq::SliceRandom;

use super::{
    augment::Augmentation,
    examples::{Examples, Item, Split},
};
use crate::{
    picture::sheet::Sheet,
    run::{self, config::Config, terminal::say},
};

/// Options of `trainer augment`.
#[derive(Debug, Args)]
pub struct AugmentArgs {
    /// Folders that `trainer prepare` wrote.
    #[arg(long, required = true, num_args = 1..)]
    data: Vec<PathBuf>,
    /// The sheet, a PNG file.
    #[arg(long)]
    out: PathBuf,
    /// Crops, drawn from the training split.
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u64).range(1..=100))]
    crops: u64,
    /// Augmentations of each.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u64).range(1..=50))]
    variants: u64,
    /// A preset or a TOML file: what it changes.
    #[arg(long, default_value = "small")]
    config: String,
    /// Seed of the draw.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Runs `trainer augment`.
///
/// # Errors
/// If the data or the disk do not serve.
pub fn run(args: &AugmentArgs) -> Result<()> {
    let examples = Examples::load(&args.data)?;
    let augment = Config::load(&args.config)?.augment;
    let mut rng = run::rng(args.seed, "augment", 0);
    let mut chosen = examples.of(Split::Train)?;
    chosen.shuffle(&mut rng);
    let mut sheet = Sheet::new(args.variants as usize + 1, CROP_SIZE);
    for example in chosen.into_iter().take(args.crops as usize) {
        let changes: Vec<_> = (0..args.variants).map(|_| Some(Augmentation::draw(&augment, &mut rng))).collect();
        let tiles: Vec<_> = [None]
            .into_iter()
            .chain(changes)
            .map(|augmentation| Item { example, augmentation, twin: None }.cut())
            .collect::<Result<_>>()?;
        tiles.iter().for_each(|(image, _)| sheet.rgb(image));
        tiles.iter().for_each(|(_, depth)| sheet.gray(depth));
    }
    sheet.write(&args.out)?;
    say(format_args!(
        "{}: the product's crop, then {} augmentations; depth beneath",
        args.out.display(),
        args.variants
    ))?;
    Ok(())
}
