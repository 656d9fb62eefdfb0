//! Logits of the development split -> a scale and an offset that make scores probabilities (Platt 1999), and how near they
//! come on the test split.
//!
//! Only the development split is fitted on. A rising line through logits keeps their order, so AUC and every rate at a given
//! rank stay; thresholds move. A calibrated score is the probability at the development split's share of bona fide.

use anyhow::{Result, ensure};
use bonafide::score::Score;
use serde::{Deserialize, Serialize};

use super::{
    labelled::Labelled,
    logistic::{self, Point},
};

/// Bins of equal width over `[0, 1]` (Guo et al. 2017).
pub const BINS: usize = 15;

/// The line that logits go through.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// What a logit is multiplied by, positive.
    pub scale: f64,
    /// What is then added.
    pub offset: f64,
}

/// A calibration, what it was fitted on, and what it did to the test split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibrated {
    /// The line.
    #[serde(flatten)]
    pub line: Calibration,
    /// Presentations of the development split that it was fitted on.
    pub presentations: usize,
    /// The test split with the network's own scores.
    pub before: Reliability,
    /// The test split with calibrated scores.
    pub after: Reliability,
}

/// How far scores are from being probabilities.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reliability {
    /// Expected calibration error: mean distance of a bin's scores from its share of bona fide, weighted by presentations,
    /// over [`BINS`] bins of equal width.
    pub ece: f64,
    /// Brier score: mean squared distance of a score from 1 (bona fide) or 0 (attack).
    pub brier: f64,
    /// The bins that hold a presentation, from the lowest score.
    pub bins: Vec<Bin>,
}

/// Presentations with similar scores.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// How many.
    pub presentations: usize,
    /// Their mean score.
    pub score: f64,
    /// Share of bona fide among them.
    pub bona_fide: f64,
}

impl Default for Calibration {
    /// The network's own scores.
    fn default() -> Self {
        Self { scale: 1.0, offset: 0.0 }
    }
}

impl Calibration {
    /// The most likely line through the logits of `of`, by Newton's method with step halving, with Platt's targets: a little
    /// short of 0 and 1, so that classes without overlap have an answer too.
    ///
    /// # Errors
    /// If a logit is not finite, or bona fide presentations do not score above attacks.
    ///
    /// # Panics
    /// If there are not as many logits as presentations.
    pub fn fit(logits: &[f32], of: &[Labelled]) -> Result<Self> {
        assert_eq!(logits.len(), of.len(), "a logit for each presentation");
        for (logit, item) in logits.iter().zip(of) {
            ensure!(logit.is_finite(), "the development split has a logit of {logit} ({})", item.subject);
        }
        let bona_fide = of.iter().filter(|item| item.attack.is_none()).count() as f64;
        let attacks = of.len() as f64 - bona_fide;
        let target = |item: &Labelled| match item.attack {
            None => (bona_fide + 1.0) / (bona_fide + 2.0),
            Some(_) => 1.0 / (attacks + 2.0),
        };
        let point = |(&logit, item)| Point { features: [f64::from(logit), 1.0], target: target(item), weight: 1.0 };
        let points: Vec<Point<2>> = logits.iter().zip(of).map(point).collect();
        let [scale, offset] = logistic::fit(&points, [0.0, ((bona_fide + 1.0) / (attacks + 1.0)).ln()]);
        let line = Self { scale, offset };
        ensure!(
            line.scale > 0.0 && line.scale.is_finite() && line.offset.is_finite(),
            "the scores of the development split cannot be calibrated, because bona fide presentations do not score above \
             attacks there (scale {:.4}): the network tells nothing apart yet",
            line.scale
        );
        Ok(line)
    }

    /// The calibrated score of a logit, in the arithmetic of the network that ships.
    ///
    /// # Panics
    /// If the logit is NaN.
    pub fn score(&self, logit: f32) -> f32 {
        Score::from_logit(logit * self.scale as f32 + self.offset as f32).value()
    }

    /// `of` with other scores: those of its logits.
    pub fn scored(&self, logits: &[f32], of: &[Labelled]) -> Vec<Labelled> {
        let with = |(&logit, item): (&f32, &Labelled)| Labelled { score: self.score(logit), ..item.clone() };
        logits.iter().zip(of).map(with).collect()
    }
}

