//! [`FaceBox`] -> the squares around it, in the frame -> `[N, 3, 80, 80]`, BGR in 0 to 255: what the experts read.
//!
//! The sole home of their value range; scales and sides come from the core. The experts know other pictures than the classifier: a square is never
//! padded but moved until it lies in the frame, and its pixels are sampled without antialiasing, as OpenCV's bilinear
//! `resize` does, which made the pictures that they learnt from.

use burn::tensor::{Device, Tensor, TensorData};

pub use bonafide_core::views::{SCALES, VIEW_SIZE, view_region};

use crate::{face::FaceBox, frame::Frame, region::sample_plain};

/// The experts' input for the squares of these scales: `[N, 3, 80, 80]`, BGR in 0 to 255.
pub fn views(frame: &Frame<'_>, face: &FaceBox, scales: &[f32], device: &Device) -> Tensor<4> {
    let mut values = Vec::with_capacity(scales.len() * 3 * VIEW_SIZE * VIEW_SIZE);
    for scale in scales {
        let rgb = sample_plain(frame, &view_region(frame, face, *scale), VIEW_SIZE);
        for plane in rgb.chunks_exact(VIEW_SIZE * VIEW_SIZE).rev() {
            values.extend_from_slice(plane);
        }
    }
    Tensor::from_data(TensorData::new(values, [scales.len(), 3, VIEW_SIZE, VIEW_SIZE]), device)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACE: FaceBox = FaceBox { x: 40.0, y: 30.0, width: 50.0, height: 60.0, confidence: 1.0 };

    #[test]
    fn values_are_blue_green_red_up_to_255() {
        let pixels: Vec<u8> = (0..100 * 100).flat_map(|_| [255, 128, 7, 0]).collect();
        let frame = Frame::new(&pixels, 100, 100).unwrap();
        let x = views(&frame, &FACE, &SCALES, &Device::flex());
        assert_eq!(x.dims(), [SCALES.len(), 3, VIEW_SIZE, VIEW_SIZE]);
        let values: Vec<f32> = x.into_data().try_into_vec().unwrap();
        for planes in values.chunks_exact(3 * VIEW_SIZE * VIEW_SIZE) {
            for (plane, expected) in planes.chunks_exact(VIEW_SIZE * VIEW_SIZE).zip([7.0, 128.0, 255.0]) {
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
