//! CelebA-Spoof (Zhang et al., ECCV 2020) -> samples with its boxes and its rich labels.
//!
//! ```text
//! metas/intra_test/{train,test}_label.json    {"Data/train/4923/spoof/496605.png": [44 integers], …}
//! Data/{train,test}/SUBJECT/{live,spoof}/NUMBER.{png,jpg}
//! Data/{train,test}/SUBJECT/{live,spoof}/NUMBER_BB.txt    x y width height score
//! ```
//!
//! The integers, by the publication: 40 attributes, spoof type, illumination, environment, live or spoof. The boxes are
//! in a picture squeezed to 224 x 224: x times width / 224 is a pixel of the picture itself. The published test half is the
//! test split; of the training half 15 % of the people, by the hash of their number, are the development split.
//!
//! Photo, poster and A4 are prints, as are the three paper masks (face, upper body, region: the publication calls them
//! paper cut): paper that was printed on. PC, pad and phone are replays; only the 3D mask is a mask.

use std::{collections::HashSet, fmt, path::Path};

use anyhow::{Context, Result, anyhow, bail, ensure};
use bonafide::face::FaceBox;
use image::{ImageDecoder, ImageReader, metadata::Orientation};
use rayon::prelude::*;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};

use super::{Attack, Listing, Media, Sample, Semantics, Split, carve, tree};
use crate::{
    picture::photo,
    recapture::PaiSpecies::{Mask, Print, Replay},
};

const SOURCE: &str = "celeba-spoof";
/// The training labels take about 80 MB.
const MAX_LABELS: u64 = 1 << 30;
/// Side of the picture that boxes are given in.
const BOX_SIDE: f32 = 224.0;

pub(super) fn list(root: &Path) -> Result<Listing> {
    let mut listing = Listing::default();
    let mut listed = HashSet::new();
    for half in ["train", "test"] {
        let file = root.join(format!("metas/intra_test/{half}_label.json"));
        let entries = serde_json::from_slice::<Entries>(&tree::bytes(&file, MAX_LABELS)?)
            .with_context(|| format!("{} is not a JSON object of paths and lists of integers", file.display()))?
            .0;
        let mut fresh = Vec::with_capacity(entries.len());
        for (path, labels) in entries {
            if listed.insert(path.clone()) {
                fresh.push((path, labels));
            } else {
                listing.leave_out(root.join(path), format!("is listed again in {half}_label.json"));
            }
        }
        let parts: Vec<Listing> = fresh.par_iter().map(|(path, labels)| entry(root, half, path, labels)).collect();
        listing.append(parts);
    }
    for half in ["train", "test"] {
        let folder = root.join("Data").join(half);
        if !folder.exists() {
            continue;
        }
        for file in tree::files(&folder, &photo::ENDINGS, &mut listing)? {
            let relative = file.strip_prefix(root).ok().and_then(Path::to_str);
            if relative.is_none_or(|relative| !listed.contains(relative)) {
                listing.leave_out(file, "is in neither label file");
            }
        }
    }
    listing.samples.sort_by(|a, b| a.media.cmp(&b.media));
    Ok(listing)
}

/// One line of a label file.
fn entry(root: &Path, half: &str, path: &str, labels: &[i64]) -> Listing {
    let mut listing = Listing::default();
    let file = root.join(path);
    match sample(root, half, path, labels) {
        Ok((mut sample, size)) => {
            let boxes = file.with_file_name(format!(
                "{}_BB.txt",
                file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default()
            ));
            match face(&boxes, size) {
                Ok(face) => sample.face = Some(face),
                Err(error) => listing.leave_out(boxes, format!("gives no box, its picture is kept: {error:#}")),
            }
            listing.samples.push(sample);
        }
        Err(error) => listing.leave_out(file, format!("{error:#}")),
    }
    listing
}

