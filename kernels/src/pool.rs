//! Maxima of windows, channels last.

use crate::{reach, windows};

/// A square max-pool; what lies outside the image counts for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxPool {
    /// Height and width of an input image.
    pub size: [usize; 2],
    /// Channels.
    pub channels: usize,
    /// Side of a window.
    pub kernel: usize,
    /// Step between windows.
    pub stride: usize,
    /// Pixels that windows reach beyond the image, before and after.
    pub padding: [usize; 2],
}

impl MaxPool {
    /// Height and width of an output image.
    pub fn out_size(&self) -> [usize; 2] {
        self.size.map(|side| windows(side, self.kernel, self.stride, self.padding))
    }

    /// One image's maxima.
    pub fn run(&self, x: &[f32]) -> Vec<f32> {
        let Self { size: [height, width], channels, kernel, stride, padding: [before, _] } = *self;
        let [rows, columns] = self.out_size();
        let mut out = vec![f32::NEG_INFINITY; rows * columns * channels];
        for (pixel, out) in out.chunks_exact_mut(channels).enumerate() {
            let [_, y, down] = reach(pixel / columns, height, kernel, stride, before);
            let [_, x0, across] = reach(pixel % columns, width, kernel, stride, before);
            for y in y..y + down {
                let line = &x[(y * width + x0) * channels..][..across * channels];
                for tap in line.chunks_exact(channels) {
                    for (most, value) in out.iter_mut().zip(tap) {
                        // NaN stays, so that a broken run is seen, as with burn and PyTorch.
                        *most = if *value > *most || value.is_nan() { *value } else { *most };
                    }
                }
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::naive::{numbers, taps};

    #[test]
    fn windows_reach_over_the_edge_and_take_what_is_there() {
        let pool = MaxPool { size: [3, 3], channels: 1, kernel: 3, stride: 2, padding: [1, 1] };
        let x: Vec<f32> = (1..=9).map(|value| -(value as f32)).collect();
        assert_eq!(pool.out_size(), [2, 2]);
        assert_eq!(pool.run(&x), [-1.0, -2.0, -4.0, -5.0]);
        let pool = MaxPool { size: [2, 4], channels: 2, kernel: 2, stride: 2, padding: [0, 0] };
        let x: Vec<f32> = (0..16).map(|value| value as f32).collect();
        assert_eq!(pool.run(&x), [10.0, 11.0, 14.0, 15.0]);
    }

    #[test]
    fn maxima_are_those_of_plain_loops() {
        for channels in [1, 8, 19] {
            for (kernel, stride, padding, size) in
                [(3, 2, [1, 1], [7, 10]), (2, 2, [0, 0], [6, 5]), (3, 1, [0, 2], [4, 4])]
            {
                let pool = MaxPool { size, channels, kernel, stride, padding };
                let (x, out) = (numbers(size[0] * size[1] * channels, 1), pool.out_size());
                let mut expected = vec![f32::NEG_INFINITY; out[0] * out[1] * channels];
                for [row, column, _, _, y, left] in taps(size, out, kernel, stride, padding[0]) {
                    for channel in 0..channels {
                        let most = &mut expected[(row * out[1] + column) * channels + channel];
                        *most = most.max(x[(y * size[1] + left) * channels + channel]);
                    }
                }
                assert_eq!(pool.run(&x), expected, "{pool:?}");
            }
        }
    }

    #[test]
    fn nan_stays_wherever_in_a_window_it_lies() {
        // Channels for whole vectors and for a rest.
        let pool = MaxPool { size: [3, 3], channels: 19, kernel: 3, stride: 1, padding: [0, 0] };
        for tap in 0..9 {
            for channel in [0, 7, 18] {
                let mut x = vec![1.0; 9 * 19];
                x[tap * 19 + channel] = f32::NAN;
                let nan: Vec<usize> = (0..19).filter(|at| pool.run(&x)[*at].is_nan()).collect();
                assert_eq!(nan, [channel], "tap {tap}");
            }
        }
    }
}
