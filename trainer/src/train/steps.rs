//! A trainee and its data -> the trained one: epochs, steps, checkpoints, and a resume that ends in the same weights.
//!
//! Whatever a step draws comes from the seed and the epoch's number, and a checkpoint holds all that steps change, the
//! epoch's sums included: a run that was killed at any moment and resumed is, on CPU, bit for bit the run that was not.

use std::{
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use burn::tensor::Device;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    feed::each_batch,
    parallel::{self, Rank},
};
use crate::{
    data::batches::Data,
    run::{
        self, Place, RunFolder, Spent,
        terminal::{progress, remark},
    },
};

/// Where in a run a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The epoch, from 0.
    pub epoch: usize,
    /// The step in the run, from 0.
    pub number: usize,
    /// Steps in the whole run.
    pub of: usize,
}

impl Step {
    /// A cosine from 1 to 0, for learning rates: once over the run, or again and again in as many equal cycles
    /// (Loshchilov and Hutter, *SGDR*, 2017). 0 cycles are a constant 1.
    pub fn cosine(self, cycles: usize) -> f64 {
        let part = (self.number * cycles % self.of) as f64 / self.of as f64;
        (1.0 + (std::f64::consts::PI * part).cos()) / 2.0
    }
}

/// Networks and optimisers: all that a step changes.
pub trait Trainee: Clone + Send + Sync {
    /// A batch of its data.
    type Batch;
    /// What an epoch adds up for its line in the log.
    type Sums: Default + Serialize + DeserializeOwned;

    /// One step.
    ///
    /// # Errors
    /// If a loss is no longer finite.
    fn step(&mut self, batch: &Self::Batch, at: Step, rank: &Rank, sums: &mut Self::Sums) -> Result<()>;

    /// What the terminal shows beside the progress bar.
    fn message(sums: &Self::Sums) -> String;

    /// The same on a rank's device.
    fn fork(self, rank: &Rank) -> Self;

    /// Writes everything into an empty folder.
    ///
    /// # Errors
    /// If the disk refuses.
    fn save(&self, folder: &Path) -> Result<()>;

    /// Reads what [`Trainee::save`] wrote.
    ///
    /// # Errors
    /// If the folder is damaged or of another trainee.
    fn load(self, folder: &Path) -> Result<Self>;
}

/// How long and how often.
#[derive(Debug, Clone, Copy)]
pub struct Schedule<'a> {
    /// Name of the stage, for the progress bar.
    pub stage: &'a str,
    /// Epochs in all.
    pub epochs: usize,
    /// Time between checkpoints; each epoch ends with one too.
    pub checkpoint_every: Duration,
}

/// Trains from the run's last checkpoint, or from the start, to the end. `end_epoch` measures and logs an epoch: its
/// number from 1, the trainee, its sums, and how long it took.
///
/// # Errors
/// If files or disk do not serve, a loss is no longer finite, or `end_epoch` fails.
pub fn train<T: Trainee, D: Data<Batch = T::Batch>>(
    fresh: T,
    data: &D,
    folder: &RunFolder,
    devices: &[Device],
    schedule: Schedule<'_>,
    end_epoch: impl Fn(usize, &T, &T::Sums, Spent) -> Result<()> + Sync,
) -> Result<T> {
    watch_for_interrupts()?;
    let smallest = 2 * devices.len();
    let (start, place) = match folder.latest_checkpoint()? {
        Some((place, checkpoint)) => (fresh.load(&checkpoint)?, place),
        None => (fresh, Place::default()),
    };
    folder.unlog(place.epoch)?;
    parallel::run(devices, |rank| {
        let mut trainee = start.clone().fork(&rank);
        let mut keeper = Keeper { folder, every: schedule.checkpoint_every, saved: Instant::now() };
        let mut next = place.clone();
        while next.epoch < schedule.epochs {
            let batches = data.epoch(next.epoch);
            ensure!(
                batches.iter().all(|batch| batch.len() >= smallest),
                "a batch has fewer than {smallest} crops, two for each device: use larger batches, more crops or fewer devices"
            );
            let done = Place { epoch: next.epoch + 1, ..Place::default() };
            let (sums, spent) = epoch(&mut trainee, data, &batches, next, schedule, &rank, &mut keeper)?;
            if rank.leads() {
                end_epoch(done.epoch, &trainee, &sums, spent)?;
                keeper.keep(&done, &trainee)?;
            }
            next = done;
        }
        Ok(trainee)
    })
}

