//! Sitters -> the network, trained: drawn anew in every epoch, on the CPU, in minutes.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result};
use bonafide::{
    crop::{COVER_MARGIN, COVER_SIZE},
    network::Cover,
    weights::sha256,
};
use burn::{
    module::Module,
    optim::{AdamConfig, GradientsParams, ModuleOptimizer},
    tensor::{Device, Tensor, TensorData},
};
use clap::Args;
use rand::seq::SliceRandom;
use rayon::prelude::*;
use serde::Serialize;

use super::{
    example::{any_kind, changed},
    kind::Kind,
    sitter::Sitter,
    worn::Worn,
};
use crate::{
    data::batches::Data,
    run::{self, About, RunFolder, terminal::remark},
    train::{
        losses::binary_cross_entropy,
        parallel::Rank,
        steps::{self, Mean, Schedule, Step},
    },
};

const STAGE: &str = "cover";
/// Pictures of a person in an epoch.
const EACH: usize = 8;
const BATCH: usize = 32;
/// At the start; it falls to zero with a cosine.
const RATE: f64 = 3e-3;
const CHECKPOINT_EVERY: Duration = Duration::from_secs(60);

/// How it is learnt.
#[derive(Debug, Clone, Args)]
pub(super) struct LearnArgs {
    /// Folder of the run.
    #[arg(long)]
    run: Option<PathBuf>,
    /// Go on from the run's last checkpoint.
    #[arg(long)]
    resume: bool,
    /// Times that each person is drawn anew, with eight pictures each.
    #[arg(long, default_value_t = 18)]
    epochs: usize,
}

/// All that a run's result depends on, beside its photos and the code.
#[derive(Serialize)]
struct Settings {
    seed: u64,
    epochs: usize,
}

/// Trains in a run folder; the seed fixes all that is drawn.
///
/// # Errors
/// If no folder was named, it holds another run, the disk refuses, or the loss is no longer finite.
pub(super) fn learn(sitters: &[&Sitter], args: &LearnArgs, seed: u64) -> Result<Cover> {
    let path =
        args.run.as_ref().context("learning needs a folder for its run: name one with --run, or add --measure")?;
    let about = About {
        stage: STAGE.into(),
        backbone: "he".into(),
        data: digest(sitters),
        margin: COVER_MARGIN,
        types: Vec::new(),
        device: "cpu".into(),
        commit: run::commit(),
    };
    let folder = RunFolder::open(path, &Settings { seed, epochs: args.epochs }, &about, args.resume)?;
    let device = Device::flex();
    device.seed(seed);
    let schedule = Schedule { stage: STAGE, epochs: args.epochs, checkpoint_every: CHECKPOINT_EVERY };
    let trained = steps::train(
        Trainee::new(&run::recording(&device)),
        &Drawings { sitters, seed },
        &folder,
        &[device],
        schedule,
        |epoch, _, cross_entropy, spent| {
            let log =
                serde_json::json!({ "epoch": epoch, "cross_entropy": cross_entropy.get(), "seconds": spent.seconds });
            remark(&log);
            folder.log(&log)
        },
    )?;
    Ok(trained.network.valid())
}

fn digest(sitters: &[&Sitter]) -> String {
    let lines: Vec<String> = sitters.iter().map(|sitter| format!("{} {:?}", sitter.subject, sitter.worn)).collect();
    sha256(lines.join("\n").as_bytes())
}

/// Network and optimiser.
#[derive(Clone)]
struct Trainee {
    network: Cover,
    optimizer: ModuleOptimizer,
}

impl Trainee {
    fn new(recording: &Device) -> Self {
        let network = Cover::new(recording);
        run::initialise(&network);
        Self { network, optimizer: AdamConfig::new().with_epsilon(1e-8).init() }
    }
}

impl steps::Trainee for Trainee {
    /// Pixels `[B, 3, 64, 64]`, and whether each hides its eyes and its mouth, `[2 B]`, 0 or 1.
    type Batch = (Tensor<4>, Tensor<1>);
    type Sums = Mean;

