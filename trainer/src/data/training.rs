//! Examples of the training split -> the batches of an epoch: shuffled, changed anew, some with a twin.

use anyhow::{Result, ensure};
use burn::tensor::Device;
use rand::seq::SliceRandom;

use super::{
    augment::Augmentation,
    batch::{Batch, Numbers},
    batches::Data,
    dataset::Split,
    examples::Examples,
    item::{Example, Item, Twin},
};
use crate::{
    faces::experts::Experts,
    run::{
        self,
        config::{Augment, Config},
    },
};

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
    /// Whether every second crop has a twin through another camera.
    twins: bool,
    /// Whether sharp bona fide crops between those have one without detail or behind a grid.
    lower: bool,
    /// Whether every other crop is seen as a patch.
    patches: bool,
}

impl Examples {
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
            lower: false,
            patches: config.finetune.patches,
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

    /// The same, every second crop with a twin through another camera, those between that are bona fide and sharp with one without
    /// detail or behind a grid, or either.
    #[must_use]
    pub fn with_twins(self, twins: bool, lower: bool) -> Self {
        Self { twins, lower, ..self }
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
                let twin = match at % 2 {
                    0 if self.twins => Some(Twin::Retaken(change.twin(&mut rng))),
                    1 if self.lower && example.is_fine() && change.retouch.is_sharp() => {
                        Some(Twin::Lower(match at % 4 {
                            1 => change.coarse(self.examples.margin(), &mut rng),
                            _ => change.gridded(&mut rng),
                        }))
                    }
                    _ => None,
                };
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
