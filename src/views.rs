//! [`FaceBox`] -> the squares around it, in the frame -> `[N, 3, 80, 80]`, BGR in 0 to 255: what the experts read.
//!
//! The sole home of their scales and value range. The experts know other pictures than the classifier: a square is never
//! padded but moved until it lies in the frame, and its pixels are sampled without antialiasing, as OpenCV's bilinear
//! `resize` does, which made the pictures that they learnt from.

use burn::tensor::{Device, Tensor, TensorData};

use crate::{
    face::FaceBox,
    frame::Frame,
    network::minifasnet::INPUT_SIZE,
    region::{Region, sample_plain},
};

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

/// The experts' input for the squares of these scales: `[N, 3, 80, 80]`, BGR in 0 to 255.
pub fn views(frame: &Frame<'_>, face: &FaceBox, scales: &[f32], device: &Device) -> Tensor<4> {
    let mut values = Vec::with_capacity(scales.len() * 3 * INPUT_SIZE * INPUT_SIZE);
    for scale in scales {
        let rgb = sample_plain(frame, &view_region(frame, face, *scale), INPUT_SIZE);
        for plane in rgb.chunks_exact(INPUT_SIZE * INPUT_SIZE).rev() {
            values.extend_from_slice(plane);
        }
    }
    Tensor::from_data(TensorData::new(values, [scales.len(), 3, INPUT_SIZE, INPUT_SIZE]), device)
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

    #[test]
    fn values_are_blue_green_red_up_to_255() {
        let pixels: Vec<u8> = (0..100 * 100).flat_map(|_| [255, 128, 7, 0]).collect();
        let frame = Frame::new(&pixels, 100, 100).unwrap();
        let x = views(&frame, &FACE, &SCALES, &Device::flex());
        assert_eq!(x.dims(), [SCALES.len(), 3, INPUT_SIZE, INPUT_SIZE]);
        let values: Vec<f32> = x.into_data().try_into_vec().unwrap();
        for planes in values.chunks_exact(3 * INPUT_SIZE * INPUT_SIZE) {
            for (plane, expected) in planes.chunks_exact(INPUT_SIZE * INPUT_SIZE).zip([7.0, 128.0, 255.0]) {
                assert!(plane.iter().all(|value| (value - expected).abs() < 1e-3), "{expected}");
            }
        }
    }

    #[test]
    fn broken_boxes_give_numbers_and_no_panic() {
        let pixels = vec![9; 8 * 8 * 4];
        let frame = Frame::new(&pixels, 8, 8).unwrap();
        for odd in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -1.0, 0.0] {
            let face = FaceBox { x: odd, y: odd, width: odd, height: odd, confidence: 1.0 };
            let values: Vec<f32> = views(&frame, &face, &SCALES, &Device::flex()).into_data().try_into_vec().unwrap();
            assert!(values.iter().all(|value| (value - 9.0).abs() < 1e-3), "{odd}");
        }
    }
}
