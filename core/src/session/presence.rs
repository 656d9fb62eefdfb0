//! One face after another -> whether it is the same presence: by its box, by time, and by how much the classifier's view of
//! it changed. A picture that is exchanged for one which the network sees alike goes unnoticed here.

use crate::quality::{FaceQuality, Quality};

/// Longest time without a single face, or between two observations, that a presence survives, milliseconds: detectors lose
/// a moving face for a few frames, and hands need longer than this to exchange what is held up.
pub const GRACE_MS: f64 = 500.0;
/// Farthest that a face's centre moves between two observations, in face sizes.
pub const MAX_SHIFT: f32 = 0.6;
/// Largest growth or shrinking between two observations, as a ratio.
pub const MAX_SCALE: f32 = 1.4;

/// Largest change of a face between two scored frames, see [`Observation::change`](super::Observation::change), where the weights
/// do not say theirs.
pub const MAX_CHANGE: f32 = 0.3;

/// Why a presence ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Break {
    /// There was no single face for longer than [`GRACE_MS`].
    Lost,
    /// The face is in another place or of another size at once.
    Jumped,
    /// The face looks different from one frame to the next.
    Changed,
    /// Nobody looked for longer than [`GRACE_MS`].
    Stalled,
}

/// The last that was seen.
#[derive(Debug, Clone)]
pub(super) struct Presence {
    /// Largest change that it survives.
    largest: f32,
    /// Time of the last observation.
    looked: Option<f64>,
    /// Time and place of the last single face, until its presence ends.
    face: Option<(f64, FaceQuality)>,
}

impl Presence {
    /// Nobody yet. A presence survives changes up to `largest`.
    pub(super) fn new(largest: f32) -> Self {
        Self { largest, looked: None, face: None }
    }

    /// Looks at the next observation. Each presence ends once, as soon as that can be known.
    pub(super) fn watch(&mut self, now: f64, quality: &Quality, change: Option<f32>) -> Option<Break> {
        let stalled = self.looked.replace(now).is_some_and(|looked| now - looked > GRACE_MS);
        let broken = self.face.as_ref().and_then(|(seen, last)| {
            let jumped = quality.single().is_some_and(|face| is_jump(last, face));
            match () {
                () if stalled => Some(Break::Stalled),
                () if now - seen > GRACE_MS => Some(Break::Lost),
                () if jumped => Some(Break::Jumped),
                () if change.is_some_and(|change| change > self.largest) => Some(Break::Changed),
                () => None,
            }
        });
        match quality.single() {
            Some(face) => self.face = Some((now, *face)),
            None if broken.is_some() => self.face = None,
            None => {}
        }
        broken
    }
}

fn is_jump(last: &FaceQuality, face: &FaceQuality) -> bool {
    let (dx, dy) = (face.offset[0] - last.offset[0], face.offset[1] - last.offset[1]);
    let scale = face.size.max(last.size) / face.size.min(last.size);
    (dx * dx + dy * dy).sqrt() > MAX_SHIFT * last.size || scale > MAX_SCALE
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quality::gate::tests::GOOD;

    const NONE: Quality = Quality { faces: 0, face: None };

    fn face(x: f32, size: f32) -> Quality {
        Quality { faces: 1, face: Some(FaceQuality { offset: [x, 0.0], size, ..GOOD }) }
    }

    fn breaks(steps: &[(f64, Quality)]) -> Vec<Option<Break>> {
        let mut presence = Presence::new(MAX_CHANGE);
        steps.iter().map(|(now, quality)| presence.watch(*now, quality, None)).collect()
    }

    #[test]
    fn a_moment_without_the_face_is_forgiven_and_a_loss_told_once() {
        let good = face(0.0, 0.5);
        assert_eq!(breaks(&[(0.0, good), (200.0, NONE), (400.0, NONE), (500.0, good)]), [None; 4]);
        let lost = [(0.0, good), (400.0, NONE), (700.0, NONE), (1_000.0, NONE), (1_100.0, good)];
        assert_eq!(breaks(&lost), [None, None, Some(Break::Lost), None, None]);
    }

    #[test]
    fn jumps_in_place_or_size_end_a_presence_and_slow_ways_do_not() {
        assert_eq!(breaks(&[(0.0, face(-0.2, 0.5)), (33.0, face(0.15, 0.5))]), [None, Some(Break::Jumped)]);
        assert_eq!(breaks(&[(0.0, face(0.0, 0.4)), (33.0, face(0.0, 0.6))]), [None, Some(Break::Jumped)]);
        let walk: Vec<_> =
            (0..40).map(|i| (f64::from(i) * 33.0, face(i as f32 * 0.02, 0.3 + i as f32 * 0.01))).collect();
        assert!(breaks(&walk).iter().all(Option::is_none));
    }

    #[test]
    fn a_face_that_looks_different_at_once_ends_a_presence() {
        let mut presence = Presence::new(MAX_CHANGE);
        let good = face(0.0, 0.5);
        assert_eq!(presence.watch(0.0, &good, Some(0.02)), None);
        assert_eq!(presence.watch(100.0, &good, Some(MAX_CHANGE)), None);
        assert_eq!(presence.watch(200.0, &good, Some(MAX_CHANGE + 0.01)), Some(Break::Changed));
        assert_eq!(presence.watch(300.0, &good, None), None);
    }

    #[test]
    fn nobody_looking_ends_a_presence() {
        assert_eq!(breaks(&[(0.0, face(0.0, 0.5)), (600.0, face(0.0, 0.5))]), [None, Some(Break::Stalled)]);
        assert_eq!(breaks(&[(0.0, NONE), (600.0, face(0.0, 0.5))]), [None; 2]);
    }

    #[test]
    fn several_faces_are_no_single_face() {
        let two = Quality { faces: 2, ..face(0.0, 0.5) };
        assert_eq!(breaks(&[(0.0, face(0.0, 0.5)), (300.0, two), (600.0, two)])[2], Some(Break::Lost));
    }
}
