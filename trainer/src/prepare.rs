//! A data set -> a prepared folder: faces found, crops cut, depth drawn, once for all runs. `trainer prepare`.
//!
//! Bona fide photos have no attacks beside them, so each is recaptured, as bona fide and as attacks
//! ([`recapture`](crate::recapture)). The other layouts bring their own attacks and are taken as they are.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Mutex,
};

use anyhow::{Context, Result, ensure};
use bonafide::{
    crop::face_region,
    face::{Face, FaceBox},
    frame::Frame,
    region::{Region, sample},
};
use clap::Args;
use image::{GrayImage, RgbImage};
use rayon::prelude::*;

use crate::{
    augment::Augmentation,
    dataset::{self, Attack, Layout, ListOptions, Media, Sample},
    depth::rasterise::pseudo_depth,
    detect::FaceArgs,
    examples::progress,
    photo::Photo,
    prepared::{Crop, Outcome, Record, Writer, file_name},
    recapture::{self, PaiSpecies, Picture},
    run,
    sheet::{to_byte, write_png},
};

/// Options of `trainer prepare`.
#[derive(Debug, Args)]
pub struct PrepareArgs {
    /// How the data set is laid out.
    #[arg(long, value_enum, default_value = "photos")]
    layout: Layout,
    /// The data set's folder (photos: one or more folders, each a source; csv: the manifest's file).
    #[arg(long, required = true, num_args = 1..)]
    data: Vec<PathBuf>,
    /// Folder to write to; the same command again goes on where it was broken off.
    #[arg(long)]
    out: PathBuf,
    /// Side in pixels of the stored crops, a little wider than the product's, that augmentation cuts from.
    #[arg(long, default_value_t = 288, value_parser = clap::value_parser!(u32).range(224..=1024))]
    size: u32,
    /// Photos: recaptures of each as bona fide, and as many again as attacks, alternately print and replay.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1000))]
    variants: u64,
    /// Photos: seed of the simulated recaptures.
    #[arg(long, default_value_t = 1)]
    seed: u64,
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
    let listing = args.samples()?;
    let samples = &listing.samples;
    let (writer, done) = Writer::open(&args.out, args.size, samples.len(), args.made_with(samples)?)?;
    let mut groups: BTreeMap<&Path, Vec<usize>> = BTreeMap::new();
    let mut there = vec![false; samples.len()];
    for record in &done {
        there[record.number] = true;
    }
    for (number, sample) in samples.iter().enumerate().filter(|(number, _)| !there[*number]) {
        groups.entry(sample.media.path()).or_default().push(number);
    }

    let maker = Maker { args, finder: args.face.open()? };
    let bar = progress(samples.len(), "prepare").with_position(done.len() as u64);
    let writer = Mutex::new(writer);
    // One task a file: a video is decoded once for all its frames.
    groups.into_par_iter().try_for_each(|(_, numbers)| -> Result<()> {
        for (number, photo) in maker.read(samples, &numbers) {
            let sample = &samples[number];
            let outcome = match photo {
                Ok(photo) => maker.crops(number, sample, &photo)?,
                Err(error) => Outcome::Unreadable(format!("{error:#}")),
            };
            let record = Record {
                number,
                source: sample.source.clone(),
                subject: sample.subject.clone(),
                split: sample.split,
                attack: sample.attack.clone(),
                file: sample.media.path().display().to_string(),
                outcome,
            };
            writer.lock().expect("no thread panics while it holds this").append(&record)?;
            bar.inc(1);
        }
        Ok(())
    })?;
    bar.finish_and_clear();
    let prepared = writer.into_inner().expect("no thread panicked").finish()?;
    report(&prepared.records, &listing.left_out, &args.out)
}

/// Says what became of every sample: the totals on the terminal, each one that gave no crop in `left-out.csv`.
fn report(records: &[Record], unlisted: &[dataset::LeftOut], out: &Path) -> Result<()> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(["file", "reason"])?;
    for left_out in unlisted {
        csv.write_record([&left_out.path.display().to_string(), &left_out.reason])?;
    }
    let (mut crops, mut depths, mut faceless, mut unreadable) = (0, 0, 0, 0);
    for record in records {
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
         {} not listable (left-out.csv names them)",
        out.display(),
        records.len(),
        unlisted.len()
    );
    Ok(())
}

impl PrepareArgs {
    fn samples(&self) -> Result<dataset::Listing> {
        ensure!(
            self.layout == Layout::Photos || self.data.len() == 1,
            "this layout takes one folder: prepare each data set into a folder of its own"
        );
        let mut all = dataset::Listing::default();
        for root in &self.data {
            let listing = dataset::list(self.layout, root, &self.list)?;
            ensure!(
                listing.samples.iter().all(|new| all.samples.iter().all(|old: &Sample| old.source != new.source)),
                "two data folders have the same name: rename {}, a source must be told from the others",
                root.display()
            );
            all.samples.extend(listing.samples);
            all.left_out.extend(listing.left_out);
        }
        all.samples.sort_by(|a, b| (&a.subject, &a.media).cmp(&(&b.subject, &b.media)));
        Ok(all)
    }

