//! The run folder: resolved config, commit, log and checkpoints, so that a result explains itself and a killed run resumes.
//!
//! A checkpoint is a folder, complete or absent: it is written beside its place and renamed. Around it what a run is told
//! ([`config`], [`preset`], [`device`], [`named`], [`owned`]) and shows ([`terminal`]). Nothing here knows what learns.

mod checkpoint;
pub mod config;
pub mod device;
pub mod named;
pub mod owned;
pub mod preset;
pub mod terminal;

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use anyhow::{Context, Result, bail, ensure};
use bonafide::weights::sha256;
use burn::{
    module::Module,
    optim::ModuleOptimizer,
    tensor::{Device, Tensor},
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

pub use checkpoint::{Place, Spent};
use config::Config;
use owned::{Owned, RUN, own};

/// A folder that one training stage owns.
#[derive(Debug, Clone)]
pub struct RunFolder {
    path: PathBuf,
    /// Of a run that is going on: nobody else trains in the folder.
    _owned: Option<Arc<Owned>>,
}

/// What a run is, beside its config: `run.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// pretrain, pretrain-imagenet, finetune, depth-view or cover.
    pub stage: String,
    /// What the backbone started from: "he", or what was loaded; after [`THEN`] the earlier runs that this one goes on from.
    pub backbone: String,
    /// Digest of the examples.
    pub data: String,
    /// Side of the networks' crop over the longer side of the face box.
    pub margin: f32,
    /// Names of the attack types, for a second head.
    pub types: Vec<String>,
    /// Where it computed; a resumed run may compute elsewhere, with other rounding.
    pub device: String,
    /// Commit of the code that started it.
    pub commit: String,
}

/// Between a start and the runs that went on from it, in [`About::backbone`].
pub const THEN: &str = "; then ";

impl About {
    /// What the first of the runs that this one goes on from started from.
    pub fn first_start(&self) -> &str {
        self.backbone.split(THEN).next().unwrap_or(&self.backbone)
    }
}

impl RunFolder {
    /// Starts a run, or with `resume` goes on with one. `config` is all that its result depends on beside what `about` says.
    ///
    /// # Errors
    /// If the folder already holds a run and `resume` is off, holds none and `resume` is on, it is another run, or
    /// another program trains in it.
    pub fn open(path: &Path, config: &impl Serialize, about: &About, resume: bool) -> Result<Self> {
        let config_path = path.join("config.toml");
        let text = toml::to_string(config).context("the config cannot be written as TOML")?;
        ensure!(
            !resume || config_path.exists(),
            "{} holds no run to resume: leave out --resume to start one",
            path.display()
        );
        let folder = Self { path: path.to_owned(), _owned: Some(Arc::new(own(path, RUN)?)) };
        if resume {
            let there = folder.about()?;
            // All that decides the result: a run may go on elsewhere, and with later code.
            let About { stage, backbone, data, margin, types, device: _, commit: _ } = about;
            for (what, same) in [
                ("config", fs::read_to_string(&config_path)? == text),
                ("stage", there.stage == *stage),
                ("backbone", there.backbone == *backbone),
                ("data", there.data == *data),
                ("margin", there.margin == *margin),
                ("list of attack types", there.types == *types),
            ] {
                ensure!(
                    same,
                    "{} was started with another {what}: resume with that one, or start a new run folder",
                    path.display()
                );
            }
        } else {
            if config_path.exists() {
                bail!("{} already holds a run: add --resume to go on with it, or name another folder", path.display());
            }
            write_atomic(&path.join(RUN), serde_json::to_string_pretty(about)?.as_bytes())?;
            write_atomic(&config_path, text.as_bytes())?;
        }
        Ok(folder)
    }

    /// An existing run, to read from.
    ///
    /// # Errors
    /// If the folder holds no run.
    pub fn existing(path: &Path) -> Result<(Self, Config)> {
        let config = Config::read(&path.join("config.toml"))
            .with_context(|| format!("{} is not the folder of a run", path.display()))?;
        Ok((Self { path: path.to_owned(), _owned: None }, config))
    }

    /// A file in the folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// What the run is.
    ///
    /// # Errors
    /// If `run.json` is missing or damaged.
    pub fn about(&self) -> Result<About> {
        let path = self.file(RUN);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} is damaged", path.display()))
    }

    /// Appends one line of JSON to `log.jsonl`.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn log(&self, record: &impl Serialize) -> Result<()> {
        let mut file = fs::OpenOptions::new().create(true).append(true).open(self.file("log.jsonl"))?;
        writeln!(file, "{}", serde_json::to_string(record)?).context("cannot write log.jsonl: the disk may be full")
    }

    /// Drops from `log.jsonl` what was logged of epochs after the first `epochs`, and a line that was never finished: a kill came
    /// before their checkpoint, and they are trained again.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn unlog(&self, epochs: usize) -> Result<()> {
        let path = self.file("log.jsonl");
        if !path.exists() {
            return Ok(());
        }
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let lasts = |line: &&str| {
            let line: Option<serde_json::Value> = serde_json::from_str(line).ok();
            line.is_some_and(|line| line["epoch"].as_u64().is_none_or(|epoch| epoch <= epochs as u64))
        };
        let kept: String = text.lines().filter(lasts).map(|line| format!("{line}\n")).collect();
        if kept == text { Ok(()) } else { write_atomic(&path, kept.as_bytes()) }
    }
}

