//! [`Frame`] + its faces -> [`Quality`]: how one frame was taken. Says nothing of liveness and remembers no other frame.
//!
//! [`pose`] reads the landmarks, [`light`] the pixels, and [`gate`] tells whether such a frame is worth scoring. All are
//! plain `f32` in a fixed order.
//!
//! Left and right are the person's own. A frame must come as the camera takes it: in a mirrored one (a preview that was
//! flipped before it was read, not just in CSS) left and right are exchanged, and nothing here can notice.

pub mod gate;
pub mod light;
pub mod pose;

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    face::Face,
    frame::Frame,
};
pub use gate::Hint;

/// A face whose longer side is below this share of the largest one's is a passer-by, or a picture on the wall: it is
/// neither counted nor measured. Two people who share a camera differ by less; twice the distance halves a face.
pub const PASSER_BY: f32 = 0.5;

/// Measures of one frame.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Quality {
    /// Faces in front of the camera, see [`in_front`].
    pub faces: u32,
    /// The most confident of them; `None` without faces.
    pub face: Option<FaceQuality>,
}

/// Measures of one face. Lengths are shares of the frame's shorter side, angles are degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FaceQuality {
    /// The face box's longer side, above 0.
    pub size: f32,
    /// The same side in pixels, above 0.
    pub pixels: f32,
    /// From the frame's centre to the box's: right and down in the picture.
    pub offset: [f32; 2],
    /// Above 0: the head is turned to the person's left. See [`pose`] for what it can tell.
    pub yaw: f32,
    /// Above 0: the head looks up. Its zero differs from person to person, by some ten degrees.
    pub pitch: f32,
    /// Above 0: the eyes' line falls towards the person's left (clockwise in the picture).
    pub roll: f32,
    /// Mean luma of the face box, in `[0, 1]`.
    pub brightness: f32,
    /// Standard deviation of that luma, in `[0, 0.5]`.
    pub contrast: f32,
    /// Variance of the Laplacian of the face box at 128 x 128 pixels, luma in 0..255, from 0.
    pub sharpness: f32,
    /// [`Face::landmarks`] from the box's centre, in units of its longer side, to four decimals: finer than a detector sees,
    /// and short in a recording. `None` in recordings made before there were any; [`Quality::measure`] always gives them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub landmarks: Option<[[f32; 2]; 6]>,
    /// P(something covers the eyes or the mouth), in `[0, 1]`, to four decimals. `None` where nobody looked: another hint stood
    /// against the frame, the weights have no network for it, or the recording is older than that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covered: Option<f32>,
}

impl Quality {
    /// Measures a frame. `faces` as [`crate::face::FaceDetector::detect`] gives them, all of them, most confident first.
    ///
    /// Faces with numbers that are not finite give measures that are not, which a session refuses.
    pub fn measure(frame: &Frame<'_>, faces: &[Face]) -> Self {
        let mut near = in_front(faces);
        let face = near.next().map(|face| FaceQuality::measure(frame, face));
        Self { faces: u32::try_from(usize::from(face.is_some()) + near.count()).unwrap_or(u32::MAX), face }
    }

    /// The same frame, whose face was looked at for covers: their log-odds, not NaN. Without a face it stays as it is.
    #[must_use]
    pub fn with_cover(self, log_odds: f32) -> Self {
        let covered = Some(decimals(1.0 / (1.0 + (-log_odds).exp())));
        Self { face: self.face.map(|face| FaceQuality { covered, ..face }), ..self }
    }

    /// The face, if it is the only one.
    pub fn single(&self) -> Option<&FaceQuality> {
        self.face.as_ref().filter(|_| self.faces == 1)
    }

    /// Refuses what [`Quality::measure`] cannot have made from a detected face.
    ///
    /// # Errors
    /// [`Error::is_invalid_input`].
    pub(crate) fn check(&self) -> Result<()> {
        if (self.faces > 0) != self.face.is_some() {
            return Err(Error::invalid_input(format!(
                "{} faces were counted but {} measured: measure the first of them",
                self.faces,
                u8::from(self.face.is_some())
            )));
        }
        let Some(face) = self.face else { return Ok(()) };
        let finite = [face.offset[0], face.offset[1], face.yaw, face.pitch, face.roll].iter().all(|v| v.is_finite());
        let positive = [face.size, face.pixels].iter().all(|v| v.is_finite() && *v > 0.0);
        let shares = [face.brightness, face.contrast].iter().chain(&face.covered).all(|v| (0.0..=1.0).contains(v));
        let placed = face.landmarks.iter().flatten().flatten().all(|v| v.is_finite());
        if finite && positive && shares && placed && face.sharpness.is_finite() && face.sharpness >= 0.0 {
            return Ok(());
        }
        Err(Error::invalid_input(format!("a face cannot measure like this: {face:?}")))
    }
}

