//! Prepared folders -> examples -> batches of tensors.
//!
//! A stored crop is somewhat wider than the product's, so that augmentation can move the face region within it; the tensor
//! itself is cut by the root crate's `region::sample`, like every frame in the browser. Pixels stay on disk until a batch
//! needs them; training reads ahead.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use anyhow::{Context, Result, ensure};
use bonafide::{
    crop::CROP_SIZE,
    region::{Region, sample},
    weights::sha256,
};
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::seq::SliceRandom;
use rayon::prelude::*;

pub use super::dataset::Split;
use super::{
    augment::{Augmentation, mirror},
    batches::Data,
    dataset::{Attack, Semantics},
    prepared::{Cut, Outcome, Prepared},
};
use crate::{
    measure::{Labelled, Unscored},
    picture::{photo::Photo, skin::Tone},
    run::{self, config::Config},
};

/// The side of AENet's depth and reflection maps.
const AENET_MAP: usize = 14;

/// One crop.
#[derive(Debug, Clone)]
pub struct Example {
    image: PathBuf,
    cut: Cut,
    /// The bona fide face's pseudo-depth; an attack has none, its depth is zero.
    depth: Option<PathBuf>,
    /// `None` is bona fide.
    pub attack: Option<Attack>,
    /// The person.
    pub subject: String,
    /// Data set or folder.
    pub source: String,
    /// What it is used for.
    pub split: Split,
    /// The skin's tone, where it is known.
    pub tone: Option<Tone>,
    /// AENet's labels.
    pub labels: Option<Semantics>,
}

/// An example and how to change it.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    /// The example.
    pub example: &'a Example,
    /// Its change; `None` is the product's crop.
    pub augmentation: Option<Augmentation>,
}

/// All examples of a run, and the presentations that gave none.
#[derive(Debug)]
pub struct Examples {
    examples: Vec<Example>,
    unscored: Vec<(Split, Unscored)>,
    description: String,
    /// Names of the attack types, sorted; type 0 is bona fide, type `n + 1` is `types[n]`.
    types: Vec<String>,
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
    /// `[B]`, 0 for bona fide, then the attack types in the order of their names.
    pub types: Tensor<1, Int>,
    /// AENet's labels, where every example of the batch has them.
    pub semantics: Option<SemanticBatch>,
}

/// CelebA-Spoof's labels of a batch.
#[derive(Debug, Clone)]
pub struct SemanticBatch {
    /// `[B, 40]`, 0 or 1.
    pub attributes: Tensor<2>,
    /// `[B]`, 0 to 10.
    pub spoof_type: Tensor<1, Int>,
    /// `[B]`, 0 to 4.
    pub illumination: Tensor<1, Int>,
}

/// A training set: examples that are shuffled and changed anew in each epoch.
#[derive(Debug)]
pub struct Training<'a> {
    examples: &'a Examples,
    of: Vec<&'a Example>,
    batch: usize,
    /// A last batch of fewer, which has no statistics for batch norms, is left out.
    smallest: usize,
    seed: u64,
    augment: bool,
}

/// A batch as plain numbers, on its way from the reading thread to the device.
#[derive(Debug)]
pub struct Numbers {
    images: Vec<f32>,
    depth: Vec<f32>,
    attack: Vec<f32>,
    types: Vec<i32>,
    semantics: Option<(Vec<f32>, Vec<i32>, Vec<i32>)>,
}

