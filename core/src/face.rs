//! What a detector finds: boxes and landmarks. Knows no detector.

use serde::Serialize;

use crate::region::Region;

/// A face in the pixels of the frame, from eyebrows to chin, origin at its top left. It may reach beyond the frame.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct FaceBox {
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// From its left edge to its right one.
    pub width: f32,
    /// From its top edge to its bottom one.
    pub height: f32,
    /// The detector's confidence, 0 to 1.
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
