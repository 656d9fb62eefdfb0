//! The prepared folder: what `trainer prepare` writes once and every training and evaluation reads.
//!
//! ```text
//! prepared.json     how it was made, and whether it is complete
//! records.jsonl     one line per sample, appended as samples are done: its crops, or why there are none
//! lock              empty; held by the program that writes
//! crops/0000/0000012-1.png    RGB, the camera's own pixels: a square around the face, wider than the networks' crop
//! depth/0000/0000012-0.png    8-bit gray, the same square: 255 nearest, 0 background; bona fide only
//! ```
//!
//! The camera's own pixels: the product resamples a frame once, so what a network learns from is resampled once, when a
//! batch is cut. PNG, since a second lossy compression would blur the traces that the network is to see.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use bonafide::{crop::CROP_MARGIN, face::FaceBox, region::Region};
use serde::{Deserialize, Serialize};

use super::{
    augment::Augmentation,
    dataset::{Attack, Semantics, Split},
};
use crate::{
    picture::skin::Tone,
    recapture::{self, Take},
    run::{
        owned::{Owned, PREPARED, own},
        write_atomic,
    },
};

/// Version of the layout above.
const FORMAT: u32 = 2;

/// Side of stored depth maps in pixels.
pub const DEPTH_SIZE: usize = 320;

/// `prepared.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Version of the layout.
    pub format: u32,
    /// Side of the networks' crop over the longer side of the face box.
    pub margin: f32,
    /// Side of the stored crop over that of the networks'.
    pub reach: f32,
    /// The options that it was made with: going on with others would mix two sets.
    pub made_with: serde_json::Value,
    /// How many samples there are to do.
    pub samples: usize,
    /// Whether all of them are done.
    pub complete: bool,
}

/// How much around a face is stored, and how much of that the networks see.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cut {
    /// Side of the networks' crop over the longer side of the face box: [`CROP_MARGIN`] but for ablations.
    pub margin: f32,
    /// Side of the stored crop over that of the networks': augmentation's, or more where others need to see more.
    pub reach: f32,
}

impl Default for Cut {
    fn default() -> Self {
        Self { margin: CROP_MARGIN, reach: Augmentation::REACH }
    }
}

impl Cut {
    /// What is stored of a frame with a face: whole pixels of it.
    pub fn stored(&self, face: &FaceBox) -> Region {
        let Region { cx, cy, side, .. } = face.square(self.margin * self.reach);
        let side = side.round().max(1.0);
        let middle = |at: f32| (at - side / 2.0).round() + side / 2.0;
        Region { cx: middle(cx), cy: middle(cy), side, angle: 0.0 }
    }

    /// What the networks see of a stored crop, whose face box is x, y, width, height in its pixels.
    pub fn networks(&self, face: [f32; 4]) -> Region {
        face_box(face).square(self.margin)
    }

    /// The face box in the middle of a stored crop of `size` pixels: x, y, width, height.
    pub fn middle(&self, size: f32) -> [f32; 4] {
        let side = size / (self.margin * self.reach);
        let corner = (size - side) / 2.0;
        [corner, corner, side, side]
    }

    /// Width of the stored crop over that for which the simulation's draws are given.
    pub fn scope(&self) -> f32 {
        self.margin * self.reach / recapture::CROP
    }

    /// The same but for the networks' margin, with as much stored around it as augmentation needs.
    pub fn with_margin(margin: f32) -> Self {
        Self { margin, ..Self::default() }
    }
}

/// One line of `records.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Place of the sample in the sorted list, from 0.
    pub number: usize,
    /// Data set or folder.
    pub source: String,
    /// The person, unique across sources.
    pub subject: String,
    /// What it is used for.
    pub split: Split,
    /// Class of the presentation; a photo that is recaptured is bona fide here, and its crops say what became of it.
    pub attack: Option<Attack>,
    /// The file that it came from.
    pub file: String,
    /// Of a video: the frame's number from 0, in the order of display.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame: Option<u64>,
    /// The picture's `Photo::digest`, by which it is known elsewhere; `None` where it could not be read, and in older folders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// Of bona fide photos that are recaptured: the skin's tone in the photo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tone: Option<Tone>,
    /// Of bona fide photos that are recaptured: the recaptures in which the detector found no face, by their class.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faceless: Vec<Option<Attack>>,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a sample.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Its crops.
    Crops(Vec<Crop>),
    /// The detector found no face: a non-response.
    NoFace(String),
    /// The file is damaged.
    Unreadable(String),
}

/// A stored crop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Crop {
    /// Its file, from the folder.
    pub image: String,
    /// The file of its pseudo-depth; an attack has none, its depth is zero.
    pub depth: Option<String>,
    /// Whether the face is in view enough for its depth to be reconstructed. Pretraining leaves the others out, whatever
    /// their class.
    pub reconstructed: bool,
    /// `None` is bona fide.
    pub attack: Option<Attack>,
    /// Further labels.
    pub labels: Option<Semantics>,
    /// The face box that the detector finds in the stored crop: x, y, width, height in pixels.
    pub face: [f32; 4],
    /// Of simulated recaptures: how the last camera took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub take: Option<Take>,
}

/// [`Crop::face`] as a detector gives it.
pub fn face_box([x, y, width, height]: [f32; 4]) -> FaceBox {
    FaceBox { x, y, width, height, confidence: 1.0 }
}

impl Header {
    /// How its crops are cut.
    pub fn cut(&self) -> Cut {
        Cut { margin: self.margin, reach: self.reach }
    }
}

/// A prepared folder.
#[derive(Debug)]
pub struct Prepared {
    /// Where it is.
    pub path: PathBuf,
    /// How it was made.
    pub header: Header,
    /// Its samples, by number.
    pub records: Vec<Record>,
}

