//! What each network says of a face -> one log-odds of bona fide: `a C + b E + offset`. Knows no networks and no pixels.
//!
//! C is the classifier's logit, E the mean of the experts' (each network's of each view), each held within limits first, so
//! that none decides alone. Weights, limits and offset come with the weights, in their manifest, since they are fitted anew
//! whenever a network changes (`trainer fuse`). Without experts `a` is 1, `offset` 0, and C decides.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// What the networks say of one face: log-odds of bona fide, any real numbers, higher is safer.
#[derive(Debug, Clone, PartialEq)]
pub struct Votes {
    /// The classifier's.
    pub classifier: f32,
    /// The experts': all views of the first, then all of the second. Empty without experts.
    pub experts: Vec<f32>,
}

impl Votes {
    /// Whether all are numbers: networks that compute others are broken, or run on what is.
    pub fn are_finite(&self) -> bool {
        self.classifier.is_finite() && self.experts.iter().all(|vote| vote.is_finite())
    }
}

/// How the votes are put together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fusion {
    /// How much the classifier's logit counts.
    pub classifier: Term,
    /// How much the mean of the experts' logits counts; `None` where there are no experts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experts: Option<Term>,
    /// Added to both: moves where the fused log-odds are 0.
    pub offset: f32,
    /// What it was fitted on, and what the operating points' error rates were measured on. For people.
    pub fitted: String,
}

/// One term of the sum.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// Factor of the logit, not negative.
    pub weight: f32,
    /// The logit is held within this distance of 0 before it is multiplied; each expert's logit before they are averaged.
    pub limit: f32,
}

impl Default for Fusion {
    /// The classifier's logit as it is.
    fn default() -> Self {
        let classifier = Term { weight: 1.0, limit: f32::MAX };
        Self { classifier, experts: None, offset: 0.0, fitted: String::new() }
    }
}

impl Fusion {
    /// The fused log-odds of bona fide. Finite votes give a finite number.
    ///
    /// # Panics
    /// If there is a term for experts and none has voted: whoever loads weights checks that they belong together.
    pub fn log_odds(&self, votes: &Votes) -> f32 {
        let experts = self.experts.map_or(0.0, |term| {
            assert!(!votes.experts.is_empty(), "a fusion with experts got no expert's vote");
            term.weight * term.mean(&votes.experts)
        });
        self.classifier.weight * self.classifier.mean(&[votes.classifier]) + experts + self.offset
    }

    /// Whether the classifier's logit is all there is.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// # Errors
    /// [`Error::is_weights`] for a weight below 0, a limit that is not above 0, or a number that is not finite.
    pub(crate) fn check(&self) -> Result<()> {
        let terms = [Some(self.classifier), self.experts];
        if self.offset.is_finite() && terms.iter().flatten().all(Term::is_whole) {
            return Ok(());
        }
        Err(Error::weights(format!(
            "the weights' manifest has no fusion: weights are 0 or more, limits above 0, all are finite: {self:?}"
        )))
    }
}

impl Term {
    /// The mean of logits, each held within the limit: what is then multiplied. NaN of none.
    pub fn mean(&self, logits: &[f32]) -> f32 {
        let held = logits.iter().map(|logit| logit.clamp(-self.limit, self.limit));
        held.sum::<f32>() / logits.len() as f32
    }

    fn is_whole(&self) -> bool {
        self.weight.is_finite() && self.weight >= 0.0 && self.limit.is_finite() && self.limit > 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fusion() -> Fusion {
        Fusion {
            classifier: Term { weight: 0.5, limit: 8.0 },
            experts: Some(Term { weight: 2.0, limit: 12.0 }),
            offset: -5.0,
            fitted: String::new(),
        }
    }

    #[test]
    fn it_is_the_weighted_sum_of_what_is_held_within_limits() {
        let odds = |classifier, experts: &[f32]| fusion().log_odds(&Votes { classifier, experts: experts.to_vec() });
        assert_eq!(odds(2.0, &[1.0, 3.0]), 0.0);
        assert_eq!(odds(100.0, &[-100.0]), 4.0 - 24.0 - 5.0);
        // Each expert is held, not their mean.
        assert_eq!(odds(0.0, &[100.0, 0.0]), 12.0 - 5.0);
        for (classifier, expert) in [(f32::NAN, 0.0), (0.0, f32::INFINITY)] {
            assert!(!Votes { classifier, experts: vec![1.0, expert] }.are_finite());
        }
    }

    #[test]
    fn without_experts_the_classifier_decides() {
        let alone = Fusion::default();
        assert!(alone.check().is_ok());
        for classifier in [-300.0, 0.25, 7.0] {
            assert_eq!(alone.log_odds(&Votes { classifier, experts: Vec::new() }), classifier);
        }
    }

    #[test]
    fn what_cannot_be_a_fusion_is_refused() {
        assert!(fusion().check().is_ok());
        for bad in [
            Fusion { offset: f32::NAN, ..fusion() },
            Fusion { classifier: Term { weight: -0.1, limit: 8.0 }, ..fusion() },
            Fusion { experts: Some(Term { weight: 1.0, limit: 0.0 }), ..fusion() },
            Fusion { experts: Some(Term { weight: f32::INFINITY, limit: 1.0 }), ..fusion() },
        ] {
            assert!(bad.check().unwrap_err().is_weights(), "{bad:?}");
        }
    }
}
