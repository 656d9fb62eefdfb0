//! What a detector finds: boxes and landmarks. Knows no detector.

use crate::region::Region;

/// An upright rectangle around a face, from eyebrows to chin, and how sure the detector is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FaceBox {
    /// Left edge in frame pixels; may lie outside the frame.
    pub x: f32,
    /// Top edge in frame pixels; may lie outside the frame.
    pub y: f32,
    /// Width in frame pixels.
    pub width: f32,
    /// Height in frame pixels.
    pub height: f32,
    /// In `[0, 1]`.
    pub confidence: f32,
}

impl FaceBox {
    /// The upright square around the box's centre whose side is `margin` times the box's longer side.
    pub fn square(&self, margin: f32) -> Region {
        Region {
            cx: self.x + self.width / 2.0,
            cy: self.y + self.height / 2.0,
            side: margin * self.width.max(self.height),
            angle: 0.0,
        }
    }
}

/// A detected face.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Face {
    /// Where it is.
    pub bounds: FaceBox,
    /// Right eye, left eye, nose tip, mouth, right ear, left ear (the person's right and left), in frame pixels.
    pub landmarks: [[f32; 2]; 6],
}
