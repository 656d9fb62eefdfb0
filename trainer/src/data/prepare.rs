//! A data set -> a prepared folder: faces found, crops cut, depth drawn, once for all runs. `trainer prepare`.
//!
//! Data sets bring their own attacks and are taken as they are. Bona fide photos have none beside them:
//! `trainer synthesize` recaptures each, through the same [`Preparation`].

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Mutex,
};

use anyhow::{Context, Result};
use bonafide::{
    crop::CROP_MARGIN,
    face::{Face, FaceBox},
    frame::Frame,
};
use clap::Args;
use image::{GrayImage, RgbImage};
use rayon::prelude::*;

use super::{
    dataset::{self, Attack, Layout, ListOptions, Sample},
    prepared::{Crop, Cut, DEPTH_SIZE, Outcome, Record, Writer, face_box, file_name},
    scene::{Outside, pixels, scene},
};
use crate::{
    faces::{FaceArgs, Finder, depth::rasterise::pseudo_depth},
    picture::{
        photo::Photo,
        sheet::{to_byte, write_png},
        skin::Tone,
    },
    recapture::{Instrument, Picture, Scene, Simulator, Take},
    run::{self, terminal::progress},
};

/// Options of `trainer prepare`.
#[derive(Debug, Args)]
pub struct PrepareArgs {
    /// How the data set is laid out.
    #[arg(long, value_enum)]
    layout: Layout,
    /// The data set's folder (csv: the manifest's file).
    #[arg(long)]
    data: PathBuf,
    /// Folder to write to; the same command again goes on where it was broken off.
    #[arg(long)]
    out: PathBuf,
    /// Side of the networks' crop over the face box's: another than the product's serves comparisons, never export.
    #[arg(long, default_value_t = CROP_MARGIN)]
    margin: f32,
    #[command(flatten)]
    list: ListOptions,
    #[command(flatten)]
    face: FaceArgs,
}

/// Runs `trainer prepare`.
///
/// # Errors
/// If the data set, the weights or the disk do not serve, or a subject is in two splits.
pub fn run(args: &PrepareArgs) -> Result<()> {
    let preparation = Preparation {
        out: &args.out,
        cut: Cut::with_margin(args.margin),
        face: &args.face,
        recapture: None,
        made_with: serde_json::json!({ "layout": args.layout, "options": args.list }),
    };
    preparation.run(&dataset::list(args.layout, &args.data, &args.list)?)
}

/// Simulated recaptures of bona fide photos.
#[derive(Debug)]
pub struct Recapture {
    /// Recaptures of each photo as bona fide, and as many again as attacks.
    pub variants: u64,
    /// Seed of all of them.
    pub seed: u64,
    /// The kinds of attack, in turn.
    pub instruments: Vec<Instrument>,
    /// How they are made.
    pub simulator: Simulator,
}

/// A listing of samples on its way to a prepared folder.
#[derive(Debug)]
pub struct Preparation<'a> {
    /// The folder.
    pub out: &'a Path,
    /// How much around a face is stored.
    pub cut: Cut,
    /// What finds faces and depth.
    pub face: &'a FaceArgs,
    /// For bona fide photos alone.
    pub recapture: Option<Recapture>,
    /// The caller's options, which a resumed preparation must have in common with the one that was broken off.
    pub made_with: serde_json::Value,
}

impl Preparation<'_> {
    /// Reads, cuts and writes whatever is not there yet.
    ///
    /// # Errors
    /// If the weights or the disk do not serve, or the folder was made with other options.
    pub fn run(self, listing: &dataset::Listing) -> Result<()> {
        let samples = &listing.samples;
        let (writer, done) = Writer::open(self.out, self.cut, samples.len(), self.identity(samples)?)?;
        let mut groups: BTreeMap<&Path, Vec<usize>> = BTreeMap::new();
        let mut there = vec![false; samples.len()];
        for record in &done {
            there[record.number] = true;
        }
        for (number, sample) in samples.iter().enumerate().filter(|(number, _)| !there[*number]) {
            groups.entry(sample.media.path()).or_default().push(number);
        }

        let maker = Maker { preparation: &self, finder: self.face.open()? };
        let bar = progress(samples.len(), "prepare").with_position(done.len() as u64);
        let writer = Mutex::new(writer);
        // One task a file: a video is decoded once for all its frames.
        groups.into_par_iter().try_for_each(|(_, numbers)| -> Result<()> {
            for (number, photo) in maker.read(samples, &numbers) {
                let sample = &samples[number];
                let Made { outcome, tone, faceless } = match photo {
                    Ok(photo) => maker.crops(number, sample, &photo)?,
                    Err(error) => Outcome::Unreadable(format!("{error:#}")).into(),
                };
                let record = Record {
                    number,
                    source: sample.source.clone(),
                    subject: sample.subject.clone(),
                    split: sample.split,
                    attack: sample.attack.clone(),
                    file: sample.media.path().display().to_string(),
                    frame: sample.media.frame(),
                    tone,
                    faceless,
                    outcome,
                };
                writer.lock().expect("no thread panics while it holds this").append(&record)?;
                bar.inc(1);
            }
            Ok(())
        })?;
        bar.finish_and_clear();
        let prepared = writer.into_inner().expect("no thread panicked").finish()?;
        report(&prepared.records, &listing.left_out, self.out)
    }
}

