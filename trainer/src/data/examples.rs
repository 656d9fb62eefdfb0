//! Prepared folders -> examples -> the tensors of some of them. Pixels stay on disk until a batch needs them.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use anyhow::{Result, ensure};
use bonafide::{crop::CROP_SIZE, weights::sha256};
use burn::tensor::Device;
use rayon::prelude::*;

use super::known::Known;
use super::{
    batch::Numbers,
    dataset::{Attack, Semantics},
    prepared::{Cut, Outcome, Prepared},
};
pub use super::{
    batch::{Batch, SemanticBatch},
    dataset::Split,
    item::{Example, Item, Twin},
};
use crate::{faces::experts::Experts, measure::Unscored};

/// All examples of a run, and the presentations that gave none.
#[derive(Debug)]
pub struct Examples {
    examples: Vec<Example>,
    unscored: Vec<(Split, Unscored)>,
    description: String,
    /// Names of the attack types, sorted; type 0 is bona fide, type `n + 1` is `types[n]`.
    types: Vec<String>,
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

    pub(super) fn numbers(&self, items: &[Item], experts: Option<&Experts>) -> Result<Numbers> {
        let read = |item: &Item| -> Result<_> {
            let (image, map) = item.cut()?;
            let said = experts.map(|experts| item.ask(experts, &image)).transpose()?;
            Ok((image, map, said, item.twin()?))
        };
        let parts: Vec<_> = items.par_iter().map(read).collect::<Result<_>>()?;
        let plane = CROP_SIZE * CROP_SIZE;
        let mut images = Vec::with_capacity(items.len() * 3 * plane);
        let mut depth = Vec::with_capacity(items.len() * plane);
        let (mut said, mut twins, mut twinned, mut lower) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (at, ((image, map, logits, twin), item)) in parts.into_iter().zip(items).enumerate() {
            if let Some(twin) = twin {
                twins.extend(twin);
                twinned.push(at as i32);
                lower.push(f32::from(u8::from(matches!(item.twin, Some(Twin::Lower(_))))));
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
            lower,
            semantics,
        })
    }
}

#[cfg(test)]
mod tests;