/// The steps of an epoch after a place within it: what the whole epoch added up to, and how long it took.
fn epoch<T: Trainee, D: Data<Batch = T::Batch>>(
    trainee: &mut T,
    data: &D,
    batches: &[Vec<D::Item>],
    Place { epoch, step: done, sums, spent: before }: Place,
    schedule: Schedule<'_>,
    rank: &Rank,
    keeper: &mut Keeper<'_>,
) -> Result<(T::Sums, Spent)> {
    let mut sums: T::Sums = match sums {
        serde_json::Value::Null => T::Sums::default(),
        sums => serde_json::from_value(sums).context("the checkpoint's sums are damaged")?,
    };
    let (began, mut waiting) = (Instant::now(), before.waiting);
    let spent = |waiting: f64| Spent { seconds: before.seconds + began.elapsed().as_secs_f64(), waiting };
    let of = schedule.epochs * batches.len();
    let bar = progress(batches.len(), &format!("{} {}/{}", schedule.stage, epoch + 1, schedule.epochs));
    if !rank.leads() {
        bar.set_draw_target(indicatif::ProgressDrawTarget::hidden());
    }
    bar.set_position(done as u64);
    each_batch(data, &batches[done..], rank, &run::recording(rank.device()), |number, batch, waited| {
        let step = done + number;
        waiting += waited;
        trainee.step(&batch, Step { epoch, number: epoch * batches.len() + step, of }, rank, &mut sums)?;
        bar.set_message(T::message(&sums));
        bar.inc(1);
        // The epoch's end has a checkpoint of its own, once the epoch is measured.
        let last = step + 1 == batches.len();
        if rank.leads() && !last && keeper.is_due() {
            let sums = serde_json::to_value(&sums)?;
            keeper.keep(&Place { epoch, step: step + 1, sums, spent: spent(waiting) }, trainee)?;
        }
        Ok(())
    })?;
    bar.finish_and_clear();
    Ok((sums, spent(waiting)))
}

/// When a run's checkpoints are written.
struct Keeper<'a> {
    folder: &'a RunFolder,
    every: Duration,
    /// When the last one was.
    saved: Instant,
}

impl Keeper<'_> {
    fn is_due(&self) -> bool {
        INTERRUPTED.load(Ordering::Relaxed) || self.saved.elapsed() >= self.every
    }

    /// Writes a checkpoint, then ends the process if it was interrupted.
    fn keep<T: Trainee>(&mut self, place: &Place, trainee: &T) -> Result<()> {
        self.folder.checkpoint(place, |path| trainee.save(path))?;
        self.saved = Instant::now();
        if INTERRUPTED.load(Ordering::Relaxed) {
            interrupted_at(place);
        }
        Ok(())
    }
}

/// Set by the first Ctrl-C; a second one ends the process at once, which costs the steps since the last checkpoint.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

fn watch_for_interrupts() -> Result<()> {
    static WATCHING: AtomicBool = AtomicBool::new(false);
    if WATCHING.swap(true, Ordering::Relaxed) {
        return Ok(());
    }
    ctrlc::set_handler(|| {
        if INTERRUPTED.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        remark(format_args!("stopping after this step; Ctrl-C again stops at once"));
    })
    .context("cannot watch for Ctrl-C")
}

/// Ends the process: the other devices' threads wait for a step that will not come.
fn interrupted_at(place: &Place) -> ! {
    remark(format_args!(
        "stopped in epoch {}, after step {}; --resume goes on from there",
        place.epoch + 1,
        place.step
    ));
    std::process::exit(130)
}

/// A sum and a count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, serde::Deserialize)]
pub struct Mean {
    sum: f64,
    count: usize,
}

impl Mean {
    /// Adds a value.
    pub fn add(&mut self, value: f32) {
        self.add_many(value, 1);
    }

    /// Adds the mean of `count` values.
    pub fn add_many(&mut self, value: f32, count: usize) {
        self.sum += f64::from(value) * count as f64;
        self.count += count;
    }

    /// The mean; 0 of nothing.
    pub fn get(&self) -> f32 {
        (self.sum / self.count.max(1) as f64) as f32
    }

    /// The mean; `None` of nothing.
    pub fn some(&self) -> Option<f32> {
        (self.count > 0).then(|| self.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cosine_falls_once_a_cycle() {
        let at = |number: usize, cycles: usize| Step { epoch: 0, number, of: 8 }.cosine(cycles);
        for number in 0..8 {
            assert_eq!(at(number, 0), 1.0);
            assert_eq!(at(number, 2), at(number % 4, 2), "{number}");
            assert!(number == 0 || at(number, 1) < at(number - 1, 1), "{number}");
        }
        assert_eq!((at(0, 1), at(0, 2)), (1.0, 1.0));
        // Two cycles of half the length begin as one of that length did.
        assert_eq!(at(3, 2), Step { epoch: 0, number: 3, of: 4 }.cosine(1));
    }
}
