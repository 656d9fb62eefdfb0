//! People drawn again and again -> 95 % intervals (percentile bootstrap over subjects).
//!
//! Crops of one person go together: they are drawn as people, not as crops, or intervals would be too narrow. Thresholds
//! are held, so an interval says what another sample of people would have measured with the same product.

use rand::Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::run::rng;

/// Share of resamples that an interval holds.
pub const LEVEL: f64 = 0.95;

/// Where a figure lies with 95 % confidence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The 2.5th percentile.
    pub low: f64,
    /// The 97.5th percentile.
    pub high: f64,
}

/// A measured figure and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// The figure.
    pub value: f64,
    /// Its interval; `None` where none could be drawn.
    pub interval: Option<Interval>,
}

/// How intervals are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bootstrap {
    /// Resamples; 1,000 put about 25 beyond each end.
    pub resamples: usize,
    /// Seed of the ChaCha streams, one for each resample: the same on any number of threads.
    pub seed: u64,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self { resamples: 1000, seed: 1 }
    }
}

impl Bootstrap {
    /// Intervals of `statistics`, which sees how often each of `subjects` was drawn and always answers in the same
    /// order; `None` is a statistic that this resample has not (it drew nobody of a class), left out of that interval.
    pub fn intervals(
        &self,
        subjects: usize,
        statistics: impl Fn(&[u32]) -> Vec<Option<f64>> + Sync,
    ) -> Vec<Option<Interval>> {
        let drawn: Vec<Vec<Option<f64>>> = (0..self.resamples)
            .into_par_iter()
            .map(|number| {
                let mut rng = rng(self.seed, "bootstrap", number as u64);
                let mut weights = vec![0; subjects];
                for _ in 0..subjects {
                    weights[rng.random_range(0..subjects)] += 1;
                }
                statistics(&weights)
            })
            .collect();
        let count = drawn.first().map_or(0, Vec::len);
        (0..count).map(|statistic| interval(drawn.iter().filter_map(|of| of[statistic]).collect())).collect()
    }
}

/// The middle 95 % of some values; `None` of none.
fn interval(mut values: Vec<f64>) -> Option<Interval> {
    values.sort_by(f64::total_cmp);
    let tail = (1.0 - LEVEL) / 2.0;
    Some(Interval { low: percentile(&values, tail)?, high: percentile(&values, 1.0 - tail)? })
}

/// The value below which `share` of sorted values lie, between two of them by straight line (numpy's `linear`); `None`
/// of none.
fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let at = share * sorted.len().checked_sub(1)? as f64;
    let (low, high) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    Some(low + (high - low) * at.fract())
}

impl Interval {
    /// The interval of an error rate of which `people` took part. Where no one failed, or all did, every resample says the
    /// same and a bootstrap has no width; the exact binomial bound over people (Clopper and Pearson) then stands in.
    pub(crate) fn of_rate(self, value: f64, people: usize) -> Self {
        let bound = ((1.0 - LEVEL) / 2.0).powf(1.0 / people.max(1) as f64);
        match value {
            0.0 => Self { high: self.high.max(1.0 - bound), ..self },
            1.0 => Self { low: self.low.min(bound), ..self },
            _ => self,
        }
    }
}

/// Fewest people of each class of which a bootstrap says how sure an AUC or EER is, which have no exact bound as rates have.
const FEWEST: usize = 10;

/// The interval of an AUC or EER of which `people` of the smaller class took part: `None` where there are too few, and where every
/// resample says the same, which is no certainty but too few people to see an error.
pub fn of_ranks(drawn: Option<Interval>, people: usize) -> Option<Interval> {
    drawn.filter(|interval| people >= FEWEST && interval.low < interval.high)
}

/// What stands in the place of such an interval.
pub const TOO_FEW: &str = "too few people for an interval";

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean over people of `values`, each person one value.
    fn of_mean(values: &[f64], bootstrap: Bootstrap) -> Interval {
        let mean = |weights: &[u32]| {
            let sum: f64 = values.iter().zip(weights).map(|(value, weight)| value * f64::from(*weight)).sum();
            vec![Some(sum / f64::from(weights.iter().sum::<u32>()))]
        };
        bootstrap.intervals(values.len(), mean)[0].unwrap()
    }

    #[test]
    fn covers_a_known_rate_about_as_often_as_it_says() {
        let (rate, trials) = (0.2, 300);
        let covered = (0..trials)
            .filter(|&trial| {
                let mut rng = rng(7, "people", trial);
                let people: Vec<f64> = (0..150).map(|_| f64::from(u8::from(rng.random_bool(rate)))).collect();
                let interval = of_mean(&people, Bootstrap { resamples: 200, seed: trial });
                (interval.low..=interval.high).contains(&rate)
            })
            .count();
        // 95 % of 300 is 285; a percentile bootstrap of 150 people is a little short of it.
        assert!((270..=298).contains(&covered), "{covered} of {trials}");
    }

    #[test]
    fn the_seed_decides() {
        let values: Vec<f64> = (0..40).map(f64::from).collect();
        let bootstrap = Bootstrap::default();
        assert_eq!(of_mean(&values, bootstrap), of_mean(&values, bootstrap));
        assert_ne!(of_mean(&values, bootstrap), of_mean(&values, Bootstrap { seed: 2, ..bootstrap }));
        // 19.5 +- 1.96 * 11.54 / sqrt(40).
        let interval = of_mean(&values, bootstrap);
        assert!((interval.low - 15.92).abs() < 0.5 && (interval.high - 23.08).abs() < 0.5, "{interval:?}");
    }

    #[test]
    fn percentiles_by_hand_and_missing_statistics() {
        assert_eq!(percentile(&[1.0, 2.0, 4.0], 0.25), Some(1.5));
        assert_eq!(percentile(&[], 0.25), None);
        let none = Bootstrap { resamples: 5, seed: 1 }.intervals(3, |_| vec![None, Some(2.0)]);
        assert_eq!(none, [None, Some(Interval { low: 2.0, high: 2.0 })]);
    }

    #[test]
    fn ranks_of_few_people_have_no_interval() {
        let drawn = Some(Interval { low: 0.9, high: 0.95 });
        assert_eq!((of_ranks(drawn, 10), of_ranks(drawn, 9), of_ranks(None, 10)), (drawn, None, None));
        assert_eq!(of_ranks(Some(Interval { low: 1.0, high: 1.0 }), 100), None);
    }

    #[test]
    fn no_failure_among_few_people_is_not_certainty() {
        let nothing = Interval { low: 0.0, high: 0.0 };
        // Exact bounds of 0 in 30 and 30 in 30.
        assert!((nothing.of_rate(0.0, 30).high - 0.1157).abs() < 1e-4);
        assert!((Interval { low: 1.0, high: 1.0 }.of_rate(1.0, 30).low - 0.8843).abs() < 1e-4);
        assert_eq!(nothing.of_rate(0.5, 30), nothing);
    }
}
