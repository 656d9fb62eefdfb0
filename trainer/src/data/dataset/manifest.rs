//! A table of your own files ([`super::Layout::Csv`] says how it is written) -> samples.
//!
//! Unlike a published data set it was written by hand, and its mistakes are there to be mended: every bad line is named.
//! Left out is but what says the same again: a further copy of a picture, of the same person, class and split.

use std::{
    collections::{HashMap, HashSet},
    path::{Component, Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use bonafide::face::FaceBox;
use csv::ByteRecord;
use rayon::prelude::*;

use super::{Attack, ListOptions, Listing, Media, Sample, Split, ffmpeg, same, split, tree, video};
use crate::{
    measure::{table, words},
    picture::{photo::ENDINGS, search::ends_in},
    recapture::PaiSpecies,
};

const HEADER: &str = "path,class,species,instrument,subject,split,x,y,width,height";
/// About a million lines.
const MAX_TABLE: u64 = 256 << 20;
/// More bad lines than these are counted, not named.
const NAMED: usize = 20;

pub(super) fn list(table: &Path, options: &ListOptions) -> Result<Listing> {
    let bytes = tree::bytes(table, MAX_TABLE)?;
    let source = table.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let folder = table.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder.canonicalize().with_context(|| format!("cannot find {}", folder.display()))?;
    let (samples, lines, mut bad) =
        rows(&bytes, &folder, &source).with_context(|| format!("cannot use {}", table.display()))?;
    let files: Vec<PathBuf> = samples.iter().map(|sample| sample.media.path().to_owned()).collect();
    let (mut listing, mut copies) = (Listing::default(), HashSet::new());
    for group in same::groups(&files) {
        let (first, line) = (&samples[group[0]], lines[group[0]]);
        for &at in &group[1..] {
            let what = |of: &Sample| (of.subject.clone(), of.split, of.attack.clone());
            if what(&samples[at]) == what(first) {
                copies.insert(files[at].as_path());
                listing.leave_out(&files[at], format!("is the same picture as {}", files[group[0]].display()));
            } else {
                bad.push(format!(
                    "line {}: the picture is the same as in line {line}, of another person, class or split",
                    lines[at]
                ));
            }
        }
    }
    if !bad.is_empty() {
        let more = bad.len().saturating_sub(NAMED);
        let more = if more > 0 { format!("\nand {more} more") } else { String::new() };
        bail!("{} has bad lines\n{}{more}", table.display(), bad[..bad.len().min(NAMED)].join("\n"));
    }
    if samples.iter().any(|sample| matches!(sample.media, Media::VideoFrame { .. })) {
        ffmpeg::installed()?;
    }
    let parts: Vec<Listing> = samples
        .into_par_iter()
        .filter(|sample| !copies.contains(sample.media.path()))
        .map(|sample| match sample.media {
            Media::Photo(_) => Listing { samples: vec![sample], left_out: Vec::new() },
            Media::VideoFrame { .. } => video::spread(&sample, options.frames_per_video),
        })
        .collect();
    listing.append(parts);
    listing.samples.sort_by(|a, b| a.media.cmp(&b.media));
    Ok(listing)
}

/// A sample of each good line, those lines' numbers, and a sentence of each bad one.
fn rows(bytes: &[u8], folder: &Path, source: &str) -> Result<(Vec<Sample>, Vec<usize>, Vec<String>)> {
    let mut records = table::records(bytes)?.into_iter();
    let (_, header) = records.next().unwrap_or_default();
    ensure!(header.iter().eq(HEADER.split(',').map(str::as_bytes)), "its first line must be {HEADER}");
    let (mut samples, mut lines, mut bad) = (Vec::new(), Vec::new(), Vec::new());
    let mut line_of: HashMap<PathBuf, usize> = HashMap::new();
    for (line, record) in records {
        match row(&record, folder, source) {
            Ok(sample) => match line_of.insert(sample.media.path().to_owned(), line) {
                None => {
                    samples.push(sample);
                    lines.push(line);
                }
                Some(first) => bad.push(format!("line {line}: the file is the same as in line {first}")),
            },
            Err(error) => bad.push(format!("line {line}: {error:#}")),
        }
    }
    Ok((samples, lines, bad))
}

fn row(record: &ByteRecord, folder: &Path, source: &str) -> Result<Sample> {
    let fields = record
        .iter()
        .map(|field| std::str::from_utf8(field).map(str::trim))
        .collect::<Result<Vec<_>, _>>()
        .ok()
        .context("it is not UTF-8")?;
    let &[path, class, species, instrument, subject, wanted, x, y, width, height] = fields.as_slice() else {
        bail!("it has {} fields, not 10", fields.len());
    };
    ensure!(!subject.is_empty(), "the subject is empty");
    let subject = format!("{source}/{subject}");
    let split = match wanted {
        "" => split(&subject),
        _ => match words::split(wanted).ok() {
            Some("train") => Split::Train,
            Some("development") => Split::Development,
            Some(_) => Split::Test,
            None => bail!("the split {wanted} is not train, development, test or empty"),
        },
    };
    let path = inside(folder, path)?;
    Ok(Sample {
        media: if video::is_video(&path) { Media::VideoFrame { path, number: 0 } } else { Media::Photo(path) },
        source: source.to_owned(),
        subject,
        split,
        attack: attack(class, species, instrument)?,
        face: face([x, y, width, height])?,
        labels: None,
    })
}

/// The file that `path` names, links resolved.
fn inside(folder: &Path, path: &str) -> Result<PathBuf> {
    ensure!(!path.is_empty(), "the path is empty");
    ensure!(
        Path::new(path).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)),
        "the path {path} is absolute or has .. in it, it must stay in the table's folder"
    );
    let resolved = folder.join(path).canonicalize().with_context(|| format!("the file {path} cannot be found"))?;
    ensure!(resolved.starts_with(folder), "the path {path} is a link that leads out of the table's folder");
    ensure!(resolved.is_file(), "the path {path} is no regular file");
    let [photos, videos] =
        [&ENDINGS[..], &ffmpeg::VIDEOS].map(|endings| (ends_in(&resolved, endings), endings.join(", ")));
    ensure!(
        photos.0 || videos.0,
        "the file {path} is of a kind that is not read: of photos {}, of videos {} are",
        photos.1,
        videos.1
    );
    Ok(resolved)
}

