//! The bytes of an image file -> the pixels of a [`Frame`](crate::frame::Frame), in sRGB: the one decoder of the trainer and of `verify`.

mod colours;
mod jpeg;
mod png;

use std::io::{Cursor, Error as IoError, ErrorKind, Read, Result as IoResult, Seek, SeekFrom};

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbaImage, metadata::Orientation};
use moxcms::ColorProfile;

use crate::{
    error::{Error, Result},
    frame::{MAX_SIDE, over_black},
};

/// Most pixels that are decoded, 67 million: more is no photo of a face but an attack on memory.
pub const MAX_PIXELS: u64 = 64 * 1024 * 1024;

/// Most bytes of an image file that are read, 268 million: as many as [`MAX_PIXELS`] take unpacked.
pub const MAX_BYTES: u64 = MAX_PIXELS * 4;

/// The bytes of an image file.
///
/// # Errors
/// If it cannot be read, or, before it is, if it has more than [`MAX_BYTES`].
pub fn bytes(mut file: impl Read + Seek) -> IoResult<Vec<u8>> {
    let length = file.seek(SeekFrom::End(0))?;
    if length > MAX_BYTES {
        let [has, most] = [length, MAX_BYTES].map(|bytes| bytes / 1_000_000);
        return Err(IoError::new(ErrorKind::FileTooLarge, format!("it has {has} MB, {most} are read of an image")));
    }
    file.rewind()?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Decodes a JPEG, PNG or WebP: RGBA8 of sRGB, converted from the colours that it says it has, upright as its EXIF orientation
/// says, laid over black; all as in a browser.
///
/// # Errors
/// [`Error::is_invalid_input`] if it is no such image, damaged, cut off, of high dynamic range, or, before it is unpacked, if it
/// claims more than [`MAX_PIXELS`] or a side above [`MAX_SIDE`].
pub fn decode(bytes: &[u8]) -> Result<RgbaImage> {
    let undecodable =
        |e: image::ImageError| Error::invalid_input(format!("it is not an image that can be decoded: {e}"));
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().expect("memory can be read");
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_PIXELS * 4);
    reader.limits(limits);
    let format = reader.format();
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
    let orientation = if format == Some(ImageFormat::Jpeg) {
        let markers = jpeg::markers(bytes);
        // The decoder would fill what is missing with gray; of PNG and WebP it refuses that itself.
        if !markers.ends {
            return Err(Error::invalid_input("it is a JPEG that was cut off: its end is missing"));
        }
        markers.exif.and_then(Orientation::from_exif_chunk).unwrap_or(Orientation::NoTransforms)
    } else {
        decoder.orientation().map_err(undecodable)?
    };
    let profile = profile(bytes, format, &mut decoder)?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(undecodable)?;
    image.apply_orientation(orientation);
    let mut rgba = image.into_rgba8();
    if let Some(profile) = profile {
        colours::to_srgb(&mut rgba, &profile);
    }
    over_black(&mut rgba);
    Ok(rgba)
}

/// What the numbers of a picture's colours mean, `None` for those of sRGB: a PNG's code points count before a profile, and its
/// gamma where there is neither.
fn profile(bytes: &[u8], format: Option<ImageFormat>, decoder: &mut impl ImageDecoder) -> Result<Option<ColorProfile>> {
    let chunks = if format == Some(ImageFormat::Png) { png::Chunks::of(bytes) } else { png::Chunks::default() };
    let gray = !decoder.color_type().has_color();
    let mut icc = || decoder.icc_profile().ok().flatten().and_then(|icc| colours::of_icc(&icc, gray));
    let profile = match chunks.code_points() {
        Some(points) => {
            colours::check_transfer(points.transfer_characteristics)?;
            Some(colours::of_code_points(points))
        }
        None => icc().or_else(|| chunks.gamma()),
    };
    if let Some(points) = profile.as_ref().and_then(|profile| profile.cicp) {
        colours::check_transfer(points.transfer_characteristics)?;
    }
    Ok(profile)
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
        turned_by(&[tiff(orientation)])
    }

    fn tiff(orientation: u8) -> Vec<u8> {
        let mut tiff = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
        tiff.extend([orientation, 0, 0, 0, 0, 0, 0]);
        tiff
    }

    /// A JPEG's bytes with an EXIF segment of each of these.
    fn turned_by(tiffs: &[Vec<u8>]) -> Vec<u8> {
        let mut jpeg = Vec::new();
        let wide = RgbaImage::from_fn(16, 8, |x, _| image::Rgba([if x < 8 { 0 } else { 255 }; 4]));
        DynamicImage::from(DynamicImage::from(wide).into_rgb8())
            .write_to(&mut Cursor::new(&mut jpeg), image::ImageFormat::Jpeg)
            .unwrap();
        let mut bytes = vec![0xff, 0xd8];
        for tiff in tiffs {
            bytes.extend([0xff, 0xe1, 0, tiff.len() as u8 + 8]);
            bytes.extend(b"Exif\0\0");
            bytes.extend(tiff);
        }
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
    fn of_two_exif_segments_the_first_that_holds_any_counts() {
        let unknown = b"II*\0\xff\xff\xff\x7f".to_vec();
        for (tiffs, size) in [
            ([tiff(6), tiff(1)], (8, 16)),
            ([tiff(1), tiff(6)], (16, 8)),
            ([unknown, tiff(6)], (16, 8)),
            ([Vec::new(), tiff(6)], (8, 16)),
        ] {
            assert_eq!(decode(&turned_by(&tiffs)).unwrap().dimensions(), size, "{tiffs:?}");
        }
    }

    #[test]
    fn the_end_of_another_jpeg_is_not_that_of_one_that_was_cut_off() {
        let (first, other) = (turned(1), turned(1));
        // Behind the marker and its segment of 12 bytes.
        let scan = first.windows(2).rposition(|two| two == [0xff, 0xda]).unwrap() + 14;
        for length in scan..first.len() - 1 {
            let error = decode(&[&first[..length], &other].concat()).unwrap_err();
            assert!(error.to_string().contains("was cut off"), "{length} of {}: {error}", first.len());
        }
        assert!(decode(&[first, other].concat()).is_ok(), "as phones append pictures");
    }

    #[test]
    fn a_file_that_is_too_long_is_refused_before_it_is_read() {
        /// So many bytes, none of which may be read.
        struct Unread(u64);
        impl Read for Unread {
            fn read(&mut self, _: &mut [u8]) -> IoResult<usize> {
                panic!("it was read");
            }
        }
        impl Seek for Unread {
            fn seek(&mut self, _: SeekFrom) -> IoResult<u64> {
                Ok(self.0)
            }
        }
        let error = bytes(Unread(3_000_000_000)).unwrap_err();
        assert_eq!(error.to_string(), "it has 3000 MB, 268 are read of an image");
        assert_eq!(bytes(Cursor::new(b"short")).unwrap(), b"short");
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
