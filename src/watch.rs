//! Frames with their times -> a session's updates: the loop of every check, in a browser and in `trainer sessions`.

use std::cell::RefCell;

use crate::{
    error::Result,
    face::Face,
    frame::Frame,
    pipeline::{Look, Pipeline},
    session::{Observation, Recording, Session, Step, Update},
};

/// A session, and what the last scored face looked like to the classifier.
///
/// Frames are observed one after the other; nothing is borrowed while the device computes, so that a recording can be
/// taken at any moment.
#[derive(Debug)]
pub struct Watch {
    session: RefCell<Session>,
    /// See [`Look::embedding`]. A session that another device goes on with has none, so its next change is unknown.
    last: RefCell<Option<Vec<f32>>>,
}

impl Watch {
    /// Goes on with a session, which may be new.
    pub fn new(session: Session) -> Self {
        Self { session: RefCell::new(session), last: RefCell::new(None) }
    }

    /// Looks at the frame, taken at `time_ms` on a clock that does not go backwards: the face that was measured, and what the
    /// session says to it.
    ///
    /// # Errors
    /// [`crate::Error`] if the device fails, and as [`Session::observe`]. The session is then as it was before.
    pub async fn observe(
        &self,
        pipeline: &Pipeline,
        frame: &Frame<'_>,
        time_ms: f64,
    ) -> Result<(Option<Face>, Update)> {
        let turn = self.session.borrow().turn();
        let look = pipeline.look(frame, turn).await?;
        Ok((look.face, self.take(look, time_ms)?))
    }

    /// See [`Session::reveal`].
    ///
    /// # Errors
    /// As there.
    pub fn reveal(&self, step: Step) -> Result<()> {
        self.session.borrow_mut().reveal(step)
    }

    /// All that the session saw, see [`Session::recording`].
    pub fn recording(&self) -> Recording {
        self.session.borrow().recording()
    }

    /// What the session says to a frame that was looked at.
    fn take(&self, look: Look, time_ms: f64) -> Result<Update> {
        let Look { quality, score, embedding, .. } = look;
        let change = match (&*self.last.borrow(), &embedding) {
            (Some(last), Some(embedding)) => Some(cosine_distance(last, embedding)),
            _ => None,
        };
        let update = self.session.borrow_mut().observe(Observation { time_ms, quality, score, change })?;
        if embedding.is_some() {
            self.last.replace(embedding);
        }
        Ok(update)
    }
}

/// One minus the cosine of the angle between two embeddings of the same length, finite: 0 for the same direction, 1 for a right
/// angle and where one of them is 0, 2 for the opposite.
pub fn cosine_distance(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    let length = (dot(a, a) * dot(b, b)).sqrt();
    let cosine = if length > 0.0 { dot(a, b) / length } else { 0.0 };
    (1.0 - cosine).clamp(0.0, 2.0) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{quality::Quality, score::OperatingPoint, session::Setup};

    fn watch() -> Watch {
        let setup = Setup {
            name: "balanced".into(),
            operating_point: OperatingPoint::new(0.5, 0.1, 0.1),
            model_sha256: "0f".repeat(32),
            challenge: None,
            revealed: None,
            passive_seconds: None,
            largest_change: None,
        };
        Watch::new(Session::new(setup).unwrap())
    }

    fn look(embedding: Option<[f32; 2]>) -> Look {
        let quality = Quality { faces: 0, face: None };
        Look { face: None, quality, score: None, embedding: embedding.map(Vec::from) }
    }

    #[test]
    fn the_cosine_distance_knows_directions_only() {
        assert_eq!(cosine_distance(&[1.0, 2.0], &[2.0, 4.0]), 0.0);
        assert_eq!(cosine_distance(&[1.0, 0.0], &[0.0, 3.0]), 1.0);
        assert_eq!(cosine_distance(&[1.0, 1.0], &[-1.0, -1.0]), 2.0);
        assert_eq!(cosine_distance(&[0.0, 0.0], &[1.0, 0.0]), 1.0);
        assert_eq!(cosine_distance(&[f32::MAX; 2], &[f32::MAX; 2]), 0.0);
    }

    #[test]
    fn a_change_is_told_from_the_last_scored_frame_whatever_came_between() {
        let watch = watch();
        let frames = [None, Some([1.0, 0.0]), Some([1.0, 0.0]), None, Some([0.0, 1.0]), Some([0.0, 2.0])];
        for (i, embedding) in frames.into_iter().enumerate() {
            watch.take(look(embedding), i as f64 * 100.0).unwrap();
        }
        let changes: Vec<_> = watch.recording().observations.iter().map(|seen| seen.change).collect();
        assert_eq!(changes, [None, None, Some(0.0), None, Some(1.0), Some(0.0)]);
    }

    #[test]
    fn a_frame_that_the_session_refuses_changes_nothing() {
        let watch = watch();
        watch.take(look(Some([1.0, 0.0])), 100.0).unwrap();
        assert!(watch.take(look(Some([0.0, 1.0])), 50.0).unwrap_err().is_invalid_input());
        watch.take(look(Some([1.0, 0.0])), 200.0).unwrap();
        assert_eq!(watch.recording().observations[1].change, Some(0.0));
    }
}
