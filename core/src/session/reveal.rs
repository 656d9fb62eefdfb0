//! Steps that a server reveals one at a time, each when the one before is answered: nobody knows the next one earlier.
//!
//! Such a session waits, which [`Progress::waits_for_step`](super::Progress) tells, goes on to take frames meanwhile, and is
//! told the step by [`Session::reveal`]. What was revealed, and after which frame, is part of its recording, so that it
//! replays; the server has times of its own to hold against it ([`crate::verify`]).

use serde::{Deserialize, Serialize};

use super::{Observation, Session, Step};
use crate::error::{Error, Result};

/// Steps that one session is told at most: all of the longest challenge for each face that may be lost, and as many again.
pub const MAX_REVEALS: usize = 64;

/// A step that a server revealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reveal {
    /// What to do.
    pub step: Step,
    /// How many frames the session had seen when it came.
    pub after: u32,
}

/// When a step must have been revealed, in the session's time, milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Span {
    /// Before this nobody asked for it.
    pub from_ms: f64,
    /// At this frame it was known.
    pub until_ms: f64,
}

impl Session {
    /// Tells the session the step that it waits for. It counts from the next frame on.
    ///
    /// # Errors
    /// [`Error::is_invalid_input`] unless the session waits for a step, or after [`MAX_REVEALS`] of them. The session is then
    /// as it was before.
    pub fn reveal(&mut self, step: Step) -> Result<()> {
        if self.reveals.len() == MAX_REVEALS {
            return Err(Error::invalid_input(format!("a session is told at most {MAX_REVEALS} steps")));
        }
        let waiting = self.course.as_mut().filter(|_| self.verdict.is_none()).and_then(|course| course.reveal(step));
        let since = waiting.ok_or_else(|| Error::invalid_input("the session waits for no step"))?;
        self.reveals.push((Reveal { step, after: self.observations.len() as u32 }, since));
        Ok(())
    }

    /// What was revealed, in its order, and when it must have been.
    pub(crate) fn revealed(&self) -> impl ExactSizeIterator<Item = (Step, Span)> {
        self.reveals.iter().map(|(Reveal { step, after }, from_ms)| {
            let known = self.observations.get(*after as usize).or(self.observations.last());
            (*step, Span { from_ms: *from_ms, until_ms: known.map_or(*from_ms, |seen| seen.time_ms) })
        })
    }

    /// Since when it has waited for a step, if it does.
    pub(crate) fn waiting_since(&self) -> Option<f64> {
        self.course.as_ref().and_then(super::course::Course::waiting)
    }

