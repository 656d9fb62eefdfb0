//! Examples -> a generator that draws pseudo-depth: L1 warm-up, then against the critic (paper, objectives, schedule).

use std::path::Path;

use anyhow::{Result, ensure};
use bonafide::network::Generator;
use burn::{
    module::Module,
    optim::{AdamConfig, GradientsParams, ModuleOptimizer, SgdConfig},
    tensor::Device,
};
use clap::Args;
use serde::{Deserialize, Serialize};

use super::{
    critic::Critic,
    drawn,
    init::{self, InitArgs},
    losses,
    parallel::Rank,
    stage::{Stage, StageArgs},
    steps::{self, Mean, Step},
};
use crate::{
    data::examples::Batch,
    run::{
        self, RunFolder, Spent,
        config::{Config, Pretrain},
        terminal::say,
    },
};

/// A run whose maps of bona fide faces are all zero in this share, after warm-up too, has collapsed.
const COLLAPSED: f32 = 0.95;

/// Options of `trainer pretrain`.
#[derive(Debug, Clone, Args)]
pub struct PretrainArgs {
    /// What the encoder starts from.
    #[command(flatten)]
    pub init: InitArgs,
    /// What all stages share.
    #[command(flatten)]
    pub stage: StageArgs,
}

/// Generator, critic and their optimisers: all that a step changes.
#[derive(Clone)]
pub struct Trainee {
    /// Draws depth.
    pub generator: Generator,
    /// Judges it.
    pub critic: Critic,
    config: Pretrain,
    generator_optimizer: ModuleOptimizer,
    critic_optimizer: ModuleOptimizer,
}

/// The losses of one step.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct StepLosses {
    /// E||x - G(z)||_1 per pixel.
    pub l1: f32,
    /// The generator's whole loss.
    pub generator: f32,
    /// The critic's loss, on the steps that it takes.
    pub critic: Option<f32>,
}

impl Trainee {
    /// A generator and a fresh critic on a device that records gradients.
    pub fn new(config: &Pretrain, generator: Generator, device: &Device) -> Self {
        let critic = Critic::new(device);
        run::initialise(&generator);
        run::initialise(&critic);
        Self {
            generator,
            critic,
            config: config.clone(),
            // Paper: Adam with betas (0.5, 0.999); SGD without momentum. Epsilon as in PyTorch.
            generator_optimizer: AdamConfig::new().with_beta_1(0.5).with_beta_2(0.999).with_epsilon(1e-8).init(),
            critic_optimizer: SgdConfig::new().init(),
        }
    }

    /// One generator step, and a critic step after it where `critic_turn` says so. `adversarial` off is the warm-up.
    ///
    /// # Errors
    /// If a loss is no longer finite.
    pub fn losses(&mut self, batch: &Batch, adversarial: bool, critic_turn: bool, rank: &Rank) -> Result<StepLosses> {
        let config = &self.config;
        let generated = self.generator.forward(batch.images.clone());
        let l1 = losses::l1(batch.depth.clone(), generated.clone());
        let mut loss = l1.clone() * config.lambda_l;
        if adversarial {
            let opinion = self.critic.clone().no_grad().forward(generated.clone());
            loss = loss + losses::generator_adversarial(config, opinion, batch.attack.clone());
        }
        let mut report = StepLosses {
            l1: run::finite("L1", rank.mean(l1.inner()))?,
            generator: run::finite("generator", rank.mean(loss.clone().inner()))?,
            critic: None,
        };
        let gradients = GradientsParams::from_grads(loss.backward(), &self.generator);
        self.generator = self.generator_optimizer.step(config.generator_lr, self.generator.clone(), gradients);

        if adversarial && critic_turn {
            let truth = self.critic.forward(batch.depth.clone());
            let opinion = self.critic.forward(generated.detach());
            let loss = losses::critic(config, truth, opinion, batch.attack.clone());
            report.critic = Some(run::finite("critic", rank.mean(loss.clone().inner()))?);
            let gradients = GradientsParams::from_grads(loss.backward(), &self.critic);
            self.critic = self.critic_optimizer.step(config.critic_lr, self.critic.clone(), gradients);
        }
        Ok(report)
    }
}

/// What an epoch adds up.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Sums {
    l1: Mean,
    critic: Mean,
}

impl steps::Trainee for Trainee {
    type Batch = Batch;
    type Sums = Sums;

    fn step(&mut self, batch: &Batch, at: Step, rank: &Rank, sums: &mut Sums) -> Result<()> {
        let adversarial = at.epoch >= self.config.warmup_epochs;
        let critic_turn = (at.number + 1).is_multiple_of(self.config.critic_every);
        let losses = self.losses(batch, adversarial, critic_turn, rank)?;
        sums.l1.add(losses.l1);
        if let Some(loss) = losses.critic {
            sums.critic.add(loss);
        }
        Ok(())
    }

