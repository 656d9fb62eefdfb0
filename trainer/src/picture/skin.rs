//! A photo's face -> the tone of its skin, for slices of error rates.
//!
//! The individual typology angle (Chardon et al., *Skin colour typology and suntanning pathways*, 1991) of both cheeks,
//! from CIE L*a*b* of sRGB as if the light were daylight. Photos are lit and developed as they are: a tone is a group of
//! photos, not a measurement of a person.

use bonafide::{
    face::Face,
    frame::Frame,
    region::{Region, sample},
};
use serde::{Deserialize, Serialize};

/// Colour differences below this are none: the photo is gray.
const GRAY: f32 = 1.5;

/// A group of skin tones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tone {
    /// Above 41 degrees: Chardon's very light and light.
    Light,
    /// 10 to 41 degrees: intermediate and tan.
    Medium,
    /// Below 10 degrees: brown and dark.
    Dark,
    /// The photo has no colour.
    Grayscale,
}

impl std::fmt::Display for Tone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Light => "skin tone light",
            Self::Medium => "skin tone medium",
            Self::Dark => "skin tone dark",
            Self::Grayscale => "grayscale",
        })
    }
}

impl Tone {
    /// The tone of a face in a frame.
    pub fn of(frame: &Frame<'_>, face: &Face) -> Self {
        let [right_eye, left_eye, nose, mouth, ..] = face.landmarks;
        let side = 0.12 * face.bounds.width;
        // Below each eye, as far down as the nose's tip lies above the mouth's middle.
        let cheeks = [right_eye, left_eye]
            .map(|eye| [eye[0], (nose[1] + mouth[1]) / 2.0])
            .map(|[cx, cy]| mean(&sample(frame, &Region { cx, cy, side, angle: 0.0 }, 8)));
        let rgb = [0, 1, 2].map(|channel| (cheeks[0][channel] + cheeks[1][channel]) / 2.0);
        let [lightness, a, b] = lab(rgb);
        if a.hypot(b) < GRAY {
            return Self::Grayscale;
        }
        match (lightness - 50.0).atan2(b).to_degrees() {
            angle if angle > 41.0 => Self::Light,
            angle if angle > 10.0 => Self::Medium,
            _ => Self::Dark,
        }
    }
}

fn mean(planes: &[f32]) -> [f32; 3] {
    let area = planes.len() / 3;
    [0, 1, 2].map(|channel| planes[channel * area..(channel + 1) * area].iter().sum::<f32>() / area as f32)
}

/// sRGB (IEC 61966-2-1) to CIE L*a*b* under D65.
fn lab(rgb: [f32; 3]) -> [f32; 3] {
    let [r, g, b] = rgb.map(|v| if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) });
    let xyz = [
        (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.950_47,
        0.2126 * r + 0.7152 * g + 0.0722 * b,
        (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.088_83,
    ];
    let [x, y, z] = xyz.map(|v| if v > 0.008_856 { v.cbrt() } else { 7.787 * v + 16.0 / 116.0 });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use bonafide::face::FaceBox;

    fn tone(rgb: [u8; 3]) -> Tone {
        let rgba: Vec<u8> = (0..64 * 64).flat_map(|_| [rgb[0], rgb[1], rgb[2], 255]).collect();
        let bounds = FaceBox { x: 16.0, y: 16.0, width: 32.0, height: 32.0, confidence: 1.0 };
        let landmarks = [[26.0, 26.0], [38.0, 26.0], [32.0, 34.0], [32.0, 41.0], [17.0, 30.0], [47.0, 30.0]];
        Tone::of(&Frame::new(&rgba, 64, 64).unwrap(), &Face { bounds, landmarks })
    }

    #[test]
    fn tones_follow_the_typology_angle() {
        // L* 82, b* 15; L* 63, b* 19; L* 30, b* 13.
        assert_eq!(tone([233, 200, 176]), Tone::Light);
        assert_eq!(tone([188, 143, 118]), Tone::Medium);
        assert_eq!(tone([94, 62, 48]), Tone::Dark);
        assert_eq!(tone([120, 120, 120]), Tone::Grayscale);
    }

    #[test]
    fn white_is_white() {
        let [lightness, a, b] = lab([1.0; 3]);
        assert!((lightness - 100.0).abs() < 0.1 && a.abs() < 0.1 && b.abs() < 0.1);
    }
}
