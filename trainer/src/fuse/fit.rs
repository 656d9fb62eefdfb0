//! Presentations with their votes -> a fusion, its operating points, and how good they are.
//!
//! Logistic regression in which every class of every source counts as much as any other, so that a large set of one camera's
//! does not drown the others. Thresholds are those of `trainer evaluate`: by the worst species' APCER.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use bonafide::{
    fusion::{Fusion, Term},
    score::{OperatingPoint, Score},
};

use super::{
    block::Block,
    scores::{Presentation, Scores},
};
use crate::{
    evaluate::{
        html::{fraction, percent},
        markdown,
    },
    measure::{
        Evaluation, Labelled, evaluate_scores,
        evaluation::OPERATING_POINTS,
        intervals::Figure,
        labelled::check,
        logistic::{self, Point},
    },
};

/// Bona fide presentations that may be called attacks outright, by operating point; more than these are doubtful.
const REFUSED: [(&str, f64); 3] = [("low_friction", 0.001), ("balanced", 0.005), ("strict", 0.01)];

/// How far from 0 logits count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Of the classifier's.
    pub classifier: f32,
    /// Of each expert's.
    pub experts: f32,
}

/// A fit and what it was measured to be worth.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// For the manifest.
    pub block: Block,
    /// The fused score.
    evaluation: Evaluation,
    /// Each vote by itself, by name.
    alone: Vec<(&'static str, Evaluation)>,
    /// Whether there were others to measure on than those that were fitted on.
    held_out: bool,
    too_small: usize,
}

/// Fits a fusion. Measured are the presentations of the test split, or without one those that were fitted on, which is
/// optimistic and is said to be.
///
/// # Errors
/// If a part lacks a class, or bona fide presentations do not score above attacks.
pub fn fit(scores: &Scores, limits: Limits, about: &str) -> Result<Fitted> {
    let is = |of: &[Presentation]| of.iter().map(|of| of.is.clone()).collect::<Vec<_>>();
    check(&is(&scores.fitted), "fitted")?;
    let held_out = !scores.test.is_empty();
    let test = if held_out { &scores.test } else { &scores.fitted };
    let experts = !scores.fitted[0].votes.experts.is_empty();
    let evaluate = |fusion: &Fusion| {
        let scored = |of: &[Presentation]| of.iter().map(|of| of.scored(fusion)).collect::<Vec<Labelled>>();
        evaluate_scores(about, &scored(&scores.fitted), &scored(test), &scores.unscored)
    };
    let fusion = regress(&scores.fitted, limits, [true, experts], about)?;
    let evaluation = evaluate(&fusion)?;
    let mut alone = Vec::new();
    if experts {
        for (name, counts) in [("classifier", [true, false]), ("experts", [false, true])] {
            alone.push((name, evaluate(&regress(&scores.fitted, limits, counts, about)?)?));
        }
    }
    let points = operating_points(&fusion, &scores.fitted, &evaluation);
    let block = Block { fusion, operating_points: points };
    Ok(Fitted { block, evaluation, alone, held_out, too_small: scores.too_small })
}

/// The votes that count, as they stand in the regression: held within limits, the experts averaged, and a 1.
fn features(of: &Presentation, limits: Limits, [classifier, experts]: [bool; 2]) -> [f64; 3] {
    let vote = |counts: bool, limit: f32, logits: &[f32]| {
        if counts { f64::from(Term { weight: 1.0, limit }.mean(logits)) } else { 0.0 }
    };
    [vote(classifier, limits.classifier, &[of.votes.classifier]), vote(experts, limits.experts, &of.votes.experts), 1.0]
}

