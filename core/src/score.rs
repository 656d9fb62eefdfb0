//! Log-odds -> [`Score`], and the named operating points that a session decides it at. Knows no pixels and no networks.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// P(bona fide) of one face, in `[0, 1]`; higher is safer.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f32")]
pub struct Score(f32);

impl TryFrom<f32> for Score {
    type Error = Error;

    /// A probability that was computed before, as from a recording.
    ///
    /// # Errors
    /// [`Error::is_invalid_input`] if it is NaN or outside `[0, 1]`.
    fn try_from(probability: f32) -> Result<Self> {
        if (0.0..=1.0).contains(&probability) {
            return Ok(Self(probability));
        }
        Err(Error::invalid_input(format!("a score of {probability}: scores are probabilities, 0 to 1")))
    }
}

impl Score {
    /// From log-odds of bona fide, by this machine's own exponential: like the networks' sums before it, it may differ in
    /// the last bit on another. What must not, a session's verdict, begins with the score as it was recorded.
    ///
    /// # Panics
    /// If the logit is NaN: whoever computes it checks that first.
    pub fn from_logit(logit: f32) -> Self {
        assert!(!logit.is_nan(), "the log-odds are NaN");
        Self(1.0 / (1.0 + (-logit).exp()))
    }

    /// The probability.
    pub fn value(self) -> f32 {
        self.0
    }
}

/// Named thresholds and what they were measured to cost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct OperatingPoint {
    /// Lowest score that counts as bona fide, 0 to 1.
    pub threshold: f32,
    /// Below this a score is clearly an attack's, from here to the threshold it is doubtful. Left out, there is no doubt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub refuse: Option<f32>,
    /// Share of attacks accepted, 0 to 1 (ISO/IEC 30107-3: APCER): the worst attack species' rate, unless the manifest's
    /// `fusion.fitted` says of which attacks it is.
    pub apcer: f32,
    /// Share of bona fide presentations not accepted, 0 to 1 (BPCER).
    pub bpcer: f32,
}

impl OperatingPoint {
    /// A point without doubt: what is not bona fide is an attack.
    pub fn new(threshold: f32, apcer: f32, bpcer: f32) -> Self {
        Self { threshold, refuse: None, apcer, bpcer }
    }

    /// What is wrong with it, if anything is: all are shares, and the doubtful scores lie below the threshold.
    pub(crate) fn flaw(&self) -> Option<&'static str> {
        let shares = [Some(self.threshold), self.refuse, Some(self.apcer), Some(self.bpcer)];
        if !shares.iter().flatten().all(|share| (0.0..=1.0).contains(share)) {
            return Some("numbers outside 0 to 1");
        }
        self.refuse.is_some_and(|refuse| refuse > self.threshold).then_some("a `refuse` above its threshold")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_probabilities_that_rise_with_the_logit() {
        assert_eq!(Score::from_logit(0.0).value(), 0.5);
        assert_eq!(Score::from_logit(f32::INFINITY).value(), 1.0);
        assert_eq!(Score::from_logit(f32::NEG_INFINITY).value(), 0.0);
        assert!(Score::from_logit(1.0) > Score::from_logit(-1.0));
    }

    #[test]
    fn stored_scores_are_probabilities_or_refused() {
        assert_eq!(serde_json::from_str::<Score>("0.25").unwrap().value(), 0.25);
        for text in ["-0.1", "1.1", "1e300", "null", "\"0.5\""] {
            assert!(serde_json::from_str::<Score>(text).is_err(), "{text}");
        }
        assert!(Score::try_from(f32::NAN).unwrap_err().is_invalid_input());
    }

    #[test]
    fn doubt_lies_below_the_threshold() {
        let point = OperatingPoint::new(0.8, 0.1, 0.1);
        let (above, outside) = (Some("a `refuse` above its threshold"), Some("numbers outside 0 to 1"));
        for (refuse, flaw) in [(0.0, None), (0.8, None), (0.81, above), (-0.1, outside), (f32::NAN, outside)] {
            assert_eq!(OperatingPoint { refuse: Some(refuse), ..point }.flaw(), flaw, "{refuse}");
        }
        assert!(!serde_json::to_string(&point).unwrap().contains("refuse"));
    }
}
