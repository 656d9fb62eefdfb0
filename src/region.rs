//! [`Region`] of a frame -> its pixels at any size: the sole home of resampling.
//!
//! Detector, face mesh and classifier all see a frame through [`sample`], in training, in evaluation and in the browser.
//! It is plain `f32` arithmetic in a fixed order, so that the same pixels give the same values everywhere.

use crate::frame::Frame;

/// A square in frame pixels, possibly rotated, possibly reaching outside the frame.
///
/// Pixel centres lie at +0.5. `angle` is in radians: the square's own x axis points to `(cos angle, sin angle)` in the
/// frame, whose y axis points down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Region {
    /// Centre, x.
    pub cx: f32,
    /// Centre, y.
    pub cy: f32,
    /// Side length in frame pixels, above 0.
    pub side: f32,
    /// Rotation in radians.
    pub angle: f32,
}

impl Region {
    /// The smallest upright square that holds the whole frame, sharing its centre (a letterbox).
    pub fn whole(frame: &Frame) -> Self {
        let (width, height) = (frame.width() as f32, frame.height() as f32);
        Self { cx: width / 2.0, cy: height / 2.0, side: width.max(height), angle: 0.0 }
    }

    /// Position `(u, v)` in the region, each in `[0, 1]` from its top left corner, as a frame position.
    pub fn to_frame(&self, u: f32, v: f32) -> (f32, f32) {
        let (sin, cos) = self.angle.sin_cos();
        let (du, dv) = ((u - 0.5) * self.side, (v - 0.5) * self.side);
        (self.cx + du * cos - dv * sin, self.cy + du * sin + dv * cos)
    }

    /// The inverse of [`Region::to_frame`].
    pub fn from_frame(&self, x: f32, y: f32) -> (f32, f32) {
        let (sin, cos) = self.angle.sin_cos();
        let (dx, dy) = (x - self.cx, y - self.cy);
        ((dx * cos + dy * sin) / self.side + 0.5, (dy * cos - dx * sin) / self.side + 0.5)
    }
}

/// Resamples a region of the frame to `size` x `size` pixels: planar RGB, `[3, size, size]`, in `[0, 1]`.
///
/// Each output pixel is the mean of `k` x `k` bilinear samples, `k` = frame pixels per output pixel rounded up (at most
/// 64), so that reduction does not alias. Whatever lies outside the frame is black (0).
pub fn sample(frame: &Frame, region: &Region, size: usize) -> Vec<f32> {
    let taps = (region.side / size as f32).ceil().clamp(1.0, 64.0) as usize;
    let (sin, cos) = region.angle.sin_cos();
    // One step between neighbouring taps, along the region's x and y axes, in frame pixels.
    let step = region.side / (size * taps) as f32;
    let (xx, xy) = (cos * step, sin * step);
    let (yx, yy) = (-sin * step, cos * step);
    let (left, top) = region.to_frame(0.0, 0.0);
    let scale = 1.0 / (255.0 * (taps * taps) as f32);

    let plane = size * size;
    let mut planes = vec![0.0; 3 * plane];
    for row in 0..size {
        for column in 0..size {
            let mut sum = [0.0f32; 3];
            for tap_y in 0..taps {
                let v = (row * taps + tap_y) as f32 + 0.5;
                for tap_x in 0..taps {
                    let u = (column * taps + tap_x) as f32 + 0.5;
                    add_bilinear(frame, left + u * xx + v * yx, top + u * xy + v * yy, &mut sum);
                }
            }
            for (channel, value) in sum.iter().enumerate() {
                planes[channel * plane + row * size + column] = value * scale;
            }
        }
    }
    planes
}

/// Adds the bilinear sample at `(x, y)` to `sum`, in 0..255.
fn add_bilinear(frame: &Frame, x: f32, y: f32, sum: &mut [f32; 3]) {
    let (width, height) = (frame.width() as i32, frame.height() as i32);
    // From pixel centres at +0.5 to array indices.
    let (x, y) = (x - 0.5, y - 0.5);
    let (x0, y0) = (x.floor(), y.floor());
    let (fx, fy) = (x - x0, y - y0);
    // `as` saturates, so that a region far outside the frame stays outside.
    let (x0, y0) = (x0 as i32, y0 as i32);
    if x0 < -1 || y0 < -1 || x0 >= width || y0 >= height {
        return;
    }
    let rgba = frame.rgba();
    for (yi, wy) in [(y0, 1.0 - fy), (y0 + 1, fy)] {
        if yi < 0 || yi >= height {
            continue;
        }
        for (xi, wx) in [(x0, 1.0 - fx), (x0 + 1, fx)] {
            if xi < 0 || xi >= width {
                continue;
            }
            let at = (yi as usize * width as usize + xi as usize) * 4;
            let weight = wx * wy;
            sum[0] += weight * f32::from(rgba[at]);
            sum[1] += weight * f32::from(rgba[at + 1]);
            sum[2] += weight * f32::from(rgba[at + 2]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An image whose red is its x and whose green is its y.
    fn ramp(width: u32, height: u32) -> Vec<u8> {
        (0..height).flat_map(|y| (0..width).flat_map(move |x| [x as u8, y as u8, 7, 255])).collect()
    }

    #[test]
    fn identity_region_copies_pixels() {
        let pixels = ramp(16, 16);
        let frame = Frame::new(&pixels, 16, 16).unwrap();
        let planes = sample(&frame, &Region::whole(&frame), 16);
        for y in 0..16 {
            for x in 0..16 {
                assert!((planes[y * 16 + x] * 255.0 - x as f32).abs() < 1e-3);
                assert!((planes[256 + y * 16 + x] * 255.0 - y as f32).abs() < 1e-3);
                assert!((planes[512 + y * 16 + x] * 255.0 - 7.0).abs() < 1e-3);
            }
        }
    }

    #[test]
    fn quarter_turn_follows_the_region() {
        let pixels = ramp(16, 16);
        let frame = Frame::new(&pixels, 16, 16).unwrap();
        let region = Region { angle: std::f32::consts::FRAC_PI_2, ..Region::whole(&frame) };
        let planes = sample(&frame, &region, 16);
        // Moving right in the region is moving down in the frame.
        assert!((planes[256 + 5] * 255.0 - 5.0).abs() < 1e-2);
        assert!((planes[5] * 255.0 - 15.0).abs() < 1e-2);
    }

    #[test]
    fn reduction_averages_instead_of_aliasing() {
        let stripes: Vec<u8> = (0..64 * 64).flat_map(|i| [if i % 2 == 0 { 255 } else { 0 }; 4]).collect();
        let frame = Frame::new(&stripes, 64, 64).unwrap();
        for value in sample(&frame, &Region::whole(&frame), 16) {
            assert!((value - 0.5).abs() < 0.13, "{value}");
        }
    }

    #[test]
    fn outside_the_frame_is_black() {
        let frame = Frame::new(&[255; 16], 2, 2).unwrap();
        let region = Region { cx: 1e9, cy: -1e9, side: 4.0, angle: 0.0 };
        assert!(sample(&frame, &region, 4).iter().all(|value| *value == 0.0));
    }

    #[test]
    fn region_maps_round_trip() {
        let region = Region { cx: 31.0, cy: 17.5, side: 12.0, angle: 0.6 };
        let (x, y) = region.to_frame(0.2, 0.9);
        let (u, v) = region.from_frame(x, y);
        assert!((u - 0.2).abs() < 1e-5 && (v - 0.9).abs() < 1e-5);
    }
}
