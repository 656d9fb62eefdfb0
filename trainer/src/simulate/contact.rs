//! Photos -> strips of simulated presentations, to judge them by eye. `trainer contact`.
//!
//! One JPEG for bona fide and one for each instrument: above, the networks' crop of one draw after another; below, one eye
//! of each, enlarged, since what a recapture does is done to single pixels. Real photos can stand beside them.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use bonafide::{
    crop::{CROP_MARGIN, CROP_SIZE},
    face::Face,
    frame::Frame,
    region::{Region, sample},
};
use clap::{Args, ValueEnum};
use rand_chacha::ChaCha8Rng;

use crate::{
    data::{prepared::Cut, scene::scene},
    faces::FaceArgs,
    picture::{
        photo::{Photo, expand},
        sheet::Sheet,
    },
    recapture::{Instrument, Picture, Scene, Simulator},
    run,
    run::terminal::{remark, say},
};

/// Side of the enlarged eye over the face box's longer side.
const EYE: f32 = 0.3;

/// Options of `trainer contact`.
#[derive(Debug, Args)]
pub struct ContactArgs {
    /// Bona fide photos, or folders of them, in turn.
    #[arg(long, required = true, num_args = 1..)]
    photos: Vec<PathBuf>,
    /// Real presentations to show as they are, in a strip of their own.
    #[arg(long, num_args = 1..)]
    beside: Vec<PathBuf>,
    /// Folder to write to.
    #[arg(long)]
    out: PathBuf,
    /// Draws of each kind.
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u64).range(1..=24))]
    draws: u64,
    /// Seed of the draws.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Side of the crops over the face box's: the one that the networks to be shown look at.
    #[arg(long, default_value_t = CROP_MARGIN)]
    margin: f32,
    #[command(flatten)]
    face: FaceArgs,
}

/// Runs `trainer contact`.
///
/// # Errors
/// If no photo shows a face, or photos, weights or disk do not serve.
pub fn run(args: &ContactArgs) -> Result<()> {
    let finder = args.face.open()?;
    let find = |frame: &Frame<'_>| -> Result<Option<Face>> { Ok(finder.detector.detect(frame)?.into_iter().next()) };
    let cut = Cut::with_margin(args.margin);
    let mut subjects = Vec::new();
    for path in expand(&args.photos)? {
        let photo = Photo::read(&path)?;
        if let Some(face) = find(&photo.frame())? {
            let region = cut.stored(&face.bounds);
            let eye = face.landmarks[0];
            let (u, v) = region.from_frame(eye[0], eye[1]);
            subjects.push((scene(&photo.frame(), &face.bounds, &cut), [u, v]));
        }
    }
    ensure!(!subjects.is_empty(), "none of the photos shows a face");
    let simulator = Simulator::default();
    let strip = |name: &str, draw: &dyn Fn(&Scene, &mut ChaCha8Rng) -> Picture| {
        let pictures = (0..args.draws).zip(subjects.iter().cycle()).map(|(number, (scene, eye))| {
            let picture = draw(scene, &mut run::rng(args.seed, name, number));
            let rgba = picture.rgba();
            let size = picture.size as f32;
            let frame = Frame::new(&rgba, size as u32, size as u32).expect("four bytes a pixel");
            let face = cut.middle(size);
            let close = Region { cx: eye[0] * size, cy: eye[1] * size, side: EYE * face[2], angle: 0.0 };
            [sample(&frame, &cut.networks(face), CROP_SIZE), sample(&frame, &close, CROP_SIZE)]
        });
        write(pictures.collect(), &args.out.join(format!("{name}.jpg")))
    };
    strip("bona-fide", &|scene, rng| simulator.bona_fide(scene, rng).0)?;
    for instrument in Instrument::value_variants() {
        strip(&instrument.to_string(), &|scene, rng| simulator.attack(scene, *instrument, rng).0)?;
    }
    if !args.beside.is_empty() {
        let mut pictures = Vec::new();
        for path in expand(&args.beside)? {
            let photo = Photo::read(&path)?;
            let frame = photo.frame();
            let Some(face) = find(&frame)? else {
                remark(format_args!("{} shows no face: left out", path.display()));
                continue;
            };
            let [cx, cy] = face.landmarks[0];
            let product = face.bounds.square(cut.margin);
            let close = Region { cx, cy, side: EYE * product.side / cut.margin, angle: 0.0 };
            pictures.push([sample(&frame, &product, CROP_SIZE), sample(&frame, &close, CROP_SIZE)]);
        }
        ensure!(!pictures.is_empty(), "none of the photos beside shows a face");
        write(pictures, &args.out.join("beside.jpg"))?;
    }
    say(format_args!(
        "{}: bona-fide.jpg and one strip for each instrument, {} draws each",
        args.out.display(),
        args.draws
    ))?;
    Ok(())
}

fn write(pictures: Vec<[Vec<f32>; 2]>, path: &std::path::Path) -> Result<()> {
    let mut sheet = Sheet::new(pictures.len(), CROP_SIZE);
    for row in 0..2 {
        pictures.iter().for_each(|picture| sheet.rgb(&picture[row]));
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    sheet.write_jpeg(path)
}
