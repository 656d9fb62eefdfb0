//! Prepared folders -> examples -> batches of tensors. Pixels stay on disk until a batch needs them; training reads ahead.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use anyhow::{Result, ensure};
use bonafide::{crop::CROP_SIZE, weights::sha256};
use burn::tensor::Device;
use rand::seq::SliceRandom;
use rayon::prelude::*;

use super::known::Known;
use super::{
    augment::Augmentation,
    batch::Numbers,
    batches::Data,
    dataset::{Attack, Semantics},
    prepared::{Cut, Outcome, Prepared},
};
pub use super::{
    batch::{Batch, SemanticBatch},
    dataset::Split,
    item::{Example, Item},
};
use crate::{
    faces::experts::Experts,
    measure::Unscored,
    run::{
        self,
        config::{Augment, Config},
    },
};

/// All examples of a run, and the presentations that gave none.
#[derive(Debug)]
pub struct Examples {
    examples: Vec<Example>,
    unscored: Vec<(Split, Unscored)>,
    description: String,
    /// Names of the attack types, sorted; type 0 is bona fide, type `n + 1` is `types[n]`.
    types: Vec<String>,
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
    augment: Augment,
    /// Asked about each crop, where what they say is learnt.
    experts: Option<Experts>,
    /// Whether every second crop has a twin.
    twins: bool,
    /// Whether every other crop is seen as a patch.
    patches: bool,
}

impl Examples {
    /// Opens prepared folders.
    ///
    /// # Errors
    /// If a folder is unfinished or damaged, a subject is in two splits, a picture is of two people, or a sample counts twice.
    pub fn load(folders: &[PathBuf]) -> Result<Self> {
        let (mut examples, mut unscored, mut descriptions) = (Vec::new(), Vec::new(), Vec::new());
        let mut split_of: BTreeMap<String, Split> = BTreeMap::new();
        let mut known = Known::default();
        for folder in folders {
            let prepared = Prepared::load(folder)?;
            let (cut, synthesized) = (prepared.header.cut(), prepared.is_recaptured());
            ensure!(
                examples.iter().all(|example: &Example| example.cut.margin == cut.margin),
                "{} was prepared with another margin around the face than the folders before it",
                folder.display()
            );
            let mut sources = BTreeSet::new();
            known.refuse(&prepared)?;
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
                        face: crop.face,
                        reconstructed: crop.reconstructed,
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

    /// The same, seen by networks whose crop is so many face boxes wide, instead of as it was prepared for.
    ///
    /// # Errors
    /// If less is stored around a face.
    pub fn seen(mut self, margin: f32) -> Result<Self> {
        for example in &mut self.examples {
            let stored = example.cut.margin * example.cut.reach;
            ensure!(margin <= stored, "{stored} face boxes around a face are stored, the crop would be {margin} wide");
            example.cut = Cut { margin, reach: stored / margin };
        }
        Ok(self)
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
    /// If there are too few crops for one batch, or bona fide faces or attacks are missing where a network learns to tell them.
    pub fn training(&self, batch: usize, devices: usize, config: &Config) -> Result<Training<'_>> {
        let of = self.of(Split::Train)?;
        let attacks = of.iter().filter(|example| example.attack.is_some()).count();
        ensure!(
            (1..of.len()).contains(&attacks),
            "the training split has {} bona fide crops and {attacks} attacks: a network that tells them apart learns from both",
            of.len() - attacks
        );
        let smallest = 2 * devices;
        ensure!(
            of.len().min(batch) >= smallest,
            "{} training crops in batches of {batch} are too few for {devices} devices: each needs two at a time",
            of.len()
        );
        Ok(Training {
            examples: self,
            of,
            batch,
            smallest,
            seed: config.seed,
            augment: config.augment,
            experts: None,
            twins: false,
            patches: config.finetune.patches,
        })
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
        Ok(Batch::new(self.numbers(items, None)?, device))
    }

    fn numbers(&self, items: &[Item], experts: Option<&Experts>) -> Result<Numbers> {
        let read = |item: &Item| -> Result<_> {
            let (image, map) = item.cut()?;
            let said = experts.map(|experts| item.ask(experts, &image)).transpose()?;
            Ok((image, map, said, item.twin()?))
        };
        let parts: Vec<_> = items.par_iter().map(read).collect::<Result<_>>()?;
        let plane = CROP_SIZE * CROP_SIZE;
        let mut images = Vec::with_capacity(items.len() * 3 * plane);
        let mut depth = Vec::with_capacity(items.len() * plane);
        let (mut said, mut twins, mut twinned) = (Vec::new(), Vec::new(), Vec::new());
        for (at, (image, map, logits, twin)) in parts.into_iter().enumerate() {
            if let Some(twin) = twin {
                twins.extend(twin);
                twinned.push(at as i32);
            }
            images.extend(image);
            depth.extend(map);
            said.extend(logits.into_iter().flatten());
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
            experts: experts.is_some().then_some(said),
            twins,
            twinned,
            semantics,
        })
    }
}

impl Training<'_> {
    /// The same without crops of faces whose depth could not be reconstructed, bona fide or not.
    #[must_use]
    pub fn with_depth(mut self) -> Self {
        self.of.retain(|example| example.reconstructed);
        self
    }

    /// The same, with what the experts say of each crop.
    #[must_use]
    pub fn with_experts(self, experts: Experts) -> Self {
        Self { experts: Some(experts), ..self }
    }

    /// The same, every second crop with a twin.
    #[must_use]
    pub fn with_twins(self) -> Self {
        Self { twins: true, ..self }
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
            .enumerate()
            .map(|(at, example)| {
                let mut change = Augmentation::draw(&self.augment, &mut rng);
                if self.patches && at % 2 == 1 {
                    change = change.patched(&mut rng);
                }
                let twin = (self.twins && at % 2 == 0).then(|| change.twin(&mut rng));
                Item { example, augmentation: Some(change), twin }
            })
            .collect();
        items.chunks(self.batch).filter(|chunk| chunk.len() >= self.smallest).map(<[Item]>::to_vec).collect()
    }

    fn read(&self, items: &[Item<'a>]) -> Result<Numbers> {
        self.examples.numbers(items, self.experts.as_ref())
    }

    fn tensors(&self, numbers: Numbers, device: &Device) -> Batch {
        Batch::new(numbers, device)
    }
}

#[cfg(test)]
mod tests;
