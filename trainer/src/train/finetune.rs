//! A backbone and examples -> a classifier (paper, schedule: Adam, binary cross-entropy, nothing frozen).

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use bonafide::network::Encoder;
use burn::{
    module::{Module, ModuleVisitor, Param},
    optim::{AdamConfig, GradientsParams, ModuleOptimizer},
    tensor::{Device, Tensor},
};
use clap::Args;
use serde::Serialize;

use super::{
    init::{self, InitArgs},
    liveness::{self, Liveness},
    parallel::Rank,
    pretrain::load_generator,
    stage::{Stage, StageArgs, origin},
    steps::{self, Mean, Step},
};
use crate::{
    data::examples::{Batch, Example, Examples, Split},
    measure::metrics,
    run::{
        self, RunFolder, Spent, THEN,
        config::{self, Config},
    },
};

/// Options of `trainer finetune`.
#[derive(Debug, Clone, Args)]
pub struct FinetuneArgs {
    /// Folder of the pretraining run whose encoder is the backbone; without it the run is a baseline, which trains for
    /// the config's baseline_epochs.
    #[arg(long, conflicts_with = "init")]
    pub pretrained: Option<PathBuf>,
    /// Folder of an earlier fine-tuning run whose network, as far as it got, learns on: other data, another schedule of the
    /// config's epochs.
    #[arg(long, conflicts_with_all = ["pretrained", "init"])]
    pub finetuned: Option<PathBuf>,
    /// What the encoder starts from.
    #[command(flatten)]
    pub init: InitArgs,
    /// What all stages share.
    #[command(flatten)]
    pub stage: StageArgs,
}

/// Network and optimiser.
#[derive(Clone)]
pub struct Trainee {
    /// The network.
    pub network: Liveness,
    lr: f64,
    cosine_cycles: usize,
    optimizer: ModuleOptimizer,
}

impl Trainee {
    /// Wraps a network on a device that records gradients; the learning rate stays.
    pub fn new(network: Liveness, lr: f64) -> Self {
        run::initialise(&network);
        Self { network, lr, cosine_cycles: 0, optimizer: AdamConfig::new().with_epsilon(1e-8).init() }
    }

    /// One step; returns the loss before it.
    ///
    /// # Errors
    /// If the loss is no longer finite.
    pub fn loss(&mut self, batch: &Batch, rank: &Rank) -> Result<f32> {
        self.learn(batch, self.lr, rank)
    }

    fn learn(&mut self, batch: &Batch, lr: f64, rank: &Rank) -> Result<f32> {
        let loss = self.network.loss(batch);
        let value = run::finite("classifier", rank.mean(loss.clone().inner()))?;
        let gradients = GradientsParams::from_grads(loss.backward(), &self.network);
        self.network = self.optimizer.step(lr, self.network.clone(), gradients);
        Ok(value)
    }
}

impl steps::Trainee for Trainee {
    type Batch = Batch;
    type Sums = Mean;

    fn step(&mut self, batch: &Batch, at: Step, rank: &Rank, sums: &mut Mean) -> Result<()> {
        sums.add(self.learn(batch, self.lr * at.cosine(self.cosine_cycles), rank)?);
        Ok(())
    }

    fn message(sums: &Mean) -> String {
        format!("loss {:.4}", sums.get())
    }

    fn fork(self, rank: &Rank) -> Self {
        Self { network: rank.fork(self.network), ..self }
    }

    fn save(&self, folder: &Path) -> Result<()> {
        run::save_module(folder, "classifier", &self.network)?;
        run::save_optimizer(folder, "optimizer", &self.optimizer)
    }

    fn load(self, folder: &Path) -> Result<Self> {
        Ok(Self {
            network: run::load_module(folder, "classifier", self.network)?,
            optimizer: run::load_optimizer(folder, "optimizer", self.optimizer)?,
            ..self
        })
    }
}

/// The network of a fine-tuning run, for evaluation.
///
/// # Errors
/// If the folder holds no checkpoint of one.
pub fn load(folder: &Path, device: &Device) -> Result<Liveness> {
    Ok(network(folder, &run::recording(device))?.valid())
}

/// The same on a device that records gradients.
fn network(folder: &Path, recording: &Device) -> Result<Liveness> {
    let (run, config) = RunFolder::existing(folder)?;
    let encoder = Encoder::new(config.model.width, recording);
    let network = Liveness::new(&config.model, encoder, run.about()?.types.len(), recording);
    run::load_module(&run::trained(folder)?, "classifier", network)
}