/// The faces without passers-by (see [`PASSER_BY`]), in their order; none only if there are none. The first is the one
/// that [`Quality::measure`] measures, so the one to score.
pub fn in_front(faces: &[Face]) -> impl Iterator<Item = &Face> {
    let side = |face: &Face| face.bounds.width.max(face.bounds.height);
    let largest = faces.iter().map(side).fold(f32::NEG_INFINITY, f32::max);
    // Sides below 0 and those that are no numbers stay, so that a session refuses what they measure.
    let limit = largest.min(PASSER_BY * largest);
    faces.iter().filter(move |face| {
        let passes_by = side(face) < limit;
        !passes_by
    })
}

impl FaceQuality {
    fn measure(frame: &Frame<'_>, face: &Face) -> Self {
        let (width, height) = (frame.width() as f32, frame.height() as f32);
        let shorter = width.min(height);
        let square = face.bounds.square(1.0);
        let pose = pose::Pose::of(&face.landmarks);
        let light = light::Light::of(frame, &square);
        Self {
            size: square.side / shorter,
            pixels: square.side,
            offset: [(square.cx - width / 2.0) / shorter, (square.cy - height / 2.0) / shorter],
            yaw: pose.yaw,
            pitch: pose.pitch,
            roll: pose.roll,
            brightness: light.brightness,
            contrast: light.contrast,
            sharpness: light.sharpness,
            landmarks: Some(
                face.landmarks.map(|[x, y]| [x - square.cx, y - square.cy].map(|v| decimals(v / square.side))),
            ),
            covered: None,
        }
    }
}

fn decimals(value: f32) -> f32 {
    (value * 1e4).round() / 1e4
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::FaceBox;

    #[test]
    fn size_and_place_are_shares_of_the_shorter_side() {
        let pixels = vec![128; 400 * 200 * 4];
        let frame = Frame::new(&pixels, 400, 200).unwrap();
        let bounds = FaceBox { x: 200.0, y: 60.0, width: 80.0, height: 100.0, confidence: 0.9 };
        let landmarks = [[220.0, 90.0], [260.0, 90.0], [240.0, 114.0], [240.0, 134.0], [205.0, 95.0], [275.0, 95.0]];
        let quality = Quality::measure(&frame, &[Face { bounds, landmarks }]);
        let face = quality.single().unwrap();
        assert_eq!((face.size, face.pixels, face.offset), (0.5, 100.0, [0.2, 0.05]));
        assert!((face.brightness - 128.0 / 255.0).abs() < 1e-3 && face.contrast < 1e-3 && face.sharpness < 1e-2);
        let places = [[-0.2, -0.2], [0.2, -0.2], [0.0, 0.04], [0.0, 0.24], [-0.35, -0.15], [0.35, -0.15]];
        assert_eq!(face.landmarks, Some(places));
        assert!(quality.check().is_ok());
        assert_eq!(face.covered, None);
        let covered = quality.with_cover(2.0);
        assert!(covered.check().is_ok() && covered.face.unwrap().covered == Some(0.8808));
        assert_eq!([-200.0, 200.0].map(|odds| quality.with_cover(odds).face.unwrap().covered), [Some(0.0), Some(1.0)]);
        assert!(quality.with_cover(f32::NAN).check().unwrap_err().is_invalid_input());
        let two = Quality::measure(&frame, &[Face { bounds, landmarks }; 2]);
        assert!(two.faces == 2 && two.face == quality.face && two.single().is_none());
        assert_eq!(Quality::measure(&frame, &[]), Quality { faces: 0, face: None });
    }

    #[test]
    fn passers_by_are_neither_counted_nor_measured() {
        let pixels = vec![128; 400 * 400 * 4];
        let frame = Frame::new(&pixels, 400, 400).unwrap();
        let face = |x: f32, side: f32, confidence: f32| Face {
            bounds: FaceBox { x, y: 60.0, width: 0.8 * side, height: side, confidence },
            landmarks: [[x, 90.0]; 6],
        };
        // The detector is surer of the small face behind than of the large one.
        let (behind, near, beside) = (face(10.0, 79.0, 0.99), face(120.0, 160.0, 0.9), face(290.0, 81.0, 0.7));
        let quality = Quality::measure(&frame, &[behind, near]);
        assert_eq!((quality.faces, quality.face.unwrap().pixels), (1, 160.0));
        assert_eq!(in_front(&[behind, near]).collect::<Vec<_>>(), [&near]);
        assert_eq!(Quality::measure(&frame, &[behind, near, beside]).faces, 2);
        assert_eq!(Quality::measure(&frame, &[behind]).single().unwrap().pixels, 79.0);
    }

    #[test]
    fn broken_faces_are_measured_without_a_panic_and_refused() {
        let pixels = vec![9; 8 * 8 * 4];
        let frame = Frame::new(&pixels, 8, 8).unwrap();
        for odd in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -1.0, 0.0] {
            let bounds = FaceBox { x: 0.0, y: 0.0, width: odd, height: odd, confidence: 0.9 };
            let quality = Quality::measure(&frame, &[Face { bounds, landmarks: [[odd; 2]; 6] }]);
            assert!(quality.check().unwrap_err().is_invalid_input(), "{odd}: {quality:?}");
        }
    }
}
