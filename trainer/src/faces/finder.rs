//! The options that choose detector and depth, shared by all commands that find faces -> both, loaded.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;

use super::{
    depth::{DepthChoice, Reconstructor},
    detect::{Detector, DetectorArgs},
};

/// Which detector and which reconstructor.
#[derive(Debug, Args)]
pub struct FaceArgs {
    #[command(flatten)]
    detector: DetectorArgs,
    /// What gives faces depth.
    #[arg(long, value_enum, default_value = "facemesh")]
    depth: DepthChoice,
    /// PRNet's checkpoint: pytorchcv's `prnet` (.pth, or .safetensors with the same names).
    #[arg(long, value_name = "FILE")]
    prnet: Option<PathBuf>,
    /// Folder with PRNet's own face_ind.txt and triangles.txt (its Data/uv-data).
    #[arg(long, value_name = "DIR")]
    prnet_uv: Option<PathBuf>,
}

/// A detector and a reconstructor.
#[derive(Debug)]
pub struct Finder {
    /// Finds the faces.
    pub detector: Detector,
    /// Gives one of them depth.
    pub reconstructor: Reconstructor,
}

impl FaceArgs {
    /// Loads both.
    ///
    /// # Errors
    /// One sentence if a file is missing or damaged, or a flag that the choice needs is not given.
    pub fn open(&self) -> Result<Finder> {
        let (prnet, uv) = (self.prnet.as_deref(), self.prnet_uv.as_deref());
        Ok(Finder {
            detector: self.detector.open()?,
            reconstructor: Reconstructor::load(self.depth, &self.detector.weights, prnet, uv)?,
        })
    }

    /// SHA-256 of the checkpoints given, in a fixed order.
    ///
    /// # Errors
    /// If one cannot be read.
    pub fn digests(&self) -> Result<Vec<String>> {
        let given = [&self.detector.retinaface, &self.prnet];
        given
            .into_iter()
            .flatten()
            .map(|path| {
                let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
                Ok(bonafide::weights::sha256(&bytes))
            })
            .collect()
    }

    /// The folder with the shipped weights.
    pub fn weights(&self) -> &Path {
        &self.detector.weights
    }

    /// The detector's name, for the record of how a data set was prepared.
    pub fn detector_name(&self) -> &'static str {
        self.detector.detector.name()
    }

    /// The reconstructor's name.
    pub fn depth_name(&self) -> &'static str {
        self.depth.name()
    }
}
