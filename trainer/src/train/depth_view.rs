//! A fine-tuned classifier -> a decoder that draws the pseudo-depth which the classifier's own features hold.
//!
//! Fine-tuning changes the encoder, so the pretraining run's decoder no longer fits it. Here the encoder is frozen, and the
//! decoder alone learns, as in pretraining's warm-up (L1, zeros for an attack; batch, learning rate and epochs are the
//! warm-up's). The score does not depend on it: what ships is a picture of the evidence, not evidence.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use bonafide::{
    network::{Decoder, Encoder, encoder::channels},
    weights::sha256,
};
use burn::{
    module::Module,
    optim::{AdamConfig, GradientsParams, ModuleOptimizer},
    tensor::{Device, Tensor},
};
use clap::Args;
use serde::{Deserialize, Serialize};

use super::{
    drawn, finetune, losses,
    parallel::Rank,
    pretrain::load_generator,
    shipped::EXPORTED,
    stage::{Stage, StageArgs, origin},
    steps::{self, Mean, Step},
};
use crate::{
    data::examples::Batch,
    run::{self, RunFolder, Spent, config::Pretrain, terminal::say},
};

const STAGE: &str = "depth-view";

/// Options of `trainer depth-view`.
#[derive(Debug, Clone, Args)]
pub struct DepthViewArgs {
    /// Folder of the fine-tuning run whose encoder is drawn from.
    #[arg(long)]
    pub finetuned: PathBuf,
    /// Folder of the pretraining run that it started from, whose decoder is the start.
    #[arg(long)]
    pub pretrained: PathBuf,
    /// What all stages share.
    #[command(flatten)]
    pub stage: StageArgs,
}

/// Decoder and optimiser, and the encoder that stays as it is.
#[derive(Clone)]
pub struct Trainee {
    /// Draws depth.
    pub decoder: Decoder,
    /// Folded, without gradients.
    encoder: Encoder,
    lr: f64,
    optimizer: ModuleOptimizer,
}

impl Trainee {
    /// A decoder on a device that records gradients, and a folded encoder on the same device without.
    pub fn new(config: &Pretrain, encoder: Encoder, decoder: Decoder) -> Self {
        run::initialise(&decoder);
        Self {
            decoder,
            encoder,
            lr: config.generator_lr,
            // As in pretraining.
            optimizer: AdamConfig::new().with_beta_1(0.5).with_beta_2(0.999).with_epsilon(1e-8).init(),
        }
    }
}

impl steps::Trainee for Trainee {
    type Batch = Batch;
    type Sums = Mean;

    fn step(&mut self, batch: &Batch, at: Step, rank: &Rank, sums: &mut Mean) -> Result<()> {
        let features = self.encoder.forward(batch.images.clone().inner());
        let loss = losses::l1(batch.depth.clone(), self.decoder.forward(Tensor::from_inner(features)));
        sums.add(run::finite("L1", rank.mean(loss.clone().inner()))?);
        let gradients = GradientsParams::from_grads(loss.backward(), &self.decoder);
        self.decoder = self.optimizer.step(self.lr * at.cosine(1), self.decoder.clone(), gradients);
        Ok(())
    }

    fn message(sums: &Mean) -> String {
        format!("L1 {:.4}", sums.get())
    }

    fn fork(self, rank: &Rank) -> Self {
        Self { decoder: rank.fork(self.decoder), encoder: self.encoder.fork(rank.device()), ..self }
    }

    fn save(&self, folder: &Path) -> Result<()> {
        run::save_module(folder, "decoder", &self.decoder)?;
        run::save_optimizer(folder, "optimizer", &self.optimizer)
    }

    fn load(self, folder: &Path) -> Result<Self> {
        Ok(Self {
            decoder: run::load_module(folder, "decoder", self.decoder)?,
            optimizer: run::load_optimizer(folder, "optimizer", self.optimizer)?,
            ..self
        })
    }
}

/// What the last epoch of a run logged. Depth is in `[0, 1]`; means over pixels and crops of the development split.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EpochLog {
    /// Its number, from 1.
    pub epoch: usize,
    /// L1 in training.
    pub train_l1: f32,
    /// L1 of bona fide crops.
    pub dev_bona_fide_l1: f32,
    /// Depth drawn for bona fide crops.
    pub dev_bona_fide_depth: f32,
    /// Depth drawn for attacks, which is their L1 too.
    pub dev_attack_depth: f32,
    /// How long it took.
    #[serde(flatten)]
    pub spent: Spent,
}

