//! `trainer depth`: the pseudo-depth of photos as pictures.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Mutex,
};

use anyhow::{Context, Result, bail};
use bonafide::crop::{CROP_MARGIN, CROP_SIZE, face_region};
use bonafide::region::sample;
use clap::Args;
use image::GrayImage;
use rayon::prelude::*;

use super::{FaceArgs, Finder, depth::rasterise::pseudo_depth};
use crate::{
    picture::{
        photo::{Photo, expand},
        sheet::{Sheet, to_byte, write_png},
    },
    run::terminal::{progress, say},
};

/// Most photos that a contact sheet shows.
const SHEET_PHOTOS: usize = 64;

/// Options of `trainer depth`.
#[derive(Debug, Args)]
pub struct DepthArgs {
    /// Photos, or folders that are searched for photos.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Folder for one 8-bit gray PNG of 224 x 224 pixels a photo, 255 nearest, 0 background; those already there stay.
    #[arg(long)]
    out: PathBuf,
    /// Also write a contact sheet of the first photos: crop, then depth.
    #[arg(long)]
    sheet: Option<PathBuf>,
    #[command(flatten)]
    face: FaceArgs,
}

/// What became of one photo.
enum Outcome {
    ThereBefore,
    Drawn,
    NoFace,
    Unreadable(String),
}

/// Runs `trainer depth`. Photos without a face and unreadable files are listed at the end; the rest is drawn.
///
/// # Errors
/// If paths or weights are missing, the disk refuses, or no photo could be read at all.
pub fn run(args: &DepthArgs) -> Result<()> {
    let photos = expand(&args.paths)?;
    let mut named = BTreeMap::new();
    for photo in &photos {
        if let Some(other) = named.insert(file_name(photo), photo) {
            bail!(
                "{} and {} would get the same file name: draw them into two folders",
                other.display(),
                photo.display()
            );
        }
    }
    let finder = args.face.open()?;
    fs::create_dir_all(&args.out).with_context(|| format!("cannot create {}", args.out.display()))?;
    let shown = Mutex::new(BTreeMap::new());
    let bar = progress(photos.len(), "depth");
    let outcomes = photos
        .par_iter()
        .enumerate()
        .map(|(number, photo)| {
            let path = args.out.join(file_name(photo));
            let on_sheet = args.sheet.is_some() && number < SHEET_PHOTOS;
            let outcome = if path.exists() && !on_sheet {
                Outcome::ThereBefore
            } else {
                match draw(&finder, photo)? {
                    Ok((crop, depth)) => {
                        write_depth(&path, &depth)?;
                        if on_sheet {
                            shown.lock().expect("no thread panics while it holds this").insert(number, (crop, depth));
                        }
                        Outcome::Drawn
                    }
                    Err(outcome) => outcome,
                }
            };
            bar.inc(1);
            Ok((photo, outcome))
        })
        .collect::<Result<Vec<_>>>()?;
    bar.finish_and_clear();

    if let Some(path) = &args.sheet {
        let mut sheet = Sheet::new(16, CROP_SIZE);
        for (crop, depth) in shown.into_inner().expect("no thread panicked").values() {
            sheet.rgb(crop);
            sheet.gray(depth);
        }
        sheet.write(path)?;
    }
    let mut counts = [0; 4];
    for (photo, outcome) in &outcomes {
        let kind = match outcome {
            Outcome::ThereBefore => 0,
            Outcome::Drawn => 1,
            Outcome::NoFace => {
                say(format_args!("no face: {}", photo.display()))?;
                2
            }
            Outcome::Unreadable(reason) => {
                say(format_args!("unreadable: {reason}"))?;
                3
            }
        };
        counts[kind] += 1;
    }
    say(format_args!(
        "{} photos: {} drawn, {} there before, {} without a face, {} unreadable",
        photos.len(),
        counts[1],
        counts[0],
        counts[2],
        counts[3]
    ))?;
    anyhow::ensure!(counts[3] < photos.len(), "none of the files could be read");
    Ok(())
}

/// A crop `[3, 224, 224]` and its depth `[224, 224]`, or why there is none.
type Drawing = std::result::Result<(Vec<f32>, Vec<f32>), Outcome>;

fn draw(finder: &Finder, path: &Path) -> Result<Drawing> {
    let photo = match Photo::read(path) {
        Ok(photo) => photo,
        Err(error) => return Ok(Err(Outcome::Unreadable(format!("{error:#}")))),
    };
    let frame = photo.frame();
    let Some(face) = finder.detector.detect(&frame)?.into_iter().next() else { return Ok(Err(Outcome::NoFace)) };
    let Some(surface) = finder.reconstructor.reconstruct(&frame, &face)? else { return Ok(Err(Outcome::NoFace)) };
    let region = face_region(&face.bounds, CROP_MARGIN);
    let crop = sample(&frame, &region, CROP_SIZE);
    Ok(Ok((crop, pseudo_depth(&surface, &region, CROP_SIZE))))
}

fn write_depth(path: &Path, depth: &[f32]) -> Result<()> {
    let bytes = depth.iter().copied().map(to_byte).collect();
    let image = GrayImage::from_raw(CROP_SIZE as u32, CROP_SIZE as u32, bytes).expect("a map of the crop's size");
    write_png(path, &image.into())
}

/// A flat name that keeps photos of different folders apart.
fn file_name(photo: &Path) -> String {
    let name: Vec<_> = photo
        .components()
        .filter_map(|part| match part {
            std::path::Component::Normal(part) => Some(part.to_string_lossy()),
            _ => None,
        })
        .collect();
    format!("{}.png", name.join("_"))
}