impl Reliability {
    /// Measures scores.
    pub fn of(of: &[Labelled]) -> Self {
        let mut sums = [(0_usize, 0.0, 0_usize); BINS];
        let mut squares = 0.0;
        for item in of {
            let (score, bona_fide) = (f64::from(item.score), item.attack.is_none());
            let bin = &mut sums[((score * BINS as f64) as usize).min(BINS - 1)];
            *bin = (bin.0 + 1, bin.1 + score, bin.2 + usize::from(bona_fide));
            squares += (score - f64::from(u8::from(bona_fide))).powi(2);
        }
        let bins: Vec<Bin> = sums
            .into_iter()
            .filter(|of| of.0 > 0)
            .map(|(presentations, scores, bona_fide)| Bin {
                presentations,
                score: scores / presentations as f64,
                bona_fide: bona_fide as f64 / presentations as f64,
            })
            .collect();
        let all = of.len().max(1) as f64;
        let distance = |bin: &Bin| bin.presentations as f64 * (bin.score - bin.bona_fide).abs();
        Self { ece: bins.iter().map(distance).sum::<f64>() / all, brier: squares / all, bins }
    }
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;
    use crate::{measure::metrics::auc, run::rng};

    fn item(score: f32, bona_fide: bool) -> Labelled {
        let attack = (!bona_fide).then(|| "print".into());
        Labelled { score, attack, subject: "one".into(), source: "s".into(), slices: Vec::new() }
    }

    /// Logits `z` of presentations that are bona fide with probability sigmoid(0.5 z - 1): too sure of themselves.
    fn overconfident(count: usize) -> (Vec<f32>, Vec<Labelled>) {
        let mut rng = rng(3, "calibration", 0);
        (0..count)
            .map(|_| {
                let logit: f32 = rng.random_range(-8.0..12.0);
                let bona_fide = rng.random_bool(1.0 / (1.0 + f64::from(1.0 - 0.5 * logit).exp()));
                (logit, item(Score::from_logit(logit).value(), bona_fide))
            })
            .unzip()
    }

    #[test]
    fn finds_the_line_that_the_truth_was_drawn_from() {
        let (logits, of) = overconfident(20_000);
        let line = Calibration::fit(&logits, &of).unwrap();
        assert!((line.scale - 0.5).abs() < 0.02 && (line.offset + 1.0).abs() < 0.05, "{line:?}");
        let calibrated = line.scored(&logits, &of);
        let (before, after) = (Reliability::of(&of), Reliability::of(&calibrated));
        assert!(before.ece > 0.1 && after.ece < 0.02, "{} {}", before.ece, after.ece);
        assert!(after.brier < before.brier);
        assert!((auc(&of) - auc(&calibrated)).abs() < 1e-5);
    }

    #[test]
    fn classes_apart_have_a_finite_answer_and_classes_reversed_none() {
        let logits = [9.0, 11.0, -6.0, -30.0];
        let of = [true, true, false, false].map(|bona_fide| item(0.5, bona_fide));
        let line = Calibration::fit(&logits, &of).unwrap();
        assert!(line.scale > 0.0 && line.scale < 1.0, "{line:?}");
        // The minimum of a convex loss is where its slopes are nil; Platt's targets for two of each are 3/4 and 1/4.
        let error = |(&logit, target): (&f32, &f64)| f64::from(line.score(logit)) - target;
        let errors: Vec<f64> = logits.iter().zip(&[0.75, 0.75, 0.25, 0.25]).map(error).collect();
        let slope: f64 = errors.iter().zip(&logits).map(|(error, &logit)| error * f64::from(logit)).sum();
        assert!(errors.iter().sum::<f64>().abs() < 1e-5 && slope.abs() < 1e-4, "{line:?} {errors:?}");
        let reversed = Calibration::fit(&logits.map(|logit| -logit), &of).unwrap_err().to_string();
        assert!(reversed.contains("do not score above attacks"), "{reversed}");
        assert!(Calibration::fit(&[1.0; 4], &of).is_err());
        assert!(Calibration::fit(&[f32::INFINITY, 1.0, 0.0, 0.0], &of).unwrap_err().to_string().contains("inf"));
    }

    #[test]
    fn reliability_by_hand() {
        let is = Reliability::of(&[item(0.95, true), item(0.97, false), item(0.0, false), item(1.0, true)]);
        assert_eq!(is.bins.iter().map(|bin| bin.presentations).collect::<Vec<_>>(), [1, 3]);
        assert!((is.bins[1].bona_fide - 2.0 / 3.0).abs() < 1e-12);
        // Three of four, whose mean score is 2.92 / 3 and share 2 / 3.
        assert!((is.ece - 0.92 / 4.0).abs() < 1e-7, "{}", is.ece);
        assert!((is.brier - (0.05_f64.powi(2) + 0.97_f64.powi(2)) / 4.0).abs() < 1e-7);
    }
}
