//! (score, class) pairs -> error rates (ISO/IEC 30107-3) and the paper's five metrics.
//!
//! A score is P(bona fide); a crop counts as bona fide if its score is at or above the threshold.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::recapture::PaiSpecies;

/// A score and what it is a score of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Labelled {
    /// P(bona fide) in `[0, 1]`.
    pub score: f32,
    /// The attack's species; `None` is bona fide.
    pub species: Option<PaiSpecies>,
}

/// Error rates at one threshold, as shares in `[0, 1]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    /// Lowest score that counts as bona fide.
    pub threshold: f32,
    /// Bona fide presentations refused.
    pub bpcer: f64,
    /// Attacks accepted, all species together (the paper's APCER).
    pub apcer: f64,
    /// Attacks accepted, by species.
    pub apcer_by_species: BTreeMap<PaiSpecies, f64>,
    /// The worst species' APCER: the headline of an ISO report.
    pub apcer_max: f64,
    /// Mean of BPCER and APCER.
    pub acer: f64,
    /// F1 with attack as the positive class (paper: attack is 1).
    pub f1: f64,
}

/// Rates at a threshold. A class that is not there has rate 0.
pub fn rates(of: &[Labelled], threshold: f32) -> Rates {
    let mut by_species: BTreeMap<PaiSpecies, (usize, usize)> = BTreeMap::new();
    let (mut refused, mut bona_fide) = (0, 0);
    for item in of {
        let accepted = item.score >= threshold;
        match item.species {
            None => {
                bona_fide += 1;
                refused += usize::from(!accepted);
            }
            Some(species) => {
                let (wrong, all) = by_species.entry(species).or_default();
                *all += 1;
                *wrong += usize::from(accepted);
            }
        }
    }
    let share = |part: usize, all: usize| if all == 0 { 0.0 } else { part as f64 / all as f64 };
    let (accepted, attacks) = by_species.values().fold((0, 0), |sum, item| (sum.0 + item.0, sum.1 + item.1));
    let caught = attacks - accepted;
    let (bpcer, apcer) = (share(refused, bona_fide), share(accepted, attacks));
    let apcer_by_species: BTreeMap<_, _> =
        by_species.into_iter().map(|(species, (wrong, all))| (species, share(wrong, all))).collect();
    Rates {
        threshold,
        bpcer,
        apcer,
        apcer_max: apcer_by_species.values().copied().fold(0.0, f64::max),
        apcer_by_species,
        acer: (bpcer + apcer) / 2.0,
        f1: share(2 * caught, 2 * caught + refused + accepted),
    }
}

/// The threshold with the lowest ACER: every score, and a value above all of them, is tried; among equals the middle of
/// the lowest gap, so that a threshold does not sit on a score.
///
/// # Panics
/// If there is no score.
pub fn best_acer_threshold(of: &[Labelled]) -> f32 {
    assert!(!of.is_empty(), "no scores to choose a threshold from");
    let mut scores: Vec<f32> = of.iter().map(|item| item.score).collect();
    scores.sort_by(f32::total_cmp);
    scores.dedup();
    let between = scores.windows(2).map(|pair| (pair[0] + pair[1]) / 2.0);
    let candidates: Vec<f32> = [0.0].into_iter().chain(between).chain([1.0]).collect();
    candidates
        .into_iter()
        .map(|threshold| (rates(of, threshold).acer, threshold))
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .map_or(0.5, |best| best.1)
}

/// Area under the ROC curve: the chance that a bona fide crop scores above an attack, ties counting half (Mann and
/// Whitney). 0.5 if a class is missing.
pub fn auc(of: &[Labelled]) -> f64 {
    let mut order: Vec<&Labelled> = of.iter().collect();
    order.sort_by(|a, b| a.score.total_cmp(&b.score));
    let bona_fide = of.iter().filter(|item| item.species.is_none()).count();
    let attacks = of.len() - bona_fide;
    if bona_fide == 0 || attacks == 0 {
        return 0.5;
    }
    let (mut below, mut wins) = (0usize, 0.0);
    for tied in order.chunk_by(|a, b| a.score == b.score) {
        let attacks = tied.iter().filter(|item| item.species.is_some()).count();
        let bona_fide = tied.len() - attacks;
        wins += bona_fide as f64 * (below as f64 + attacks as f64 / 2.0);
        below += attacks;
    }
    wins / (bona_fide * attacks) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labelled(bona_fide: &[f32], print: &[f32], replay: &[f32]) -> Vec<Labelled> {
        let of =
            |scores: &[f32], species| scores.iter().map(move |&score| Labelled { score, species }).collect::<Vec<_>>();
        [of(bona_fide, None), of(print, Some(PaiSpecies::Print)), of(replay, Some(PaiSpecies::Replay))].concat()
    }

    #[test]
    fn rates_by_hand() {
        let rates = rates(&labelled(&[0.9, 0.8, 0.4, 0.7], &[0.1, 0.6], &[0.2, 0.3]), 0.5);
        assert_eq!(rates.bpcer, 0.25);
        assert_eq!(rates.apcer, 0.25);
        assert_eq!(rates.apcer_max, 0.5);
        assert_eq!(rates.apcer_by_species[&PaiSpecies::Replay], 0.0);
        assert_eq!(rates.acer, 0.25);
        // Attacks: 3 caught, 1 missed, 1 bona fide called attack.
        assert_eq!(rates.f1, 6.0 / 8.0);
    }

    #[test]
    fn auc_by_hand() {
        assert_eq!(auc(&labelled(&[0.9, 0.8], &[0.1], &[0.2])), 1.0);
        assert_eq!(auc(&labelled(&[0.1], &[0.9], &[])), 0.0);
        // Pairs: 0.5 ties 0.5 (half), beats 0.2; 0.9 beats both.
        assert_eq!(auc(&labelled(&[0.5, 0.9], &[0.5, 0.2], &[])), 3.5 / 4.0);
        assert_eq!(auc(&labelled(&[0.5, 0.9], &[], &[])), 0.5);
    }

    #[test]
    fn the_best_threshold_separates_what_can_be_separated() {
        let scores = labelled(&[0.9, 0.8], &[0.1, 0.3], &[0.2]);
        let threshold = best_acer_threshold(&scores);
        assert!(threshold > 0.3 && threshold <= 0.8, "{threshold}");
        assert_eq!(rates(&scores, threshold).acer, 0.0);
    }
}
