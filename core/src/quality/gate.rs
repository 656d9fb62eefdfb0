//! [`Quality`] -> the [`Hint`] that stands against scoring the frame, if one does. Stateless: a guide that must not
//! flicker is the session's business.
//!
//! The limits are wide: they keep out frames that say nothing, not people. Light and focus were measured on 1,992 photos
//! (99 CC0 portraits, 813 portraits of Congress, 1,077 generated faces, 3 samples) and set beside the bona fide faces of
//! six video cameras: the "softest", "darkest" and "flattest" camera's 5th percentile is named.

use serde::{Deserialize, Serialize};

use super::Quality;

/// Smallest face, in shorter sides. The detector sees the frame at 128 pixels, and its landmarks are surer of larger faces;
/// a person who comes as close as this fills the frame as the portraits do that the networks know.
pub const MIN_SIZE: f32 = 0.3;
/// Smallest face in pixels. The experts told real attacks before a webcam from live people with an AUC of 0.998 on faces
/// from 120 pixels and of 0.97 on smaller ones, at another level, so that one threshold cannot serve both (measured outside
/// this project); thresholds were fitted on faces from 150. The crop magnifies a face below 149.
pub const MIN_PIXELS: f32 = 150.0;
/// Largest face, in shorter sides. Beyond 0.67 the crop (1.5 faces wide) reaches outside the frame; a little may.
pub const MAX_SIZE: f32 = 0.75;
/// Farthest centre from the frame's, in shorter sides: a face half as wide as the frame is still whole.
pub const MAX_OFFSET: f32 = 0.25;
/// Largest yaw, degrees. Of 813 official portraits 98 % are within this and the two below.
pub const MAX_YAW: f32 = 20.0;
/// Largest pitch either way, degrees. Ten of them are the measure's own error.
pub const MAX_PITCH: f32 = 25.0;
/// Largest roll, degrees. The crop stays upright, and the networks saw upright faces.
pub const MAX_ROLL: f32 = 20.0;
/// Darkest face, mean luma. The darkest camera has 0.15; 5 photos are below. Low, so that dark skin in a lit room passes.
pub const MIN_BRIGHTNESS: f32 = 0.12;
/// Brightest face, mean luma. The brightest photo has 0.79; above, skin is clipped.
pub const MAX_BRIGHTNESS: f32 = 0.85;
/// Least standard deviation of luma: fog, a covered lens, a face against the light. The flattest camera has 0.08; 2 photos
/// are below.
pub const MIN_CONTRAST: f32 = 0.05;
/// Least sharpness. The softest camera has 16; 2 photos are below as they are, and blurred by a Gaussian of 1, 1.5 and 2 %
/// of the face's side 13, 89 and 100 % of them.
pub const MIN_SHARPNESS: f32 = 12.0;
/// Most of P(covered). The network's threshold is a part of it: at 0.5 at most 1 % of uncovered faces lay above
/// (trainer/docs/covers.md).
pub const MAX_COVERED: f32 = 0.5;

/// What the person, or whoever holds the camera, could change, most important first. The names are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Hint {
    /// There is no face.
    NoFace,
    /// There is more than one face.
    SeveralFaces,
    /// The face is small: come closer.
    TooFar,
    /// The face is large: move away.
    TooClose,
    /// The face is not in the middle.
    OffCentre,
    /// The head, or the camera, is tilted sideways, lies, or stands on its head.
    Straighten,
    /// The head is turned away, up or down.
    TurnToCamera,
    /// The face is dark.
    TooDark,
    /// The face is overexposed.
    TooBright,
    /// The face is flat: fog on the lens, or light from behind.
    LowContrast,
    /// The face is blurred.
    HoldStill,
    /// Something covers the eyes or the mouth: a mask, dark glasses, a hand.
    Uncover,
}

impl Hint {
    /// All hints, most important first.
    pub const ALL: [Self; 12] = [
        Self::NoFace,
        Self::SeveralFaces,
        Self::TooFar,
        Self::TooClose,
        Self::OffCentre,
        Self::Straighten,
        Self::TurnToCamera,
        Self::TooDark,
        Self::TooBright,
        Self::LowContrast,
        Self::HoldStill,
        Self::Uncover,
    ];
}

impl Quality {
    /// The most important hint; `None` if the frame is worth scoring.
    pub fn hint(&self) -> Option<Hint> {
        Hint::ALL.into_iter().find(|hint| self.calls_for(*hint))
    }