    /// What a resumed preparation must have in common with the one that was broken off.
    fn made_with(&self, samples: &[Sample]) -> Result<serde_json::Value> {
        let names: String = samples.iter().map(|sample| format!("{}\n", sample.media)).collect();
        Ok(serde_json::json!({
            "layout": self.layout,
            "options": self.list,
            "variants": self.variants,
            "seed": self.seed,
            "detector": self.face.detector_name(),
            "depth": self.face.depth_name(),
            "checkpoints": self.face.digests()?,
            "files": bonafide::weights::sha256(names.as_bytes()),
        }))
    }
}

/// Samples -> crops.
struct Maker<'a> {
    args: &'a PrepareArgs,
    finder: crate::detect::Finder,
}

impl Maker<'_> {
    /// The pixels of samples that share a file.
    fn read(&self, samples: &[Sample], numbers: &[usize]) -> Vec<(usize, Result<Photo>)> {
        let frames: Vec<u64> = numbers
            .iter()
            .filter_map(|&number| match &samples[number].media {
                Media::VideoFrame { number, .. } => Some(*number),
                Media::Photo(_) => None,
            })
            .collect();
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

    fn crops(&self, number: usize, sample: &Sample, photo: &Photo) -> Result<Outcome> {
        let frame = photo.frame();
        let faces = self.finder.detector.detect(&frame)?;
        let Some(face) = choose(faces, sample.face.as_ref()) else {
            return Ok(Outcome::NoFace("the detector found no face".into()));
        };
        let product = face_region(&face.bounds);
        let wide = Region { side: product.side * Augmentation::REACH, ..product };
        let recaptured = self.args.layout == Layout::Photos;
        let depth = if sample.attack.is_none() || recaptured {
            match self.finder.reconstructor.reconstruct(&frame, &face)? {
                Some(surface) => Some(pseudo_depth(&surface, &wide, self.args.size as usize)),
                None => return Ok(Outcome::NoFace("the face is too hidden to reconstruct its depth".into())),
            }
        } else {
            None
        };
        let cut = cut(&frame, &wide, self.args.size as usize);
        let pictures =
            if recaptured { self.recaptures(number, sample, &cut) } else { vec![(cut, sample.attack.clone())] };
        let mut crops = Vec::new();
        for (variant, (picture, attack)) in pictures.into_iter().enumerate() {
            let image = file_name("crops", number, variant);
            self.write_rgb(&image, &picture)?;
            let depth = match (&depth, &attack) {
                (Some(map), None) => {
                    let file = file_name("depth", number, variant);
                    self.write_gray(&file, map)?;
                    Some(file)
                }
                _ => None,
            };
            crops.push(Crop { image, depth, attack, labels: sample.labels });
        }
        Ok(Outcome::Crops(crops))
    }

    /// Each variant as bona fide and as an attack.
    fn recaptures(&self, number: usize, sample: &Sample, scene: &Picture) -> Vec<(Picture, Option<Attack>)> {
        (0..self.args.variants)
            .flat_map(|variant| {
                let rng = |class: &str| run::rng(self.args.seed, &format!("{class}/{}", sample.subject), variant);
                let species =
                    if (number as u64 + variant).is_multiple_of(2) { PaiSpecies::Print } else { PaiSpecies::Replay };
                [
                    (recapture::bona_fide(scene, self.args.size as usize, &mut rng("bona fide")), None),
                    (recapture::attack(scene, species, self.args.size as usize, &mut rng("attack")), Some(Attack { species, instrument: None })),
                ]
            })
            .collect()
    }

    fn write_rgb(&self, name: &str, picture: &Picture) -> Result<()> {
        let plane = picture.size * picture.size;
        let bytes =
            (0..plane).flat_map(|at| [0, 1, 2].map(|channel| to_byte(picture.planes[channel * plane + at]))).collect();
        let side = picture.size as u32;
        self.write(name, RgbImage::from_raw(side, side, bytes).expect("three bytes a pixel").into())
    }

    fn write_gray(&self, name: &str, map: &[f32]) -> Result<()> {
        let bytes = map.iter().copied().map(to_byte).collect();
        let image = GrayImage::from_raw(self.args.size, self.args.size, bytes).expect("a map of the crop's size");
        self.write(name, image.into())
    }

    fn write(&self, name: &str, image: image::DynamicImage) -> Result<()> {
        let path = self.args.out.join(name);
        let folder = path.parent().expect("crops lie in folders");
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        write_png(&path, &image)
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

fn cut(frame: &Frame<'_>, region: &Region, size: usize) -> Picture {
    Picture { size, planes: sample(frame, region, size) }
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