fn regress(of: &[Presentation], limits: Limits, counts: [bool; 2], about: &str) -> Result<Fusion> {
    let mut cells: BTreeMap<(&str, bool), usize> = BTreeMap::new();
    for of in of {
        *cells.entry(of.cell()).or_default() += 1;
    }
    let (bona_fide, attacks): (Vec<_>, Vec<_>) = of.iter().partition(|of| of.is.attack.is_none());
    // Platt's, a little short of 0 and 1: classes without overlap have an answer too.
    let target = |bona_fide_is: bool| match bona_fide_is {
        true => (bona_fide.len() as f64 + 1.0) / (bona_fide.len() as f64 + 2.0),
        false => 1.0 / (attacks.len() as f64 + 2.0),
    };
    let fit = |counts: [bool; 2]| {
        let points: Vec<Point<3>> = of
            .iter()
            .map(|of| {
                let weight = 1.0 / cells[&of.cell()] as f64;
                Point { features: features(of, limits, counts), target: target(of.cell().1), weight }
            })
            .collect();
        logistic::fit(&points, [0.0; 3])
    };
    let mut weights = fit(counts);
    // A vote that speaks for attacks once the other is known is noise, or worse: it does not count.
    if counts == [true, true] {
        if weights[0] < 0.0 {
            weights = fit([false, true]);
        } else if weights[1] < 0.0 {
            weights = fit([true, false]);
        }
    }
    let [classifier, experts, offset] = weights;
    ensure!(
        classifier >= 0.0 && experts >= 0.0 && classifier + experts > 0.0,
        "bona fide presentations do not score above attacks (weights {classifier:.3} and {experts:.3}): nothing can be fitted"
    );
    let term = |weight: f64, limit| Term { weight: weight as f32, limit };
    Ok(Fusion {
        classifier: term(classifier, limits.classifier),
        experts: (!of[0].votes.experts.is_empty()).then_some(term(experts, limits.experts)),
        offset: offset as f32,
        fitted: about.into(),
    })
}

impl Presentation {
    /// What counts as much as any other: a class of a source.
    fn cell(&self) -> (&str, bool) {
        (&self.is.source, self.is.attack.is_none())
    }

    fn scored(&self, fusion: &Fusion) -> Labelled {
        Labelled { score: Score::from_logit(fusion.log_odds(&self.votes)).value(), ..self.is.clone() }
    }
}

/// The thresholds that the fitted presentations call for, with the rates that were measured.
fn operating_points(
    fusion: &Fusion,
    fitted: &[Presentation],
    measured: &Evaluation,
) -> BTreeMap<String, OperatingPoint> {
    let mut live: Vec<f32> =
        fitted.iter().filter(|of| of.is.attack.is_none()).map(|of| of.scored(fusion).score).collect();
    live.sort_by(f32::total_cmp);
    let mut points = measured.operating_points();
    for (name, share) in REFUSED {
        let point = points.get_mut(name).expect("the names are the same");
        // Just above 1 if attacks score 1: nothing can be accepted then, and a manifest holds no such number.
        point.threshold = point.threshold.min(1.0);
        // So many of the bona fide lie below, or one fewer.
        point.refuse = Some(live[(share * live.len() as f64) as usize].min(point.threshold));
    }
    points
}

