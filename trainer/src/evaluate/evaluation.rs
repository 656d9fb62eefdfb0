//! Scores of the development and the test split -> everything that `evaluation.json` says. Knows no networks.
//!
//! A threshold that a product uses is chosen on the development split and held on the test split; only `paper` chooses on
//! the test split itself, as the paper does, and is optimistic for that.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::{
    intervals::{Bootstrap, Figure, Interval, LEVEL},
    labelled::{Labelled, Unscored, check},
    metrics::{Rates, share},
    ranked::{Ranked, Tally},
};

/// The APCERs at which BPCER is reported (ISO/IEC 30107-3's BPCER100, BPCER20 and BPCER10).
pub const APCER_TARGETS: [f64; 3] = [0.01, 0.05, 0.1];

/// What `evaluation.json` in the run folder says, and `trainer export` puts into the manifest. Rates are shares in
/// `[0, 1]` of the presentations that got a score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// What was measured on.
    pub data: String,
    /// Bona fide presentations in the test split.
    pub bona_fide: usize,
    /// Attacks in the test split.
    pub attacks: usize,
    /// People in the test split.
    pub subjects: usize,
    /// The threshold with the best ACER on the development split.
    pub threshold: f32,
    /// Worst species' APCER on the test split at that threshold.
    pub apcer: f64,
    /// BPCER on the test split at that threshold.
    pub bpcer: f64,
    /// All rates on the test split at that threshold.
    pub held: Rates,
    /// All rates at the test split's own best threshold, as the paper reports them: optimistic.
    pub paper: Rates,
    /// Area under the ROC curve on the test split.
    pub auc: f64,
    /// Equal error rate on the test split.
    pub eer: f64,
    /// 95 % intervals of the figures above.
    pub intervals: Intervals,
    /// BPCER where the development split's worst APCER is at most 1, 5 and 10 %.
    pub at_apcer: Vec<AtApcer>,
    /// The test split by attack species, at `threshold`.
    pub species: BTreeMap<String, Species>,
    /// The test split by source, at `threshold`.
    pub sources: BTreeMap<String, Slice>,
    /// Presentations of the test split without a score.
    pub non_response: NonResponse,
}

/// Intervals of the headline figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Intervals {
    /// Their confidence, 0.95.
    pub level: f64,
    /// How they were drawn.
    pub bootstrap: Bootstrap,
    /// Of `held`.
    pub held: RateIntervals,
    /// Of `paper`.
    pub paper: RateIntervals,
    /// Of `auc`.
    pub auc: Option<Interval>,
    /// Of `eer`.
    pub eer: Option<Interval>,
}

/// Intervals of [`Rates`], field by field.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RateIntervals {
    /// Of `bpcer`.
    pub bpcer: Option<Interval>,
    /// Of `apcer`.
    pub apcer: Option<Interval>,
    /// Of `apcer_max`.
    pub apcer_max: Option<Interval>,
    /// Of `acer`.
    pub acer: Option<Interval>,
    /// Of `f1`.
    pub f1: Option<Interval>,
}

/// A threshold set for an APCER on the development split, and what it gives on the test split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AtApcer {
    /// The worst species' APCER that the development split was allowed.
    pub target: f64,
    /// The lowest threshold that keeps it there.
    pub threshold: f32,
    /// The worst species' APCER on the test split: above the target where the splits differ.
    pub apcer: Figure,
    /// BPCER on the test split.
    pub bpcer: Figure,
}

/// One attack species.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Species {
    /// Attacks with a score.
    pub presentations: u64,
    /// Of which accepted.
    pub accepted: u64,
    /// People they show.
    pub subjects: usize,
    /// Their share.
    pub apcer: Figure,
}

/// One source of presentations; a figure is `None` where the source lacks a class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    /// Bona fide presentations.
    pub bona_fide: u64,
    /// Attacks.
    pub attacks: u64,
    /// BPCER.
    pub bpcer: Option<Figure>,
    /// APCER, all species together.
    pub apcer: Option<Figure>,
    /// Area under the ROC curve.
    pub auc: Option<Figure>,
}

/// Non-response rates (ISO/IEC 30107-3): presentations in which no face was found, over all presentations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NonResponse {
    /// Bona fide presentations without a score.
    pub bona_fide: usize,
    /// BPNRR.
    pub bpnrr: f64,
    /// Attacks without a score.
    pub attacks: usize,
    /// APNRR, all species together; `None` if nobody presented an attack.
    pub apnrr: Option<f64>,
    /// APNRR by species.
    pub apnrr_by_species: BTreeMap<String, f64>,
}

