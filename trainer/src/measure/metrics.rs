//! Ranked scores -> error rates (ISO/IEC 30107-3), the paper's five metrics, and the thresholds that they call for.
//!
//! A presentation counts as bona fide if its score is at or above the threshold. Rates are over the presentations that
//! got a score; the others are counted in `non_response`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    labelled::Labelled,
    ranked::{Ranked, Step, Tally, Weights},
};

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
    /// Mean of BPCER and APCER (the paper's; all species together).
    pub acer: f64,
    /// F1 of the bona fide class, both classes weighing the same: the paper's, as its rows show.
    pub f1: f64,
}

/// `part` of `all`; nothing of nothing has no share.
pub(crate) fn share(part: u64, all: u64) -> Option<f64> {
    (all > 0).then(|| part as f64 / all as f64)
}

/// F1 of the bona fide class, as if there were as many bona fide presentations as attacks.
pub(crate) fn balanced_f1(bpcer: f64, apcer: f64) -> f64 {
    let found = 2.0 * (1.0 - bpcer);
    found / (found + apcer + bpcer)
}

impl Tally {
    /// Bona fide presentations refused; `None` without any.
    pub fn bpcer(&self) -> Option<f64> {
        share(self.refused, self.bona_fide)
    }

    /// Attacks accepted, all species together; `None` without any.
    pub fn apcer(&self) -> Option<f64> {
        let (attacks, accepted) = self.attacks();
        share(accepted, attacks)
    }

    /// Attacks accepted of one species; `None` without any.
    pub fn apcer_of(&self, species: usize) -> Option<f64> {
        let (attacks, accepted) = self.species[species];
        share(accepted, attacks)
    }

    /// The worst species' APCER; `None` without attacks.
    pub fn apcer_max(&self) -> Option<f64> {
        (0..self.species.len()).filter_map(|species| self.apcer_of(species)).max_by(f64::total_cmp)
    }

    /// Mean of BPCER and APCER; `None` without one of the classes.
    pub fn acer(&self) -> Option<f64> {
        Some((self.bpcer()? + self.apcer()?) / 2.0)
    }

    /// F1 of the bona fide class, both classes weighing the same; `None` without one of them.
    pub fn f1(&self) -> Option<f64> {
        Some(balanced_f1(self.bpcer()?, self.apcer()?))
    }

    fn attacks(&self) -> (u64, u64) {
        self.species.iter().fold((0, 0), |sum, of| (sum.0 + of.0, sum.1 + of.1))
    }
}

impl Ranked {
    /// Rates at a threshold. A class that is not there has rate 0.
    pub fn rates(&self, threshold: f32) -> Rates {
        let tally = self.tally(threshold, &self.once());
        let names = self.species().iter().enumerate();
        Rates {
            threshold,
            bpcer: tally.bpcer().unwrap_or(0.0),
            apcer: tally.apcer().unwrap_or(0.0),
            apcer_by_species: names
                .filter_map(|(number, name)| Some((name.clone(), tally.apcer_of(number)?)))
                .collect(),
            apcer_max: tally.apcer_max().unwrap_or(0.0),
            acer: (tally.bpcer().unwrap_or(0.0) + tally.apcer().unwrap_or(0.0)) / 2.0,
            f1: tally.f1().unwrap_or(0.0),
        }
    }

    /// The threshold with the lowest ACER; every one that makes a difference is tried, as the paper does. Among equals
    /// the lowest; 0.5 if a class is missing.
    pub fn best_acer_threshold(&self) -> f32 {
        let weights = self.once();
        let (bona_fide, attacks) = self.sizes(&weights);
        if bona_fide == 0 || attacks == 0 {
            return 0.5;
        }
        // In whole numbers, so that equals are equal.
        let errors = |refused: u64, accepted: u64| {
            u128::from(refused) * u128::from(attacks) + u128::from(accepted) * u128::from(bona_fide)
        };
        let best = self.steps(&weights).min_by_key(|step| errors(step.refused, step.accepted));
        best.map_or(0.5, |step| step.threshold)
    }

