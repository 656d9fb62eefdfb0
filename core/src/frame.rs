//! Turns raw pixels into a [`Frame`] that the rest of the crate can trust. Knows nothing of cameras or faces.

use crate::error::{Error, Result};

/// Longest side that is accepted, in pixels. A frame beyond it is a mistake or an attack on memory.
pub const MAX_SIDE: u32 = 16_384;

/// Lays an RGBA8 image over black and makes it opaque, in place. Whoever decodes pictures or takes them from others does so before
/// they become a [`Frame`], which ignores alpha: what lies beneath transparency differs with who decoded it.
pub fn over_black(rgba: &mut [u8]) {
    for pixel in rgba.as_chunks_mut::<4>().0 {
        let alpha = u32::from(pixel[3]);
        if alpha == 255 {
            continue;
        }
        // 255 * 255 fits; half of the divisor rounds.
        pixel[..3].iter_mut().for_each(|value| *value = ((u32::from(*value) * alpha + 127) / 255) as u8);
        pixel[3] = 255;
    }
}

/// A borrowed RGBA8 image: row-major, no padding between rows, alpha ignored (see [`over_black`]), values in sRGB.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    rgba: &'a [u8],
    width: u32,
    height: u32,
}

impl<'a> Frame<'a> {
    /// Borrows `rgba` as a `width` x `height` image.
    ///
    /// # Errors
    /// [`Error::is_invalid_input`] if a side is zero or above [`MAX_SIDE`], or if `rgba` is not
    /// `width * height * 4` bytes long.
    pub fn new(rgba: &'a [u8], width: u32, height: u32) -> Result<Self> {
        Self::check(rgba.len(), width, height)?;
        Ok(Self { rgba, width, height })
    }

    /// Checks a size, and that so many bytes are a picture of it.
    ///
    /// # Errors
    /// As [`Frame::new`].
    pub fn check(bytes: usize, width: u32, height: u32) -> Result<()> {
        if width == 0 || height == 0 {
            return Err(Error::invalid_input(format!(
                "the image is empty ({width} x {height}): wait until the source has pixels, for a video `videoWidth` above 0"
            )));
        }
        if width > MAX_SIDE || height > MAX_SIDE {
            return Err(Error::invalid_input(format!(
                "the image is {width} x {height} pixels, more than {MAX_SIDE} on a side: scale it down first"
            )));
        }
        let expected = width as usize * height as usize * 4;
        if bytes != expected {
            return Err(Error::invalid_input(format!(
                "{bytes} bytes of pixels for a {width} x {height} image, which has {expected} (RGBA, 4 bytes a pixel)"
            )));
        }
        Ok(())
    }

    /// The pixels, `width * height * 4` bytes.
    pub fn rgba(&self) -> &'a [u8] {
        self.rgba
    }

    /// Width in pixels, at least 1.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels, at least 1.
    pub fn height(&self) -> u32 {
        self.height
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_exact_buffers_only() {
        assert!(Frame::new(&[0; 24], 3, 2).is_ok());
        for length in [0, 23, 25] {
            assert!(Frame::new(&vec![0; length], 3, 2).unwrap_err().is_invalid_input(), "{length} bytes");
        }
    }

    #[test]
    fn transparency_lets_black_through() {
        let mut rgba = [200, 100, 50, 255, 200, 100, 50, 0, 200, 101, 255, 128];
        over_black(&mut rgba);
        assert_eq!(rgba, [200, 100, 50, 255, 0, 0, 0, 255, 100, 51, 128, 255]);
    }

    #[test]
    fn refuses_empty_and_absurd_sizes() {
        for (width, height) in [(0, 2), (2, 0), (0, 0), (u32::MAX, u32::MAX), (MAX_SIDE + 1, 1)] {
            assert!(Frame::new(&[], width, height).unwrap_err().is_invalid_input(), "{width} x {height}");
        }
    }
}
