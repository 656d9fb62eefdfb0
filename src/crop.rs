//! [`FaceBox`] -> the square [`Region`] around it -> the `[1, 3, 224, 224]` tensor in `[0, 1]` that the networks read.
//!
//! The sole home of the margin around a face and of the networks' value range.

use burn::tensor::{Device, Tensor, TensorData};

use crate::{
    face::FaceBox,
    frame::Frame,
    region::{Region, sample},
};

/// Side of the networks' input in pixels (paper: 224 x 224 RGB).
pub const CROP_SIZE: usize = 224;

/// Side of the crop over the longer side of the face box: the whole head and a little of what surrounds it.
pub const CROP_MARGIN: f32 = 1.5;

/// The product's crop of a face: upright, centred on the box, [`CROP_MARGIN`] times its longer side.
pub fn face_region(face: &FaceBox) -> Region {
    face.square(CROP_MARGIN)
}

/// The face of which a region is the product's crop: the inverse of [`face_region`], for pictures that are crops.
pub fn face_in(crop: &Region) -> FaceBox {
    let side = crop.side / CROP_MARGIN;
    FaceBox { x: crop.cx - side / 2.0, y: crop.cy - side / 2.0, width: side, height: side, confidence: 1.0 }
}

/// The networks' input for a region of the frame: `[1, 3, CROP_SIZE, CROP_SIZE]`, RGB in `[0, 1]`, no normalisation
/// (paper, pre-processing).
pub fn crop_tensor(frame: &Frame, region: &Region, device: &Device) -> Tensor<4> {
    let values = sample(frame, region, CROP_SIZE);
    Tensor::from_data(TensorData::new(values, [1, 3, CROP_SIZE, CROP_SIZE]), device)
}