    /// The threshold of equal error: where APCER, all species together, and BPCER differ least. Among equals the one with
    /// the lowest ACER, then the lowest; 0.5 if a class is missing.
    pub fn eer_threshold(&self) -> f32 {
        let weights = self.once();
        let (bona_fide, attacks) = self.sizes(&weights);
        if bona_fide == 0 || attacks == 0 {
            return 0.5;
        }
        // In whole numbers, so that equals are equal.
        let errors = |step: &Step| {
            let refused = u128::from(step.refused) * u128::from(attacks);
            let accepted = u128::from(step.accepted) * u128::from(bona_fide);
            (refused.abs_diff(accepted), refused + accepted)
        };
        self.steps(&weights).min_by_key(errors).map_or(0.5, |step| step.threshold)
    }

    /// The lowest threshold at which no species' APCER is above `target` (a share in `[0, 1]`): the lowest BPCER at that
    /// APCER. May be just above 1, where nothing is accepted, if attacks score 1.
    pub fn threshold_at_apcer(&self, target: f64) -> f32 {
        let all = self.tally(0.0, &self.once()).species;
        self.descend(|accepted| {
            accepted.iter().zip(&all).any(|(&accepted, &(all, _))| share(accepted, all).is_some_and(|is| is > target))
        })
    }

    /// Area under the ROC curve: the chance that a bona fide presentation scores above an attack, ties counting half
    /// (Mann and Whitney). `None` if a class is missing.
    pub fn auc(&self, weights: &Weights) -> Option<f64> {
        let (bona_fide, attacks) = self.sizes(weights);
        let (mut area, mut before) = (0.0, (0, attacks));
        for step in self.steps(weights) {
            // Bona fide of this run of equals, times the attacks below it and half of those within it.
            let within = step.refused - before.0;
            area += within as f64 * ((attacks - before.1) as f64 + (before.1 - step.accepted) as f64 / 2.0);
            before = (step.refused, step.accepted);
        }
        (bona_fide > 0 && attacks > 0).then(|| area / (bona_fide as f64 * attacks as f64))
    }

    /// Equal error rate: where the ROC curve, its points joined by straight lines, has APCER = BPCER. `None` if a class
    /// is missing.
    pub fn eer(&self, weights: &Weights) -> Option<f64> {
        let (bona_fide, attacks) = self.sizes(weights);
        let mut before = (0.0, 1.0);
        for step in self.steps(weights) {
            let (bpcer, apcer) = (share(step.refused, bona_fide)?, share(step.accepted, attacks)?);
            if bpcer >= apcer {
                let (rise, fall) = (bpcer - before.0, before.1 - apcer);
                let along = if rise + fall > 0.0 { (before.1 - before.0) / (rise + fall) } else { 0.0 };
                return Some(before.0 + along * rise);
            }
            before = (bpcer, apcer);
        }
        None
    }
}

/// [`Ranked::rates`] of scores that are not ranked yet.
pub fn rates(of: &[Labelled], threshold: f32) -> Rates {
    Ranked::new(of).rates(threshold)
}

/// [`Ranked::best_acer_threshold`] of scores that are not ranked yet.
pub fn best_acer_threshold(of: &[Labelled]) -> f32 {
    Ranked::new(of).best_acer_threshold()
}