/// The newest checkpoint of a run, to load a trained network from.
///
/// # Errors
/// If the folder holds no run, or the run no checkpoint yet.
pub fn trained(folder: &Path) -> Result<PathBuf> {
    let (run, _) = RunFolder::existing(folder)?;
    let latest = run.latest_checkpoint()?;
    Ok(latest.with_context(|| format!("{} has no checkpoint yet", folder.display()))?.1)
}

/// The values of a tensor that a network computed, row-major.
pub fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().expect("networks compute in f32")
}

/// Writes beside the file and renames: after a kill at any moment the old or the new bytes are there, never half.
///
/// # Errors
/// If the disk refuses.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut scratch = path.as_os_str().to_owned();
    scratch.push(".unfinished");
    fs::write(&scratch, bytes)
        .and_then(|()| fs::rename(&scratch, path))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// The random numbers of one purpose of one epoch: the same whenever and wherever that epoch runs.
pub fn rng(seed: u64, purpose: &str, number: u64) -> ChaCha8Rng {
    let digest = sha256(format!("{seed}/{purpose}/{number}").as_bytes());
    let mut bytes = [0; 32];
    bytes.copy_from_slice(&digest.as_bytes()[..32]);
    ChaCha8Rng::from_seed(bytes)
}

/// Draws every parameter now. burn draws at first use, and a clone without gradients taken before that would switch
/// off the original's too.
pub fn initialise<M: Module>(module: &M) {
    struct Touch;
    impl burn::module::ModuleVisitor for Touch {
        fn visit_float<const D: usize>(&mut self, param: &burn::module::Param<Tensor<D>>) {
            let _ = param.val();
        }
    }
    module.visit(&mut Touch);
}

/// Saves a network under `name` in a checkpoint folder.
///
/// # Errors
/// If the disk refuses.
pub fn save_module<M: Module>(folder: &Path, name: &str, module: &M) -> Result<()> {
    let path = folder.join(format!("{name}.bpk"));
    // Batch norms hold their newest running statistics back until somebody asks for them: a record does not.
    let _ = module.valid();
    module.clone().into_record().save(&path).map_err(|e| anyhow::anyhow!("cannot write {}: {e:?}", path.display()))
}

/// Fills `module` from a checkpoint folder.
///
/// # Errors
/// If the file is missing or damaged, or is of another network.
pub fn load_module<M: Module>(folder: &Path, name: &str, module: M) -> Result<M> {
    let path = folder.join(format!("{name}.bpk"));
    module.try_load_file(&path).map_err(|e| anyhow::anyhow!("cannot read the checkpoint {}: {e:?}", path.display()))
}

/// Saves an optimiser's state under `name`.
///
/// # Errors
/// If the disk refuses.
pub fn save_optimizer(folder: &Path, name: &str, optimizer: &ModuleOptimizer) -> Result<()> {
    let path = folder.join(format!("{name}.bpk"));
    optimizer.save(&path).map_err(|e| anyhow::anyhow!("cannot write {}: {e:?}", path.display()))
}

/// Restores an optimiser's state.
///
/// # Errors
/// If the file is missing or damaged.
pub fn load_optimizer(folder: &Path, name: &str, optimizer: ModuleOptimizer) -> Result<ModuleOptimizer> {
    let path = folder.join(format!("{name}.bpk"));
    optimizer.load(&path).map_err(|e| anyhow::anyhow!("cannot read the checkpoint {}: {e:?}", path.display()))
}

/// A loss as a number; a run whose loss is no longer finite has nothing left to learn.
///
/// # Errors
/// If it is NaN or infinite.
pub fn finite(name: &str, loss: Tensor<1>) -> Result<f32> {
    let value = loss.into_scalar::<f32>();
    ensure!(
        value.is_finite(),
        "the {name} loss became {value}: the run stops here, its last checkpoint is intact; a lower learning rate may help"
    );
    Ok(value)
}

/// The device that records gradients.
pub fn recording(device: &Device) -> Device {
    device.clone().autodiff()
}

/// Commit of the code, where the trainer runs inside its repository; `-dirty` behind it where files were changed since.
pub fn commit() -> String {
    let output = Command::new("git").args(["describe", "--always", "--exclude=*", "--abbrev=40", "--dirty"]).output();
    match output {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        _ => "unknown".into(),
    }
}
