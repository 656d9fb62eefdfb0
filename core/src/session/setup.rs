//! What a session is bound to, and what the person is asked for: steps whose order is known, or that a server reveals, and
//! seconds of watching.

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use super::{
    MAX_NAME, TIME_LIMIT_MS,
    challenge::{self, Challenge},
    course::{Course, STEP_TIMEOUT_MS},
};
use crate::{
    error::{Error, Result},
    manifest::check_change,
    score::OperatingPoint,
};

/// Most seconds of watching that a [`Setup`] may ask for. They add to the time limit.
pub const MAX_PASSIVE_SECONDS: u32 = 30;

/// What a session is bound to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Setup {
    /// Name of the operating point in the manifest.
    pub name: String,
    /// That operating point.
    pub operating_point: OperatingPoint,
    /// [`Manifest::digest`](crate::manifest::Manifest::digest), so that a recording tells all the weights that scored it.
    pub model_sha256: String,
    /// What to ask the person to do; `None`: nothing, which is the default.
    pub challenge: Option<Challenge>,
    /// How many steps a server reveals one at a time, see [`reveal`](super::reveal), 1 to [`challenge::MAX_STEPS`]; `None`: none. Not beside
    /// a challenge whose order is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revealed: Option<u32>,
    /// How long one unbroken presence is watched at least before it decides, seconds, 1 to [`MAX_PASSIVE_SECONDS`]; a clear
    /// attack does not wait. `None`: as long as the evidence takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passive_seconds: Option<u32>,
    /// A presence ends with a larger [`Observation::change`](super::Observation::change) than this, in (0, 2]: the weights' own, as
    /// each has embeddings of its own. `None`: [`MAX_CHANGE`](super::presence::MAX_CHANGE).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub largest_change: Option<f32>,
}

impl Setup {
    /// # Errors
    /// [`Error::is_invalid_input`] for a name that is empty or longer than [`MAX_NAME`], rates outside `[0, 1]`, what is
    /// no lower-case sha-256, a largest change out of range, a challenge without steps, with too many, or of both kinds, or seconds out of range.
    pub(super) fn check(&self) -> Result<()> {
        if self.name.is_empty() || self.name.len() > MAX_NAME {
            return Err(Error::invalid_input(format!("an operating point's name has 1 to {MAX_NAME} bytes")));
        }
        if let Some(flaw) = self.operating_point.flaw() {
            return Err(Error::invalid_input(format!(
                "the operating point {:?} has {flaw}: take it from the manifest",
                self.name
            )));
        }
        if self.model_sha256.len() != 64 || HEXLOWER.decode(self.model_sha256.as_bytes()).is_err() {
            return Err(Error::invalid_input("a sha-256 is 64 lower-case hexadecimal digits"));
        }
        check_change(self.largest_change)?;
        check_asked(self.challenge.as_ref(), self.revealed.map(|count| count as usize), self.passive_seconds)
    }

    pub(super) fn time_limit(&self) -> f64 {
        let steps = self.challenge.as_ref().map_or(0, |challenge| challenge.steps.len() as u32);
        let steps = f64::from(steps + self.revealed.unwrap_or(0));
        TIME_LIMIT_MS + steps * STEP_TIMEOUT_MS + f64::from(self.passive_seconds.unwrap_or(0)) * 1_000.0
    }

    pub(super) fn course(&self) -> Option<Course> {
        let revealed = || self.revealed.map(|count| Course::revealed(count as usize));
        self.challenge.as_ref().map(Course::new).or_else(revealed)
    }
}

/// Whether a session would take a challenge, or so many steps that a server reveals, and so many seconds of watching.
///
/// # Errors
/// [`Error::is_invalid_input`] for no steps or too many, steps of both kinds, or seconds out of range.
pub(crate) fn check_asked(challenge: Option<&Challenge>, revealed: Option<usize>, seconds: Option<u32>) -> Result<()> {
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
            largest_change: None,
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