    /// Takes what another session saw and was told, in its order.
    pub(super) fn take(&mut self, observations: &[Observation], reveals: &[Reveal]) -> Result<()> {
        let mut reveals = reveals.iter().peekable();
        for (seen, observation) in observations.iter().map(Some).chain([None]).enumerate() {
            while let Some(Reveal { step, .. }) = reveals.next_if(|reveal| reveal.after as usize == seen) {
                self.reveal(*step)?;
            }
            observation.map_or(Ok(()), |observation| self.observe(*observation).map(drop))?;
        }
        reveals
            .next()
            .map_or(Ok(()), |_| Err(Error::invalid_input("a step was revealed before the one that it follows")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        quality::{FaceQuality, Quality, gate::tests::GOOD},
        score::OperatingPoint,
        session::{Challenge, Notice, Outcome, Recording, Setup, Update},
    };

    fn setup(steps: u32) -> Setup {
        Setup {
            name: "strict".into(),
            operating_point: OperatingPoint::new(0.9, 0.01, 0.1),
            model_sha256: "0f".repeat(32),
            challenge: None,
            revealed: Some(steps),
            passive_seconds: None,
            largest_change: None,
        }
    }

    /// The answer to `turn-left`, from the prompt's frame on; its last frame looks ahead again.
    const LEFT: [f32; 9] = [0.0, 0.0, 2.0, 5.0, 12.0, 22.0, 33.0, 34.0, 0.0];

    /// Shows faces with these yaws, 50 ms apart. What the last frame was answered.
    fn show(session: &mut Session, yaws: &[f32]) -> Update {
        let mut last = None;
        for yaw in yaws {
            let quality = Quality { faces: 1, face: Some(FaceQuality { yaw: *yaw, ..GOOD }) };
            let time_ms = session.observations.last().map_or(0.0, |seen| seen.time_ms + 50.0);
            let score = Some(0.9999.try_into().unwrap());
            last = Some(session.observe(Observation { time_ms, quality, score, change: None }).unwrap());
        }
        last.unwrap()
    }

    fn waits(update: &Update) -> bool {
        matches!(update, Update::Progress(progress) if progress.waits_for_step && progress.prompt.is_none())
    }

    /// Two steps, done.
    fn whole() -> Session {
        let mut session = Session::new(setup(2)).unwrap();
        assert!(waits(&show(&mut session, &[0.0; 20])));
        session.reveal(Step::TurnLeft).unwrap();
        assert!(waits(&show(&mut session, &LEFT)));
        assert!(waits(&show(&mut session, &[0.0; 40])), "however good the scores are");
        session.reveal(Step::TurnRight).unwrap();
        assert!(!waits(&show(&mut session, &LEFT.map(|yaw| -yaw))));
        while let Update::Progress(progress) = show(&mut session, &[0.0]) {
            assert!(!progress.waits_for_step && progress.prompt.is_none());
        }
        session
    }

    #[test]
    fn it_waits_for_each_step_and_ends_after_the_last() {
        let session = whole();
        assert_eq!(session.verdict().unwrap().outcome, Outcome::BonaFide);
        let spans: Vec<_> = session.revealed().map(|(step, span)| (step, span.from_ms, span.until_ms)).collect();
        assert_eq!(spans, [(Step::TurnLeft, 0.0, 1_000.0), (Step::TurnRight, 1_400.0, 3_450.0)]);
        assert_eq!(session.waiting_since(), None);
    }

    #[test]
    fn it_replays_and_goes_on_from_anywhere() {
        let whole = whole().recording();
        assert_eq!(Recording::parse(&whole.to_json()).unwrap(), whole);
        assert_eq!(whole.replay().unwrap(), whole.verdict);
        for at in 0..whole.observations.len() {
            let (seen, rest) = whole.observations.split_at(at);
            let told: Vec<Reveal> =
                whole.reveals.iter().copied().filter(|reveal| reveal.after as usize <= at).collect();
            let (observations, told_by_then) = (seen.to_vec(), told.len());
            let broken_off = Recording { observations, reveals: told, verdict: None, ..whole.clone() };
            let mut session = Recording::parse(&broken_off.to_json()).unwrap().resume().unwrap();
            let later = whole.reveals[told_by_then..].iter();
            let later: Vec<Reveal> = later.map(|r| Reveal { after: r.after - at as u32, ..*r }).collect();
            session.take(rest, &later).unwrap();
            assert_eq!(session.recording(), whole, "broken off after {at} frames");
        }
    }

    #[test]
    fn a_step_is_taken_only_where_one_is_waited_for() {
        let mut known = Session::new(Setup {
            challenge: Some(Challenge { seed: 7, steps: vec![Step::TurnLeft] }),
            revealed: None,
            ..setup(1)
        })
        .unwrap();
        let mut session = Session::new(setup(1)).unwrap();
        for session in [&mut known, &mut session] {
            assert!(session.reveal(Step::TurnLeft).unwrap_err().is_invalid_input(), "before the first frame");
        }
        show(&mut known, &[0.0]);
        assert!(known.reveal(Step::TurnLeft).is_err());
        // Nobody looks ahead yet.
        assert!(!waits(&show(&mut session, &[18.0])));
        assert!(session.reveal(Step::TurnLeft).is_err());
        show(&mut session, &[0.0]);
        session.reveal(Step::TurnLeft).unwrap();
        let before = session.recording();
        assert!(session.reveal(Step::TurnLeft).is_err());
        assert_eq!(session.recording(), before);
        let mut ended = whole();
        assert!(ended.reveal(Step::TurnLeft).unwrap_err().is_invalid_input());
    }

    #[test]
    fn what_was_revealed_is_spent_with_the_face_or_a_hasty_answer() {
        let mut session = Session::new(setup(2)).unwrap();
        show(&mut session, &[0.0; 10]);
        session.reveal(Step::TurnLeft).unwrap();
        show(&mut session, &LEFT[..3]);
        // Two seconds without a frame: another presence, which is asked for other steps.
        session.observe(Observation { time_ms: 9_000.0, ..*session.observations.last().unwrap() }).unwrap();
        assert!(waits(&show(&mut session, &[0.0])));
        assert_eq!(session.waiting_since(), Some(9_000.0));
        // A step that nobody has seen stays good for the next face.
        session.observe(Observation { time_ms: 20_000.0, ..*session.observations.last().unwrap() }).unwrap();
        assert!(waits(&show(&mut session, &[0.0; 6])));
        assert_eq!(session.waiting_since(), Some(9_000.0));
        session.reveal(Step::TurnRight).unwrap();
        // Under way when it was prompted.
        let Update::Progress(progress) = show(&mut session, &[-14.0, -24.0, -33.0, -34.0]) else { panic!("it ended") };
        assert_eq!((progress.notice, progress.prompt), (Some(Notice::TooSoon), None));
        assert!(waits(&show(&mut session, &[0.0])));
    }

    #[test]
    fn setups_and_recordings_that_cannot_be_are_refused() {
        for (revealed, challenge) in [
            (Some(0), None),
            (Some(9), None),
            (Some(u32::MAX), None),
            (Some(1), Some(Challenge { seed: 1, steps: vec![Step::TurnLeft] })),
        ] {
            assert!(Session::new(Setup { revealed, challenge, ..setup(1) }).unwrap_err().is_invalid_input());
        }
        let whole = whole().recording();
        let [first, second] = whole.reveals[..] else { panic!("two steps") };
        for reveals in [
            vec![],
            vec![first],
            vec![second, first],
            vec![first, first, second],
            vec![Reveal { after: 0, ..first }, second],
            vec![first, Reveal { after: u32::MAX, ..second }],
            vec![first, second, Reveal { after: whole.observations.len() as u32, ..second }],
            vec![Reveal { step: Step::TurnRight, ..first }, second],
            vec![first; MAX_REVEALS + 1],
        ] {
            let changed = Recording { reveals, ..whole.clone() };
            assert_ne!(changed.replay().ok().flatten(), whole.verdict, "{:?}", changed.reveals);
        }
    }
}