fn attack(class: &str, species: &str, instrument: &str) -> Result<Option<Attack>> {
    if words::is_bona_fide(class) {
        ensure!(species.is_empty() && instrument.is_empty(), "a bona-fide line has no species and no instrument");
        return Ok(None);
    }
    ensure!(words::is_attack(class), "the class {class:?} is not bona-fide or attack");
    let species = match species {
        "print" => PaiSpecies::Print,
        "replay" => PaiSpecies::Replay,
        "mask" => PaiSpecies::Mask,
        _ => bail!("the species {species:?} of an attack is not print, replay or mask"),
    };
    Ok(Some(Attack { species, instrument: Some(instrument.to_owned()).filter(|name| !name.is_empty()) }))
}

fn face(fields: [&str; 4]) -> Result<Option<FaceBox>> {
    if fields.iter().all(|field| field.is_empty()) {
        return Ok(None);
    }
    let mut values = [0.0; 4];
    for (value, field) in values.iter_mut().zip(fields) {
        *value = field.parse().ok().filter(|value: &f32| value.is_finite()).with_context(|| {
            format!("{field:?} is no number of pixels: x, y, width and height are four numbers, or all empty")
        })?;
    }
    let [x, y, width, height] = values;
    ensure!(width > 0.0 && height > 0.0, "the box is empty: its width and height must be above 0");
    Ok(Some(FaceBox { x, y, width, height, confidence: 1.0 }))
}