impl Examples {
    /// Opens prepared folders.
    ///
    /// # Errors
    /// If a folder is unfinished or damaged, or a subject is in two splits.
    pub fn load(folders: &[PathBuf]) -> Result<Self> {
        let (mut examples, mut unscored, mut descriptions) = (Vec::new(), Vec::new(), Vec::new());
        let mut split_of: BTreeMap<String, Split> = BTreeMap::new();
        for folder in folders {
            let prepared = Prepared::load(folder)?;
            let cut = prepared.header.cut();
            ensure!(
                examples.iter().all(|example: &Example| example.cut.margin == cut.margin),
                "{} was prepared with another margin around the face than the folders before it",
                folder.display()
            );
            let mut sources = BTreeSet::new();
            for record in prepared.records {
                sources.insert(record.source.clone());
                let split = *split_of.entry(record.subject.clone()).or_insert(record.split);
                ensure!(
                    split == record.split,
                    "subject {} is in the {split:?} and the {:?} split: a person may be in one only",
                    record.subject,
                    record.split
                );
                match record.outcome {
                    Outcome::Crops(crops) => examples.extend(crops.into_iter().map(|crop| Example {
                        image: folder.join(crop.image),
                        cut,
                        depth: crop.depth.map(|depth| folder.join(depth)),
                        attack: crop.attack,
                        subject: record.subject.clone(),
                        source: record.source.clone(),
                        split,
                        tone: record.tone,
                        labels: crop.labels,
                    })),
                    Outcome::NoFace(_) | Outcome::Unreadable(_) => {
                        let attack = record.attack.as_ref().map(ToString::to_string);
                        let silent = Unscored { attack, subject: record.subject, source: record.source };
                        unscored.push((split, silent));
                    }
                }
            }
            let sources = sources.into_iter().collect::<Vec<_>>().join(", ");
            let synthesized = prepared.header.made_with["instruments"].is_array();
            descriptions.push(if synthesized {
                format!(
                    "bona fide photos ({sources}), each recaptured by simulation; attacks are simulated prints and screens"
                )
            } else {
                sources
            });
        }
        let types: BTreeSet<String> =
            examples.iter().filter_map(|example| example.attack.as_ref()).map(ToString::to_string).collect();
        let description = descriptions.join("; ");
        Ok(Self { examples, unscored, description, types: types.into_iter().collect() })
    }

    /// The examples of a split.
    ///
    /// # Errors
    /// If there is none.
    pub fn of(&self, split: Split) -> Result<Vec<&Example>> {
        let of: Vec<&Example> = self.examples.iter().filter(|example| example.split == split).collect();
        ensure!(!of.is_empty(), "the data has no crop in the {split:?} split: more people are needed");
        Ok(of)
    }

    /// The examples of all splits, in their order.
    pub fn all(&self) -> Vec<&Example> {
        self.examples.iter().collect()
    }

    /// The training split, in batches of `batch` over `devices` devices.
    ///
    /// # Errors
    /// If there are too few crops for one batch.
    pub fn training(&self, batch: usize, devices: usize, config: &Config) -> Result<Training<'_>> {
        let of = self.of(Split::Train)?;
        let smallest = 2 * devices;
        ensure!(
            of.len().min(batch) >= smallest,
            "{} training crops in batches of {batch} are too few for {devices} devices: each needs two at a time",
            of.len()
        );
        Ok(Training { examples: self, of, batch, smallest, seed: config.seed, augment: config.augment })
    }

    /// What these examples are: changes when a crop is added, removed, or moves to another split.
    pub fn digest(&self) -> String {
        let lines: String = self
            .examples
            .iter()
            .map(|example| {
                let name = example.image.file_name().unwrap_or_default().to_string_lossy();
                format!("{} {} {:?} {name}\n", example.source, example.subject, example.split)
            })
            .collect();
        sha256(lines.as_bytes())
    }

    /// Presentations of a split for which there is no crop.
    pub fn unscored(&self, split: Split) -> Vec<Unscored> {
        self.unscored.iter().filter(|(of, _)| *of == split).map(|(_, unscored)| unscored.clone()).collect()
    }

    /// Presentations of all splits for which there is no crop.
    pub fn all_unscored(&self) -> Vec<Unscored> {
        self.unscored.iter().map(|(_, unscored)| unscored.clone()).collect()
    }

    /// What they were made from, in a sentence.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Side of the networks' crop over the longer side of the face box.
    pub fn margin(&self) -> f32 {
        self.examples.first().map_or_else(|| Cut::default().margin, |example| example.cut.margin)
    }

    /// Names of the attack types, sorted.
    pub fn types(&self) -> &[String] {
        &self.types
    }

    /// Whether every crop has AENet's labels.
    pub fn all_labelled(&self) -> bool {
        self.examples.iter().all(|example| example.labels.is_some())
    }

    /// Learns attack types from another list, so that a checkpoint's second head keeps its meaning.
    pub fn with_types(self, types: Vec<String>) -> Self {
        Self { types, ..self }
    }

    /// Tensors of some items, on `device`.
    ///
    /// # Errors
    /// If a crop has gone or is damaged.
    pub fn batch(&self, items: &[Item], device: &Device) -> Result<Batch> {
        Ok(Batch::new(self.numbers(items)?, device))
    }

    fn numbers(&self, items: &[Item]) -> Result<Numbers> {
        let parts: Vec<(Vec<f32>, Vec<f32>)> = items.par_iter().map(Item::cut).collect::<Result<_>>()?;
        let plane = CROP_SIZE * CROP_SIZE;
        let mut images = Vec::with_capacity(items.len() * 3 * plane);
        let mut depth = Vec::with_capacity(items.len() * plane);
        for (image, map) in parts {
            images.extend(image);
            depth.extend(map);
        }
        let number = |attack: &Option<Attack>| match attack {
            None => 0,
            // A type that was not learnt (another data set's) counts as none of the learnt ones: past the last.
            Some(attack) => 1 + self.types.binary_search(&attack.to_string()).unwrap_or(self.types.len()) as i32,
        };
        let labels: Option<Vec<&Semantics>> = items.iter().map(|item| item.example.labels.as_ref()).collect();
        let semantics = labels.map(|labels| {
            (
                labels
                    .iter()
                    .flat_map(|label| (0..40).map(|bit| f32::from(u8::from(label.attributes >> bit & 1 == 1))))
                    .collect(),
                labels.iter().map(|label| i32::from(label.spoof_type)).collect(),
                labels.iter().map(|label| i32::from(label.illumination)).collect(),
            )
        });
        Ok(Numbers {
            images,
            depth,
            attack: items.iter().map(|item| f32::from(u8::from(item.example.attack.is_some()))).collect(),
            types: items.iter().map(|item| number(&item.example.attack)).collect(),
            semantics,
        })
    }
}

