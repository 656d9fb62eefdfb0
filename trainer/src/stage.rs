//! What every training stage starts from: options, config, device, run folder, examples, and where a broken run stopped.

use std::path::{Path, PathBuf};

use anyhow::Result;
use burn::tensor::Device;
use clap::Args;

use crate::{
    config::Config,
    device::DeviceChoice,
    examples::Examples,
    run::{self, RunFolder},
};

/// Options that all training stages share.
#[derive(Debug, Args)]
pub struct StageArgs {
    /// Folders of bona fide photos, one person per file; the folder's name is the source.
    #[arg(long, required = true, num_args = 1..)]
    data: Vec<PathBuf>,
    /// Settings (see trainer/configs).
    #[arg(long, default_value = "trainer/configs/first.toml")]
    config: PathBuf,
    /// Folder with the detector's and the face mesh's weights.
    #[arg(long, default_value = "pkg/weights")]
    weights: PathBuf,
    /// Folder of the run.
    #[arg(long)]
    pub run: PathBuf,
    /// Go on from the run's last checkpoint.
    #[arg(long)]
    resume: bool,
    /// Where to compute.
    #[arg(long, value_enum, default_value = "cpu")]
    device: DeviceChoice,
}

/// A stage that is ready to train.
#[derive(Debug)]
pub struct Stage {
    /// Its settings.
    pub config: Config,
    /// Its folder.
    pub folder: RunFolder,
    /// What it learns from.
    pub examples: Examples,
    /// Where it evaluates.
    pub device: Device,
    /// The same device, recording gradients.
    pub recording: Device,
}

impl Stage {
    /// Opens everything and seeds the device.
    ///
    /// # Errors
    /// If options, photos, config, device or disk do not serve.
    pub fn open(args: &StageArgs) -> Result<Self> {
        let config = Config::load(&args.config)?;
        let device = args.device.open()?;
        let folder = RunFolder::open(&args.run, &config, args.resume)?;
        let examples = Examples::load(&args.data, &args.weights, &config)?;
        device.seed(config.seed);
        let recording = run::recording(&device);
        Ok(Self { config, folder, examples, device, recording })
    }

    /// The trainee as the last checkpoint left it, and how many epochs that were; a fresh one as it is, and 0.
    ///
    /// # Errors
    /// If the checkpoint cannot be read.
    pub fn resume<T>(&self, fresh: T, load: impl FnOnce(T, &Path) -> Result<T>) -> Result<(T, usize)> {
        match self.folder.latest_checkpoint()? {
            Some((epochs, checkpoint)) => Ok((load(fresh, &checkpoint)?, epochs)),
            None => Ok((fresh, 0)),
        }
    }
}
