//! SiW (Liu, Jourabloo and Liu, CVPR 2018) -> samples with its boxes.
//!
//! ```text
//! {Train,Test}/{live,spoof}/SUBJECT/SUBJECT-SENSOR-TYPE-MEDIUM-SESSION.mov    Train/spoof/003/003-1-2-1-1.mov
//! {Train,Test}/{live,spoof}/SUBJECT/SUBJECT-SENSOR-TYPE-MEDIUM-SESSION.face   a line a frame: left top right bottom
//! ```
//!
//! Type 1 is bona fide, 2 print (session 1 glossy, 2 matt paper), 3 replay (medium 1 iPad Pro, 2 iPhone 7 Plus, 3 Galaxy
//! S8, 4 Asus MB168B). The publication writes the name with underscores, its files have hyphens; both are read, and .mp4
//! too. A box of zeros says that no face was found. Of the published training people 15 %, by the hash of their number,
//! are the development split.

use std::path::Path;

use anyhow::{Result, bail, ensure};
use bonafide::face::FaceBox;

use super::{
    Attack, ListOptions, Listing, Sample, Split, boxes, carve,
    frames::{self, Recording},
};
use crate::recapture::PaiSpecies::{Print, Replay};

const SOURCE: &str = "siw";

pub(super) fn list(root: &Path, options: &ListOptions) -> Result<Listing> {
    ensure!(root.is_dir(), "cannot find the folder {}", root.display());
    let mut listing = Listing::default();
    for half in ["Train", "Test"] {
        for class in ["live", "spoof"] {
            let folder = root.join(half).join(class);
            if !folder.is_dir() {
                listing.leave_out(folder, "is missing");
                continue;
            }
            let recordings = frames::find(&folder, &["mov", "mp4"], &mut listing)?;
            let sample = |recording: &Recording| sample(half, class, recording);
            listing.append([frames::list(&recordings, options.frames_per_video, sample, give_boxes)?]);
        }
    }
    Ok(listing)
}

fn give_boxes(recording: &Recording, listing: &mut Listing) {
    // Of x.m.mov, x.m.face or x.face.
    let near = recording.beside("face");
    let file = if near.exists() { near } else { near.with_extension("").with_extension("face") };
    boxes::give(listing, &file, |text, number| boxes::at(text, number, face));
}

fn sample(half: &str, class: &str, recording: &Recording) -> Result<Sample> {
    let (path, name) = (recording.path(), recording.name()?);
    // Some files are published as .m.mov.
    let fields: Vec<&str> = name.strip_suffix(".m").unwrap_or(name).split(['-', '_']).collect();
    let &[subject, _sensor, kind, medium, session] = fields.as_slice() else {
        bail!("is not named like 003-1-2-1-1.mov");
    };
    ensure!(
        !subject.is_empty() && subject.bytes().all(|digit| digit.is_ascii_digit()),
        "names no person: {subject} is no number"
    );
    let folder = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    ensure!(folder == subject || folder == class, "is named after person {subject}, but lies in the folder {folder}");
    let attack = match (kind, medium, session) {
        ("1", ..) => None,
        ("2", _, "1") => Some(Attack::new(Print, "glossy paper")),
        ("2", _, "2") => Some(Attack::new(Print, "matt paper")),
        ("2", ..) => Some(Attack { species: Print, instrument: None }),
        ("3", "1", _) => Some(Attack::new(Replay, "ipad pro")),
        ("3", "2", _) => Some(Attack::new(Replay, "iphone 7 plus")),
        ("3", "3", _) => Some(Attack::new(Replay, "galaxy s8")),
        ("3", "4", _) => Some(Attack::new(Replay, "asus mb168b")),
        ("3", ..) => Some(Attack { species: Replay, instrument: None }),
        _ => bail!("is of an unknown type, {kind}"),
    };
    ensure!(attack.is_some() == (class == "spoof"), "is of type {kind}, but lies in the folder {class}");
    let subject = format!("{SOURCE}/{subject}");
    let split = if half == "Test" { Split::Test } else { carve(&subject) };
    Ok(recording.sample(SOURCE, subject, split, attack))
}

fn face(line: &str) -> Result<Option<FaceBox>> {
    let Ok(corners) = <[f32; 4]>::try_from(boxes::numbers(line)) else { bail!("it is not four numbers") };
    boxes::corners(corners)
}
