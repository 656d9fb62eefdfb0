//! A frame and a face -> the pixels around it, as they are: what is stored, and the scene that a recapture sees.

use bonafide::{face::FaceBox, frame::Frame, region::Region};

use super::prepared::Cut;
use crate::recapture::{Picture, Scene, mirrored};

/// What lies past a frame's edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outside {
    /// Nothing, as in the product.
    Black,
    /// The picture, mirrored.
    Mirrored,
}

/// A region of whole pixels, as RGBA.
pub(super) fn pixels(frame: &Frame<'_>, region: &Region, outside: Outside) -> Vec<u8> {
    let side = region.side as i32;
    let (left, top) = ((region.cx - region.side / 2.0) as i32, (region.cy - region.side / 2.0) as i32);
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    let mut rgba = Vec::with_capacity(4 * (side * side) as usize);
    for y in top..top + side {
        for x in left..left + side {
            let within = (0..width as i32).contains(&x) && (0..height as i32).contains(&y);
            if within || outside == Outside::Mirrored {
                let at = 4 * (mirrored(y, height) * width + mirrored(x, width));
                rgba.extend_from_slice(&frame.rgba()[at..at + 4]);
            } else {
                rgba.extend([0, 0, 0, 255]);
            }
        }
    }
    rgba
}

/// What is stored around a face at the photo's own resolution, so far as a camera could tell it from a finer one.
///
/// Where the region leaves the photo, the photo goes on mirrored: a black border would lie straight in bona fide pictures
/// and tilted in attacks, and be the label.
pub(crate) fn scene(frame: &Frame<'_>, face: &FaceBox, cut: &Cut) -> Scene {
    let (region, scope) = (cut.stored(face), cut.scope());
    let rgba = pixels(frame, &region, Outside::Mirrored);
    let side = region.side as u32;
    let whole = Frame::new(&rgba, side, side).expect("four bytes a pixel");
    let size = (side as usize).clamp((160.0 * scope) as usize, (820.0 * scope) as usize);
    Scene { picture: Picture::of(&whole, &Region::whole(&whole), size), scope }
}