    fn calls_for(&self, hint: Hint) -> bool {
        let Some(face) = &self.face else { return hint == Hint::NoFace };
        match hint {
            Hint::NoFace => self.faces == 0,
            Hint::SeveralFaces => self.faces > 1,
            Hint::TooFar => face.size < MIN_SIZE || face.pixels < MIN_PIXELS,
            Hint::TooClose => face.size > MAX_SIZE,
            Hint::OffCentre => {
                let [x, y] = face.offset;
                (x * x + y * y).sqrt() > MAX_OFFSET
            }
            Hint::Straighten => face.roll.abs() > MAX_ROLL,
            Hint::TurnToCamera => face.yaw.abs() > MAX_YAW || face.pitch.abs() > MAX_PITCH,
            Hint::TooDark => face.brightness < MIN_BRIGHTNESS,
            Hint::TooBright => face.brightness > MAX_BRIGHTNESS,
            Hint::LowContrast => face.contrast < MIN_CONTRAST,
            Hint::HoldStill => face.sharpness < MIN_SHARPNESS,
            Hint::Uncover => face.covered.is_some_and(|covered| covered > MAX_COVERED),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::quality::FaceQuality;

    /// A face that nothing stands against.
    pub(crate) const GOOD: FaceQuality = FaceQuality {
        size: 0.5,
        pixels: 240.0,
        offset: [0.0, 0.0],
        yaw: 0.0,
        pitch: 0.0,
        roll: 0.0,
        brightness: 0.45,
        contrast: 0.2,
        sharpness: 300.0,
        landmarks: None,
        covered: None,
    };

    fn hint(face: FaceQuality) -> Option<Hint> {
        Quality { faces: 1, face: Some(face) }.hint()
    }

    #[test]
    fn each_fault_has_its_hint() {
        assert_eq!(hint(GOOD), None);
        assert_eq!(hint(FaceQuality { covered: Some(0.5), ..GOOD }), None);
        assert_eq!(Quality { faces: 0, face: None }.hint(), Some(Hint::NoFace));
        assert_eq!(Quality { faces: 2, face: Some(GOOD) }.hint(), Some(Hint::SeveralFaces));
        for (face, expected) in [
            (FaceQuality { size: 0.29, ..GOOD }, Hint::TooFar),
            (FaceQuality { pixels: 149.0, ..GOOD }, Hint::TooFar),
            (FaceQuality { size: 0.9, ..GOOD }, Hint::TooClose),
            (FaceQuality { offset: [0.2, -0.2], ..GOOD }, Hint::OffCentre),
            (FaceQuality { yaw: -21.0, ..GOOD }, Hint::TurnToCamera),
            (FaceQuality { pitch: 26.0, ..GOOD }, Hint::TurnToCamera),
            (FaceQuality { roll: -21.0, ..GOOD }, Hint::Straighten),
            (FaceQuality { roll: 180.0, yaw: 30.0, ..GOOD }, Hint::Straighten),
            (FaceQuality { brightness: 0.05, ..GOOD }, Hint::TooDark),
            (FaceQuality { brightness: 0.95, ..GOOD }, Hint::TooBright),
            (FaceQuality { contrast: 0.01, ..GOOD }, Hint::LowContrast),
            (FaceQuality { sharpness: 3.0, ..GOOD }, Hint::HoldStill),
            (FaceQuality { sharpness: 3.0, covered: Some(0.9), ..GOOD }, Hint::HoldStill),
            (FaceQuality { covered: Some(0.51), ..GOOD }, Hint::Uncover),
        ] {
            assert_eq!(hint(face), Some(expected), "{face:?}");
        }
    }

    #[test]
    fn the_most_important_hint_wins() {
        let poor = FaceQuality { yaw: 60.0, brightness: 0.01, contrast: 0.0, sharpness: 0.0, ..GOOD };
        assert_eq!(hint(poor), Some(Hint::TurnToCamera));
        assert_eq!(hint(FaceQuality { size: 0.1, ..poor }), Some(Hint::TooFar));
        assert!(Hint::ALL.is_sorted());
    }

    #[test]
    fn names_are_stable() {
        let names = serde_json::to_string(&Hint::ALL).unwrap();
        let expected = r#"["no-face","several-faces","too-far","too-close","off-centre","straighten","turn-to-camera","too-dark","too-bright","low-contrast","hold-still","uncover"]"#;
        assert_eq!(names, expected);
    }
}
