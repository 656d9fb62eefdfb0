//! Part of a split at one threshold -> its rates: a slice of the test split, or a condition that presentations were put
//! under. Thresholds come from elsewhere and are held.
//!
//! Each kind of figure is a pair of functions here: what to draw for an interval, and how to read it back, in the same order.

use std::collections::BTreeMap;

use anyhow::Result;

use super::{
    evaluation::{Condition, NonResponse, Slice, Species},
    intervals::{Bootstrap, Figure, Interval, of_ranks},
    labelled::{Labelled, Unscored, check_scores},
    ranked::{Ranked, Tally, Weights},
};

/// A statistic of everyone once, and its interval.
pub(super) type Drawn = (Option<f64>, Option<Interval>);

/// Measures presentations under a condition at a threshold that is held; a class may be missing. `name` is for the
/// sentence of an error.
///
/// # Errors
/// If a score is no probability.
pub fn condition(name: &str, threshold: f32, of: &[Labelled], unscored: &[Unscored]) -> Result<Condition> {
    check_scores(of, name)?;
    let ranked = Ranked::new(of);
    let statistics = |weights: &Weights| {
        let tally = ranked.tally(threshold, weights);
        let mut all = slice_statistics(&ranked, &tally, weights).to_vec();
        all.push(tally.apcer_max());
        all.extend(species_statistics(&tally));
        all
    };
    let once = ranked.once();
    let values = statistics(&once);
    let mut drawn = values.into_iter().zip(Bootstrap::default().intervals(ranked.subjects(), statistics));
    let mut next = || drawn.next().expect("as many intervals as are read");
    let all = slice(&ranked, &mut next);
    let fewest = ranked.people().1.into_iter().min().unwrap_or(0);
    Ok(Condition {
        threshold,
        all,
        apcer_max: rate(next(), fewest),
        species: species(&ranked, &ranked.tally(threshold, &once), &mut next),
        non_response: NonResponse::new(of, unscored),
    })
}

/// What [`slice`] reads back.
pub(super) fn slice_statistics(of: &Ranked, tally: &Tally, weights: &Weights) -> [Option<f64>; 3] {
    [tally.bpcer(), tally.apcer(), of.auc(weights)]
}

/// The figures of a part.
pub(super) fn slice(of: &Ranked, next: &mut impl FnMut() -> Drawn) -> Slice {
    let (bona_fide, attacks) = of.sizes(&of.once());
    let (people, attack_people) = of.people();
    // People behind an exact bound of all attacks: at least those of the largest species.
    let most = attack_people.into_iter().max().unwrap_or(0);
    Slice {
        bona_fide,
        attacks,
        bpcer: rate(next(), people),
        apcer: rate(next(), most),
        auc: ranks(next(), of.fewest_people()),
    }
}

/// What [`species`] reads back.
pub(super) fn species_statistics(tally: &Tally) -> impl Iterator<Item = Option<f64>> {
    (0..tally.species.len()).map(|species| tally.apcer_of(species))
}

/// The figures of every species that was presented.
pub(super) fn species(of: &Ranked, tally: &Tally, next: &mut impl FnMut() -> Drawn) -> BTreeMap<String, Species> {
    let counted = tally.species.iter().zip(of.people().1);
    of.species()
        .iter()
        .zip(counted)
        .filter_map(|(name, (&(presentations, accepted), subjects))| {
            let apcer = rate(next(), subjects)?;
            Some((name.clone(), Species { presentations, accepted, subjects, apcer }))
        })
        .collect()
}

/// An error rate among `people` and its interval.
pub(super) fn rate((value, interval): Drawn, people: usize) -> Option<Figure> {
    value.map(|value| Figure { value, interval: interval.map(|interval| interval.of_rate(value, people)) })
}

fn ranks((value, interval): Drawn, people: usize) -> Option<Figure> {
    value.map(|value| Figure { value, interval: of_ranks(interval, people) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(person: usize, score: f32, attack: Option<&str>) -> Labelled {
        let attack = attack.map(Into::into);
        Labelled { score, attack, subject: person.to_string(), source: "s".into(), slices: Vec::new() }
    }

    #[test]
    fn a_condition_by_hand() {
        let of: Vec<Labelled> = (0..20)
            .flat_map(|person| {
                let print = if person < 5 { 0.8 } else { 0.2 };
                [item(person, 0.9, None), item(person, print, Some("print")), item(person, 0.1, Some("replay"))]
            })
            .collect();
        let silent = Unscored { attack: None, subject: "x".into(), source: "s".into() };
        let is = condition("dusk", 0.7, &of, &[silent]).unwrap();
        assert_eq!((is.threshold, is.all.bona_fide, is.all.attacks), (0.7, 20, 40));
        assert_eq!((is.all.bpcer.unwrap().value, is.all.apcer.unwrap().value), (0.0, 0.125));
        assert_eq!((is.apcer_max.unwrap().value, is.species["print"].accepted), (0.25, 5));
        assert_eq!((is.all.auc.unwrap().value, is.non_response.bpnrr), (1.0, 1.0 / 21.0));
        // Nobody of 20 was refused: at most 16.8 % of people would be.
        assert!((is.all.bpcer.unwrap().interval.unwrap().high - 0.168).abs() < 1e-3);
        let back: Condition = serde_json::from_str(&serde_json::to_string(&is).unwrap()).unwrap();
        assert_eq!((back.threshold, back.all.apcer, back.species.len()), (is.threshold, is.all.apcer, 2));
    }

    #[test]
    fn a_missing_class_has_no_rate() {
        let is = condition("alone", 0.5, &[item(1, 0.9, None), item(2, 0.4, None)], &[]).unwrap();
        assert_eq!((is.all.bpcer.unwrap().value, is.all.apcer, is.apcer_max, is.all.auc), (0.5, None, None, None));
        assert!(is.species.is_empty());
        assert!(condition("broken", 0.5, &[item(1, f32::NAN, None)], &[]).unwrap_err().to_string().contains("broken"));
    }
}
