//! (score, class) pairs -> error rates (ISO/IEC 30107-3) and the paper's five metrics.
//!
//! A score is P(bona fide); a crop counts as bona fide if its score is at or above the threshold.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};


/// A score and what it is a score of.
#[derive(Debug, Clone, PartialEq)]
pub struct Labelled {
    /// P(bona fide) in `[0, 1]`.
    pub score: f32,
    /// The attack's species; `None` is bona fide.
    pub attack: Option<String>,
    pub subject: String,
    pub source: String,
}
#[derive(Debug, Clone)]
pub struct Unscored { pub attack: Option<String>, pub source: String }

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
    pub apcer_by_species: BTreeMap<String, f64>,
    /// The worst species' APCER: the headline of an ISO report.
    pub apcer_max: f64,
    /// Mean of BPCER and APCER.
    pub acer: f64,
    /// F1 with attack as the positive class (paper: attack is 1).
    pub f1: f64,
}

/// Rates at a threshold. A class that is not there has rate 0.
pub fn rates(of: &[Labelled], threshold: f32) -> Rates {
    let mut by_species: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let (mut refused, mut bona_fide) = (0, 0);
    for item in of {
        let accepted = item.score >= threshold;
        match &item.attack {
            None => {
                bona_fide += 1;
                refused += usize::from(!accepted);
            }
            Some(species) => {
                let (wrong, all) = by_species.entry(species.clone()).or_default();
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
    let bona_fide = of.iter().filter(|item| item.attack.is_none()).count();
    let attacks = of.len() - bona_fide;
    if bona_fide == 0 || attacks == 0 {
        return 0.5;
    }
    let (mut below, mut wins) = (0usize, 0.0);
    for tied in order.chunk_by(|a, b| a.score == b.score) {
        let attacks = tied.iter().filter(|item| item.attack.is_some()).count();
        let bona_fide = tied.len() - attacks;
        wins += bona_fide as f64 * (below as f64 + attacks as f64 / 2.0);
        below += attacks;
    }
    wins / (bona_fide * attacks) as f64
}

