//! A picture's own colours -> sRGB, as a browser shows them.

use image::RgbaImage;
use moxcms::{
    CicpProfile, ColorProfile, DataColorSpace, Layout, ToneReprCurve, TransferCharacteristics, Transform8BitExecutor,
    TransformOptions,
};

use crate::error::{Error, Result};

/// A profile that changes no colour by more levels than these is sRGB's, written by another hand: pixels are then left alone.
const ALIKE: u8 = 2;

/// The ICC profile of a picture, which may be `gray`. `None` for one that cannot be used: as in browsers, the picture is sRGB then.
pub(super) fn of_icc(bytes: &[u8], gray: bool) -> Option<ColorProfile> {
    let profile = ColorProfile::new_from_slice(bytes).ok()?;
    match profile.color_space {
        DataColorSpace::Rgb => Some(profile),
        DataColorSpace::Gray if gray => Some(with_curve(ColorProfile::new_srgb(), profile.gray_trc?)),
        _ => None,
    }
}

/// The profile of code points (ITU-T H.273). What is unknown of them leaves it without curves, and pixels as they are.
pub(super) fn of_code_points(points: CicpProfile) -> ColorProfile {
    use TransferCharacteristics::{Bt601, Bt709, Bt202010bit, Bt202012bit};
    let profile = ColorProfile::new_from_cicp(points);
    match points.transfer_characteristics {
        // As browsers: the curve that screens show these by, not the one that cameras record with.
        Bt709 | Bt601 | Bt202010bit | Bt202012bit => with_curve(profile, ToneReprCurve::Parametric(vec![2.4])),
        _ => profile,
    }
}

/// The profile with one curve for red, green and blue.
pub(super) fn with_curve(mut profile: ColorProfile, curve: ToneReprCurve) -> ColorProfile {
    profile.cicp = None;
    profile.red_trc = Some(curve.clone());
    profile.green_trc = Some(curve.clone());
    profile.blue_trc = Some(curve);
    profile
}

/// Refuses a transfer of high dynamic range: without the tone mapping that each browser does its own way, colours are washed out.
///
/// # Errors
/// [`Error::is_invalid_input`] if it is PQ's or HLG's.
pub(super) fn check_transfer(transfer: TransferCharacteristics) -> Result<()> {
    let name = match transfer {
        TransferCharacteristics::Smpte2084 => "PQ",
        TransferCharacteristics::Hlg => "HLG",
        _ => return Ok(()),
    };
    Err(Error::invalid_input(format!("it is a picture of high dynamic range ({name}): convert it to sRGB first")))
}

/// Converts the pixels. Where the profile lacks what it takes, they are left as they are.
pub(super) fn to_srgb(pixels: &mut RgbaImage, profile: &ColorProfile) {
    let options = TransformOptions {
        rendering_intent: profile.rendering_intent,
        allow_use_cicp_transfer: false,
        ..TransformOptions::default()
    };
    let srgb = ColorProfile::new_srgb();
    let Ok(transform) = profile.create_transform_8bit(Layout::Rgba, &srgb, Layout::Rgba, options) else { return };
    if is_alike(&*transform) {
        return;
    }
    let row = pixels.width() as usize * 4;
    let mut converted = vec![0; row];
    for pixels in pixels.chunks_exact_mut(row) {
        transform.transform(pixels, &mut converted).expect("both are rows of one length");
        pixels.copy_from_slice(&converted);
    }
}

