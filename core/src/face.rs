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

    /// The same face in a picture that is so many times as large.
    #[must_use]
    pub fn enlarged(self, times: u32) -> Self {
        let by = times as f32;
        let Self { x, y, width, height, confidence } = self;
        Self { x: x * by, y: y * by, width: width * by, height: height * by, confidence }
    }

    /// Intersection over union, in `[0, 1]`; NaN where both have no area.
    pub fn overlap(&self, other: &Self) -> f32 {
        let side =
            |a: f32, a_length: f32, b: f32, b_length: f32| ((a + a_length).min(b + b_length) - a.max(b)).max(0.0);
        let shared = side(self.x, self.width, other.x, other.width) * side(self.y, self.height, other.y, other.height);
        shared / (self.width * self.height + other.width * other.height - shared)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlap_is_the_share_of_the_union() {
        let at = |x: f32| FaceBox { x, y: 0.0, width: 10.0, height: 10.0, confidence: 1.0 };
        assert_eq!(
            [0.0, 4.0, 9.0, 10.0, 99.0].map(|x| at(0.0).overlap(&at(x)) * 190.0),
            [190.0, 60.0 / 140.0 * 190.0, 10.0, 0.0, 0.0]
        );
    }
}