impl Prepared {
    /// Reads a finished folder.
    ///
    /// # Errors
    /// If it is none, is not finished, or is damaged.
    pub fn load(path: &Path) -> Result<Self> {
        let header = read_header(path)?
            .with_context(|| format!("{} is no prepared folder: make one with `trainer prepare`", path.display()))?;
        ensure!(header.complete, "{} is not finished: go on with the same `trainer prepare` command", path.display());
        let records = read_records(path)?;
        ensure!(
            records.len() == header.samples,
            "{} lists {} samples and should list {}: prepare it again",
            path.display(),
            records.len(),
            header.samples
        );
        Ok(Self { path: path.to_owned(), header, records })
    }

    /// Its crops, each with the sample that it is of.
    pub fn crops(&self) -> impl Iterator<Item = (&Record, &Crop)> {
        self.records.iter().flat_map(|record| {
            let crops = match &record.outcome {
                Outcome::Crops(crops) => crops.as_slice(),
                Outcome::NoFace(_) | Outcome::Unreadable(_) => &[],
            };
            crops.iter().map(move |crop| (record, crop))
        })
    }

    /// Whether its presentations are simulated recaptures of bona fide photos.
    pub fn is_recaptured(&self) -> bool {
        self.header.made_with["instruments"].is_array()
    }
}

/// Writes a prepared folder, from the start or from where it was broken off.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    header: Header,
    file: fs::File,
    _owned: Owned,
}

impl Writer {
    /// Opens the folder, which nobody else can then write, and says which samples are done already.
    ///
    /// # Errors
    /// If another program writes it, it holds a set made with other options, or the disk refuses.
    pub fn open(path: &Path, cut: Cut, samples: usize, made_with: serde_json::Value) -> Result<(Self, Vec<Record>)> {
        let Cut { margin, reach } = cut;
        let header = Header { format: FORMAT, margin, reach, made_with, samples, complete: false };
        let owned = own(path, PREPARED)?;
        match read_header(path)? {
            Some(there) => ensure!(
                Header { complete: false, ..there } == header,
                "{} was prepared with other options or from other files: name another --out folder",
                path.display()
            ),
            None => write_header(path, &header)?,
        }
        let done = read_records(path)?;
        // Without the half line that a kill may have left.
        let lines: String = done.iter().map(line).collect::<Result<_>>()?;
        write_atomic(&path.join("records.jsonl"), lines.as_bytes())?;
        let file = fs::OpenOptions::new().append(true).open(path.join("records.jsonl"))?;
        Ok((Self { path: path.to_owned(), header, file, _owned: owned }, done))
    }

    /// Appends a sample whose files are all there.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn append(&mut self, record: &Record) -> Result<()> {
        self.file.write_all(line(record)?.as_bytes()).context("cannot write records.jsonl: the disk may be full")
    }

    /// Marks the folder as complete.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn finish(mut self) -> Result<Prepared> {
        self.file.sync_all()?;
        self.header.complete = true;
        write_header(&self.path, &self.header)?;
        Prepared::load(&self.path)
    }
}

/// The file of a crop or a depth map within the folder.
pub fn file_name(kind: &str, number: usize, variant: usize) -> String {
    format!("{kind}/{:04}/{number:07}-{variant}.png", number / 1000)
}

fn line(record: &Record) -> Result<String> {
    Ok(serde_json::to_string(record)? + "\n")
}

fn read_header(path: &Path) -> Result<Option<Header>> {
    let file = path.join(PREPARED);
    if !file.exists() {
        return Ok(None);
    }
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let header: Header =
        serde_json::from_str(&text).with_context(|| format!("{} is damaged or of another version", file.display()))?;
    ensure!(header.format == FORMAT, "{} has layout {}: this trainer reads {FORMAT}", path.display(), header.format);
    Ok(Some(header))
}

fn write_header(path: &Path, header: &Header) -> Result<()> {
    write_atomic(&path.join(PREPARED), serde_json::to_string_pretty(header)?.as_bytes())
}

/// The whole lines, one for each number, in its order.
fn read_records(path: &Path) -> Result<Vec<Record>> {
    let file = path.join("records.jsonl");
    if !file.exists() {
        return Ok(Vec::new());
    }
    let mut records = BTreeMap::new();
    let lines: Vec<String> = BufReader::new(fs::File::open(&file)?).lines().collect::<std::io::Result<_>>()?;
    for (at, text) in lines.iter().enumerate() {
        match serde_json::from_str::<Record>(text) {
            Ok(record) => drop(records.insert(record.number, record)),
            Err(_) if at + 1 == lines.len() => {}
            Err(error) => return Err(error).with_context(|| format!("line {} of {}", at + 1, file.display())),
        }
    }
    Ok(records.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_networks_see_the_products_crop_however_much_is_stored() {
        let face = FaceBox { x: 40.3, y: 60.0, width: 30.0, height: 20.0, confidence: 1.0 };
        let product = bonafide::crop::face_region(&face, CROP_MARGIN);
        for reach in [1.0, 1.3, 2.667] {
            let cut = Cut { reach, ..Cut::default() };
            let stored = cut.stored(&face);
            let (left, top) = (stored.cx - stored.side / 2.0, stored.cy - stored.side / 2.0);
            assert_eq!((left.fract(), top.fract(), stored.side.fract()), (0.0, 0.0, 0.0));
            let seen = cut.networks([face.x - left, face.y - top, face.width, face.height]);
            for (u, v) in [(0.0, 0.0), (1.0, 0.3)] {
                let ((x, y), wanted) = (seen.to_frame(u, v), product.to_frame(u, v));
                assert!((x + left - wanted.0).abs() < 1e-3 && (y + top - wanted.1).abs() < 1e-3, "{reach}: {x} {y}");
            }
        }
    }
}