    fn step(&mut self, (images, hidden): &Self::Batch, at: Step, rank: &Rank, sums: &mut Mean) -> Result<()> {
        let parts = self.network.parts(images.clone()).reshape([hidden.dims()[0]]);
        let loss = binary_cross_entropy(parts, hidden.clone());
        sums.add(run::finite("cross-entropy", rank.mean(loss.clone().inner()))?);
        let gradients = GradientsParams::from_grads(loss.backward(), &self.network);
        self.network = self.optimizer.step(RATE * at.cosine(1), self.network.clone(), gradients);
        Ok(())
    }

    fn message(sums: &Mean) -> String {
        format!("cross-entropy {:.4}", sums.get())
    }

    fn fork(self, rank: &Rank) -> Self {
        Self { network: rank.fork(self.network), ..self }
    }

    fn save(&self, folder: &Path) -> Result<()> {
        run::save_module(folder, "cover", &self.network)?;
        run::save_optimizer(folder, "optimizer", &self.optimizer)
    }

    fn load(self, folder: &Path) -> Result<Self> {
        Ok(Self {
            network: run::load_module(folder, "cover", self.network)?,
            optimizer: run::load_optimizer(folder, "optimizer", self.optimizer)?,
        })
    }
}

/// Pictures that are drawn when they are asked for.
struct Drawings<'a> {
    sitters: &'a [&'a Sitter],
    seed: u64,
}

impl Data for Drawings<'_> {
    /// The epoch, and which of its pictures.
    type Item = (usize, usize);
    type Numbers = (Vec<f32>, Vec<f32>);
    type Batch = <Trainee as steps::Trainee>::Batch;

    fn epoch(&self, epoch: usize) -> Vec<Vec<Self::Item>> {
        let mut order: Vec<Self::Item> = (0..self.sitters.len() * EACH).map(|number| (epoch, number)).collect();
        order.shuffle(&mut run::rng(self.seed, "order", epoch as u64));
        order.chunks_exact(BATCH).map(<[Self::Item]>::to_vec).collect()
    }

    fn read(&self, items: &[Self::Item]) -> Result<Self::Numbers> {
        let examples: Vec<(Vec<f32>, [bool; 2])> = items
            .par_iter()
            .map(|(epoch, number)| {
                let sitter = self.sitters[number / EACH];
                let purpose = format!("{}/{epoch}", sitter.subject);
                let mut rng = run::rng(self.seed, &purpose, (number % EACH) as u64);
                // Who wears something gets nothing else.
                let (kind, hides) = match sitter.worn {
                    Some(Worn::Hides(hides)) => (Kind::Bare, hides),
                    _ => {
                        let kind = any_kind(&mut rng);
                        (kind, kind.hides())
                    }
                };
                let drawn = kind.draw(sitter, &mut rng);
                (changed(sitter, &drawn, &mut rng), hides)
            })
            .collect();
        let hidden = examples.iter().flat_map(|(_, hidden)| hidden.map(|hidden| f32::from(u8::from(hidden)))).collect();
        Ok((examples.into_iter().flat_map(|(planes, _)| planes).collect(), hidden))
    }

    fn tensors(&self, (images, hidden): Self::Numbers, device: &Device) -> Self::Batch {
        let images = TensorData::new(images, [hidden.len() / 2, 3, COVER_SIZE, COVER_SIZE]);
        let count = hidden.len();
        (Tensor::from_data(images, device), Tensor::from_data(TensorData::new(hidden, [count]), device))
    }
}

/// Log-odds of one picture `[3, 64, 64]`.
pub(super) fn log_odds(network: &Cover, planes: Vec<f32>) -> f32 {
    let image = TensorData::new(planes, [1, 3, COVER_SIZE, COVER_SIZE]);
    network.forward(Tensor::from_data(image, &Device::flex())).into_scalar::<f32>()
}
