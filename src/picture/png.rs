//! A PNG's chunks -> what the numbers of its colours mean, as far as no profile says it.

use moxcms::{
    Chromaticity, CicpColorPrimaries, CicpProfile, ColorPrimaries, ColorProfile, MatrixCoefficients, ToneReprCurve,
    TransferCharacteristics,
};

use super::colours::with_curve;

/// What stands before a PNG's pixels: the chunk `cICP`, which counts before a profile, and what counts without one.
#[derive(Default)]
pub(super) struct Chunks {
    /// Primaries, transfer, matrix and whether the range is full, by the numbers of H.273.
    code_points: Option<[u8; 4]>,
    srgb: bool,
    /// 100,000 times the exponent that gave the numbers, 45,455 for most.
    gamma: Option<u32>,
    /// 100,000 times x and y of white, red, green and blue.
    chromaticities: Option<[u32; 8]>,
}

impl Chunks {
    /// Reads the chunks before the pixels.
    pub(super) fn of(png: &[u8]) -> Self {
        let mut found = Self::default();
        let mut rest = png.get(8..).unwrap_or_default();
        while let Some((&[a, b, c, d, ref kind @ ..], after)) = rest.split_first_chunk::<8>() {
            let length = u32::from_be_bytes([a, b, c, d]) as usize;
            let Some(data) = after.get(..length) else { break };
            match kind {
                b"cICP" => found.code_points = data.try_into().ok(),
                b"sRGB" => found.srgb = true,
                b"gAMA" => found.gamma = numbers(data).map(|[gamma]| gamma).filter(|gamma| *gamma > 0),
                b"cHRM" => found.chromaticities = numbers(data),
                b"IDAT" => break,
                _ => {}
            }
            // Behind the data is a checksum.
            rest = after.get(length + 4..).unwrap_or_default();
        }
        found
    }

    /// The code points, where they are known and those of red, green and blue in the full range.
    pub(super) fn code_points(&self) -> Option<CicpProfile> {
        let [primaries, transfer, 0, 1] = self.code_points? else { return None };
        Some(CicpProfile {
            color_primaries: CicpColorPrimaries::try_from(primaries).ok()?,
            transfer_characteristics: TransferCharacteristics::try_from(transfer).ok()?,
            matrix_coefficients: MatrixCoefficients::Identity,
            full_range: true,
        })
    }

    /// What the gamma says, with the primaries if there are some; primaries alone say nothing, nor does a gamma within a
    /// twentieth of sRGB's. As in Chromium.
    pub(super) fn gamma(&self) -> Option<ColorProfile> {
        let gamma = f64::from(self.gamma.filter(|_| !self.srgb)?) / 100_000.0;
        let mut profile = ColorProfile::new_srgb();
        if let Some(xy) = self.chromaticities {
            let [white, red, green, blue] =
                [0, 2, 4, 6].map(|at| Chromaticity::new(xy[at] as f32 / 100_000.0, xy[at + 1] as f32 / 100_000.0));
            profile.update_rgb_colorimetry(white.to_xyyb(), ColorPrimaries { red, green, blue });
        } else if (gamma * 2.2 - 1.0).abs() < 0.05 {
            return None;
        }
        Some(with_curve(profile, ToneReprCurve::Parametric(vec![(1.0 / gamma) as f32])))
    }
}

/// As many numbers of four bytes as are asked for, and no other bytes.
fn numbers<const N: usize>(data: &[u8]) -> Option<[u32; N]> {
    let numbers: Vec<u32> =
        data.chunks(4).map(|four| four.try_into().map(u32::from_be_bytes)).collect::<Result<_, _>>().ok()?;
    numbers.try_into().ok()
}

#[cfg(test)]
mod tests {
    use crate::picture::decode;
    use image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};

    const SRGB: [u32; 8] = [31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000];

    /// What [100, 80, 70] becomes with these chunks.
    fn shown(chunks: &[(&[u8; 4], Vec<u8>)]) -> crate::error::Result<[u8; 3]> {
        let mut png = Vec::new();
        PngEncoder::new(&mut png).write_image(&[100, 80, 70], 1, 1, ExtendedColorType::Rgb8).unwrap();
        let mut before = Vec::new();
        for (kind, data) in chunks {
            let named = [&kind[..], data].concat();
            before.extend((data.len() as u32).to_be_bytes());
            before.extend(&named);
            before.extend(crc(&named).to_be_bytes());
        }
        // The signature and the chunk IHDR.
        png.splice(33..33, before);
        decode(&png).map(|image| image.into_raw()[..3].try_into().unwrap())
    }

    fn crc(bytes: &[u8]) -> u32 {
        let bit = |crc: u32| (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 };
        !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| bit(crc)))
    }

    fn bytes(numbers: &[u32]) -> Vec<u8> {
        numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
    }

    /// The values are Chromium 148's, as they are below.
    #[test]
    fn gamma_counts_unless_it_is_srgbs_and_primaries_count_with_it() {
        let gamma = |gamma| (b"gAMA", bytes(&[gamma]));
        let mut wide = SRGB;
        wide[2..].copy_from_slice(&[68_000, 32_000, 26_500, 69_000, 15_000, 6_000]);
        let primaries = |numbers: &[u32]| (b"cHRM", bytes(numbers));
        for (chunks, right) in [
            (vec![gamma(100_000)], [168, 152, 143]),
            (vec![gamma(50_000)], [109, 88, 78]),
            (vec![gamma(45_455)], [100, 80, 70]),
            (vec![gamma(0)], [100, 80, 70]),
            (vec![gamma(100_000), primaries(&SRGB)], [168, 152, 143]),
            (vec![gamma(45_455), primaries(&wide)], [104, 78, 66]),
            (vec![primaries(&wide)], [100, 80, 70]),
            (vec![(b"sRGB", vec![0]), gamma(100_000)], [100, 80, 70]),
        ] {
            let got = shown(&chunks).unwrap();
            assert!(got.iter().zip(right).all(|(got, right)| got.abs_diff(right) <= 1), "{chunks:?}: {got:?}");
        }
    }

    #[test]
    fn code_points_count_first_and_high_dynamic_range_is_refused() {
        let linear = (b"gAMA", bytes(&[100_000]));
        for (points, right) in [
            ([1, 13, 0, 1], [100, 80, 70]),
            ([12, 13, 0, 1], [104, 79, 68]),
            ([1, 1, 0, 1], [91, 70, 60]),
            ([9, 14, 0, 1], [103, 67, 58]),
            ([77, 77, 0, 1], [100, 80, 70]),
        ] {
            let got = shown(&[(b"cICP", points.to_vec())]).unwrap();
            assert!(got.iter().zip(right).all(|(got, right)| got.abs_diff(right) <= 1), "{points:?}: {got:?}");
        }
        assert_eq!(shown(&[(b"cICP", vec![1, 13, 0, 1]), linear]).unwrap(), [100, 80, 70]);
        for (transfer, name) in [(16, "PQ"), (18, "HLG")] {
            let error = shown(&[(b"cICP", vec![9, transfer, 0, 1])]).unwrap_err();
            let says = format!("high dynamic range ({name}): convert it to sRGB first");
            assert!(error.is_invalid_input() && error.to_string().contains(&says), "{error}");
        }
    }
}
