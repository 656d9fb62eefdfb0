//! Photos -> examples in memory (recaptured crops with their mesh) -> batches of tensors.
//!
//! An example keeps a crop somewhat wider than the product's, so that augmentation can move the face region within it;
//! the tensor itself is cut by the root crate's `region::sample`, like every frame in the browser.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use bonafide::{
    crop::{CROP_SIZE, face_region},
    face::mesh::Mesh,
    frame::Frame,
    region::{Region, sample},
};
use burn::tensor::{Device, Tensor, TensorData};
use indicatif::{ProgressBar, ProgressStyle};
use rand::seq::SliceRandom;
use rayon::prelude::*;

pub use crate::dataset::Split;
use crate::{
    augment::{Augmentation, mirror},
    config::Config,
    dataset::{Subject, subjects},
    depth::{facemesh::Reconstructor, rasterise::pseudo_depth},
    evaluate::{Labelled, Unscored},
    photo::Photo,
    recapture::{self, PaiSpecies, Picture},
    run,
};

/// One recaptured crop.
#[derive(Debug, Clone)]
pub struct Example {
    /// RGBA8, `size` x `size`.
    rgba: Vec<u8>,
    size: u32,
    /// The bona fide face's points in crop pixels; an attack has none, its depth is zero.
    mesh: Option<Mesh>,
    /// The attack's species; `None` is bona fide.
    pub species: Option<PaiSpecies>,
    /// The person.
    pub subject: Subject,
}

/// An example and how to change it.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    example: &'a Example,
    augmentation: Option<Augmentation>,
}

/// All examples of a run.
#[derive(Debug)]
pub struct Examples {
    examples: Vec<Example>,
    /// Photos in which no face was found.
    faceless: Vec<Subject>,
    triangles: Vec<[u16; 3]>,
}

/// What a training step sees.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Crops `[B, 3, 224, 224]` in `[0, 1]`.
    pub images: Tensor<4>,
    /// Pseudo-depth `[B, 1, 224, 224]` in `[0, 1]`, zeros for an attack.
    pub depth: Tensor<4>,
    /// `[B]`, 1 for an attack (paper: bona fide 0, attack 1).
    pub attack: Tensor<1>,
}

impl Examples {
    /// Reads the photos, reconstructs their faces and recaptures each as bona fide and as attack.
    ///
    /// Photos without a usable face are counted and named. The same photos, settings and seed give the same examples.
    ///
    /// # Errors
    /// If folders or weights are missing, a photo cannot be decoded, or a split stays empty.
    pub fn load(folders: &[PathBuf], weights: &Path, config: &Config) -> Result<Self> {
        let people = subjects(folders, config.data.photos_per_source)?;
        let reconstructor = Reconstructor::load(weights)?;
        let bar = progress(people.len(), "photos");
        let made = people
            .par_iter()
            .enumerate()
            .map(|(number, subject)| {
                let examples = recaptures(subject, number, &reconstructor, config);
                bar.inc(1);
                examples
            })
            .collect::<Result<Vec<_>>>()?;
        bar.finish_and_clear();
        let faceless: Vec<Subject> =
            people.iter().zip(&made).filter(|(_, made)| made.is_empty()).map(|(subject, _)| subject.clone()).collect();
        if !faceless.is_empty() {
            let names: Vec<&str> = faceless.iter().map(|subject| subject.name.as_str()).collect();
            println!("{} of {} photos left out, no usable face: {}", names.len(), people.len(), names.join(", "));
        }
        let examples =
            Self { examples: made.into_iter().flatten().collect(), faceless, triangles: reconstructor.triangles };
        for split in [Split::Train, Split::Development, Split::Test] {
            ensure!(
                !examples.of(split).is_empty(),
                "no photo with a face in the {split:?} split: more photos are needed"
            );
        }
        Ok(examples)
    }

    /// The examples of a split.
    pub fn of(&self, split: Split) -> Vec<&Example> {
        self.examples.iter().filter(|example| example.subject.split == split).collect()
    }

    /// The non-responses of a split: photos in which no face was found. They are bona fide, as attacks are made of faces.
    pub fn unscored(&self, split: Split) -> Vec<Unscored> {
        let of = self.faceless.iter().filter(|subject| subject.split == split);
        of.map(|subject| Unscored { attack: None, subject: subject.name.clone(), source: subject.source.clone() })
            .collect()
    }

    /// Tensors of some items, on `device`.
    pub fn batch(&self, items: &[Item], device: &Device) -> Batch {
        let plane = CROP_SIZE * CROP_SIZE;
        let parts: Vec<(Vec<f32>, Vec<f32>)> = items.par_iter().map(|item| item.cut(&self.triangles)).collect();
        let mut images = Vec::with_capacity(items.len() * 3 * plane);
        let mut depth = Vec::with_capacity(items.len() * plane);
        for (image, map) in parts {
            images.extend(image);
            depth.extend(map);
        }
        let attack: Vec<f32> = items.iter().map(|item| f32::from(u8::from(item.example.species.is_some()))).collect();
        let batch = items.len();
        let tensor = |values, channels| {
            Tensor::from_data(TensorData::new(values, [batch, channels, CROP_SIZE, CROP_SIZE]), device)
        };
        Batch {
            images: tensor(images, 3),
            depth: tensor(depth, 1),
            attack: Tensor::from_data(TensorData::new(attack, [batch]), device),
        }
    }
}

