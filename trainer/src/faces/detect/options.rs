//! The options that choose a detector.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::{Detector, DetectorChoice};

/// Which detector.
#[derive(Debug, Args)]
pub struct DetectorArgs {
    /// Folder with the shipped detector's and the face mesh's weights.
    #[arg(long, value_name = "DIR", default_value = "pkg/weights")]
    pub weights: PathBuf,
    /// What finds the faces.
    #[arg(long, value_enum, default_value = "blazeface")]
    pub detector: DetectorChoice,
    /// RetinaFace's checkpoint: Pytorch_Retinaface's, MobileNet 0.25 (.pth, or .safetensors with the same names).
    #[arg(long, value_name = "FILE")]
    pub retinaface: Option<PathBuf>,
}

impl DetectorArgs {
    /// Loads the detector.
    ///
    /// # Errors
    /// See [`Detector::load`].
    pub fn open(&self) -> Result<Detector> {
        Detector::load(self.detector, &self.weights, self.retinaface.as_deref())
    }
}
