//! Examples -> a generator that draws pseudo-depth: L1 warm-up, then against the critic (paper, objectives, schedule).

use std::path::Path;

use anyhow::Result;
use bonafide::network::{Generator, WIDTH};
use burn::{
    module::Module,
    optim::{AdamConfig, GradientsParams, ModuleOptimizer, SgdConfig},
    tensor::Device,
};
use clap::Args;
use serde::Serialize;

use crate::{
    config::Pretrain,
    critic::Critic,
    examples::{Batch, Example, Examples, Split},
    losses,
    run::{self, RunFolder},
    sheet::Sheet,
    stage::{Stage, StageArgs},
};

/// Options of `trainer pretrain`.
#[derive(Debug, Args)]
pub struct PretrainArgs {
    #[command(flatten)]
    stage: StageArgs,
}

/// Generator, critic and their optimisers: all that a step changes.
pub struct Trainee {
    /// Draws depth.
    pub generator: Generator,
    /// Judges it.
    pub critic: Critic,
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
    /// Fresh networks on a device that records gradients.
    pub fn new(device: &Device) -> Self {
        let generator = Generator::new(WIDTH, device);
        let critic = Critic::new(device);
        run::initialise(&generator);
        run::initialise(&critic);
        Self {
            generator,
            critic,
            // Paper: Adam with betas (0.5, 0.999); SGD without momentum.
            generator_optimizer: AdamConfig::new().with_beta_1(0.5).with_beta_2(0.999).init(),
            critic_optimizer: SgdConfig::new().init(),
        }
    }

    /// One generator step, and a critic step after it where `critic_turn` says so. `adversarial` off is the warm-up.
    ///
    /// # Errors
    /// If a loss is no longer finite.
    pub fn step(
        &mut self,
        config: &Pretrain,
        batch: &Batch,
        adversarial: bool,
        critic_turn: bool,
    ) -> Result<StepLosses> {
        let generated = self.generator.forward(batch.images.clone());
        let l1 = losses::l1(batch.depth.clone(), generated.clone());
        let mut loss = l1.clone() * config.lambda_l;
        if adversarial {
            let opinion = self.critic.clone().no_grad().forward(generated.clone());
            loss = loss + losses::generator_adversarial(config, opinion, batch.attack.clone());
        }
        let mut report = StepLosses {
            l1: run::finite("L1", l1.detach())?,
            generator: run::finite("generator", loss.clone().detach())?,
            critic: None,
        };
        let gradients = GradientsParams::from_grads(loss.backward(), &self.generator);
        self.generator = self.generator_optimizer.step(config.generator_lr, self.generator.clone(), gradients);

        if adversarial && critic_turn {
            let truth = self.critic.forward(batch.depth.clone());
            let opinion = self.critic.forward(generated.detach());
            let loss = losses::critic(config, truth, opinion, batch.attack.clone());
            report.critic = Some(run::finite("critic", loss.clone().detach())?);
            let gradients = GradientsParams::from_grads(loss.backward(), &self.critic);
            self.critic = self.critic_optimizer.step(config.critic_lr, self.critic.clone(), gradients);
        }
        Ok(report)
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
        })
    }
}

/// The generator of a pretraining run, on a device that records gradients.
///
/// # Errors
/// If the folder holds no checkpoint of one.
pub fn load_generator(folder: &Path, device: &Device) -> Result<Generator> {
    run::load_module(&run::trained(folder)?, "generator", Generator::new(WIDTH, device))
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
    seconds: f64,
}

