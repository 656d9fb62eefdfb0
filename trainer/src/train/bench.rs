//! What a training step costs on the CPU: `trainer bench`, one side of `make bench-train`.
//!
//! In CPU time of the process, not wall clock: a shared machine lies about the latter.

use std::fs;

use anyhow::{Context, Result};
use bonafide::{
    crop::CROP_SIZE,
    network::{Classifier, Generator, WIDTH},
};
use burn::tensor::{Device, Distribution, Tensor};
use clap::{Args, ValueEnum};

use super::{finetune, liveness::Liveness, parallel::Rank, pretrain, steps::Step};
use crate::{
    data::examples::Batch,
    run::{config::Config, terminal::say},
};

/// Options of `trainer bench`.
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// Which step.
    #[arg(value_enum)]
    step: BenchStep,
    /// Crops per step.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u64).range(2..=1024))]
    batch: u64,
    /// Measured steps, after one that is not.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    steps: u64,
}

/// A training step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum BenchStep {
    /// Fine-tuning: forward, backward, Adam.
    Classifier,
    /// The generator against the critic: forward, both losses, backward, Adam.
    Generator,
    /// The same with the critic's own step, which follows one in 25.
    GeneratorAndCritic,
}

/// Runs `trainer bench`: prints one line of JSON with CPU-milliseconds per image and the peak of resident memory.
///
/// # Errors
/// If the system does not say how much time and memory a process took (it is Linux's /proc).
pub fn run(args: &BenchArgs) -> Result<()> {
    let device = Device::flex().autodiff();
    device.seed(1);
    let size = args.batch as usize;
    let random =
        |channels| Tensor::random([size, channels, CROP_SIZE, CROP_SIZE], Distribution::Uniform(0.0, 1.0), &device);
    let attack = Tensor::<1>::from_floats((0..size).map(|at| (at % 2) as f32).collect::<Vec<_>>().as_slice(), &device);
    let batch = Batch {
        images: random(3),
        depth: random(1),
        types: attack.clone().int(),
        attack,
        experts: None,
        twins: None,
        semantics: None,
    };
    let rank = Rank::alone(device.clone());
    let config = Config::load("inter")?;
    let mut step: Box<dyn FnMut() -> Result<()>> = match args.step {
        BenchStep::Classifier => {
            let network = Liveness::Classifier(Classifier::new(WIDTH, &device));
            let mut trainee = finetune::Trainee::new(network, &config, &device);
            let at = Step { epoch: 0, number: 0, of: 1 };
            Box::new(move || trainee.learn(&batch, at, &rank).map(drop))
        }
        BenchStep::Generator | BenchStep::GeneratorAndCritic => {
            let turn = args.step == BenchStep::GeneratorAndCritic;
            let generator = Generator::new(WIDTH, &device);
            let mut trainee = pretrain::Trainee::new(&config.pretrain, generator, &device);
            Box::new(move || trainee.losses(&batch, true, turn, &rank).map(drop))
        }
    };
    step()?;
    let before = cpu_seconds()?;
    for _ in 0..args.steps {
        step()?;
    }
    let per_image = (cpu_seconds()? - before) * 1e3 / (args.steps * args.batch) as f64;
    say(serde_json::json!({ "cpu_ms_per_image": per_image, "peak_mb": peak_megabytes()? }))?;
    Ok(())
}

/// User and system time of the process so far: fields 14 and 15 of /proc/self/stat, in hundredths of a second.
fn cpu_seconds() -> Result<f64> {
    let text = fs::read_to_string("/proc/self/stat").context("this benchmark needs Linux's /proc")?;
    // The name before the last parenthesis may hold spaces.
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks =
        |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).context("/proc/self/stat is odd");
    Ok((ticks(11)? + ticks(12)?) / 100.0)
}

fn peak_megabytes() -> Result<f64> {
    let text = fs::read_to_string("/proc/self/status").context("this benchmark needs Linux's /proc")?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("/proc/self/status is odd")?;
    let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse().context("/proc/self/status is odd")?;
    Ok(kilobytes / 1024.0)
}