impl Fitted {
    /// The fit in Markdown: weights, thresholds, rates with intervals over people.
    pub fn report(&self) -> String {
        let Self { block: Block { fusion, operating_points }, evaluation, .. } = self;
        let experts = fusion.experts.map_or(0.0, |term| term.weight);
        let measured = match self.held_out {
            true => "people of the test split, on whom nothing was fitted",
            false => "the same people that it was fitted on: optimistic",
        };
        let mut text = format!(
            "{}\n\nlog-odds = {:.3} C + {experts:.3} E {:+.3}. Measured on {measured}: {} bona fide, {} attacks, {} people.\n",
            fusion.fitted,
            fusion.classifier.weight,
            fusion.offset,
            evaluation.bona_fide,
            evaluation.attacks,
            evaluation.subjects
        );
        if self.too_small > 0 {
            text += &format!("Left out: {} with a face too small for the gate.\n", self.too_small);
        }
        let silent = &evaluation.non_response;
        text += &format!("Without a face: {} bona fide, {} attacks.\n\n", silent.bona_fide, silent.attacks);
        let points: Vec<Vec<String>> = OPERATING_POINTS
            .iter()
            .map(|(name, target)| {
                let (point, at) = (operating_points[*name], evaluation.at(*target));
                let odds = |score: f32| (score / (1.0 - score)).ln();
                vec![
                    (*name).to_owned(),
                    format!("{:.3} ({:+.2})", point.threshold, odds(point.threshold)),
                    point.refuse.map_or_else(String::new, |refuse| format!("{refuse:.3} ({:+.2})", odds(refuse))),
                    markdown::figure(Some(at.apcer), percent),
                    markdown::figure(Some(at.bpcer), percent),
                ]
            })
            .collect();
        let head = ["point", "accept (log-odds)", "refuse (log-odds)", "worst APCER", "BPCER"];
        text += &markdown::table(&head, 1, &points);
        text += "\n";
        let mut rows = Vec::new();
        for (name, of) in std::iter::once(("both", evaluation)).chain(self.alone.iter().map(|(name, of)| (*name, of))) {
            let auc = |interval, value| markdown::ranks(Some(Figure { value, interval }), fraction);
            rows.push(vec![
                name.to_owned(),
                "all".into(),
                auc(of.intervals.auc, of.auc),
                auc(of.intervals.eer, of.eer),
            ]);
            for (slice, figures) in of.slices.iter().filter(|(_, figures)| figures.auc.is_some()) {
                rows.push(vec![name.to_owned(), slice.clone(), markdown::ranks(figures.auc, fraction), "—".into()]);
            }
        }
        text += &markdown::table(&["votes", "presentations", "AUC", "EER"], 2, &rows);
        text += "\n";
        let species = evaluation.species.iter().map(|(name, of)| {
            vec![
                name.clone(),
                of.presentations.to_string(),
                of.subjects.to_string(),
                markdown::figure(Some(of.apcer), percent),
            ]
        });
        let caption = format!("APCER at the threshold of the best ACER, {:.3}", evaluation.threshold);
        text + &markdown::table(&["species", "attacks", "people", &caption], 1, &species.collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use bonafide::fusion::Votes;
    use rand::Rng;

    use super::*;
    use crate::run::rng;

    const LIMITS: Limits = Limits { classifier: 8.0, experts: 12.0 };

    /// Votes drawn around a mean a class; the classifier's half of the time about nothing.
    fn drawn(source: &str, people: usize, classifier: f32, experts: f32) -> Vec<Presentation> {
        let mut rng = rng(5, source, 0);
        let mut noise = || (0..6).map(|_| rng.random_range(-1.0..1.0)).sum::<f32>();
        let mut all = Vec::new();
        for person in 0..people {
            for attack in [None, Some("print"), Some("replay")] {
                let side = if attack.is_none() { 1.0 } else { -1.0 };
                let shared = noise();
                all.push(Presentation {
                    votes: Votes {
                        classifier: classifier * side + noise(),
                        experts: (0..8).map(|_| experts * side + shared + 0.2 * noise()).collect(),
                    },
                    is: Labelled {
                        score: 0.0,
                        attack: attack.map(Into::into),
                        subject: person.to_string(),
                        source: source.into(),
                        slices: vec![format!("source {source}")],
                    },
                });
            }
        }
        all
    }

    #[test]
    fn two_voices_are_better_than_either() {
        let scores = Scores { fitted: drawn("a", 200, 1.0, 1.5), test: drawn("b", 200, 1.0, 1.5), ..Scores::default() };
        let fitted = fit(&scores, LIMITS, "drawn").unwrap();
        let auc = fitted.evaluation.auc;
        assert!(fitted.alone.iter().all(|(_, of)| of.auc < auc), "{auc} {:?}", fitted.alone);
        let Block { fusion, operating_points } = &fitted.block;
        assert!(fusion.classifier.weight > 0.2 && fusion.experts.unwrap().weight > fusion.classifier.weight);
        for point in operating_points.values() {
            assert!(point.refuse.unwrap() <= point.threshold && point.threshold <= 1.0);
        }
        let report = fitted.report();
        assert!(
            report.contains("nothing was fitted") && report.contains("| balanced |") && report.contains("source b")
        );
    }

    #[test]
    fn every_source_counts_alike_whatever_its_size() {
        let (a, b) = (drawn("a", 100, 1.0, 1.0), drawn("b", 50, 2.0, 0.5));
        let weights = |of: &[Presentation]| {
            let fusion = regress(of, LIMITS, [true, true], "").unwrap();
            [fusion.classifier.weight, fusion.experts.unwrap().weight, fusion.offset]
        };
        // The targets depend a little on how many there are.
        let (once, often) = (weights(&[a.clone(), b.clone()].concat()), weights(&[&a[..], &b, &b, &b].concat()));
        for (one, other) in once.iter().zip(often) {
            assert!((one - other).abs() < 0.02 * (1.0 + one.abs()), "{once:?} {often:?}");
        }
    }

    #[test]
    fn what_speaks_for_attacks_does_not_count() {
        let fitted = drawn("a", 200, -0.7, 1.5);
        let fusion = regress(&fitted, LIMITS, [true, true], "").unwrap();
        assert!(fusion.classifier.weight == 0.0 && fusion.experts.unwrap().weight > 0.0, "{fusion:?}");
        let reversed = Scores { fitted: drawn("a", 50, -1.0, -1.5), ..Scores::default() };
        assert!(fit(&reversed, LIMITS, "").unwrap_err().to_string().contains("do not score above attacks"));
        let one_class: Vec<_> = fitted.into_iter().filter(|of| of.is.attack.is_some()).collect();
        assert!(fit(&Scores { fitted: one_class, ..Scores::default() }, LIMITS, "").is_err());
    }
}