/// [`Ranked::auc`] of scores that are not ranked yet; 0.5 if a class is missing.
pub fn auc(of: &[Labelled]) -> f64 {
    let ranked = Ranked::new(of);
    ranked.auc(&ranked.once()).unwrap_or(0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labelled(bona_fide: &[f32], print: &[f32], replay: &[f32]) -> Vec<Labelled> {
        let of = |scores: &[f32], attack: Option<&str>| {
            let item = |&score: &f32| Labelled {
                score,
                attack: attack.map(Into::into),
                subject: "one".into(),
                source: "here".into(),
                slices: Vec::new(),
            };
            scores.iter().map(item).collect::<Vec<_>>()
        };
        [of(bona_fide, None), of(print, Some("print")), of(replay, Some("replay/phone"))].concat()
    }

    #[test]
    fn rates_by_hand() {
        let rates = rates(&labelled(&[0.9, 0.8, 0.4, 0.7], &[0.1, 0.6], &[0.2, 0.3]), 0.5);
        assert_eq!(rates.bpcer, 0.25);
        assert_eq!(rates.apcer, 0.25);
        assert_eq!(rates.apcer_max, 0.5);
        assert_eq!(rates.apcer_by_species["replay/phone"], 0.0);
        assert_eq!(rates.acer, 0.25);
        // Bona fide: 3 found, 1 missed, 1 attack called bona fide.
        assert_eq!(rates.f1, 6.0 / 8.0);
    }

    #[test]
    fn f1_weighs_both_classes_the_same() {
        let of = rates(&labelled(&[0.9, 0.4], &[0.1, 0.6, 0.2, 0.2], &[0.2, 0.3, 0.1, 0.7]), 0.5);
        assert_eq!((of.bpcer, of.apcer), (0.5, 0.25));
        assert_eq!(of.f1, 1.0 / 1.75);
        assert_eq!(rates(&labelled(&[], &[0.1], &[]), 0.5).f1, 0.0);
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

    #[test]
    fn equal_error_rate_by_hand() {
        let eer = |of: &[Labelled]| {
            let ranked = Ranked::new(of);
            ranked.eer(&ranked.once())
        };
        assert_eq!(eer(&labelled(&[0.9, 0.8], &[0.1], &[0.2])), Some(0.0));
        assert_eq!(eer(&labelled(&[0.9, 0.3], &[0.5], &[0.1])), Some(0.5));
        // All tied: the curve is the diagonal.
        assert_eq!(eer(&labelled(&[0.5; 3], &[0.5; 5], &[])), Some(0.5));
        assert_eq!(eer(&labelled(&[0.5], &[], &[])), None);
    }

    #[test]
    fn the_threshold_of_equal_error_by_hand() {
        let at = |of: &[Labelled]| {
            let ranked = Ranked::new(of);
            let rates = ranked.rates(ranked.eer_threshold());
            (rates.bpcer, rates.apcer, rates.threshold)
        };
        let (bpcer, apcer, threshold) = at(&labelled(&[0.9, 0.8], &[0.1], &[0.2]));
        assert!((bpcer, apcer) == (0.0, 0.0) && threshold > 0.2 && threshold <= 0.8, "{threshold}");
        // Between 0.4 and 0.6 one bona fide of four is refused, and one attack of four accepted, whatever its species.
        let (bpcer, apcer, threshold) = at(&labelled(&[0.9, 0.8, 0.6, 0.2], &[0.7, 0.4], &[0.1, 0.1]));
        assert!((bpcer, apcer) == (0.25, 0.25) && threshold > 0.4 && threshold <= 0.6, "{threshold}");
        // 0.5 ties: refused or accepted together. Nothing is equal; 0 against 1/2 is nearer than 0 against 1 or 1 against 0.
        let (bpcer, apcer, _) = at(&labelled(&[0.5], &[0.5, 0.1], &[]));
        assert_eq!((bpcer, apcer), (0.0, 0.5));
        assert_eq!(Ranked::new(&labelled(&[0.5], &[], &[])).eer_threshold(), 0.5);
    }

    #[test]
    fn a_threshold_for_an_apcer_holds_for_the_worst_species() {
        let of = labelled(&[0.95, 0.6, 0.45, 0.2], &[0.9, 0.1, 0.1, 0.1], &[0.5, 0.4, 0.3, 0.1]);
        let at = |target: f64| rates(&of, Ranked::new(&of).threshold_at_apcer(target));
        // One in four of each species may pass: print 0.9 and replay 0.5, not replay 0.4.
        let quarter = at(0.25);
        assert!(quarter.threshold > 0.4 && quarter.threshold <= 0.45, "{}", quarter.threshold);
        assert_eq!((quarter.apcer_max, quarter.bpcer), (0.25, 0.25));
        assert_eq!((at(0.1).apcer_max, at(0.1).bpcer), (0.0, 0.75));
        assert_eq!((at(1.0).threshold, at(1.0).bpcer), (0.0, 0.0));
        let saturated = labelled(&[1.0, 0.9], &[1.0], &[]);
        assert_eq!(rates(&saturated, Ranked::new(&saturated).threshold_at_apcer(0.0)).apcer, 0.0);
    }
}