    fn message(sums: &Sums) -> String {
        format!("L1 {:.4}", sums.l1.get())
    }

    fn fork(self, rank: &Rank) -> Self {
        Self { generator: rank.fork(self.generator), critic: rank.fork(self.critic), ..self }
    }

    fn save(&self, folder: &Path) -> Result<()> {
        run::save_module(folder, "generator", &self.generator)?;
        run::save_module(folder, "critic", &self.critic)?;
        run::save_optimizer(folder, "generator-optimizer", &self.generator_optimizer)?;
        run::save_optimizer(folder, "critic-optimizer", &self.critic_optimizer)
    }

    fn load(self, folder: &Path) -> Result<Self> {
        Ok(Self {
            generator: run::load_module(folder, "generator", self.generator)?,
            critic: run::load_module(folder, "critic", self.critic)?,
            generator_optimizer: run::load_optimizer(folder, "generator-optimizer", self.generator_optimizer)?,
            critic_optimizer: run::load_optimizer(folder, "critic-optimizer", self.critic_optimizer)?,
            config: self.config,
        })
    }
}

/// The generator of a pretraining run, on a device that records gradients.
///
/// # Errors
/// If the folder holds no checkpoint of one.
pub fn load_generator(folder: &Path, device: &Device) -> Result<Generator> {
    let (_, config) = RunFolder::existing(folder)?;
    run::load_module(&run::trained(folder)?, "generator", Generator::new(config.model.width, device))
}

/// One line of the log: an epoch's means.
#[derive(Debug, Serialize)]
struct EpochLog {
    epoch: usize,
    adversarial: bool,
    train_l1: f32,
    critic: Option<f32>,
    dev_l1: f32,
    /// Share of bona fide crops of the development split whose map is all zeros: 1 is the collapse that the paper warns of.
    dev_bona_fide_all_zero: f32,
    #[serde(flatten)]
    spent: Spent,
}

/// Runs `trainer pretrain`.
///
/// # Errors
/// If options, data, config or disk do not serve, a loss is no longer finite, or the generator collapses.
pub fn run(args: &PretrainArgs) -> Result<()> {
    let (stage, trainee) = Stage::open("pretrain", &args.init.describe()?, &args.stage, |config, _, recording| {
        let encoder = init::encoder(&args.init, &config.model, recording)?;
        let generator = Generator { encoder, ..Generator::new(config.model.width, recording) };
        Ok(Trainee::new(&config.pretrain, generator, recording))
    })?;
    let Stage { config, folder, examples, devices } = &stage;
    let development = drawn::watched(examples)?;
    steps::train(
        trainee,
        &examples.training(config.pretrain.batch, devices.len(), config)?.with_depth(),
        folder,
        devices,
        args.stage.run.schedule("pretrain", config.pretrain.epochs),
        |epoch, trainee, sums, spent| {
            let generator = trainee.generator.valid();
            let draw = |images| generator.forward(images);
            let drawn = drawn::measure(draw, examples, &development, stage.device(), folder, epoch)?;
            let zero = drawn.bona_fide_zero.get();
            let log = EpochLog {
                epoch,
                adversarial: epoch > config.pretrain.warmup_epochs,
                train_l1: sums.l1.get(),
                critic: sums.critic.some(),
                dev_l1: drawn.l1.get(),
                dev_bona_fide_all_zero: zero,
                spent,
            };
            say(serde_json::to_string(&log)?)?;
            folder.log(&log)?;
            check_collapse(config, epoch, zero)
        },
    )?;
    say(format_args!("pretrained {} epochs: {}", config.pretrain.epochs, args.stage.run.run.display()))?;
    Ok(())
}

/// Stops a run that draws nothing any more (paper: unless L1 dominates, the generator collapses to zeros). The first epoch
/// may still be empty.
///
/// # Errors
/// If it has collapsed.
fn check_collapse(config: &Config, epoch: usize, zero: f32) -> Result<()> {
    ensure!(
        epoch < 2 || zero < COLLAPSED,
        "the generator has collapsed: {:.0} % of the bona fide maps are all zero. L1 must dominate: raise pretrain.lambda_l \
         (now {}) or lower lambda_g ({}), warm up longer, or lower generator_lr ({})",
        zero * 100.0,
        config.pretrain.lambda_l,
        config.pretrain.lambda_g,
        config.pretrain.generator_lr
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collapse_stops_the_run_with_advice_but_not_in_the_first_epoch() {
        let config = Config::load("small").unwrap();
        check_collapse(&config, 1, 1.0).unwrap();
        check_collapse(&config, 5, 0.9).unwrap();
        let sentence = check_collapse(&config, 2, 0.99).unwrap_err().to_string();
        assert!(sentence.contains("lambda_l (now 50)"), "{sentence}");
    }
}