impl NonResponse {
    fn new(test: &[Labelled], unscored: &[Unscored]) -> Self {
        let mut classes: BTreeMap<Option<&str>, (u64, u64)> = BTreeMap::new();
        for class in unscored.iter().map(|item| item.attack.as_deref()) {
            let (silent, all) = classes.entry(class).or_default();
            *silent += 1;
            *all += 1;
        }
        for class in test.iter().map(|item| item.attack.as_deref()) {
            classes.entry(class).or_default().1 += 1;
        }
        let (silent, all) = classes.remove(&None).unwrap_or_default();
        let attacks = classes.values().fold((0, 0), |sum, of| (sum.0 + of.0, sum.1 + of.1));
        Self {
            bona_fide: silent as usize,
            bpnrr: share(silent, all).unwrap_or(0.0),
            attacks: attacks.0 as usize,
            apnrr: share(attacks.0, attacks.1),
            apnrr_by_species: classes
                .into_iter()
                .filter_map(|(species, (silent, all))| Some((species?.to_owned(), share(silent, all)?)))
                .collect(),
        }
    }
}

/// Measures `test` with thresholds from `development`, in O(n log n) and 1,000 passes for the intervals. `unscored` are
/// the test split's presentations in which no face was found; `data` says in a sentence what was measured on.
///
/// # Errors
/// If a split lacks a class or a score is no probability.
pub fn evaluate_scores(
    data: &str,
    development: &[Labelled],
    test: &[Labelled],
    unscored: &[Unscored],
) -> Result<Evaluation> {
    evaluate_scores_with(Bootstrap::default(), data, development, test, unscored)
}

/// [`evaluate_scores`] with other intervals.
///
/// # Errors
/// If a split lacks a class or a score is no probability.
pub fn evaluate_scores_with(
    bootstrap: Bootstrap,
    data: &str,
    development: &[Labelled],
    test: &[Labelled],
    unscored: &[Unscored],
) -> Result<Evaluation> {
    check(development, "development")?;
    check(test, "test")?;
    let (development, ranked) = (Ranked::new(development), Ranked::new(test));
    let once = ranked.once();
    let threshold = development.best_acer_threshold();
    let (held, paper) = (ranked.rates(threshold), ranked.rates(ranked.best_acer_threshold()));
    let targets = APCER_TARGETS.map(|target| (target, development.threshold_at_apcer(target)));
    let slices: Vec<Ranked> = (0..ranked.sources().len()).map(|source| ranked.of_source(source)).collect();

    // Everything that gets an interval, for some weights; read back in the same order below.
    let statistics = |weights: &[u32]| {
        let tally = ranked.tally(threshold, weights);
        let mut all = vec![ranked.auc(weights), ranked.eer(weights)];
        all.extend(of_rates(&tally));
        all.extend(of_rates(&ranked.tally(paper.threshold, weights)));
        for (_, threshold) in targets {
            let tally = ranked.tally(threshold, weights);
            all.extend([tally.apcer_max(), tally.bpcer()]);
        }
        all.extend((0..ranked.species().len()).map(|species| tally.apcer_of(species)));
        for slice in &slices {
            let tally = slice.tally(threshold, weights);
            all.extend([tally.bpcer(), tally.apcer(), slice.auc(weights)]);
        }
        all
    };
    let values = statistics(&once);
    let intervals = bootstrap.intervals(ranked.subjects(), statistics);
    let mut drawn = values.into_iter().zip(intervals);
    let mut next = || drawn.next().expect("as many intervals as are read");

    let (bona_fide_people, attack_people) = ranked.people();
    let most = attack_people.iter().copied().max().unwrap_or(0);
    let least = attack_people.iter().copied().min().unwrap_or(0);
    let (auc, eer) = (next(), next());
    let mut of_rates = || {
        let (bpcer, apcer) = (rate(next(), bona_fide_people), rate(next(), most));
        let (apcer_max, (acer, acer_interval), f1) = (rate(next(), least), next(), next().1);
        let both = |of: fn(Interval) -> f64| Some((of(bpcer?.interval?) + of(apcer?.interval?)) / 2.0);
        // No error of either kind: the mean of the two bounds.
        let acer =
            if acer == Some(0.0) { both(|of| of.high).map(|high| Interval { low: 0.0, high }) } else { acer_interval };
        let interval = |figure: Option<Figure>| figure.and_then(|figure| figure.interval);
        RateIntervals { bpcer: interval(bpcer), apcer: interval(apcer), apcer_max: interval(apcer_max), acer, f1 }
    };
    let intervals = Intervals { level: LEVEL, bootstrap, held: of_rates(), paper: of_rates(), auc: auc.1, eer: eer.1 };
    let figure = |figure: Option<Figure>| figure.expect("both classes are there");
    let at_apcer = targets
        .map(|(target, threshold)| {
            let (apcer, bpcer) = (rate(next(), least), rate(next(), bona_fide_people));
            AtApcer { target, threshold, apcer: figure(apcer), bpcer: figure(bpcer) }
        })
        .into();
    let tally = ranked.tally(threshold, &once);
    let species = ranked
        .species()
        .iter()
        .zip(tally.species.iter().zip(&attack_people))
        .map(|(name, (&(presentations, accepted), &subjects))| {
            let apcer = figure(rate(next(), subjects));
            (name.clone(), Species { presentations, accepted, subjects, apcer })
        })
        .collect();
    let sources = ranked
        .sources()
        .iter()
        .zip(&slices)
        .map(|(name, slice)| {
            let (bona_fide, attacks) = slice.sizes(&once);
            let (people, attack_people) = slice.people();
            let of = attack_people.into_iter().max().unwrap_or(0);
            let (bpcer, apcer, auc) = (rate(next(), people), rate(next(), of), next());
            let auc = auc.0.map(|value| Figure { value, interval: auc.1 });
            (name.clone(), Slice { bona_fide, attacks, bpcer, apcer, auc })
        })
        .collect();
    let (bona_fide, attacks) = ranked.sizes(&once);
    Ok(Evaluation {
        data: data.to_owned(),
        bona_fide: bona_fide as usize,
        attacks: attacks as usize,
        subjects: ranked.subjects(),
        threshold,
        apcer: held.apcer_max,
        bpcer: held.bpcer,
        held,
        paper,
        auc: auc.0.expect("both classes are there"),
        eer: eer.0.expect("both classes are there"),
        intervals,
        at_apcer,
        species,
        sources,
        non_response: NonResponse::new(test, unscored),
    })
}