impl<'a> Data for Training<'a> {
    type Item = Item<'a>;
    type Numbers = Numbers;
    type Batch = Batch;

    fn epoch(&self, epoch: usize) -> Vec<Vec<Item<'a>>> {
        let mut rng = run::rng(self.seed, "epoch", epoch as u64);
        let mut order = self.of.clone();
        order.shuffle(&mut rng);
        let items: Vec<Item> = order
            .into_iter()
            .map(|example| Item { example, augmentation: self.augment.then(|| Augmentation::draw(&mut rng)) })
            .collect();
        items.chunks(self.batch).filter(|chunk| chunk.len() >= self.smallest).map(<[Item]>::to_vec).collect()
    }

    fn read(&self, items: &[Item<'a>]) -> Result<Numbers> {
        self.examples.numbers(items)
    }

    fn tensors(&self, numbers: Numbers, device: &Device) -> Batch {
        Batch::new(numbers, device)
    }
}

impl Batch {
    fn new(numbers: Numbers, device: &Device) -> Self {
        let batch = numbers.attack.len();
        let map = |values, channels| {
            Tensor::from_data(TensorData::new(values, [batch, channels, CROP_SIZE, CROP_SIZE]), device)
        };
        let labels = |values| Tensor::<1, Int>::from_data(TensorData::new::<i32, _>(values, [batch]), device);
        Self {
            images: map(numbers.images, 3),
            depth: map(numbers.depth, 1),
            attack: Tensor::from_data(TensorData::new(numbers.attack, [batch]), device),
            types: labels(numbers.types),
            semantics: numbers.semantics.map(|(attributes, spoof_type, illumination)| SemanticBatch {
                attributes: Tensor::from_data(TensorData::new(attributes, [batch, 40]), device),
                spoof_type: labels(spoof_type),
                illumination: labels(illumination),
            }),
        }
    }

    /// Pseudo-depth `[B, 1, 14, 14]` in `[0, 1]`, the mean of each 16 x 16 pixels: AENet's size.
    pub fn small_depth(&self) -> Tensor<4> {
        let [batch, _, height, width] = self.depth.dims();
        let (down, across) = (height / AENET_MAP, width / AENET_MAP);
        self.depth
            .clone()
            .reshape([batch, AENET_MAP, down, AENET_MAP, across])
            .mean_dim(4)
            .mean_dim(2)
            .reshape([batch, 1, AENET_MAP, AENET_MAP])
    }
}