/// Runs `trainer pretrain`.
///
/// # Errors
/// If options, photos, config or disk do not serve, or a loss is no longer finite.
pub fn run(args: &PretrainArgs) -> Result<()> {
    let stage = Stage::open(&args.stage)?;
    let Stage { config, folder, examples, device, recording } = &stage;
    let training = examples.of(Split::Train);
    let development = examples.of(Split::Development);
    let (mut trainee, done) = stage.resume(Trainee::new(recording), Trainee::load)?;

    for epoch in done..config.pretrain.epochs {
        let began = std::time::Instant::now();
        let adversarial = epoch >= config.pretrain.warmup_epochs;
        let batches = Example::batches(&training, config.pretrain.batch, config.seed, epoch);
        let (mut l1, mut critic) = (Mean::default(), Mean::default());
        let progress =
            crate::examples::progress(batches.len(), &format!("pretrain {}/{}", epoch + 1, config.pretrain.epochs));
        for (number, plan) in batches.iter().enumerate() {
            let batch = examples.batch(plan, recording);
            let turn = (epoch * batches.len() + number + 1).is_multiple_of(config.pretrain.critic_every);
            let losses = trainee.step(&config.pretrain, &batch, adversarial, turn)?;
            l1.add(losses.l1);
            if let Some(loss) = losses.critic {
                critic.add(loss);
            }
            progress.set_message(format!("L1 {:.4}", l1.get()));
            progress.inc(1);
        }
        progress.finish_and_clear();

        let watched = watch(&trainee.generator.valid(), examples, &development, device, folder, epoch)?;
        let log = EpochLog {
            epoch: epoch + 1,
            adversarial,
            train_l1: l1.get(),
            critic: (critic.count > 0).then(|| critic.get()),
            dev_l1: watched.0,
            dev_bona_fide_all_zero: watched.1,
            seconds: began.elapsed().as_secs_f64(),
        };
        println!("{}", serde_json::to_string(&log)?);
        folder.log(&log)?;
        folder.checkpoint(epoch + 1, |path| trainee.save(path))?;
    }
    println!("pretrained {} epochs: {}", config.pretrain.epochs, args.stage.run.display());
    Ok(())
}

/// L1 on the development split, the share of all-zero maps among its bona fide crops, and a sheet of samples
/// (input, ground truth, generated), since losses alone do not show a collapse.
fn watch(
    generator: &Generator,
    examples: &Examples,
    development: &[&Example],
    device: &Device,
    folder: &RunFolder,
    epoch: usize,
) -> Result<(f32, f32)> {
    let mut l1 = Mean::default();
    let (mut zero, mut bona_fide) = (0, 0);
    let mut sheet = Sheet::new(9, bonafide::crop::CROP_SIZE);
    for (number, plan) in Example::in_order(development, 16).iter().enumerate() {
        let batch = examples.batch(plan, device);
        let generated = generator.forward(batch.images.clone());
        l1.add_many(losses::l1(batch.depth.clone(), generated.clone()).into_scalar::<f32>(), plan.len());
        let values = run::values(generated);
        let attacks = run::values(batch.attack);
        let plane = values.len() / attacks.len();
        for (map, attack) in values.chunks(plane).zip(&attacks) {
            if *attack == 0.0 {
                bona_fide += 1;
                zero += usize::from(map.iter().all(|depth| *depth < 0.05));
            }
        }
        if number == 0 {
            let (images, depths) = (run::values(batch.images), run::values(batch.depth));
            for item in 0..attacks.len().min(12) {
                sheet.rgb(&images[item * 3 * plane..(item + 1) * 3 * plane]);
                sheet.gray(&depths[item * plane..(item + 1) * plane]);
                sheet.gray(&values[item * plane..(item + 1) * plane]);
            }
        }
    }
    std::fs::create_dir_all(folder.file("samples"))?;
    sheet.write(&folder.file("samples").join(format!("epoch-{:04}.png", epoch + 1)))?;
    Ok((l1.get(), zero as f32 / bona_fide.max(1) as f32))
}

/// Running mean.
#[derive(Debug, Default)]
pub(crate) struct Mean {
    sum: f64,
    count: usize,
}

impl Mean {
    pub(crate) fn add(&mut self, value: f32) {
        self.add_many(value, 1);
    }

    pub(crate) fn add_many(&mut self, value: f32, count: usize) {
        self.sum += f64::from(value) * count as f64;
        self.count += count;
    }

    pub(crate) fn get(&self) -> f32 {
        (self.sum / self.count.max(1) as f64) as f32
    }
}
