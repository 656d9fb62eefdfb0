//! What every training stage starts from: options, config, devices, run folder and examples.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Result;
use burn::tensor::Device;
use clap::Args;

use super::steps::Schedule;
use crate::{
    data::examples::Examples,
    run::{self, About, RunFolder, config::Config, device::DeviceChoice, preset::ConfigArgs},
};

/// Options of a run, whatever it trains on.
#[derive(Debug, Clone, Args)]
pub struct RunArgs {
    /// The config.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Folder of the run.
    #[arg(long)]
    pub run: PathBuf,
    /// Go on from the run's last checkpoint.
    #[arg(long)]
    pub resume: bool,
    /// Where to compute: cpu, cuda, cuda:1, cuda:0,1 (data parallel) or wgpu.
    #[arg(long, default_value = "cpu")]
    pub device: DeviceChoice,
    /// Seconds between checkpoints; each epoch ends with one too.
    #[arg(long, default_value_t = 300)]
    pub checkpoint_seconds: u64,
}

/// Options that all stages on prepared examples share.
#[derive(Debug, Clone, Args)]
pub struct StageArgs {
    /// Folders that `trainer prepare` wrote.
    #[arg(long, required = true, num_args = 1..)]
    pub data: Vec<PathBuf>,
    /// Side of the networks' crop over the face box's, instead of what the folders were prepared for.
    #[arg(long)]
    pub margin: Option<f32>,
    /// The run.
    #[command(flatten)]
    pub run: RunArgs,
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
    /// Where it trains; the first one evaluates.
    pub devices: Vec<Device>,
}

impl Stage {
    /// Opens everything and builds what is to be trained on a device that records gradients. `backbone` says what the
    /// encoder starts from. The run folder comes last: what is refused leaves none.
    ///
    /// # Errors
    /// If options, data, config, device or disk do not serve, or `build` fails.
    pub fn open<T>(
        name: &str,
        backbone: &str,
        args: &StageArgs,
        build: impl FnOnce(&Config, &Examples, &Device) -> Result<T>,
    ) -> Result<(Self, T)> {
        let (config, devices) = args.run.settings()?;
        let examples = Examples::load(&args.data)?;
        let margin = args.margin.unwrap_or_else(|| examples.margin());
        let examples = examples.seen(margin)?;
        let trainee = build(&config, &examples, &run::recording(&devices[0]))?;
        let (digest, types) = (examples.digest(), examples.types().to_vec());
        let folder = args.run.folder(name, backbone, &config, digest, examples.margin(), types)?;
        Ok((Self { config, folder, examples, devices }, trainee))
    }

    /// The first device.
    pub fn device(&self) -> &Device {
        &self.devices[0]
    }
}

impl RunArgs {
    /// The config and the devices, seeded.
    ///
    /// # Errors
    /// If one of them does not serve.
    pub fn settings(&self) -> Result<(Config, Vec<Device>)> {
        let config = self.config.resolve()?;
        let devices = self.device.open()?;
        for device in &devices {
            device.seed(config.seed);
        }
        Ok((config, devices))
    }

    /// Opens the run folder.
    ///
    /// # Errors
    /// If it holds another run, or the disk refuses.
    pub fn folder(
        &self,
        stage: &str,
        backbone: &str,
        config: &Config,
        data: String,
        margin: f32,
        types: Vec<String>,
    ) -> Result<RunFolder> {
        let about = About {
            stage: stage.into(),
            backbone: backbone.into(),
            data,
            margin,
            types,
            device: self.device.to_string(),
            commit: run::commit(),
        };
        RunFolder::open(&self.run, config, &about, self.resume)
    }

    /// How long a stage of so many epochs trains.
    pub fn schedule<'a>(&self, stage: &'a str, epochs: usize) -> Schedule<'a> {
        Schedule { stage, epochs, checkpoint_every: Duration::from_secs(self.checkpoint_seconds) }
    }
}

/// What a run folder is, for a run that starts from it: its stage and its name.
///
/// # Errors
/// If it holds no run.
pub fn origin(path: &Path) -> Result<String> {
    let (folder, _) = RunFolder::existing(path)?;
    let name = path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
    Ok(format!("{} {name}", folder.about()?.stage))
}