/// Says what became of every sample: the totals on the terminal, each one that gave no crop in `left-out.csv`.
fn report(records: &[Record], unlisted: &[dataset::LeftOut], out: &Path) -> Result<()> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(["file", "reason"])?;
    for left_out in unlisted {
        csv.write_record([&left_out.path.display().to_string(), &left_out.reason])?;
    }
    let (mut crops, mut depths, mut faceless, mut unreadable, mut recaptures) = (0, 0, 0, 0, 0);
    for record in records {
        recaptures += record.faceless.len();
        match &record.outcome {
            Outcome::Crops(made) => {
                crops += made.len();
                depths += made.iter().filter(|crop| crop.depth.is_some()).count();
            }
            Outcome::NoFace(reason) => {
                faceless += 1;
                csv.write_record([&record.file, reason])?;
            }
            Outcome::Unreadable(reason) => {
                unreadable += 1;
                csv.write_record([&record.file, reason])?;
            }
        }
    }
    run::write_atomic(&out.join("left-out.csv"), &csv.into_inner()?)?;
    println!(
        "{}: {} samples -> {crops} crops, {depths} with depth; left out: {faceless} without a usable face, {unreadable} unreadable, \
         {} not listable (left-out.csv names them), {recaptures} recaptures without a face",
        out.display(),
        records.len(),
        unlisted.len()
    );
    Ok(())
}

impl Preparation<'_> {
    /// What a resumed preparation must have in common with the one that was broken off.
    fn identity(&self, samples: &[Sample]) -> Result<serde_json::Value> {
        let names: String = samples.iter().map(|sample| format!("{}\n", sample.media)).collect();
        let mut identity = self.made_with.clone();
        identity["detector"] = self.face.detector_name().into();
        identity["depth"] = self.face.depth_name().into();
        identity["checkpoints"] = self.face.digests()?.into();
        identity["files"] = bonafide::weights::sha256(names.as_bytes()).into();
        Ok(identity)
    }
}

/// Samples -> crops.
struct Maker<'a> {
    preparation: &'a Preparation<'a>,
    finder: Finder,
}

impl Maker<'_> {
    /// The pixels of samples that share a file.
    fn read(&self, samples: &[Sample], numbers: &[usize]) -> Vec<(usize, Result<Photo>)> {
        let frames: Vec<u64> = numbers.iter().filter_map(|&number| samples[number].media.frame()).collect();
        let path = samples[numbers[0]].media.path();
        if frames.is_empty() {
            return numbers.iter().map(|&number| (number, Photo::read(path))).collect();
        }
        match dataset::video::frames(path, &frames) {
            Ok(photos) => numbers.iter().copied().zip(photos.into_iter().map(Ok)).collect(),
            Err(error) => {
                let sentence = format!("{error:#}");
                numbers.iter().map(|&number| (number, Err(anyhow::anyhow!("{sentence}")))).collect()
            }
        }
    }

    /// The crops of a sample.
    fn crops(&self, number: usize, sample: &Sample, photo: &Photo) -> Result<Made> {
        let frame = photo.frame();
        let faces = self.finder.detector.detect(&frame)?;
        let Some(face) = choose(faces, sample.face.as_ref()) else {
            return Ok(Outcome::NoFace("the detector found no face".into()).into());
        };
        let cut = &self.preparation.cut;
        let stored = cut.stored(&face.bounds);
        let surface = self.finder.reconstructor.reconstruct(&frame, &face)?;
        let (left, top) = (stored.cx - stored.side / 2.0, stored.cy - stored.side / 2.0);
        let FaceBox { x, y, width, height, .. } = face.bounds;
        let bounds = [x - left, y - top, width, height];
        let depth = match &surface {
            Some(surface) if sample.attack.is_none() => {
                let file = file_name("depth", number, 0);
                self.write_gray(&file, &pseudo_depth(surface, &stored, DEPTH_SIZE))?;
                Some(file)
            }
            _ => None,
        };
        let crop = |image, attack: Option<Attack>, face, take| Crop {
            image,
            depth: depth.clone().filter(|_| attack.is_none()),
            reconstructed: surface.is_some(),
            attack,
            labels: sample.labels,
            face,
            take,
        };
        let Some(recapture) = &self.preparation.recapture else {
            let image = file_name("crops", number, 0);
            self.write_rgb(&image, stored.side as usize, &pixels(&frame, &stored, Outside::Black))?;
            return Ok(Outcome::Crops(vec![crop(image, sample.attack.clone(), bounds, None)]).into());
        };
        if surface.is_none() {
            return Ok(Outcome::NoFace("the face is too hidden to reconstruct its depth".into()).into());
        }
        let (mut crops, mut faceless) = (Vec::new(), Vec::new());
        let presentations = recapture.of(number, sample, &scene(&frame, &face.bounds, cut));
        for (variant, (picture, take, attack)) in presentations.into_iter().enumerate() {
            let rgba = picture.rgba();
            let recaptured = Frame::new(&rgba, picture.size as u32, picture.size as u32)?;
            let meant = face_box(bounds.map(|length| length * picture.size as f32 / stored.side));
            // What the product's detector does not find, the product does not score: the rule is one for both classes.
            let Some(Face { bounds, .. }) = choose(self.finder.detector.detect(&recaptured)?, Some(&meant)) else {
                faceless.push(attack);
                continue;
            };
            let image = file_name("crops", number, variant);
            self.write_rgb(&image, picture.size, &rgba)?;
            crops.push(crop(image, attack, [bounds.x, bounds.y, bounds.width, bounds.height], Some(take)));
        }
        Ok(Made { outcome: Outcome::Crops(crops), tone: Some(Tone::of(&frame, &face)), faceless })
    }

    fn write_rgb(&self, name: &str, side: usize, rgba: &[u8]) -> Result<()> {
        let rgb = rgba.chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
        self.write(name, RgbImage::from_raw(side as u32, side as u32, rgb).expect("three bytes a pixel").into())
    }

    fn write_gray(&self, name: &str, map: &[f32]) -> Result<()> {
        let bytes = map.iter().copied().map(to_byte).collect();
        let side = DEPTH_SIZE as u32;
        self.write(name, GrayImage::from_raw(side, side, bytes).expect("a map of this size").into())
    }

    fn write(&self, name: &str, image: image::DynamicImage) -> Result<()> {
        let path = self.preparation.out.join(name);
        let folder = path.parent().expect("crops lie in folders");
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        write_png(&path, &image)
    }
}

