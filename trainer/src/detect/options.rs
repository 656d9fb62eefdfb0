//! The options that choose detector and depth, shared by `trainer prepare`, `trainer depth` and `trainer detect`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::{Detector, DetectorChoice};
use crate::depth::facemesh::Reconstructor;

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

/// Which detector and which reconstructor.
#[derive(Debug, Args)]
pub struct FaceArgs {
    #[command(flatten)]
    detector: DetectorArgs,
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
        Ok(Finder { detector: self.detector.open()?, reconstructor: Reconstructor::load(&self.detector.weights)? })
    }

    /// The detector's name, for the record of how a data set was prepared.
    pub fn detector_name(&self) -> &'static str {
        self.detector.detector.name()
    }

    /// The reconstructor's name.
    pub fn depth_name(&self) -> &'static str {
        "facemesh"
    }
}
