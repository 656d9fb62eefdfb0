//! A fusion that was fitted with one classifier, for the next one, until it is fitted again on real presentations: the next
//! classifier's votes count as much for each of their deviations, and no more on average, than its predecessor's did.

use std::path::Path;

use anyhow::{Result, ensure};
use bonafide::fusion::Fusion;

use super::columns::CLASSIFIER;
use crate::measure::table::Table;

/// Mean and deviation of a classifier's votes.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Spread {
    mean: f64,
    deviation: f64,
}

/// The fusion for a classifier whose votes on some presentations are in `now`, where its predecessor's are in `was`: files that
/// `trainer score --csv` wrote of the same pictures.
///
/// # Errors
/// If a file cannot be read or holds no votes that differ.
pub fn succeed(fusion: Fusion, was: &Path, now: &Path) -> Result<Fusion> {
    let limit = fusion.classifier.limit;
    let [before, after] = [Spread::of(&votes(was)?, limit)?, Spread::of(&votes(now)?, limit)?];
    Ok(scaled(fusion, before, after))
}

fn scaled(mut fusion: Fusion, was: Spread, now: Spread) -> Fusion {
    let weight = f64::from(fusion.classifier.weight);
    let next = weight * was.deviation / now.deviation;
    fusion.offset = (f64::from(fusion.offset) + weight * was.mean - next * now.mean) as f32;
    fusion.classifier.weight = next as f32;
    if !fusion.fitted.ends_with(SCALED) {
        fusion.fitted.push_str(SCALED);
    }
    fusion
}

/// What a fusion says of itself once it was scaled, however often.
const SCALED: &str = " The classifier has changed since: its weight and the offset are scaled so that on simulated presentations its \
                      votes count as its predecessor's did; rates are the predecessor's.";

impl Spread {
    fn of(votes: &[f32], limit: f32) -> Result<Self> {
        let held: Vec<f64> = votes.iter().map(|vote| f64::from(vote.clamp(-limit, limit))).collect();
        let count = held.len().max(1) as f64;
        let mean = held.iter().sum::<f64>() / count;
        let deviation = (held.iter().map(|vote| (vote - mean).powi(2)).sum::<f64>() / count).sqrt();
        ensure!(
            deviation > 1e-3,
            "{} votes that hardly differ say nothing of how much a classifier's should count",
            votes.len()
        );
        Ok(Self { mean, deviation })
    }
}

fn votes(path: &Path) -> Result<Vec<f32>> {
    let votes: Vec<_> = Table::open(path)?.rows().map(|row| row.number(CLASSIFIER)).collect::<Result<_>>()?;
    Ok(votes.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bonafide::fusion::{Term, Votes};

    #[test]
    fn a_classifier_that_says_the_same_louder_changes_no_score() {
        let fitted = Fusion { classifier: Term { weight: 0.4, limit: 8.0 }, offset: -3.0, ..Fusion::default() };
        let was = [-2.0, 0.0, 1.0, 2.5];
        let now = was.map(|vote| 2.0 * vote + 1.0);
        let [before, after] = [&was, &now].map(|votes| Spread::of(votes, 8.0).unwrap());
        let next = scaled(fitted.clone(), before, after);
        for (was, now) in was.into_iter().zip(now) {
            let vote = |classifier| Votes { classifier, experts: Vec::new() };
            assert!((fitted.log_odds(&vote(was)) - next.log_odds(&vote(now))).abs() < 1e-5);
        }
        assert!(Spread::of(&[1.0, 1.0], 8.0).is_err());
        // It says once that it was scaled.
        assert_eq!(scaled(next.clone(), after, before).fitted, next.fitted);
    }
}