/// A sample without its box, and the picture's size.
fn sample(root: &Path, half: &str, path: &str, labels: &[i64]) -> Result<(Sample, (u32, u32))> {
    let parts: Vec<&str> = path.split('/').collect();
    let &["Data", folder, subject, class @ ("live" | "spoof"), name] = parts.as_slice() else {
        bail!("is listed in {half}_label.json, but not of the form Data/{half}/SUBJECT/live or spoof/FILE");
    };
    ensure!(
        [subject, name].iter().all(|part| !matches!(*part, "" | "." | "..")),
        "is listed in {half}_label.json, but leaves its folder"
    );
    ensure!(folder == half, "is listed in {half}_label.json, but lies in the folder {folder}");
    let &[ref attributes @ .., spoof_type, illumination, _environment, last] = labels else {
        bail!("has {} labels, not 44", labels.len());
    };
    let attributes: [i64; 40] = attributes.try_into().map_err(|_| anyhow!("has {} labels, not 44", labels.len()))?;
    ensure!(
        (0..=10).contains(&spoof_type) && (0..=4).contains(&illumination) && attributes.iter().all(|a| a.abs() <= 1),
        "has a label outside its range"
    );
    let attack = attack(spoof_type);
    ensure!(
        (class == "spoof") == attack.is_some() && last == i64::from(attack.is_some()),
        "contradicts itself: folder {class}, spoof type {spoof_type}, last label {last}"
    );
    let size = size(&root.join(path))?;
    let subject = format!("{SOURCE}/{subject}");
    let sample = Sample {
        media: Media::Photo(root.join(path)),
        source: SOURCE.into(),
        split: if half == "test" { Split::Test } else { carve(&subject) },
        subject,
        attack,
        face: None,
        labels: Some(Semantics {
            // CelebA itself writes -1 for no.
            attributes: attributes.iter().rev().fold(0, |bits, attribute| bits << 1 | u64::from(*attribute == 1)),
            spoof_type: spoof_type as u8,
            illumination: illumination as u8,
        }),
    };
    Ok((sample, size))
}

fn attack(spoof_type: i64) -> Option<Attack> {
    Some(match spoof_type {
        1 => Attack::new(Print, "photo"),
        2 => Attack::new(Print, "poster"),
        3 => Attack::new(Print, "a4"),
        4 => Attack::new(Print, "paper face mask"),
        5 => Attack::new(Print, "paper upper-body mask"),
        6 => Attack::new(Print, "paper region mask"),
        7 => Attack::new(Replay, "pc"),
        8 => Attack::new(Replay, "pad"),
        9 => Attack::new(Replay, "phone"),
        10 => Attack::new(Mask, "3d mask"),
        _ => return None,
    })
}

/// Width and height of a picture held upright, from its header.
fn size(path: &Path) -> Result<(u32, u32)> {
    // Asked first: opening a pipe would wait for its other end.
    ensure!(path.metadata().context("is listed but cannot be found")?.is_file(), "is no regular file");
    let mut decoder = ImageReader::open(path)
        .and_then(ImageReader::with_guessed_format)
        .context("cannot be read")?
        .into_decoder()
        .context("is no image that can be decoded")?;
    let (width, height) = decoder.dimensions();
    Ok(match decoder.orientation().context("is no image that can be decoded")? {
        Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH => {
            (height, width)
        }
        _ => (width, height),
    })
}

fn face(path: &Path, (width, height): (u32, u32)) -> Result<FaceBox> {
    let text = tree::text(path, 1 << 16)?;
    let line = text.lines().next().unwrap_or_default();
    let values = line.split_whitespace().map(str::parse).collect::<Result<Vec<f32>, _>>().unwrap_or_default();
    let &[x, y, w, h, score] = values.as_slice() else { bail!("its first line is not five numbers") };
    ensure!(values.iter().all(|value| value.is_finite()) && w > 0.0 && h > 0.0, "its box is empty");
    let (across, down) = (width as f32 / BOX_SIDE, height as f32 / BOX_SIDE);
    Ok(FaceBox { x: x * across, y: y * down, width: w * across, height: h * down, confidence: score.clamp(0.0, 1.0) })
}

/// A label file, entry by entry: a map would forget what is listed twice.
struct Entries(Vec<(String, Vec<i64>)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Entries;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of paths and lists of integers")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(All)
    }
}
