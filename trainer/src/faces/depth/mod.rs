//! Face -> surface -> pseudo-depth of a crop: the reconstructors to choose from.
//!
//! [`facemesh`] and [`position_map`] give a surface ([`prnet`] is the latter's network), [`rasterise`] draws it.

pub mod facemesh;
pub mod position_map;
pub mod prnet;
pub mod rasterise;

use std::{path::Path, sync::Arc};

use anyhow::{Context, Result};
use bonafide::{face::Face, frame::Frame};
use clap::ValueEnum;

/// A face's surface.
#[derive(Debug, Clone, PartialEq)]
pub struct Surface {
    /// Points `[x, y, z]` in frame pixels; z has x's scale and any origin, smaller is nearer.
    pub points: Vec<[f32; 3]>,
    /// Triangles of point numbers, the same for every face of a reconstructor.
    pub triangles: Arc<[[u32; 3]]>,
}

/// The reconstructors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DepthChoice {
    /// MediaPipe's FaceMesh, 468 points; its weights are here.
    Facemesh,
    /// PRNet, some 43,000 points (the paper's); needs its checkpoint and its UV files.
    Prnet,
}

impl DepthChoice {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Facemesh => "facemesh",
            Self::Prnet => "prnet",
        }
    }
}

/// A loaded reconstructor: face -> surface.
#[derive(Debug)]
pub struct Reconstructor {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Facemesh(Box<facemesh::Reconstructor>),
    Prnet(Box<position_map::Reconstructor>),
}

impl Reconstructor {
    /// Loads the reconstructor: FaceMesh from the folder `weights`, PRNet from its checkpoint and its folder of UV files.
    ///
    /// # Errors
    /// One sentence if a file is missing, damaged or another network's, or not given though the choice needs it.
    pub fn load(choice: DepthChoice, weights: &Path, prnet: Option<&Path>, prnet_uv: Option<&Path>) -> Result<Self> {
        let kind = match choice {
            DepthChoice::Facemesh => Kind::Facemesh(Box::new(facemesh::Reconstructor::load(weights)?)),
            DepthChoice::Prnet => {
                let checkpoint = prnet.context("--depth prnet needs --prnet FILE, its checkpoint")?;
                let uv = prnet_uv.context("--depth prnet needs --prnet-uv DIR, with face_ind.txt and triangles.txt")?;
                Kind::Prnet(Box::new(position_map::Reconstructor::load(checkpoint, uv)?))
            }
        };
        Ok(Self { kind })
    }

    /// The surface of a detected face; `None` if it is too hidden to reconstruct, which only FaceMesh notices.
    ///
    /// # Errors
    /// If the device fails.
    pub fn reconstruct(&self, frame: &Frame<'_>, face: &Face) -> Result<Option<Surface>> {
        match &self.kind {
            Kind::Facemesh(facemesh) => facemesh.reconstruct(frame, face),
            Kind::Prnet(prnet) => prnet.reconstruct(frame, face).map(Some),
        }
    }
}
