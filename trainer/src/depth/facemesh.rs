//! Photo -> face -> FaceMesh: the monocular face reconstructor that stands in for the paper's PRNet.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use bonafide::{
    face::{
        Face, FaceDetector,
        blazeface::BlazeFace,
        mesh::{FaceMesh, FaceMesher, Mesh},
    },
    frame::Frame,
    weights::load_safetensors,
};
use burn::tensor::Device;

use crate::import::CanonicalMesh;

/// Lowest presence that counts as a face: beneath it the detector was wrong or the face is hidden.
pub const MIN_PRESENCE: f32 = 0.5;

/// Detector, mesh network and the mesh's triangles.
#[derive(Debug)]
pub struct Reconstructor {
    detector: FaceDetector,
    mesher: FaceMesher,
    /// Corners of the surface's triangles.
    pub triangles: Vec<[u16; 3]>,
}

impl Reconstructor {
    /// Loads what `trainer import mediapipe` wrote.
    ///
    /// # Errors
    /// If a file is missing or damaged.
    pub fn load(weights: &Path) -> Result<Self> {
        let device = Device::flex();
        let read = |name: &str| {
            let path = weights.join(name);
            fs::read(&path)
                .with_context(|| format!("cannot read {}: run `trainer import mediapipe` first", path.display()))
        };
        let canonical = CanonicalMesh::parse(&read("canonical_mesh.json")?)?;
        Ok(Self {
            detector: FaceDetector::new(load_safetensors(BlazeFace::new(&device), read("detector.safetensors")?)?),
            mesher: FaceMesher::new(load_safetensors(FaceMesh::new(&device), read("mesh.safetensors")?)?),
            triangles: canonical.triangles,
        })
    }

    /// The most confident face of a frame and its mesh; `None` where there is no face, or one too hidden to reconstruct.
    ///
    /// # Errors
    /// If the device fails.
    pub fn reconstruct(&self, frame: &Frame<'_>) -> Result<Option<(Face, Mesh)>> {
        let Some(face) = pollster::block_on(self.detector.detect(frame))?.into_iter().next() else { return Ok(None) };
        Ok(self.reconstruct_face(frame, &face)?.map(|mesh| (face, mesh)))
    }
    pub fn reconstruct_face(&self, frame: &Frame<'_>, face: &Face) -> Result<Option<Mesh>> {
        let mesh = pollster::block_on(self.mesher.mesh(frame, face))?;
        Ok((mesh.presence >= MIN_PRESENCE).then_some(mesh))
    }
}
