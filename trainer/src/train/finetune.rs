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
    averaged::average,
    init::{self, InitArgs},
    lesson::Lesson,
    liveness::{self, Liveness},
    parallel::Rank,
    pretrain::load_generator,
    shipped,
    stage::{Stage, StageArgs, origin},
    steps::{self, Mean, Step},
};
use crate::{
    data::examples::{Batch, Example, Examples, Split},
    faces::experts::Experts,
    measure::metrics,
    run::{
        self, RunFolder, Spent, THEN,
        config::{self, Config},
        terminal::say,
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
    /// Folder of exported weights (`pkg/weights`) whose classifier learns on: other data, another schedule.
    #[arg(long, conflicts_with_all = ["pretrained", "finetuned", "init"])]
    pub shipped: Option<PathBuf>,
    /// Folder of the experts' weights, for configs that learn from them.
    #[arg(long, default_value = "pkg/weights")]
    pub experts: PathBuf,
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
    /// The network, with what it learns beside its task.
    pub lesson: Lesson,
    /// The mean of its weights, without gradients: what is evaluated and ships.
    pub mean: Liveness,
    config: config::Finetune,
    optimizer: ModuleOptimizer,
}

impl Trainee {
    /// Wraps a network on a device that records gradients.
    pub fn new(network: Liveness, config: &Config, device: &Device) -> Self {
        let lesson = Lesson::new(network, &config.model, device);
        run::initialise(&lesson);
        let mean = lesson.network.valid();
        let optimizer = AdamConfig::new().with_epsilon(1e-8).init();
        Self { lesson, mean, config: config.finetune.clone(), optimizer }
    }

    /// One step; returns the loss before it.
    ///
    /// # Errors
    /// If the loss is no longer finite.
    pub fn learn(&mut self, batch: &Batch, at: Step, rank: &Rank) -> Result<f32> {
        let loss = self.lesson.loss(batch, &self.config);
        let value = run::finite("classifier", rank.mean(loss.clone().inner()))?;
        let gradients = GradientsParams::from_grads(loss.backward(), &self.lesson);
        let rate = self.config.lr * at.cosine(self.config.cosine_cycles);
        self.lesson = self.optimizer.step(rate, self.lesson.clone(), gradients);
        self.mean = average(self.mean.clone(), &self.lesson.network.valid(), self.config.averaging, at);
        Ok(value)
    }
}

impl steps::Trainee for Trainee {
    type Batch = Batch;
    type Sums = Mean;

    fn step(&mut self, batch: &Batch, at: Step, rank: &Rank, sums: &mut Mean) -> Result<()> {
        sums.add(self.learn(batch, at, rank)?);
        Ok(())
    }

    fn message(sums: &Mean) -> String {
        format!("loss {:.4}", sums.get())
    }

    fn fork(self, rank: &Rank) -> Self {
        let lesson = rank.fork(self.lesson);
        Self { mean: self.mean.fork(rank.device()), lesson, ..self }
    }

    fn save(&self, folder: &Path) -> Result<()> {
        run::save_module(folder, "classifier", &self.mean)?;
        run::save_module(folder, "lesson", &self.lesson)?;
        run::save_optimizer(folder, "optimizer", &self.optimizer)
    }

    fn load(self, folder: &Path) -> Result<Self> {
        Ok(Self {
            mean: run::load_module(folder, "classifier", self.mean)?,
            lesson: run::load_module(folder, "lesson", self.lesson)?,
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
    let backbone = match (&args.pretrained, &args.finetuned, &args.shipped) {
        (Some(path), _, _) => origin(path)?,
        (_, Some(path), _) => continued(path)?,
        (_, _, Some(path)) => shipped::describe(path)?,
        _ => args.init.describe()?,
    };
    let (stage, trainee) = Stage::open("finetune", &backbone, &args.stage, |config, examples, recording| {
        liveness::check(config.model.head, examples)?;
        let network = if let Some(earlier) = &args.finetuned {
            fits(earlier, config, examples)?;
            network(earlier, recording)?
        } else if let Some(weights) = &args.shipped {
            shipped::load(weights, config, examples, recording)?
        } else {
            let encoder = match &args.pretrained {
                Some(path) => load_generator(path, recording)?.encoder,
                None => init::encoder(&args.init, &config.model, recording)?,
            };
            Liveness::new(&config.model, encoder, examples.types().len(), recording)
        };
        Ok(Trainee::new(network, config, recording))
    })?;
    let Stage { config, folder, examples, devices } = &stage;
    let development = examples.of(Split::Development)?;
    let epochs = epochs(&config.finetune, &backbone);
    let mut training = examples.training(config.finetune.batch, devices.len(), config)?;
    if config.finetune.teach > 0.0 || config.finetune.agreement {
        training = training.with_experts(Experts::load(&args.experts)?);
    }
    training = training.with_twins(config.finetune.steady > 0.0, config.finetune.detail > 0.0);
    steps::train(
        trainee,
        &training,
        folder,
        devices,
        args.stage.run.schedule("finetune", epochs),
        |epoch, trainee, loss, spent| {
            let scores = trainee.mean.score(examples, &development, stage.device())?;
            let log = EpochLog {
                epoch,
                train_loss: loss.get(),
                dev_auc: metrics::auc(&Example::labelled(&development, &scores)),
                spent,
            };
            say(serde_json::to_string(&log)?)?;
            folder.log(&log)
        },
    )?;
    say(format_args!("fine-tuned {epochs} epochs: {}", args.stage.run.run.display()))?;
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
