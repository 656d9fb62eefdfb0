//! What JPEG and video compression leave of a picture.

use image::{ExtendedColorType, ImageEncoder, codecs::jpeg::JpegEncoder};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{
    Picture,
    light::{blur, resize},
};

/// How a picture is compressed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Codec {
    /// JPEG of a quality from 1 to 100.
    Jpeg(u8),
    /// A frame of a video: colour at half the resolution, coarse steps, and block edges smoothed.
    Video(u8),
}

impl Codec {
    pub(super) fn draw(rng: &mut ChaCha8Rng) -> Self {
        if rng.random_bool(0.5) {
            Self::Jpeg(rng.random_range(60..=97))
        } else {
            Self::Video(rng.random_range(35..=92))
        }
    }

    /// One that leaves blocks.
    pub(super) fn coarse(rng: &mut ChaCha8Rng) -> Self {
        if rng.random_bool(0.5) {
            Self::Jpeg(rng.random_range(18..=40))
        } else {
            Self::Video(rng.random_range(12..=30))
        }
    }

    /// From 1 to 100.
    pub(super) fn quality(self) -> u8 {
        match self {
            Self::Jpeg(quality) | Self::Video(quality) => quality,
        }
    }

    /// Through the codec and back.
    pub(super) fn pass(self, picture: &Picture) -> Picture {
        match self {
            Self::Jpeg(quality) => jpeg(picture, quality),
            Self::Video(quality) => {
                let blocks = jpeg(&half_colour(picture), quality);
                // In-loop deblocking smooths where quantisation is coarse.
                blur(&blocks, 0.15 + 0.35 * (1.0 - f32::from(quality) / 100.0))
            }
        }
    }
}

/// Colour differences at half the resolution (4:2:0), luma as it is.
fn half_colour(picture: &Picture) -> Picture {
    let luma = |rgb: [f32; 3]| 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
    let coarse = resize(&resize(picture, picture.size.div_ceil(2)), picture.size);
    let mut out = picture.clone();
    for at in 0..picture.size * picture.size {
        let (fine, soft) = (picture.rgb(at), coarse.rgb(at));
        let change = luma(fine) - luma(soft);
        out.set(at, soft.map(|value| value + change));
    }
    out
}

/// Through a JPEG file and back.
pub(crate) fn jpeg(picture: &Picture, quality: u8) -> Picture {
    let (size, plane) = (picture.size, picture.size * picture.size);
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut file, quality)
        .write_image(&picture.bytes(), size as u32, size as u32, ExtendedColorType::Rgb8)
        .expect("an RGB buffer of this size encodes into memory");
    let decoded = image::load_from_memory_with_format(&file, image::ImageFormat::Jpeg)
        .expect("what was just encoded decodes")
        .into_rgb8();
    let mut out = Picture { size, planes: vec![0.0; 3 * plane] };
    for (at, pixel) in decoded.pixels().enumerate() {
        out.set(at, pixel.0.map(|value| f32::from(value) / 255.0));
    }
    out
}
