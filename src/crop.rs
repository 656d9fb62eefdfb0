//! A square [`Region`] of the frame -> the `[1, 3, 224, 224]` tensor in `[0, 1]` that the classifier reads.
//!
//! The same of the smaller square that tells covers. The sole home of both value ranges; margins and sides come from the core.

use burn::tensor::{Device, Tensor, TensorData};

pub use bonafide_core::crop::{COVER_MARGIN, COVER_SIZE, CROP_MARGIN, CROP_SIZE, MARGINS, face_in, face_region};

use crate::{
    face::FaceBox,
    frame::Frame,
    region::{Region, sample},
};

/// The networks' input for a region of the frame: `[1, 3, CROP_SIZE, CROP_SIZE]`, RGB in `[0, 1]`, no normalisation
/// (paper, pre-processing).
pub fn crop_tensor(frame: &Frame, region: &Region, device: &Device) -> Tensor<4> {
    let values = sample(frame, region, CROP_SIZE);
    Tensor::from_data(TensorData::new(values, [1, 3, CROP_SIZE, CROP_SIZE]), device)
}

/// What [`crate::network::Cover`] reads of a face: `[1, 3, COVER_SIZE, COVER_SIZE]`, RGB in `[0, 1]`.
pub fn cover_tensor(frame: &Frame, face: &FaceBox, device: &Device) -> Tensor<4> {
    let values = sample(frame, &face.square(COVER_MARGIN), COVER_SIZE);
    Tensor::from_data(TensorData::new(values, [1, 3, COVER_SIZE, COVER_SIZE]), device)
}