impl Example {
    /// An epoch of training: shuffled, augmented, in batches of `size`; a last batch of one, which has no statistics for
    /// batch norms, is left out.
    pub fn batches<'a>(examples: &[&'a Self], size: usize, seed: u64, epoch: usize) -> Vec<Vec<Item<'a>>> {
        let mut rng = run::rng(seed, "epoch", epoch as u64);
        let mut order = examples.to_vec();
        order.shuffle(&mut rng);
        let items: Vec<Item> = order
            .into_iter()
            .map(|example| Item { example, augmentation: Some(Augmentation::draw(&mut rng)) })
            .collect();
        items.chunks(size).filter(|chunk| chunk.len() > 1).map(<[Item]>::to_vec).collect()
    }

    /// All of them, unchanged and in order.
    pub fn in_order<'a>(examples: &[&'a Self], size: usize) -> Vec<Vec<Item<'a>>> {
        examples
            .chunks(size)
            .map(|chunk| chunk.iter().map(|example| Item { example, augmentation: None }).collect())
            .collect()
    }

    /// Pairs scores with what they are scores of.
    ///
    /// # Panics
    /// If there are not as many scores as examples.
    pub fn labelled(examples: &[&Self], scores: &[f32]) -> Vec<Labelled> {
        assert_eq!(examples.len(), scores.len(), "a score for each example");
        let labelled = |(example, &score): (&&Self, &f32)| Labelled {
            score,
            attack: example.species.map(|species| species.label().to_owned()),
            subject: example.subject.name.clone(),
            source: example.subject.source.clone(),
        };
        examples.iter().zip(scores).map(labelled).collect()
    }

    /// The product's face region within the stored crop.
    fn region(&self) -> Region {
        let size = self.size as f32;
        Region { cx: size / 2.0, cy: size / 2.0, side: size / Augmentation::REACH, angle: 0.0 }
    }
}

impl Item<'_> {
    /// Crop `[3, 224, 224]` and depth `[224, 224]`.
    fn cut(&self, triangles: &[[u16; 3]]) -> (Vec<f32>, Vec<f32>) {
        let example = self.example;
        let frame = Frame::new(&example.rgba, example.size, example.size).expect("examples are square");
        let region = self.augmentation.map_or(example.region(), |change| change.region(example.region()));
        let mut image = sample(&frame, &region, CROP_SIZE);
        let mut depth = match &example.mesh {
            Some(mesh) => pseudo_depth(mesh, &region, triangles, CROP_SIZE),
            None => vec![0.0; CROP_SIZE * CROP_SIZE],
        };
        if let Some(change) = self.augmentation {
            change.recolour(&mut image);
            if change.flip {
                mirror(&mut image, CROP_SIZE);
                mirror(&mut depth, CROP_SIZE);
            }
        }
        (image, depth)
    }
}

/// The examples of one photo; none if it shows no usable face.
fn recaptures(
    subject: &Subject,
    number: usize,
    reconstructor: &Reconstructor,
    config: &Config,
) -> Result<Vec<Example>> {
    let photo = Photo::read(&subject.path)?;
    let frame = photo.frame();
    let Some((face, mesh)) = reconstructor.reconstruct(&frame)? else { return Ok(Vec::new()) };
    let product = face_region(&face.bounds);
    let wide = Region { side: product.side * Augmentation::REACH, ..product };
    let size = config.data.stored_size;
    let scene = Picture { size, planes: sample(&frame, &wide, size) };
    let mesh = Mesh {
        points: mesh
            .points
            .iter()
            .map(|&[x, y, z]| {
                let (u, v) = wide.from_frame(x, y);
                [u * size as f32, v * size as f32, z]
            })
            .collect(),
        ..mesh
    };
    let mut examples = Vec::new();
    for variant in 0..config.data.variants {
        let rng = |class: &str| run::rng(config.seed, &format!("{class}/{}", subject.name), variant as u64);
        let species = if (number + variant).is_multiple_of(2) { PaiSpecies::Print } else { PaiSpecies::Replay };
        for (picture, species, mesh) in [
            (recapture::bona_fide(&scene, &mut rng("bona fide")), None, Some(mesh.clone())),
            (recapture::attack(&scene, species, &mut rng("attack")), Some(species), None),
        ] {
            examples.push(Example { rgba: rgba(&picture), size: size as u32, mesh, species, subject: subject.clone() });
        }
    }
    Ok(examples)
}

fn rgba(picture: &Picture) -> Vec<u8> {
    let plane = picture.size * picture.size;
    let byte = |value: f32| (value * 255.0).round() as u8;
    (0..plane)
        .flat_map(|at| {
            let [r, g, b] = [0, 1, 2].map(|channel| byte(picture.planes[channel * plane + at]));
            [r, g, b, 255]
        })
        .collect()
}

/// A progress bar on a terminal, nothing elsewhere.
pub fn progress(length: usize, what: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len} {eta} {msg}").expect("a valid template");
    ProgressBar::new(length as u64).with_style(style).with_prefix(what.to_owned())
}
