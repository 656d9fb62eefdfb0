//! A pretrained encoder and examples -> a classifier (paper, schedule: Adam, binary cross-entropy, nothing frozen).

use std::path::{Path, PathBuf};

use anyhow::Result;
use bonafide::{network::Classifier, score::Score};
use burn::{
    module::Module,
    optim::{AdamConfig, GradientsParams, ModuleOptimizer},
    tensor::Device,
};
use clap::Args;
use serde::Serialize;

use crate::{
    evaluate::metrics,
    examples::{Batch, Example, Examples, Split, progress},
    losses,
    pretrain::{Mean, load_generator},
    run,
    stage::{Stage, StageArgs},
};

/// Options of `trainer finetune`.
#[derive(Debug, Args)]
pub struct FinetuneArgs {
    /// Folder of the pretraining run whose encoder is the backbone; without it the backbone is He-initialised.
    #[arg(long)]
    pretrained: Option<PathBuf>,
    #[command(flatten)]
    stage: StageArgs,
}

/// Classifier and optimiser.
pub struct Trainee {
    /// The network.
    pub classifier: Classifier,
    optimizer: ModuleOptimizer,
}

impl Trainee {
    /// Wraps a classifier on a device that records gradients.
    pub fn new(classifier: Classifier) -> Self {
        run::initialise(&classifier);
        Self { classifier, optimizer: AdamConfig::new().init() }
    }

    /// One step; returns the loss before it.
    ///
    /// # Errors
    /// If the loss is no longer finite.
    pub fn step(&mut self, lr: f64, batch: &Batch) -> Result<f32> {
        let logits = self.classifier.forward(batch.images.clone());
        let bona_fide = batch.attack.clone() * -1.0 + 1.0;
        let loss = losses::binary_cross_entropy(logits, bona_fide);
        let value = run::finite("classifier", loss.clone().detach())?;
        let gradients = GradientsParams::from_grads(loss.backward(), &self.classifier);
        self.classifier = self.optimizer.step(lr, self.classifier.clone(), gradients);
        Ok(value)
    }

    fn save(&self, folder: &Path) -> Result<()> {
        run::save_module(folder, "classifier", &self.classifier)?;
        run::save_optimizer(folder, "optimizer", &self.optimizer)
    }

    fn load(self, folder: &Path) -> Result<Self> {
        Ok(Self {
            classifier: run::load_module(folder, "classifier", self.classifier)?,
            optimizer: run::load_optimizer(folder, "optimizer", self.optimizer)?,
        })
    }
}

/// The classifier of a fine-tuning run.
///
/// # Errors
/// If the folder holds no checkpoint of one.
pub fn load_classifier(folder: &Path, device: &Device) -> Result<Classifier> {
    let classifier = run::load_module(&run::trained(folder)?, "classifier", Classifier::new(&run::recording(device)))?;
    Ok(classifier.valid())
}

/// Scores examples in order, unaugmented.
pub fn score(classifier: &Classifier, examples: &Examples, of: &[&Example], device: &Device) -> Vec<f32> {
    let mut scores = Vec::with_capacity(of.len());
    let bar = progress(of.len(), "scoring");
    for plan in Example::in_order(of, 16) {
        let logits = classifier.forward(examples.batch(&plan, device).images);
        scores.extend(run::values(logits).into_iter().map(|logit| Score::from_logit(logit).value()));
        bar.inc(plan.len() as u64);
    }
    bar.finish_and_clear();
    scores
}

#[derive(Debug, Serialize)]
struct EpochLog {
    epoch: usize,
    train_loss: f32,
    dev_auc: f64,
    seconds: f64,
}

/// Runs `trainer finetune`.
///
/// # Errors
/// If options, photos, config or disk do not serve, or the loss is no longer finite.
pub fn run(args: &FinetuneArgs) -> Result<()> {
    let stage = Stage::open(&args.stage)?;
    let Stage { config, folder, examples, device, recording } = &stage;
    let training = examples.of(Split::Train);
    let development = examples.of(Split::Development);
    let classifier = match &args.pretrained {
        Some(path) => Classifier::from_encoder(load_generator(path, recording)?.encoder, recording),
        None => Classifier::new(recording),
    };
    let (mut trainee, done) = stage.resume(Trainee::new(classifier), Trainee::load)?;

    for epoch in done..config.finetune.epochs {
        let began = std::time::Instant::now();
        let batches = Example::batches(&training, config.finetune.batch, config.seed, epoch);
        let mut loss = Mean::default();
        let bar = progress(batches.len(), &format!("finetune {}/{}", epoch + 1, config.finetune.epochs));
        for plan in &batches {
            loss.add(trainee.step(config.finetune.lr, &examples.batch(plan, recording))?);
            bar.set_message(format!("loss {:.4}", loss.get()));
            bar.inc(1);
        }
        bar.finish_and_clear();
        let scores = score(&trainee.classifier.valid(), examples, &development, device);
        let log = EpochLog {
            epoch: epoch + 1,
            train_loss: loss.get(),
            dev_auc: metrics::auc(&Example::labelled(&development, &scores)),
            seconds: began.elapsed().as_secs_f64(),
        };
        println!("{}", serde_json::to_string(&log)?);
        folder.log(&log)?;
        folder.checkpoint(epoch + 1, |path| trainee.save(path))?;
    }
    println!("fine-tuned {} epochs: {}", config.finetune.epochs, args.stage.run.display());
    Ok(())
}
