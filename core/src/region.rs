//! [`Region`] of a frame -> its pixels at any size: the sole home of resampling.
//!
//! Detector, face mesh and classifier all see a frame through [`sample`], the experts through [`sample_plain`], in training,
//! in evaluation and in the browser.
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

    /// The same region of a picture that is so many times as large.
    #[must_use]
    pub fn enlarged(self, times: u32) -> Self {
        let by = times as f32;
        Self { cx: self.cx * by, cy: self.cy * by, side: self.side * by, ..self }
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
    // A broken region, whose side is no number, has no taps; its values are no numbers either.
    let sample = if region.angle == 0.0 && taps > 0 { upright } else { turned };
    let sums = sample(frame, region, size, taps);
    let scale = 1.0 / (255.0 * (taps * taps) as f32);
    let plane = size * size;
    let mut planes = vec![0.0; 3 * plane];
    for (channel, values) in planes.chunks_exact_mut(plane).enumerate() {
        for (value, sum) in values.iter_mut().zip(&sums) {
            *value = sum[channel] * scale;
        }
    }
    planes
}

/// Resamples an upright region of the frame to `size` x `size` pixels: planar RGB, `[3, size, size]`, in 0 to 255.
///
/// Each output pixel is the one bilinear sample at its centre, so a reduction aliases. Whatever lies outside the frame is as
/// the frame's nearest pixel. That is how OpenCV's bilinear `resize` sees a region whose edges are its picture's.
pub fn sample_plain(frame: &Frame, region: &Region, size: usize) -> Vec<f32> {
    let step = region.side / size as f32;
    let (left, top) = region.to_frame(0.0, 0.0);
    let along = |from: f32, length: u32| -> Vec<(usize, usize, f32)> {
        let last = length as i32 - 1;
        let inside = |at: i32| at.clamp(0, last) as usize;
        (0..size)
            .map(|at| split(from + (at as f32 + 0.5) * step))
            .map(|(at, beyond)| (inside(at), inside(at.saturating_add(1)), beyond))
            .collect()
    };
    let (columns, rows) = (along(left, frame.width()), along(top, frame.height()));
    let plane = size * size;
    let mut planes = vec![0.0; 3 * plane];
    for (y, &(above, below, fy)) in rows.iter().enumerate() {
        let (above, below) = (line(frame, above as i32), line(frame, below as i32));
        for (x, &(before, after, fx)) in columns.iter().enumerate() {
            let mut sum = Sum::default();
            add(above[before], (1.0 - fx) * (1.0 - fy), &mut sum);
            add(above[after], fx * (1.0 - fy), &mut sum);
            add(below[before], (1.0 - fx) * fy, &mut sum);
            add(below[after], fx * fy, &mut sum);
            for (channel, value) in sum[..3].iter().enumerate() {
                planes[channel * plane + y * size + x] = *value;
            }
        }
    }
    planes
}

/// RGBA, so that it fills a vector; nobody reads the last.
type Sum = [f32; 4];

/// The sums of any region's bilinear samples, in 0..255, row by row.
fn turned(frame: &Frame, region: &Region, size: usize, taps: usize) -> Vec<Sum> {
    let (sin, cos) = region.angle.sin_cos();
    // One step between neighbouring taps, along the region's x and y axes, in frame pixels.
    let step = region.side / (size * taps) as f32;
    let (xx, xy) = (cos * step, sin * step);
    let (yx, yy) = (-sin * step, cos * step);
    let (left, top) = region.to_frame(0.0, 0.0);
    let mut sums = vec![Sum::default(); size * size];
    for (pixel, sum) in sums.iter_mut().enumerate() {
        for tap_y in 0..taps {
            let v = (pixel / size * taps + tap_y) as f32 + 0.5;
            for tap_x in 0..taps {
                let u = (pixel % size * taps + tap_x) as f32 + 0.5;
                add_bilinear(frame, split(left + u * xx + v * yx), split(top + u * xy + v * yy), sum);
            }
        }
    }
    sums
}

/// [`turned`] of an upright region, to the last bit: a tap's column does not depend on its row, and most taps lie on four
/// pixels of the frame.
fn upright(frame: &Frame, region: &Region, size: usize, taps: usize) -> Vec<Sum> {
    let step = region.side / (size * taps) as f32;
    let (left, top) = region.to_frame(0.0, 0.0);
    let along = |from: f32| (0..size * taps).map(|at| split(from + (at as f32 + 0.5) * step)).collect::<Vec<_>>();
    let (columns, rows) = (along(left), along(top));
    let mut sums = vec![Sum::default(); size * size];
    for (sums, rows) in sums.chunks_exact_mut(size).zip(rows.chunks_exact(taps)) {
        for &(y, fy) in rows {
            let (above, below) = (line(frame, y), line(frame, y + 1));
            for (sum, columns) in sums.iter_mut().zip(columns.chunks_exact(taps)) {
                for &(x, fx) in columns {
                    match (four(above, x), four(below, x)) {
                        // Where frame and output pixels coincide; the others would add nothing.
                        (Some([pixel, _]), _) if fx == 0.0 && fy == 0.0 => add(pixel, 1.0, sum),
                        (Some([a, b]), Some([c, d])) => {
                            add(a, (1.0 - fx) * (1.0 - fy), sum);
                            add(b, fx * (1.0 - fy), sum);
                            add(c, (1.0 - fx) * fy, sum);
                            add(d, fx * fy, sum);
                        }
                        _ => add_bilinear(frame, (x, fx), (y, fy), sum),
                    }
                }
            }
        }
    }
    sums
}

