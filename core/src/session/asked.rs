//! What a person can be asked for: steps whose order is known, or that a server reveals, and seconds of watching.

use super::challenge::{self, Challenge};
use crate::error::{Error, Result};

/// Most seconds of watching that a [`Setup`](super::Setup) may ask for. They add to the time limit.
pub const MAX_PASSIVE_SECONDS: u32 = 30;

/// Whether a session would take a challenge, or so many steps that a server reveals, and so many seconds of watching.
///
/// # Errors
/// [`Error::is_invalid_input`] for no steps or too many, steps of both kinds, or seconds out of range.
pub(crate) fn check(challenge: Option<&Challenge>, revealed: Option<usize>, seconds: Option<u32>) -> Result<()> {
    challenge.map_or(Ok(()), Challenge::check)?;
    revealed.map_or(Ok(()), challenge::check_count)?;
    if challenge.is_some() && revealed.is_some() {
        return Err(Error::invalid_input("a challenge's order is known, or its steps are revealed: not both"));
    }
    if seconds.is_some_and(|seconds| !(1..=MAX_PASSIVE_SECONDS).contains(&seconds)) {
        return Err(Error::invalid_input(format!(
            "a person is watched for 1 to {MAX_PASSIVE_SECONDS} seconds at least"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::{
        quality::{Quality, gate::tests::GOOD},
        score::OperatingPoint,
        session::{Observation, Outcome, Session, Setup, Update, Verdict},
    };

    fn setup(passive_seconds: Option<u32>) -> Setup {
        Setup {
            name: "strict".into(),
            operating_point: OperatingPoint::new(0.8, 0.01, 0.1),
            model_sha256: "0f".repeat(32),
            challenge: None,
            revealed: None,
            passive_seconds,
        }
    }

    /// Ten frames a second that score `score`, but for a face that is gone between two times, milliseconds.
    fn watch(passive_seconds: u32, score: f32, gone: std::ops::Range<f64>) -> Verdict {
        let mut session = Session::new(setup(Some(passive_seconds))).unwrap();
        let mut fraction = 0.0;
        for i in 0.. {
            let time_ms = f64::from(i) * 100.0;
            let away = gone.contains(&time_ms);
            let quality = if away { Quality { faces: 0, face: None } } else { Quality { faces: 1, face: Some(GOOD) } };
            let score = (!away).then(|| score.try_into().unwrap());
            match session.observe(Observation { time_ms, quality, score, change: None }).unwrap() {
                Update::Verdict(verdict) => return verdict,
                Update::Progress(progress) => {
                    assert!(gone.contains(&time_ms) || progress.fraction >= fraction || time_ms >= gone.end);
                    fraction = progress.fraction;
                }
            }
        }
        unreachable!()
    }

    #[test]
    fn nobody_passes_before_the_seconds_that_were_asked_for() {
        for seconds in [1, 5, 30] {
            let verdict = watch(seconds, 0.9999, 0.0..0.0);
            assert_eq!((verdict.outcome, verdict.elapsed_ms), (Outcome::BonaFide, f64::from(seconds) * 1_000.0));
        }
        // They are one presence's: what was seen of the last one does not count.
        let verdict = watch(5, 0.9999, 3_000.0..5_000.0);
        assert_eq!((verdict.outcome, verdict.elapsed_ms, verdict.restarts), (Outcome::BonaFide, 10_000.0, 1));
    }

    #[test]
    fn a_clear_attack_does_not_wait() {
        let verdict = watch(30, 0.01, 0.0..0.0);
        assert_eq!((verdict.outcome, verdict.elapsed_ms), (Outcome::Attack, 1_000.0));
    }

    #[test]
    fn seconds_out_of_range_are_refused() {
        for seconds in [0, 31, u32::MAX] {
            assert!(Session::new(setup(Some(seconds))).unwrap_err().is_invalid_input());
        }
    }
}
