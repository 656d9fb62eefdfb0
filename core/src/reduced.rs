//! A picture of many megapixels -> the picture that is looked at, so that memory is bounded by that and not by what a phone's
//! camera gives. Whoever reads pictures does this; a [`Frame`](crate::frame::Frame) is what comes out.

use crate::{
    error::Result,
    frame::{Frame, over_black},
};

/// Longest side that is looked at as it is, in pixels: more than any video has. Beyond it pixels are averaged in squares, the
/// smallest that bring the side below.
pub const FULL_SIDE: u32 = 4_096;

/// RGBA8 pixels, opaque.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reduced {
    /// Row by row, `width * height * 4` bytes.
    pub rgba: Vec<u8>,
    /// At most [`FULL_SIDE`].
    pub width: u32,
    /// At most [`FULL_SIDE`].
    pub height: u32,
    /// Pixels of the picture, each way, that became one: lengths in the picture are as many times those here.
    pub factor: u32,
}

/// How many pixels of a picture, each way, become one: 1 if it is looked at as it is.
pub fn factor(width: u32, height: u32) -> u32 {
    width.max(height).div_ceil(FULL_SIDE).max(1)
}

/// A picture that is being reduced, from its first row on.
#[derive(Debug)]
pub struct Reduction {
    width: u32,
    height: u32,
    factor: u32,
    /// Of the squares that are begun, the sum of each channel.
    sums: Vec<[u32; 3]>,
    /// Rows that were taken.
    taken: u32,
    rgba: Vec<u8>,
}

impl Reduction {
    /// Begins with a picture of that size in pixels.
    pub fn new(width: u32, height: u32) -> Self {
        let factor = factor(width, height);
        let columns = width.div_ceil(factor) as usize;
        let rgba = Vec::with_capacity(columns * height.div_ceil(factor) as usize * 4);
        Self { width, height, factor, sums: vec![[0; 3]; columns], taken: 0, rgba }
    }

    /// Takes the next rows, RGBA8 without padding, which are laid over black.
    ///
    /// # Panics
    /// If those are no whole rows, or more than are left.
    pub fn take(&mut self, rows: &mut [u8]) {
        over_black(rows);
        let length = self.width as usize * 4;
        assert_eq!(rows.len() % length, 0, "rows are whole");
        for row in rows.chunks_exact(length) {
            assert!(self.taken < self.height, "a picture of {} rows has no more", self.height);
            for (sum, square) in self.sums.iter_mut().zip(row.chunks(self.factor as usize * 4)) {
                for pixel in square.as_chunks::<4>().0 {
                    (0..3).for_each(|channel| sum[channel] += u32::from(pixel[channel]));
                }
            }
            self.taken += 1;
            if self.taken.is_multiple_of(self.factor) || self.taken == self.height {
                self.close_row();
            }
        }
    }

    /// The squares at the right and lower edge may be narrower: they are the means of what there is.
    fn close_row(&mut self) {
        let high = (self.taken - 1) % self.factor + 1;
        for (at, sum) in self.sums.iter_mut().enumerate() {
            let wide = self.factor.min(self.width - at as u32 * self.factor);
            let count = wide * high;
            self.rgba.extend(sum.map(|sum| ((sum + count / 2) / count) as u8));
            self.rgba.push(255);
            *sum = [0; 3];
        }
    }

    /// The picture.
    ///
    /// # Panics
    /// If rows are missing.
    pub fn end(self) -> Reduced {
        assert_eq!(self.taken, self.height, "all rows were taken");
        let (width, height) = (self.width.div_ceil(self.factor), self.height.div_ceil(self.factor));
        Reduced { rgba: self.rgba, width, height, factor: self.factor }
    }
}

impl Reduced {
    /// The pixels.
    ///
    /// # Errors
    /// As [`Frame::new`].
    pub fn frame(&self) -> Result<Frame<'_>> {
        Frame::new(&self.rgba, self.width, self.height)
    }

    /// Reduces a whole picture, RGBA8, which is kept as it is where that is small enough, laid over black.
    ///
    /// # Panics
    /// If there are not `width * height * 4` bytes.
    pub fn of(mut rgba: Vec<u8>, width: u32, height: u32) -> Self {
        assert_eq!(rgba.len(), width as usize * height as usize * 4, "four bytes a pixel");
        if factor(width, height) == 1 {
            over_black(&mut rgba);
            return Self { rgba, width, height, factor: 1 };
        }
        let mut reduction = Reduction::new(width, height);
        reduction.take(&mut rgba);
        reduction.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_kept_up_to_the_full_side() {
        assert_eq!([1, FULL_SIDE, FULL_SIDE + 1, 2 * FULL_SIDE, 16_384].map(|side| factor(side, 1)), [1, 1, 2, 2, 4]);
        let rgba = vec![7, 8, 9, 255, 200, 100, 0, 0];
        let kept = Reduced::of(rgba, 2, 1);
        assert_eq!((kept.rgba.as_slice(), kept.factor), ([7, 8, 9, 255, 0, 0, 0, 255].as_slice(), 1));
    }

    #[test]
    fn each_pixel_is_the_mean_of_its_square_however_the_rows_come() {
        // Two rows and a half of squares of two, an odd column at the right edge.
        let (width, height) = (FULL_SIDE + 1, 5);
        let value = |x: u32, y: u32| ((x * 31 + y * 57) % 251) as u8;
        let picture: Vec<u8> =
            (0..height).flat_map(|y| (0..width).flat_map(move |x| [value(x, y), 10, 20, 255])).collect();
        let whole = Reduced::of(picture.clone(), width, height);
        assert_eq!((whole.width, whole.height, whole.factor), (FULL_SIDE / 2 + 1, 3, 2));
        let mean = |of: &[(u32, u32)]| {
            let sum: u32 = of.iter().map(|&(x, y)| u32::from(value(x, y))).sum();
            ((sum + of.len() as u32 / 2) / of.len() as u32) as u8
        };
        let at = |x: u32, y: u32| whole.rgba[((y * whole.width + x) * 4) as usize];
        assert_eq!(at(3, 1), mean(&[(6, 2), (7, 2), (6, 3), (7, 3)]));
        assert_eq!(at(whole.width - 1, 0), mean(&[(width - 1, 0), (width - 1, 1)]));
        assert_eq!(at(0, 2), mean(&[(0, 4), (1, 4)]));
        assert!(whole.rgba.as_chunks::<4>().0.iter().all(|pixel| pixel[1..] == [10, 20, 255]));
        let mut rows = Reduction::new(width, height);
        for part in picture.chunks(3 * width as usize * 4) {
            rows.take(&mut part.to_vec());
        }
        assert_eq!(rows.end(), whole);
    }
}
