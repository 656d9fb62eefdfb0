//! The square around a face box -> brightness, contrast and sharpness of its luma. Knows no landmarks.
//!
//! The square is looked at in one size, so that sharpness does not depend on the camera's resolution, except that a face
//! of fewer pixels is magnified and reads as blurred, which it is. What lies outside the frame is left out.

use crate::{
    frame::Frame,
    region::{Region, sample},
};

/// Side of the face that is measured, in pixels.
pub const SIZE: usize = 128;

/// How a face is lit and focused.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Light {
    /// Mean luma (ITU-R BT.601, of sRGB values as they are), in `[0, 1]`.
    pub brightness: f32,
    /// Standard deviation of the luma, in `[0, 0.5]`.
    pub contrast: f32,
    /// Variance of the luma's Laplacian (4 neighbours), luma in 0..255, from 0.
    pub sharpness: f32,
}

impl Light {
    /// Of an upright region. All zeros if less than 3 x 3 of its 128 x 128 pixels lie inside the frame.
    pub fn of(frame: &Frame<'_>, region: &Region) -> Self {
        let planes = sample(frame, region, SIZE);
        let luma = |x: usize, y: usize| {
            let [r, g, b] = [0, 1, 2].map(|channel| planes[(channel * SIZE + y) * SIZE + x]);
            0.299 * r + 0.587 * g + 0.114 * b
        };
        let columns = inside(region.cx, region.side, frame.width());
        let rows = inside(region.cy, region.side, frame.height());
        if columns.len() < 3 || rows.len() < 3 {
            return Self { brightness: 0.0, contrast: 0.0, sharpness: 0.0 };
        }
        let mut face = Vec::with_capacity(SIZE * SIZE);
        let mut edges = Vec::with_capacity(SIZE * SIZE);
        for y in rows.clone() {
            for x in columns.clone() {
                face.push(luma(x, y));
                if y > rows.start && y + 1 < rows.end && x > columns.start && x + 1 < columns.end {
                    let beside = luma(x - 1, y) + luma(x + 1, y) + luma(x, y - 1) + luma(x, y + 1);
                    edges.push(255.0 * (beside - 4.0 * luma(x, y)));
                }
            }
        }
        let (brightness, variance) = moments(&face);
        Self { brightness, contrast: variance.sqrt(), sharpness: moments(&edges).1 }
    }
}

/// The pixels of an axis whose samples do not reach over the frame's edge, into the black outside.
fn inside(centre: f32, side: f32, length: u32) -> std::ops::Range<usize> {
    let (pitch, first) = (side / SIZE as f32, centre - side / 2.0);
    let pixel = |position: f32| ((position - first) / pitch).clamp(0.0, SIZE as f32);
    pixel(0.5).ceil() as usize..pixel(length as f32 - 0.5).floor() as usize
}

/// Mean and variance; not empty.
fn moments(values: &[f32]) -> (f32, f32) {
    let count = values.len() as f32;
    let mean = values.iter().sum::<f32>() / count;
    (mean, values.iter().map(|value| (value - mean) * (value - mean)).sum::<f32>() / count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn light(size: u32, gray: impl Fn(u32, u32) -> u8, region: Region) -> Light {
        let pixels: Vec<u8> = (0..size * size).flat_map(|i| [gray(i % size, i / size); 4]).collect();
        Light::of(&Frame::new(&pixels, size, size).unwrap(), &region)
    }

    const MIDDLE: Region = Region { cx: 128.0, cy: 128.0, side: 128.0, angle: 0.0 };

    #[test]
    fn an_even_face_has_brightness_only() {
        let even = light(256, |_, _| 51, MIDDLE);
        assert!((even.brightness - 0.2).abs() < 1e-4 && even.contrast < 1e-4 && even.sharpness < 1e-4, "{even:?}");
    }

    #[test]
    fn halves_have_the_contrast_of_halves() {
        let halves = light(256, |x, _| if x < 128 { 0 } else { 255 }, MIDDLE);
        assert!((halves.brightness - 0.5).abs() < 1e-3 && (halves.contrast - 0.5).abs() < 1e-3, "{halves:?}");
    }

    #[test]
    fn blur_lowers_sharpness() {
        let wave = |length: f32| {
            move |x: u32, y: u32| (127.5 + 60.0 * ((x + y) as f32 * std::f32::consts::TAU / length).sin()) as u8
        };
        let [sharp, soft] = [4.0, 32.0].map(|length| light(256, wave(length), MIDDLE).sharpness);
        assert!(sharp > 100.0 * soft, "{sharp} {soft}");
    }

    #[test]
    fn what_lies_outside_the_frame_does_not_count() {
        let corner = light(256, |_, _| 204, Region { cx: 10.0, cy: 250.0, ..MIDDLE });
        assert!((corner.brightness - 0.8).abs() < 1e-4 && corner.contrast < 1e-4 && corner.sharpness < 1e-4);
        let outside = light(256, |_, _| 204, Region { cx: -900.0, ..MIDDLE });
        assert_eq!(outside, Light { brightness: 0.0, contrast: 0.0, sharpness: 0.0 });
    }
}
