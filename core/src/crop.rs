//! [`FaceBox`] -> the square [`Region`] around it that the classifier reads: the sole home of its margin.

use crate::{face::FaceBox, region::Region};

/// Side of the classifier's input in pixels (paper: 224 x 224 RGB).
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
