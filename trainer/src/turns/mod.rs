//! Photos -> how often the challenge takes a turn of a head, and of a picture: `trainer turns`.
//!
//! There is no footage of people and of prints that turn on request, so both are rendered from the same photos: heads with the
//! surface that FaceMesh sees ([`solid`]), sheets of paper flat, bent and folded, before a webcam's lens ([`scene`]). From
//! there on all is the product's: detector, measures, session ([`trial`]). What the rendering lacks (light that moves, hair,
//! a neck, blur) real turns have, so these rates compare rules; they are not promises.

mod scene;
mod solid;
mod table;
mod trial;

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use bonafide::quality::pose::Pose;
use clap::Args;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::{
    faces::{FaceArgs, Finder},
    picture::photo::{Photo, expand},
    run::{
        rng,
        terminal::{progress, say},
    },
};
use solid::Form;
use trial::{Trial, Turn, judge};

/// Most degrees that a photo's face is turned, raised or tilted: the rest is turned from there.
const STRAIGHT: f32 = 12.0;
/// Centimetres from the camera: what the gate takes of a webcam's faces.
const DISTANCE: std::ops::Range<f32> = 30.0..50.0;
/// Degrees that heads turn.
const HEADS: [f32; 5] = [25.0, 30.0, 35.0, 40.0, 45.0];
/// Degrees that sheets turn: as heads do, and as far as a face is still found.
const SHEETS: [f32; 2] = [45.0, 60.0];
/// Sheets: cylinders down to a mug's, folds down the nose.
const FORMS: [Form; 7] = [
    Form::Flat,
    Form::Bent(20.0),
    Form::Bent(12.0),
    Form::Bent(8.0),
    Form::Bent(6.0),
    Form::Folded(20.0),
    Form::Folded(35.0),
];
/// Degrees that the axis of a sheet's form leans, one of these.
const LEANS: [f32; 5] = [0.0, 0.0, 0.0, -30.0, 30.0];
/// A head turns about a neck, this far behind the eyes, centimetres; a sheet about itself.
const NECK: f32 = 9.0;

/// Options of `trainer turns`.
#[derive(Debug, Args)]
pub struct TurnsArgs {
    /// Photos of faces, one a person, or folders that are searched for photos.
    #[arg(required = true)]
    photos: Vec<PathBuf>,
    /// At most so many photos, evenly spread; 0 takes all.
    #[arg(long, default_value_t = 0)]
    people: usize,
    #[command(flatten)]
    face: FaceArgs,
}

/// What was turned, `None` for the head, how far in degrees, and what became of it.
type Turned = (Option<Form>, f32, Trial);

/// What one photo gave.
struct Person {
    number: usize,
    trials: Vec<Turned>,
}

/// Runs `trainer turns`: two tables in Markdown on the standard output.
///
/// # Errors
/// If paths or weights are missing, or no photo holds a face that looks ahead.
pub fn run(args: &TurnsArgs) -> Result<()> {
    let photos = expand(&args.photos)?;
    let step = if args.people == 0 { 1 } else { photos.len().div_ceil(args.people).max(1) };
    let photos: Vec<_> = photos.into_iter().step_by(step).collect();
    let finder = args.face.open()?;
    let bar = progress(photos.len(), "turns");
    let people = photos
        .par_iter()
        .enumerate()
        .map(|(number, path)| {
            let person = turns(&finder, path, rng(1, "turns", number as u64));
            bar.inc(1);
            Ok(person?.map(|trials| Person { number, trials }))
        })
        .collect::<Result<Vec<_>>>()?;
    bar.finish_and_clear();
    let people: Vec<_> = people.into_iter().flatten().collect();
    ensure!(people.len() > 1, "fewer than two of {} photos show a face that looks ahead", photos.len());
    // Neighbours in a folder are of one source: each half gets of all.
    let (fitted, held_out): (Vec<_>, Vec<_>) = people.into_iter().partition(|person| person.number % 2 == 0);
    say(table::table(&fitted, &held_out))?;
    Ok(())
}

/// All turns of one photo's face; `None` if it shows none that looks ahead.
fn turns(finder: &Finder, path: &Path, mut rng: ChaCha8Rng) -> Result<Option<Vec<Turned>>> {
    let photo = Photo::read(path)?;
    let frame = photo.frame();
    let Some(face) = finder.detector.detect(&frame)?.into_iter().next() else { return Ok(None) };
    let pose = Pose::of(&face.landmarks);
    if [pose.yaw, pose.pitch, pose.roll].iter().any(|angle| angle.abs() > STRAIGHT) {
        return Ok(None);
    }
    let Some(surface) = finder.reconstructor.reconstruct(&frame, &face)? else { return Ok(None) };
    let size = [frame.width() as f32, frame.height() as f32];
    // The mean of the photo's upper edge.
    let top = &frame.rgba()[..4 * frame.width() as usize];
    let ground = std::array::from_fn(|channel| {
        top.iter().skip(channel).step_by(4).map(|value| f32::from(*value)).sum::<f32>() / size[0]
    });
    let heads = HEADS.map(|peak| (None, peak));
    let sheets = FORMS.into_iter().flat_map(|form| SHEETS.map(|peak| (Some(form), peak)));
    let head = solid::head(&face, &surface);
    let trials = heads.into_iter().chain(sheets).map(|(form, peak)| {
        let lean = LEANS[rng.random_range(0..LEANS.len())];
        let solid = form.map(|form| solid::sheet(&face, form, lean, size));
        let pitch = if form.is_some() { 15.0 } else { 5.0 };
        let turn = Turn {
            peak,
            pitch: rng.random_range(-pitch..pitch),
            left: rng.random_bool(0.5),
            distance: rng.random_range(DISTANCE),
            axis: if form.is_some() { 0.0 } else { NECK },
        };
        let trial = judge(&finder.detector, solid.as_ref().unwrap_or(&head), &photo, ground, &turn, &mut rng)?;
        Ok((form, peak, trial))
    });
    trials.collect::<Result<Vec<_>>>().map(Some)
}