/// What became of a sample, the skin's tone where it is a photo that is recaptured, and its recaptures without a face.
struct Made {
    outcome: Outcome,
    tone: Option<Tone>,
    faceless: Vec<Option<Attack>>,
}

impl From<Outcome> for Made {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, tone: None, faceless: Vec::new() }
    }
}

impl Recapture {
    /// Each variant as bona fide and as an attack: a picture, how it was taken, and what is in it.
    fn of(&self, number: usize, sample: &Sample, scene: &Scene) -> Vec<(Picture, Take, Option<Attack>)> {
        (0..self.variants)
            .flat_map(|variant| {
                let rng = |class: &str| run::rng(self.seed, &format!("{class}/{}", sample.subject), variant);
                let turn = number as u64 * self.variants + variant;
                let instrument = self.instruments[turn as usize % self.instruments.len()];
                let attack = Attack { species: instrument.species(), instrument: Some(instrument.to_string()) };
                let (live, by) = self.simulator.bona_fide(scene, &mut rng("bona fide"));
                let (shown, to) = self.simulator.attack(scene, instrument, &mut rng("attack"));
                [(live, by, None), (shown, to, Some(attack))]
            })
            .collect()
    }
}

/// The face that the data set means: the one that overlaps its box most; without a box, the most confident one.
fn choose(faces: Vec<Face>, meant: Option<&FaceBox>) -> Option<Face> {
    match meant {
        None => faces.into_iter().next(),
        Some(meant) => faces
            .into_iter()
            .map(|face| (overlap(&face.bounds, meant), face))
            .filter(|(overlap, _)| *overlap > 0.0)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, face)| face),
    }
}

/// Area of the intersection in square pixels.
fn overlap(a: &FaceBox, b: &FaceBox) -> f32 {
    let side = |a0: f32, a1: f32, b0: f32, b1: f32| ((a0 + a1).min(b0 + b1) - a0.max(b0)).max(0.0);
    side(a.x, a.width, b.x, b.width) * side(a.y, a.height, b.y, b.height)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_sets_box_chooses_among_faces() {
        let at = |x: f32| FaceBox { x, y: 0.0, width: 10.0, height: 10.0, confidence: 0.9 };
        let face = |x: f32| Face { bounds: at(x), landmarks: [[0.0; 2]; 6] };
        let faces = || vec![face(0.0), face(100.0)];
        assert_eq!(choose(faces(), None).unwrap().bounds.x, 0.0);
        assert_eq!(choose(faces(), Some(&at(97.0))).unwrap().bounds.x, 100.0);
        assert!(choose(faces(), Some(&at(50.0))).is_none());
    }
}