/// Runs `trainer depth-view`.
///
/// # Errors
/// If options, data, config or disk do not serve, the runs are not of each other, or the loss is no longer finite.
pub fn run(args: &DepthViewArgs) -> Result<()> {
    let (finetuned, of) = RunFolder::existing(&args.finetuned)?;
    let (about, from) = (finetuned.about()?, origin(&args.pretrained)?);
    // Of exported weights the pretraining is not at hand: any generator's decoder is a start.
    ensure!(
        about.first_start() == from || about.first_start() == EXPORTED,
        "{} started from {}, not from {from}: name the run that it started from with --pretrained",
        args.finetuned.display(),
        about.backbone
    );
    let backbone = identity(&args.finetuned)?;
    let (stage, trainee) = Stage::open(STAGE, &backbone, &args.stage, |config, examples, recording| {
        ensure!(
            of.model.width == config.model.width,
            "the fine-tuned run has width {}, this config {}: give both the same",
            of.model.width,
            config.model.width
        );
        ensure!(
            about.margin == examples.margin(),
            "the fine-tuned run saw crops {} face boxes wide, this data has {}: use the data that it learnt from",
            about.margin,
            examples.margin()
        );
        let encoder = finetune::load(&args.finetuned, &recording.clone().inner())?.encoder().clone().fold();
        let decoder = load_generator(&args.pretrained, recording)?.decoder;
        Ok(Trainee::new(&config.pretrain, encoder, decoder))
    })?;
    let Stage { config, folder, examples, devices } = &stage;
    let development = drawn::watched(examples)?;
    // A run without a warm-up still has an epoch to fit.
    let epochs = config.pretrain.warmup_epochs.max(1);
    steps::train(
        trainee,
        &examples.training(config.pretrain.batch, devices.len(), config)?,
        folder,
        devices,
        args.stage.run.schedule(STAGE, epochs),
        |epoch, trainee, l1, spent| {
            let (encoder, decoder) = (&trainee.encoder, trainee.decoder.valid());
            let draw = |images| decoder.forward(encoder.forward(images));
            let drawn = drawn::measure(draw, examples, &development, stage.device(), folder, epoch)?;
            let log = EpochLog {
                epoch,
                train_l1: l1.get(),
                dev_bona_fide_l1: drawn.bona_fide_l1.get(),
                dev_bona_fide_depth: drawn.bona_fide_depth.get(),
                dev_attack_depth: drawn.attack_depth.get(),
                spent,
            };
            say(serde_json::to_string(&log)?)?;
            folder.log(&log)
        },
    )?;
    say(format_args!("the depth view learnt for {epochs} epochs: {}", args.stage.run.run.display()))?;
    Ok(())
}

/// The decoder of a run, for deployment with the classifier of `finetuned`.
///
/// # Errors
/// If the folder holds no checkpoint of one, or it learnt on another encoder.
pub fn load(folder: &Path, finetuned: &Path, device: &Device) -> Result<Decoder> {
    let (run, config) = RunFolder::existing(folder)?;
    fits(&run, folder, finetuned)?;
    let decoder = Decoder::new(channels(config.model.width)[3], &run::recording(device));
    Ok(run::load_module(&run::trained(folder)?, "decoder", decoder)?.valid())
}

/// What the last epoch of a run logged, which must have learnt on the encoder of `finetuned`.
///
/// # Errors
/// If the folder holds no such run, or it has finished no epoch.
pub fn last_epoch(folder: &Path, finetuned: &Path) -> Result<EpochLog> {
    let (run, _) = RunFolder::existing(folder)?;
    fits(&run, folder, finetuned)?;
    let path = run.file("log.jsonl");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let line = text.lines().last().with_context(|| format!("{} has finished no epoch", folder.display()))?;
    serde_json::from_str(line).with_context(|| format!("{} is damaged", path.display()))
}

fn fits(run: &RunFolder, folder: &Path, finetuned: &Path) -> Result<()> {
    let (about, wanted) = (run.about()?, identity(finetuned)?);
    ensure!(about.stage == STAGE, "{} is a {} run, not one of `trainer {STAGE}`", folder.display(), about.stage);
    ensure!(
        about.backbone == wanted,
        "the decoder of {} learnt to read {}, not {wanted}: run `trainer {STAGE}` for that one",
        folder.display(),
        about.backbone
    );
    Ok(())
}

/// A fine-tuning run's name, and the bytes of its weights: a decoder fits these weights alone.
fn identity(finetuned: &Path) -> Result<String> {
    let path = run::trained(finetuned)?.join("classifier.bpk");
    let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(format!("{} {}", origin(finetuned)?, &sha256(&bytes)[..16]))
}
