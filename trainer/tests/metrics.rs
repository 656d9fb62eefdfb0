//! Our metrics against scikit-learn's, on the vectors of `tests/golden/metrics.py`.

use serde::Deserialize;
use trainer::measure::{
    Labelled,
    intervals::{Bootstrap, Interval},
    metrics::rates,
    ranked::Ranked,
};

#[derive(Deserialize)]
struct Case {
    name: String,
    scores: Vec<f32>,
    attacks: Vec<Option<String>>,
    subjects: Vec<usize>,
    auc: f64,
    eer: f64,
    rates: Vec<Rates>,
    best_acer: f64,
    at_apcer: Vec<AtApcer>,
    intervals: Intervals,
}

#[derive(Deserialize)]
struct Rates {
    threshold: f32,
    bpcer: f64,
    apcer: f64,
    acer: f64,
    f1: f64,
}

#[derive(Deserialize)]
struct AtApcer {
    target: f64,
    bpcer: f64,
    apcer: f64,
}

#[derive(Deserialize)]
struct Intervals {
    bpcer_at_half: [f64; 2],
    auc: [f64; 2],
}

fn cases() -> Vec<(Case, Vec<Labelled>)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden/metrics.json");
    let cases: Vec<Case> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(cases.len() >= 5);
    let labelled = |case: &Case| {
        let of = case.scores.iter().zip(&case.attacks).zip(&case.subjects);
        of.map(|((&score, attack), subject)| Labelled {
            score,
            attack: attack.clone(),
            subject: subject.to_string(),
            source: String::new(),
            slices: Vec::new(),
        })
        .collect()
    };
    cases.into_iter().map(|case| (labelled(&case), case)).map(|(of, case)| (case, of)).collect()
}

#[track_caller]
fn near(case: &Case, what: &str, ours: f64, theirs: f64, tolerance: f64) {
    assert!((ours - theirs).abs() <= tolerance, "{}, {what}: ours {ours}, scikit-learn's {theirs}", case.name);
}

#[test]
fn agree_with_scikit_learn() {
    for (case, of) in cases() {
        let ranked = Ranked::new(&of);
        let once = ranked.once();
        near(&case, "AUC", ranked.auc(&once).unwrap(), case.auc, 1e-12);
        near(&case, "EER", ranked.eer(&once).unwrap(), case.eer, 1e-9);
        for theirs in &case.rates {
            let ours = rates(&of, theirs.threshold);
            near(&case, "BPCER", ours.bpcer, theirs.bpcer, 1e-12);
            near(&case, "APCER", ours.apcer, theirs.apcer, 1e-12);
            near(&case, "ACER", ours.acer, theirs.acer, 1e-12);
            near(&case, "F1", ours.f1, theirs.f1, 1e-12);
        }
        near(&case, "best ACER", rates(&of, ranked.best_acer_threshold()).acer, case.best_acer, 1e-12);
        for theirs in &case.at_apcer {
            let ours = rates(&of, ranked.threshold_at_apcer(theirs.target));
            near(&case, "BPCER at an APCER", ours.bpcer, theirs.bpcer, 1e-12);
            near(&case, "worst APCER there", ours.apcer_max, theirs.apcer, 1e-12);
        }
    }
}

/// Other random numbers than numpy's, so near and not equal.
#[test]
fn intervals_agree_with_a_bootstrap_by_numpy() {
    for (case, of) in cases() {
        let ranked = Ranked::new(&of);
        let bootstrap = Bootstrap { resamples: 4000, seed: 1 };
        let intervals = bootstrap
            .intervals(ranked.subjects(), |weights| vec![ranked.tally(0.5, weights).bpcer(), ranked.auc(weights)]);
        for (ours, theirs) in intervals.iter().zip([case.intervals.bpcer_at_half, case.intervals.auc]) {
            let Interval { low, high } = ours.unwrap();
            near(&case, "low", low, theirs[0], 0.015);
            near(&case, "high", high, theirs[1], 0.015);
        }
    }
}