/// Refuses an earlier run whose network another config or data could not go on with.
fn fits(earlier: &Path, config: &Config, examples: &Examples) -> Result<()> {
    let (run, of) = RunFolder::existing(earlier)?;
    let about = run.about()?;
    let there = (&of.model, about.margin, about.types.as_slice());
    let here = (&config.model, examples.margin(), examples.types());
    ensure!(
        there == here,
        "{} learnt another network, margin or other attack types: {there:?}, here {here:?}",
        earlier.display()
    );
    Ok(())
}

/// How long a run trains: one whose backbone was neither pretrained nor fine-tuned before is a baseline.
pub fn epochs(config: &config::Finetune, backbone: &str) -> usize {
    let begun = backbone.starts_with("pretrain ") || backbone.contains(THEN);
    if begun { config.epochs } else { config.baseline_epochs }
}

/// What a network started from that goes on from an earlier run.
fn continued(earlier: &Path) -> Result<String> {
    let (run, _) = RunFolder::existing(earlier)?;
    let about = run.about()?;
    ensure!(about.stage == "finetune", "{} is the run of {}, not of finetune", earlier.display(), about.stage);
    let epochs = run.latest_checkpoint()?.map_or(0, |(place, _)| place.epoch);
    Ok(format!("{}{THEN}{} for {epochs} epochs at commit {}", about.backbone, origin(earlier)?, about.commit))
}

/// Learnt parameters of what a fine-tuning run would deploy.
///
/// # Errors
/// As [`load`].
pub fn parameters(folder: &Path) -> Result<usize> {
    struct Count {
        learnt: usize,
        /// Whether the visit is within a batch norm's running statistics, which are measured, not learnt.
        running: bool,
    }
    impl ModuleVisitor for Count {
        fn enter_module(&mut self, name: &str, _: &str) {
            self.running |= name.starts_with("running_");
        }
        fn exit_module(&mut self, name: &str, _: &str) {
            self.running &= !name.starts_with("running_");
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if !self.running {
                self.learnt += param.shape().num_elements();
            }
        }
    }
    let mut count = Count { learnt: 0, running: false };
    load(folder, &Device::flex())?.visit(&mut count);
    Ok(count.learnt)
}

/// One line of the log.
#[derive(Debug, Serialize)]
struct EpochLog {
    epoch: usize,
    train_loss: f32,
    dev_auc: f64,
    #[serde(flatten)]
    spent: Spent,
}

/// Runs `trainer finetune`.
///
/// # Errors
/// If options, data, config or disk do not serve, or the loss is no longer finite.
pub fn run(args: &FinetuneArgs) -> Result<()> {
    let backbone = match (&args.pretrained, &args.finetuned) {
        (Some(path), _) => origin(path)?,
        (_, Some(path)) => continued(path)?,
        _ => args.init.describe()?,
    };
    let (stage, trainee) = Stage::open("finetune", &backbone, &args.stage, |config, examples, recording| {
        liveness::check(config.model.head, examples)?;
        let network = if let Some(earlier) = &args.finetuned {
            fits(earlier, config, examples)?;
            network(earlier, recording)?
        } else {
            let encoder = match &args.pretrained {
                Some(path) => load_generator(path, recording)?.encoder,
                None => init::encoder(&args.init, &config.model, recording)?,
            };
            Liveness::new(&config.model, encoder, examples.types().len(), recording)
        };
        Ok(Trainee { cosine_cycles: config.finetune.cosine_cycles, ..Trainee::new(network, config.finetune.lr) })
    })?;
    let Stage { config, folder, examples, devices } = &stage;
    let development = examples.of(Split::Development)?;
    let epochs = epochs(&config.finetune, &backbone);
    steps::train(
        trainee,
        &examples.training(config.finetune.batch, devices.len(), config)?,
        folder,
        devices,
        args.stage.run.schedule("finetune", epochs),
        |epoch, trainee, loss, spent| {
            let scores = trainee.network.valid().score(examples, &development, stage.device())?;
            let log = EpochLog {
                epoch,
                train_loss: loss.get(),
                dev_auc: metrics::auc(&Example::labelled(&development, &scores)),
                spent,
            };
            println!("{}", serde_json::to_string(&log)?);
            folder.log(&log)
        },
    )?;
    println!("fine-tuned {epochs} epochs: {}", args.stage.run.run.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_run_without_earlier_training_of_faces_is_a_baseline() {
        let of = Config::load("inter").unwrap().finetune;
        for baseline in ["he", "pretrain-imagenet backbone", "checkpoint resnet.pth 0123456789abcdef"] {
            assert_eq!(epochs(&of, baseline), of.baseline_epochs, "{baseline}");
        }
        for begun in ["pretrain first", "he; then finetune early for 1 epochs at commit 0"] {
            assert_eq!(epochs(&of, begun), of.epochs, "{begun}");
        }
    }
}