/// Whether nothing changes by more than [`ALIKE`]: told from all grays and a cube of colours.
fn is_alike(transform: &Transform8BitExecutor) -> bool {
    let steps = || (0..=255).step_by(17);
    let grays = (0..=255).map(|level| [level, level, level, 255]);
    let cube = steps().flat_map(|r| steps().flat_map(move |g| steps().map(move |b| [r, g, b, 255])));
    let before: Vec<u8> = grays.chain(cube).flatten().collect();
    let mut after = vec![0; before.len()];
    transform.transform(&before, &mut after).expect("both are of one length");
    before.iter().zip(&after).all(|(before, after)| before.abs_diff(*after) <= ALIKE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::decode;
    use image::{
        ExtendedColorType, ImageEncoder, Rgba,
        codecs::{jpeg::JpegEncoder, png::PngEncoder, webp::WebPEncoder},
    };

    /// A gray and a colour, over and over.
    const PIXELS: [[u8; 3]; 2] = [[128; 3], [100, 80, 70]];

    fn encoded(mut encoder: impl ImageEncoder, icc: &[u8]) {
        encoder.set_icc_profile(icc.to_vec()).unwrap();
        let half = |pixel| std::iter::repeat_n(pixel, 8 * 16);
        let bytes: Vec<u8> = half(PIXELS[0]).chain(half(PIXELS[1])).flatten().collect();
        encoder.write_image(&bytes, 16, 16, ExtendedColorType::Rgb8).unwrap();
    }

    /// What PIXELS become in a file of each format with this profile.
    fn shown(icc: &[u8]) -> Vec<[[u8; 3]; 2]> {
        let (mut jpeg, mut png, mut webp) = (Vec::new(), Vec::new(), Vec::new());
        encoded(JpegEncoder::new_with_quality(&mut jpeg, 100), icc);
        encoded(PngEncoder::new(&mut png), icc);
        encoded(WebPEncoder::new_lossless(&mut webp), icc);
        let pixel = |Rgba([r, g, b, _]): &Rgba<u8>| [*r, *g, *b];
        let both = |image: RgbaImage| [2, 13].map(|row| pixel(image.get_pixel(2, row)));
        [jpeg, png, webp].iter().map(|file| both(decode(file).unwrap())).collect()
    }

    fn near(got: [[u8; 3]; 2], right: [[u8; 3]; 2]) -> bool {
        got.as_flattened().iter().zip(right.as_flattened()).all(|(got, right)| got.abs_diff(*right) <= 2)
    }

    /// The values are Chromium 148's.
    #[test]
    fn profiles_are_converted_as_browsers_do() {
        let linear = with_curve(ColorProfile::new_srgb(), ToneReprCurve::Lut(vec![]));
        let mut swapped = ColorProfile::new_srgb();
        std::mem::swap(&mut swapped.red_colorant, &mut swapped.blue_colorant);
        let cases = [
            (linear, [[188; 3], [168, 152, 143]]),
            (swapped, [[128; 3], [70, 80, 100]]),
            (ColorProfile::new_display_p3(), [[128; 3], [104, 79, 68]]),
            (ColorProfile::new_pro_photo_rgb(), [[147; 3], [139, 93, 86]]),
        ];
        for (at, (profile, right)) in cases.into_iter().enumerate() {
            for got in shown(&profile.encode().unwrap()) {
                assert!(near(got, right), "{at}: {got:?}");
            }
        }
    }

    #[test]
    fn srgb_by_any_name_and_profiles_that_cannot_be_used_change_nothing() {
        let srgb = ColorProfile::new_srgb().encode().unwrap();
        let cut = &ColorProfile::new_pro_photo_rgb().encode().unwrap()[..300];
        // A browser looks at a gray profile in a gray picture only.
        let gray = ColorProfile::new_gray_with_gamma(1.0).encode().unwrap();
        for icc in [&srgb[..], cut, &gray, b"no profile"] {
            let [jpeg, png, webp] = shown(icc).try_into().unwrap();
            assert!(near(jpeg, PIXELS) && png == PIXELS && webp == PIXELS, "{jpeg:?} {png:?} {webp:?}");
        }
    }

    #[test]
    fn a_gray_picture_has_a_gray_profile() {
        let mut png = Vec::new();
        let mut encoder = PngEncoder::new(&mut png);
        let linear = with_gray(ToneReprCurve::Lut(vec![])).encode().unwrap();
        encoder.set_icc_profile(linear).unwrap();
        encoder.write_image(&[128], 1, 1, ExtendedColorType::L8).unwrap();
        assert!(decode(&png).unwrap().get_pixel(0, 0)[0].abs_diff(188) <= 1);
    }

    fn with_gray(curve: ToneReprCurve) -> ColorProfile {
        let mut profile = ColorProfile::new_gray_with_gamma(1.0);
        profile.gray_trc = Some(curve);
        profile
    }
}
