//! Photo -> faces: the detectors to choose from. `trainer detect`.
//!
//! [`retinaface`] is the network that the product does not ship, [`anchors`] turns what it says into boxes.

pub mod anchors;
mod command;
mod options;
pub mod retinaface;

use std::path::Path;

use anyhow::{Context, Result};
use bonafide::{
    face::{Face, FaceDetector, blazeface::BlazeFace},
    frame::Frame,
    region::{Region, sample},
    weights::load_safetensors,
};
use burn::tensor::{Device, Tensor, TensorData};
use clap::ValueEnum;

pub use command::{DetectArgs, run};
pub use options::DetectorArgs;
use retinaface::RetinaFace;

/// Side in pixels of the square that RetinaFace sees of the whole frame.
pub const RETINAFACE_SIZE: usize = 640;
/// Mean of its training pictures: blue, green, red in 0..255.
const MEAN: [f32; 3] = [104.0, 117.0, 123.0];

/// The detectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DetectorChoice {
    /// MediaPipe's BlazeFace, which the product ships.
    Blazeface,
    /// RetinaFace with MobileNet 0.25 (the paper's kind of detector); needs its checkpoint.
    Retinaface,
}

impl DetectorChoice {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Blazeface => "blazeface",
            Self::Retinaface => "retinaface",
        }
    }
}

/// A loaded detector.
#[derive(Debug)]
pub struct Detector {
    network: Network,
}

#[derive(Debug)]
enum Network {
    Blazeface(Box<FaceDetector>),
    Retinaface(Box<RetinaFace>),
}

impl Detector {
    /// Loads the detector: BlazeFace from the folder `weights`, RetinaFace from its checkpoint.
    ///
    /// # Errors
    /// One sentence if a file is missing, damaged or another network's, or `retinaface` is not given for RetinaFace.
    pub fn load(choice: DetectorChoice, weights: &Path, retinaface: Option<&Path>) -> Result<Self> {
        let device = Device::flex();
        let network = match choice {
            DetectorChoice::Blazeface => {
                let path = weights.join("detector.safetensors");
                let bytes = std::fs::read(&path)
                    .with_context(|| format!("cannot read {}: run `trainer import mediapipe` first", path.display()))?;
                Network::Blazeface(Box::new(FaceDetector::new(load_safetensors(BlazeFace::new(&device), &bytes)?)))
            }
            DetectorChoice::Retinaface => {
                let path = retinaface.context("--detector retinaface needs --retinaface FILE, its checkpoint")?;
                Network::Retinaface(Box::new(RetinaFace::load(path, &device)?))
            }
        };
        Ok(Self { network })
    }

    /// The faces of a frame, most confident first; none is an empty list.
    ///
    /// RetinaFace's boxes reach from forehead to chin, BlazeFace's from eyebrows to chin; of RetinaFace's landmarks the
    /// ears are only the box's sides at the eyes' height.
    ///
    /// # Errors
    /// If the device fails.
    pub fn detect(&self, frame: &Frame<'_>) -> Result<Vec<Face>> {
        match &self.network {
            Network::Blazeface(detector) => Ok(pollster::block_on(detector.detect(frame))?),
            Network::Retinaface(network) => retina_faces(network, frame),
        }
    }
}

fn retina_faces(network: &RetinaFace, frame: &Frame<'_>) -> Result<Vec<Face>> {
    let region = Region::whole(frame);
    let size = RETINAFACE_SIZE;
    let planes = sample(frame, &region, size);
    let input = Tensor::from_data(TensorData::new(bgr(&planes), [1, 3, size, size]), &Device::flex());
    let output = network.forward(input);
    let confidence = output.classes.narrow(2, 1, 1);
    let rows = Tensor::cat(vec![confidence, output.boxes, output.landmarks], 2);
    let rows = rows.into_data().try_into_vec::<f32>().map_err(|error| anyhow::anyhow!("{error:?}"))?;
    Ok(anchors::decode(&rows, size, &region))
}

/// Planar RGB in `[0, 1]` -> planar BGR in 0..255 less [`MEAN`].
fn bgr(planes: &[f32]) -> Vec<f32> {
    let planes: Vec<&[f32]> = planes.chunks_exact(planes.len() / 3).collect();
    [2, 1, 0]
        .into_iter()
        .zip(MEAN)
        .flat_map(|(channel, mean)| planes[channel].iter().map(move |v| 255.0 * v - mean))
        .collect()
}
