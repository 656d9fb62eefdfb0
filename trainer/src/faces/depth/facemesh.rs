//! Face -> FaceMesh's surface: the monocular face reconstructor that stands in for the paper's PRNet.

use std::{fs, path::Path, sync::Arc};

use anyhow::{Context, Result};
use bonafide::{
    face::{
        Face,
        mesh::{FaceMesh, FaceMesher},
    },
    frame::Frame,
    weights::load_safetensors,
};
use burn::tensor::Device;

use super::Surface;
use crate::weights::CanonicalMesh;

/// Lowest presence that counts as a face: beneath it the detector was wrong or the face is hidden.
pub const MIN_PRESENCE: f32 = 0.5;

/// The mesh network and the mesh's triangles.
#[derive(Debug)]
pub struct Reconstructor {
    mesher: FaceMesher,
    triangles: Arc<[[u32; 3]]>,
}

impl Reconstructor {
    /// Loads what `trainer import mediapipe` wrote.
    ///
    /// # Errors
    /// If a file is missing or damaged.
    pub fn load(weights: &Path) -> Result<Self> {
        let read = |name: &str| {
            let path = weights.join(name);
            fs::read(&path)
                .with_context(|| format!("cannot read {}: run `trainer import mediapipe` first", path.display()))
        };
        let canonical = CanonicalMesh::parse(&read("canonical_mesh.json")?)?;
        Ok(Self {
            mesher: FaceMesher::new(load_safetensors(FaceMesh::new(&Device::flex()), &read("mesh.safetensors")?)?),
            triangles: canonical.triangles.iter().map(|triangle| triangle.map(u32::from)).collect(),
        })
    }

    /// The surface of a detected face; `None` if the network sees none, because it is too hidden or none at all.
    ///
    /// # Errors
    /// If the device fails.
    pub fn reconstruct(&self, frame: &Frame<'_>, face: &Face) -> Result<Option<Surface>> {
        let mesh = pollster::block_on(self.mesher.mesh(frame, face))?;
        Ok((mesh.presence >= MIN_PRESENCE)
            .then(|| Surface { points: mesh.points, triangles: Arc::clone(&self.triangles) }))
    }
}