impl Example {
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
        examples
            .iter()
            .zip(scores)
            .map(|(example, &score)| Labelled {
                score,
                attack: example.attack.as_ref().map(ToString::to_string),
                subject: example.subject.clone(),
                source: example.source.clone(),
                slices: example.slices(),
            })
            .collect()
    }

    /// Parts of a split that the example belongs to: evaluation measures each by itself.
    pub fn slices(&self) -> Vec<String> {
        [format!("source {}", self.source)].into_iter().chain(self.tone.map(|tone| tone.to_string())).collect()
    }
}

impl Item<'_> {
    /// Crop `[3, 224, 224]` and depth `[224, 224]`.
    ///
    /// # Errors
    /// If its file has gone or is damaged.
    pub fn cut(&self) -> Result<(Vec<f32>, Vec<f32>)> {
        let image = read(&self.example.image)?;
        let depth = self.example.depth.as_deref().map(read).transpose()?;
        let (mut image, mut map) = (self.cut_from(&image), vec![0.0; CROP_SIZE * CROP_SIZE]);
        if let Some(depth) = depth {
            map = self.cut_from(&depth);
            map.truncate(CROP_SIZE * CROP_SIZE);
        }
        if let Some(change) = self.augmentation {
            change.recolour(&mut image);
            if change.flip {
                mirror(&mut image, CROP_SIZE);
                mirror(&mut map, CROP_SIZE);
            }
        }
        Ok((image, map))
    }

    fn cut_from(&self, photo: &Photo) -> Vec<f32> {
        let product = self.example.cut.networks(photo.frame().width() as f32);
        let Some(change) = self.augmentation else { return sample(&photo.frame(), &product, CROP_SIZE) };
        let part = change.frame(&product).map(|edge| edge.max(0.0).round() as u32);
        let region = change.region(product);
        let seen = Region { cx: region.cx - part[0] as f32, cy: region.cy - part[1] as f32, ..region };
        sample(&photo.part(part).frame(), &seen, CROP_SIZE)
    }
}

fn read(path: &std::path::Path) -> Result<Photo> {
    Photo::read(path).context("a prepared crop has gone or is damaged: prepare the data again")
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, GrayImage};

    use super::*;

    #[test]
    fn a_crop_and_its_depth_are_black_past_the_frame_and_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let image = folder.path().join("bright.png");
        DynamicImage::from(GrayImage::from_pixel(290, 290, image::Luma([200]))).save(&image).unwrap();
        let example = Example {
            depth: Some(image.clone()),
            image,
            cut: Cut::default(),
            attack: None,
            subject: "somebody".into(),
            source: "a test".into(),
            split: Split::Train,
            tone: None,
            labels: None,
        };
        let product = Cut::default().networks(290.0);
        let mut rng = run::rng(4, "test", 0);
        let (mut black, mut bright) = (0, 0);
        for _ in 0..20 {
            let mut change = Augmentation::draw(&mut rng);
            change.flip = false;
            let (image, depth) = Item { example: &example, augmentation: Some(change) }.cut().unwrap();
            let [left, top, right, bottom] = change.frame(&product).map(|edge| edge.clamp(0.0, 290.0));
            for at in 0..CROP_SIZE * CROP_SIZE {
                let place = |at: usize| (at as f32 + 0.5) / CROP_SIZE as f32;
                let (x, y) = change.region(product).to_frame(place(at % CROP_SIZE), place(at / CROP_SIZE));
                // From the nearest edge inwards, in pixels: the edge itself lies on a whole pixel and is blended over one.
                let inside = (x - left).min(y - top).min(right - x).min(bottom - y);
                if inside < -1.5 {
                    assert!(image[at] == 0.0 && depth[at] == 0.0, "{x} {y} lies outside {left} {top} {right} {bottom}");
                    black += 1;
                } else if inside > 1.5 {
                    assert!(image[at] > 0.1 && depth[at] > 0.1, "{x} {y} lies inside {left} {top} {right} {bottom}");
                    bright += 1;
                }
            }
        }
        assert!(black > 10_000 && bright > 10_000, "{black} {bright}");
    }
}
