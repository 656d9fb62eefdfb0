//! [`FaceBox`] -> the square [`Region`] around it that the classifier reads, and the one that tells whether something covers
//! the face. How wide the classifier's is, the weights say.

use crate::{face::FaceBox, region::Region};

/// Side of the classifier's input in pixels (paper: 224 x 224 RGB).
pub const CROP_SIZE: usize = 224;

/// Side of the crop over the longer side of the face box, unless weights say otherwise ([`crate::manifest::Contract`]): the
/// whole head and a little of what surrounds it.
pub const CROP_MARGIN: f32 = 1.5;

/// The margins that weights may ask for.
pub const MARGINS: std::ops::RangeInclusive<f32> = 1.0..=2.5;

/// Side of the input of the network that sees covers, in pixels: a pair of glasses still has its frame.
pub const COVER_SIZE: usize = 64;

/// Side of its crop over the longer side of the face box: eyes and mouth, and where a mask ends.
pub const COVER_MARGIN: f32 = 1.2;

/// The product's crop of a face: upright, centred on the box, `margin` times its longer side.
pub fn face_region(face: &FaceBox, margin: f32) -> Region {
    face.square(margin)
}

/// The face of which a region is the product's crop: the inverse of [`face_region`], for pictures that are crops.
pub fn face_in(crop: &Region, margin: f32) -> FaceBox {
    let side = crop.side / margin;
    FaceBox { x: crop.cx - side / 2.0, y: crop.cy - side / 2.0, width: side, height: side, confidence: 1.0 }
}
