//! [`Frame`] -> faces with boxes, landmarks and confidence, most confident first.
//!
//! [`blazeface`] is the network, [`anchors`] turns what it says into boxes, [`mesh`] draws 468 points on one of them.

pub mod anchors;
pub mod blazeface;
mod blocks;
pub mod mesh;

use burn::tensor::{Tensor, TensorData};

use crate::{
    error::Result,
    frame::Frame,
    readback::read,
    region::{Region, sample},
};
use blazeface::{BlazeFace, INPUT_SIZE};
pub use bonafide_core::face::{Face, FaceBox};

/// BlazeFace with its preprocessing and decoding.
#[derive(Debug)]
pub struct FaceDetector {
    network: BlazeFace,
}

impl FaceDetector {
    /// Wraps a filled network.
    pub fn new(network: BlazeFace) -> Self {
        Self { network }
    }

    /// The faces of a frame, most confident first; none is an empty list.
    ///
    /// The model looks at the whole frame reduced to 128 x 128 pixels: it finds faces taller than about a tenth of the
    /// frame's longer side.
    ///
    /// # Errors
    /// [`crate::Error`] if the device fails.
    pub async fn detect(&self, frame: &Frame<'_>) -> Result<Vec<Face>> {
        let region = Region::whole(frame);
        // The model was trained on [-1, 1].
        let pixels: Vec<f32> = sample(frame, &region, INPUT_SIZE).into_iter().map(|value| 2.0 * value - 1.0).collect();
        let device = self.network.device();
        let input = Tensor::from_data(TensorData::new(pixels, [1, 3, INPUT_SIZE, INPUT_SIZE]), &device);
        let (scores, boxes) = self.network.forward(input);
        // One read-back: the score becomes the first of 17 values per anchor.
        let rows = read(Tensor::cat(vec![scores.unsqueeze_dim::<3>(2), boxes], 2)).await?;
        Ok(anchors::decode(&rows, &region))
    }
}
