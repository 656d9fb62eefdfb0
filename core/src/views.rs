//! [`FaceBox`] -> the squares around it, in the frame, that the experts read: the sole home of their scales.

use crate::{face::FaceBox, frame::Frame, region::Region};

/// Side of an expert's input in pixels.
pub const VIEW_SIZE: usize = 80;

/// Sides of the squares over the longer side of the face box. Averaged over these, the experts measured as well as over any
/// other scales that were tried; each of them alone is worse.
pub const SCALES: [f32; 4] = [1.5, 1.8, 2.2, 2.7];

/// The square of `scale` times the face box's longer side around its centre, no larger than the frame's shorter side, moved
/// until it lies in the frame.
pub fn view_region(frame: &Frame<'_>, face: &FaceBox, scale: f32) -> Region {
    let (width, height) = (frame.width() as f32, frame.height() as f32);
    let around = face.square(scale);
    let side = around.side.min(width.min(height)).max(0.0);
    let within = |centre: f32, length: f32| centre.max(side / 2.0).min(length - side / 2.0);
    Region { cx: within(around.cx, width), cy: within(around.cy, height), side, angle: 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACE: FaceBox = FaceBox { x: 40.0, y: 30.0, width: 50.0, height: 60.0, confidence: 1.0 };

    #[test]
    fn squares_lie_in_the_frame() {
        let pixels = vec![0; 300 * 200 * 4];
        let frame = Frame::new(&pixels, 300, 200).unwrap();
        let square = |scale| {
            let Region { cx, cy, side, angle } = view_region(&frame, &FACE, scale);
            (cx - side / 2.0, cy - side / 2.0, side, angle)
        };
        assert_eq!(square(1.0), (35.0, 30.0, 60.0, 0.0));
        // Around the face's centre, which is (65, 60), as long as there is room.
        assert_eq!(square(2.0), (5.0, 0.0, 120.0, 0.0));
        assert_eq!(square(2.5), (0.0, 0.0, 150.0, 0.0));
        assert_eq!(square(9.0), (0.0, 0.0, 200.0, 0.0));
        let right = FaceBox { x: 290.0, y: 190.0, ..FACE };
        let Region { cx, cy, side, .. } = view_region(&frame, &right, 1.5);
        assert_eq!((cx + side / 2.0, cy + side / 2.0), (300.0, 200.0));
    }
}
