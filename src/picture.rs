//! The bytes of an image file -> the pixels of a [`Frame`](crate::frame::Frame): the one decoder of the trainer and of `verify`.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbaImage};

use crate::{
    error::{Error, Result},
    frame::{MAX_SIDE, over_black},
};

/// Most pixels that are decoded, 67 million: more is no photo of a face but an attack on memory.
pub const MAX_PIXELS: u64 = 64 * 1024 * 1024;

/// Decodes a JPEG, PNG or WebP: RGBA8, upright as its EXIF orientation says, laid over black as in a browser.
///
/// # Errors
/// [`Error::is_invalid_input`] if it is no such image, damaged, cut off, or, before it is unpacked, if it claims more than
/// [`MAX_PIXELS`] or a side above [`MAX_SIDE`].
pub fn decode(bytes: &[u8]) -> Result<RgbaImage> {
    let undecodable =
        |e: image::ImageError| Error::invalid_input(format!("it is not an image that can be decoded: {e}"));
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().expect("memory can be read");
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_PIXELS * 4);
    reader.limits(limits);
    let is_jpeg = reader.format() == Some(ImageFormat::Jpeg);
    let mut decoder = reader.into_decoder().map_err(undecodable)?;
    // A gray picture, or one of single bits, takes far less memory than RGBA will.
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MAX_PIXELS {
        return Err(Error::invalid_input(format!(
            "it has {} megapixels, {} are read: make it smaller",
            pixels / 1_000_000,
            MAX_PIXELS / 1_000_000
        )));
    }
    // The decoder would fill what is missing with gray; of PNG and WebP it refuses that itself.
    if is_jpeg && !jpeg_ends(bytes) {
        return Err(Error::invalid_input("it is a JPEG that was cut off: its end is missing"));
    }
    let orientation = decoder.orientation().map_err(undecodable)?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(undecodable)?;
    image.apply_orientation(orientation);
    let mut rgba = image.into_rgba8();
    over_black(&mut rgba);
    Ok(rgba)
}

/// Whether a JPEG's marker of its end follows its scans. What a segment holds, such as a thumbnail, does not count; what follows
/// the end may be anything, since phones append films and depth there.
fn jpeg_ends(bytes: &[u8]) -> bool {
    let mut at = 0;
    while let Some(&[byte, marker]) = bytes.get(at..at + 2) {
        at += match (byte, marker) {
            (0xff, 0xd9) => return true,
            // Padding before a marker.
            (0xff, 0xff) => 1,
            // A byte of a scan, a restart of one, or the start of the picture: markers without a segment.
            (0xff, 0x00 | 0x01 | 0xd0..=0xd8) => 2,
            (0xff, _) => match bytes.get(at + 2..at + 4) {
                Some(&[high, low]) => 2 + usize::from(u16::from_be_bytes([high, low])),
                _ => return false,
            },
            _ => 1,
        };
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};

    fn png(pixels: &[u8], width: u32, height: u32, color: ExtendedColorType) -> Vec<u8> {
        let mut bytes = Vec::new();
        PngEncoder::new(&mut bytes).write_image(pixels, width, height, color).unwrap();
        bytes
    }

    /// A JPEG's bytes with an EXIF orientation of 1 to 8.
    fn turned(orientation: u8) -> Vec<u8> {
        let mut jpeg = Vec::new();
        let wide = RgbaImage::from_fn(16, 8, |x, _| image::Rgba([if x < 8 { 0 } else { 255 }; 4]));
        DynamicImage::from(DynamicImage::from(wide).into_rgb8())
            .write_to(&mut Cursor::new(&mut jpeg), image::ImageFormat::Jpeg)
            .unwrap();
        let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
        exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
        let mut bytes = vec![0xff, 0xd8, 0xff, 0xe1, 0, exif.len() as u8 + 2];
        bytes.extend(exif);
        bytes.extend(&jpeg[2..]);
        bytes
    }

    #[test]
    fn every_orientation_comes_upright() {
        for orientation in 1..=8 {
            let size = decode(&turned(orientation)).unwrap().dimensions();
            assert_eq!(size, if orientation < 5 { (16, 8) } else { (8, 16) }, "{orientation}");
        }
        let (plain, mirrored) = (decode(&turned(1)).unwrap(), decode(&turned(2)).unwrap());
        assert!(plain.get_pixel(0, 4)[0] < 40 && mirrored.get_pixel(0, 4)[0] > 215);
    }

    #[test]
    fn a_jpeg_without_its_end_is_refused_wherever_it_was_cut() {
        let mut whole = turned(1);
        // A thumbnail, whose end is not the picture's.
        whole.splice(2..2, [&[0xff, 0xe2, 0, 6][..], &[0xff, 0xd8, 0xff, 0xd9]].concat());
        let size = |bytes: &[u8]| decode(bytes).map(|image| image.dimensions());
        assert_eq!(size(&whole).unwrap(), (16, 8));
        assert_eq!(size(&[&whole[..], b"a film"].concat()).unwrap(), (16, 8));
        for length in 0..whole.len() {
            assert!(size(&whole[..length]).unwrap_err().is_invalid_input(), "{length} of {}", whole.len());
        }
        assert!(size(&whole[..whole.len() - 2]).unwrap_err().to_string().contains("was cut off"));
    }

    #[test]
    fn transparent_pixels_are_black() {
        let bytes = png(&[200, 100, 50, 0, 200, 100, 50, 255], 2, 1, ExtendedColorType::Rgba8);
        assert_eq!(decode(&bytes).unwrap().into_raw(), [0, 0, 0, 255, 200, 100, 50, 255]);
    }

    #[test]
    fn what_claims_too_much_or_is_no_picture_is_refused() {
        // A quarter of what it would take as RGBA, and far less as it comes.
        let side = 8_200;
        let bits = png(&vec![0; side * side], side as u32, side as u32, ExtendedColorType::L8);
        assert!(bits.len() < side * side / 50, "it is small, packed: {}", bits.len());
        let error = decode(&bits).unwrap_err();
        assert!(error.is_invalid_input() && error.to_string().contains("megapixels, 67 are read"), "{error}");
        for bytes in [&b""[..], b"GIF89a", b"\x89PNG\r\n\x1a\n", &bits[..40]] {
            assert!(decode(bytes).unwrap_err().is_invalid_input());
        }
    }
}
