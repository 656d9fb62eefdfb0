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

use anyhow::{Context, Result, bail, ensure};
use bonafide::face::FaceBox;
use rayon::prelude::*;

use super::{Attack, ListOptions, Listing, Media, Sample, Split, carve, tree, video};
use crate::recapture::PaiSpecies::{Print, Replay};

const SOURCE: &str = "siw";
/// A box of a frame takes about 20 bytes.
const MAX_BOXES: u64 = 16 << 20;

pub(super) fn list(root: &Path, options: &ListOptions) -> Result<Listing> {
    ensure!(root.is_dir(), "cannot find the folder {}", root.display());
    video::installed()?;
    let mut listing = Listing::default();
    for half in ["Train", "Test"] {
        for class in ["live", "spoof"] {
            let folder = root.join(half).join(class);
            if !folder.is_dir() {
                listing.leave_out(folder, "is missing");
                continue;
            }
            let files = tree::files(&folder, &["mov", "mp4"], &mut listing)?;
            let parts: Vec<Listing> = files.par_iter().map(|path| recording(half, class, path, options)).collect();
            listing.append(parts);
        }
    }
    Ok(listing)
}

fn recording(half: &str, class: &str, path: &Path, options: &ListOptions) -> Listing {
    let mut listing = Listing::default();
    match sample(half, class, path) {
        Ok(sample) => listing.append([video::spread(&sample, options.frames_per_video)]),
        Err(error) => listing.leave_out(path, format!("{error:#}")),
    }
    if listing.samples.is_empty() {
        return listing;
    }
    // Of x.m.mov, x.m.face or x.face.
    let near = path.with_extension("face");
    let boxes = if near.exists() { near } else { path.with_extension("").with_extension("face") };
    if !boxes.exists() {
        listing.leave_out(boxes, "is missing, its frames are kept without boxes");
        return listing;
    }
    let given = tree::text(&boxes, MAX_BOXES).and_then(|text| give_boxes(&mut listing.samples, &text));
    if let Err(error) = given {
        listing.leave_out(boxes, format!("gives no boxes for some frames, which are kept: {error:#}"));
    }
    listing
}

fn sample(half: &str, class: &str, path: &Path) -> Result<Sample> {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).context("has a name that is not UTF-8")?;
    // Some files are published as .m.mov.
    let fields: Vec<&str> = stem.strip_suffix(".m").unwrap_or(stem).split(['-', '_']).collect();
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
    Ok(Sample {
        media: Media::VideoFrame { path: path.to_owned(), number: 0 },
        source: SOURCE.into(),
        split: if half == "Test" { Split::Test } else { carve(&subject) },
        subject,
        attack,
        face: None,
        labels: None,
    })
}

fn give_boxes(samples: &mut [Sample], text: &str) -> Result<()> {
    let lines: Vec<&str> = text.lines().collect();
    let mut problem = Ok(());
    for sample in samples {
        let Media::VideoFrame { number, .. } = sample.media else { continue };
        let line = usize::try_from(number).ok().and_then(|number| lines.get(number));
        match line.with_context(|| format!("it has no line {}", number + 1)).and_then(|line| face(line)) {
            Ok(face) => sample.face = face,
            Err(error) if problem.is_ok() => problem = Err(error.context(format!("line {}", number + 1))),
            Err(_) => {}
        }
    }
    problem
}

/// A box from its corners; `None` where no face was found.
fn face(line: &str) -> Result<Option<FaceBox>> {
    let corners = line.split([' ', ',', '\t']).filter(|field| !field.is_empty()).map(str::parse);
    let corners: Vec<f32> = corners.collect::<Result<_, _>>().unwrap_or_default();
    let &[left, top, right, bottom] = corners.as_slice() else { bail!("it is not four numbers") };
    if corners.iter().all(|&corner| corner == 0.0) {
        return Ok(None);
    }
    ensure!(corners.iter().all(|corner| corner.is_finite()) && right > left && bottom > top, "its box is empty");
    Ok(Some(FaceBox { x: left, y: top, width: right - left, height: bottom - top, confidence: 1.0 }))
}
