//! Scores of the development and the test split -> an [`Evaluation`]. Knows no networks.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::{
    evaluation::{APCER_TARGETS, AtApcer, Evaluation, Intervals, NonResponse, RateIntervals},
    intervals::{self, Bootstrap, Figure, Interval, LEVEL},
    labelled::{Labelled, Unscored, check},
    parts::{self, rate},
    ranked::{Ranked, Tally},
};

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
    let names: BTreeSet<&str> = test.iter().flat_map(|item| &item.slices).map(String::as_str).collect();
    let (development, ranked) = (Ranked::new(development), Ranked::new(test));
    let once = ranked.once();
    let threshold = development.best_acer_threshold();
    let (held, paper) = (ranked.rates(threshold), ranked.rates(ranked.best_acer_threshold()));
    let targets = APCER_TARGETS.map(|target| (target, development.threshold_at_apcer(target)));
    let part = |name: &str| ranked.part(|place| test[place].slices.iter().any(|slice| slice == name));
    let slices: Vec<(&str, Ranked)> = names.into_iter().map(|name| (name, part(name))).collect();

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
        all.extend(parts::species_statistics(&tally));
        for (_, slice) in &slices {
            all.extend(parts::slice_statistics(slice, &slice.tally(threshold, weights), weights));
        }
        all
    };
    let values = statistics(&once);
    let drawn = bootstrap.intervals(ranked.subjects(), statistics);
    let mut drawn = values.into_iter().zip(drawn);
    let mut next = || drawn.next().expect("as many intervals as are read");

    let (bona_fide_people, attack_people) = ranked.people();
    // People behind an exact bound: of all attacks at least those of the largest species, of the worst the fewest.
    let most = attack_people.iter().copied().max().unwrap_or(0);
    let least = attack_people.iter().copied().min().unwrap_or(0);
    let mut of_ranks = || {
        let (value, interval) = next();
        (value, intervals::of_ranks(interval, ranked.fewest_people()))
    };
    let (auc, eer) = (of_ranks(), of_ranks());
    let mut rate_intervals = || {
        let (bpcer, apcer) = (rate(next(), bona_fide_people), rate(next(), most));
        let (apcer_max, (acer, acer_interval), f1) = (rate(next(), least), next(), next().1);
        let both = |of: fn(Interval) -> f64| Some((of(bpcer?.interval?) + of(apcer?.interval?)) / 2.0);
        // No error of either kind: the mean of the two bounds.
        let acer =
            if acer == Some(0.0) { both(|of| of.high).map(|high| Interval { low: 0.0, high }) } else { acer_interval };
        let interval = |figure: Option<Figure>| figure.and_then(|figure| figure.interval);
        RateIntervals { bpcer: interval(bpcer), apcer: interval(apcer), apcer_max: interval(apcer_max), acer, f1 }
    };
    let intervals =
        Intervals { level: LEVEL, bootstrap, held: rate_intervals(), paper: rate_intervals(), auc: auc.1, eer: eer.1 };
    let figure = |figure: Option<Figure>| figure.expect("both classes are there");
    let at_apcer = targets
        .map(|(target, threshold)| {
            let (apcer, bpcer) = (rate(next(), least), rate(next(), bona_fide_people));
            AtApcer { target, threshold, apcer: figure(apcer), bpcer: figure(bpcer) }
        })
        .into();
    let species = parts::species(&ranked, &ranked.tally(threshold, &once), &mut next);
    let slices = slices.iter().map(|(name, of)| ((*name).to_owned(), parts::slice(of, &mut next))).collect();
    let (bona_fide, attacks) = ranked.sizes(&once);
    Ok(Evaluation {
        data: data.to_owned(),
        bona_fide: bona_fide as usize,
        attacks: attacks as usize,
        subjects: ranked.subjects(),
        calibration: None,
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
        slices,
        conditions: BTreeMap::new(),
        non_response: NonResponse::new(test, unscored),
    })
}

fn of_rates(tally: &Tally) -> [Option<f64>; 5] {
    [tally.bpcer(), tally.apcer(), tally.apcer_max(), tally.acer(), tally.f1()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(people: usize) -> Vec<Labelled> {
        let item = |score: f32, attack: Option<&str>, person: usize| Labelled {
            score,
            attack: attack.map(Into::into),
            subject: format!("person {person}"),
            source: "s".into(),
            slices: [["indoors", "outdoors"][person % 2], "everyone"].map(Into::into).into(),
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
        assert_eq!((is.auc, is.eer), (0.995, 0.05));
        assert!(is.intervals.auc.unwrap().low > 0.9 && is.intervals.eer.unwrap().high < 0.2);
        assert_eq!(is.species["replay"].presentations, 40);
        let bpcer = is.intervals.held.bpcer.unwrap();
        assert!(bpcer.low < 0.05 && bpcer.high > 0.1 && bpcer.high < 0.2, "{bpcer:?}");
        // None of 40 people's attacks passed: at most 8.8 % of people's would.
        assert!((is.species["print"].apcer.interval.unwrap().high - 0.0881).abs() < 1e-3);
        assert_eq!(is.slices["outdoors"].bpcer.unwrap().value, 0.0);
        assert_eq!(is.slices["indoors"].bpcer.unwrap().value, 0.1);
        // Everybody is in two slices.
        assert_eq!((is.slices.len(), is.slices["everyone"].attacks), (3, 80));
        assert_eq!(is.slices["everyone"].bpcer, Some(Figure { value: 0.05, interval: is.intervals.held.bpcer }));
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
    fn one_person_of_each_class_makes_no_certainty() {
        let is = evaluate_scores("a test", &split(20), &split(1), &[]).unwrap();
        assert_eq!((is.intervals.auc, is.intervals.eer), (None, None));
        assert!(is.slices.values().all(|slice| slice.auc.is_none_or(|auc| auc.interval.is_none())));
        // Rates have an exact bound, however few.
        assert!(is.intervals.held.apcer.unwrap().high > 0.9);
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
        let points = is.operating_points();
        let [low, balanced, strict] = ["low_friction", "balanced", "strict"].map(|name| points[name]);
        assert!(low.threshold <= balanced.threshold && balanced.threshold <= strict.threshold);
        assert_eq!((balanced.threshold, balanced.bpcer), (is.balanced(), is.at(0.05).bpcer.value as f32));
        assert!(evaluate_scores("a test", &[], &shifted, &[]).is_err());
    }
}