/// A frame position -> the index of the pixel whose centre (at +0.5) comes before it, and how far it lies beyond, in 0..1.
fn split(position: f32) -> (i32, f32) {
    let index = position - 0.5;
    // `as` saturates, so that a region far outside the frame stays outside.
    (index.floor().min(1e9) as i32, index - index.floor())
}

/// The pixels of a row of the frame.
fn line<'a>(frame: &Frame<'a>, y: i32) -> &'a [[u8; 4]] {
    let width = frame.width() as usize;
    match usize::try_from(y) {
        Ok(y) if y < frame.height() as usize => &frame.rgba().as_chunks().0[y * width..][..width],
        _ => &[],
    }
}

/// Pixel `x` of a line and the next, if it has both.
#[inline(always)]
fn four(line: &[[u8; 4]], x: i32) -> Option<[[u8; 4]; 2]> {
    line.get(usize::try_from(x).ok()?..)?.first_chunk().copied()
}

#[inline(always)]
fn add(pixel: [u8; 4], weight: f32, sum: &mut Sum) {
    // Written out, it becomes one vector even where the compiler minds its size, as in the browser's modules.
    let [r, g, b, a] = [f32::from(pixel[0]), f32::from(pixel[1]), f32::from(pixel[2]), f32::from(pixel[3])];
    *sum = [sum[0] + weight * r, sum[1] + weight * g, sum[2] + weight * b, sum[3] + weight * a];
}

/// Adds the bilinear sample at a split position to `sum`, in 0..255; pixels outside the frame are black.
fn add_bilinear(frame: &Frame, (x0, fx): (i32, f32), (y0, fy): (i32, f32), sum: &mut Sum) {
    for (y, wy) in [(y0, 1.0 - fy), (y0 + 1, fy)] {
        let line = line(frame, y);
        for (x, wx) in [(x0, 1.0 - fx), (x0 + 1, fx)] {
            if let Some(pixel) = usize::try_from(x).ok().and_then(|x| line.get(x)) {
                add(*pixel, wx * wy, sum);
            }
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
    fn an_upright_region_is_sampled_as_a_turned_one_would_be() {
        let pixels: Vec<u8> = (0..40 * 30 * 4).map(|at| (at * 7919 % 251) as u8).collect();
        let frame = Frame::new(&pixels, 40, 30).unwrap();
        // Whole, within, over each edge, enlarged, reduced, on the pixels' grid and off it.
        for (cx, cy, side) in
            [(20.0, 15.0, 40.0), (17.3, 12.8, 9.7), (2.0, 28.0, 30.0), (39.0, 1.5, 64.0), (20.0, 15.0, 16.0)]
        {
            let region = Region { cx, cy, side, angle: 0.0 };
            let taps = (side / 16.0f32).ceil() as usize;
            let bits = |sums: Vec<Sum>| sums.into_iter().flat_map(|sum| [0, 1, 2].map(|c| sum[c].to_bits())).collect();
            let fast: Vec<u32> = bits(upright(&frame, &region, 16, taps));
            assert_eq!(fast, bits(turned(&frame, &region, 16, taps)) as Vec<u32>, "{region:?}");
        }
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
    fn plain_samples_are_single_taps_and_end_at_the_frames_edge() {
        // Reduced by three: the middle pixel of each three, not their mean.
        let pixels = ramp(30, 30);
        let frame = Frame::new(&pixels, 30, 30).unwrap();
        let planes = sample_plain(&frame, &Region::whole(&frame), 10);
        assert!((0..10).all(|x| planes[x] == 3.0 * x as f32 + 1.0 && planes[100 + 10 * x] == 3.0 * x as f32 + 1.0));
        // Enlarged by two, the outermost samples lie beyond the outermost pixels' centres.
        let small = ramp(4, 4);
        let frame = Frame::new(&small, 4, 4).unwrap();
        let planes = sample_plain(&frame, &Region::whole(&frame), 8);
        assert_eq!(planes[..8], [0.0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3.0]);
    }

    #[test]
    fn region_maps_round_trip() {
        let region = Region { cx: 31.0, cy: 17.5, side: 12.0, angle: 0.6 };
        let (x, y) = region.to_frame(0.2, 0.9);
        let (u, v) = region.from_frame(x, y);
        assert!((u - 0.2).abs() < 1e-5 && (v - 0.9).abs() < 1e-5);
    }
}