fn of_rates(tally: &Tally) -> [Option<f64>; 5] {
    [tally.bpcer(), tally.apcer(), tally.apcer_max(), tally.acer(), tally.f1()]
}

/// An error rate among `people` and its interval.
fn rate((value, interval): (Option<f64>, Option<Interval>), people: usize) -> Option<Figure> {
    value.map(|value| Figure { value, interval: interval.map(|interval| interval.of_rate(value, people)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(people: usize) -> Vec<Labelled> {
        let item = |score: f32, attack: Option<&str>, person: usize| Labelled {
            score,
            attack: attack.map(Into::into),
            subject: format!("person {person}"),
            source: ["indoors", "outdoors"][person % 2].into(),
        };
        (0..people)
            .flat_map(|person| {
                let low = if person % 20 == 0 { 0.3 } else { 0.9 };
                let high = if person % 5 == 0 { 0.7 } else { 0.1 };
                [item(low, None, person), item(0.2, Some("print"), person), item(high, Some("replay"), person)]
            })
            .collect()
    }

    #[test]
    fn an_evaluation_by_hand() {
        let silent = |attack: Option<&str>| Unscored {
            attack: attack.map(Into::into),
            subject: "nobody".into(),
            source: "indoors".into(),
        };
        let unscored = [silent(None), silent(Some("mask")), silent(Some("print"))];
        let is = evaluate_scores("a test", &split(20), &split(40), &unscored).unwrap();
        assert_eq!((is.bona_fide, is.attacks, is.subjects), (40, 80, 40));
        // 0.7 to 0.9 refuses one bona fide in twenty and no attack passes; lower lets one replay in five in.
        assert!(is.threshold > 0.7 && is.threshold <= 0.9, "{}", is.threshold);
        assert_eq!((is.bpcer, is.apcer, is.held.acer), (0.05, 0.0, 0.025));
        assert_eq!(is.species["replay"].presentations, 40);
        let bpcer = is.intervals.held.bpcer.unwrap();
        assert!(bpcer.low < 0.05 && bpcer.high > 0.1 && bpcer.high < 0.2, "{bpcer:?}");
        // None of 40 people's attacks passed: at most 8.8 % of people's would.
        assert!((is.species["print"].apcer.interval.unwrap().high - 0.0881).abs() < 1e-3);
        assert_eq!(is.sources["outdoors"].bpcer.unwrap().value, 0.0);
        assert_eq!(is.sources["indoors"].bpcer.unwrap().value, 0.1);
        let none = &is.non_response;
        assert_eq!((none.bona_fide, none.bpnrr), (1, 1.0 / 41.0));
        assert_eq!((none.attacks, none.apnrr), (2, Some(2.0 / 82.0)));
        assert_eq!((none.apnrr_by_species["mask"], none.apnrr_by_species["replay"]), (1.0, 0.0));
        // The same again, and what export reads, through JSON.
        assert_eq!(is, evaluate_scores("a test", &split(20), &split(40), &unscored).unwrap());
        let back: Evaluation = serde_json::from_str(&serde_json::to_string(&is).unwrap()).unwrap();
        assert_eq!((back.threshold, back.apcer, back.bpcer), (is.threshold, is.apcer, is.bpcer));
    }

    #[test]
    fn thresholds_come_from_the_development_split() {
        let mut shifted = split(40);
        shifted.iter_mut().filter(|item| item.attack.is_some()).for_each(|item| item.score += 0.25);
        let is = evaluate_scores("a test", &split(20), &shifted, &[]).unwrap();
        // One replay in five went up to 0.95, over bona fide's 0.9.
        assert_eq!(is.held.apcer_max, 0.2);
        assert!(is.at_apcer.iter().all(|at| at.threshold == is.at_apcer[0].threshold && at.apcer.value == 0.2));
        assert!(is.paper.acer <= is.held.acer);
        assert!(evaluate_scores("a test", &[], &shifted, &[]).is_err());
    }
}
