//! placeholder until merged
use std::path::PathBuf;
use anyhow::Result;
use bonafide::{face::{Face, FaceDetector}, frame::Frame};
use clap::Args;
use crate::depth::facemesh::Reconstructor;
#[derive(Debug, Args)]
pub struct FaceArgs {
    /// Folder with the detector's and the face mesh's weights.
    #[arg(long, default_value = "pkg/weights")]
    weights: PathBuf,
}
pub struct Finder { pub detector: Detector, pub reconstructor: Reconstructor }
pub struct Detector(FaceDetector);
impl Detector { pub fn detect(&self, frame: &Frame<'_>) -> Result<Vec<Face>> { Ok(pollster::block_on(self.0.detect(frame))?) } }
impl FaceArgs {
    pub fn open(&self) -> Result<Finder> {
        let device = burn::tensor::Device::flex();
        let b = std::fs::read(self.weights.join("detector.safetensors"))?;
        Ok(Finder { detector: Detector(FaceDetector::new(bonafide::weights::load_safetensors(bonafide::face::blazeface::BlazeFace::new(&device), b)?)), reconstructor: Reconstructor::load(&self.weights)? })
    }
    pub fn detector_name(&self) -> &'static str { "blazeface" }
    pub fn depth_name(&self) -> &'static str { "facemesh" }
}
