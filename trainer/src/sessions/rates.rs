//! Tries of many presentations -> error rates of whole checks (ISO/IEC 30107-3), each with its interval over people.
//!
//! All rates are shares of all presentations of a class, so that the four outcomes of one add up to 1: who is asked to try
//! again in better light has neither passed nor been called an attack.

use std::collections::{BTreeMap, BTreeSet};

use bonafide::session::Outcome;
use serde::Serialize;

use super::play::{TRIES, Try};
use crate::measure::{
    intervals::{Bootstrap, Figure},
    labelled::BONA_FIDE,
};

/// What one presentation came to.
#[derive(Debug, Clone)]
pub struct Played {
    /// The person, unique across sources.
    pub subject: String,
    /// The species, such as `print` or `replay/phone`; `None` is bona fide.
    pub attack: Option<String>,
    /// At least one.
    pub tries: Vec<Try>,
}

/// How the presentations of one class ended; a row adds up to 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shares {
    /// Accepted. Of attacks: APCER, of these presentations.
    pub bona_fide: Figure,
    /// Called an attack. Of bona fide presentations: BPCER.
    pub attack: Figure,
    /// A verdict that says neither.
    pub inconclusive: Figure,
    /// No verdict before the video ended (APNRR, BPNRR).
    pub non_response: Figure,
}

/// The rates of one class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Class {
    /// `bona fide`, or the attack's species with or without its instrument.
    pub name: String,
    /// People.
    pub subjects: usize,
    /// Presentations.
    pub presentations: usize,
    /// After one try.
    pub first: Shares,
    /// After up to [`TRIES`]: accepted if any of them was, and otherwise the gravest of what they came to.
    pub all: Shares,
    /// How many presentations were accepted at the first, second ... try.
    pub accepted_at: [usize; TRIES],
    /// Time to the first try's verdict, milliseconds: median, and that of nine in ten. `None` without verdicts.
    pub median_ms: Option<Figure>,
    /// See [`Class::median_ms`].
    pub nine_in_ten_ms: Option<Figure>,
    /// What stood against first tries that were inconclusive or got no verdict, and how many.
    pub reasons: BTreeMap<String, usize>,
}

/// The rates of bona fide presentations, of each species, and of each instrument where a species has several.
pub fn classes(played: &[Played], bootstrap: Bootstrap) -> Vec<Class> {
    let mut names = BTreeSet::new();
    for attack in played.iter().filter_map(|of| of.attack.as_deref()) {
        names.extend([species(attack), attack]);
    }
    let bona_fide = class(BONA_FIDE, played, |of| of.attack.is_none(), bootstrap);
    let attacks = names.into_iter().map(|name| {
        let of_it = |of: &Played| of.attack.as_deref().is_some_and(|of| of == name || species(of) == name);
        class(name, played, of_it, bootstrap)
    });
    bona_fide.into_iter().chain(attacks.flatten()).collect()
}

/// `replay` of `replay/phone`.
pub fn species(attack: &str) -> &str {
    attack.split('/').next().expect("a split has a first part")
}

fn class(name: &str, played: &[Played], of_it: impl Fn(&Played) -> bool, bootstrap: Bootstrap) -> Option<Class> {
    let of: Vec<&Played> = played.iter().filter(|of| of_it(of)).collect();
    if of.is_empty() {
        return None;
    }
    let subjects: Vec<&str> = of.iter().map(|of| of.subject.as_str()).collect::<BTreeSet<_>>().into_iter().collect();
    let person = |of: &Played| subjects.binary_search(&of.subject.as_str()).expect("everyone is listed");
    let people: Vec<usize> = of.iter().map(|of| person(of)).collect();
    let verdict_ms: Vec<(f64, usize)> = of
        .iter()
        .zip(&people)
        .filter(|(of, _)| of.tries[0].outcome.is_some())
        .map(|(of, person)| (of.tries[0].elapsed_ms, *person))
        .collect();
    let statistics = |weights: &[u32]| {
        let shares = |end: fn(&Played) -> Option<Outcome>| {
            OUTCOMES.map(|outcome| {
                let counted = of.iter().zip(&people).filter(|(of, _)| end(of) == outcome);
                let all: u32 = people.iter().map(|person| weights[*person]).sum();
                (all > 0).then(|| f64::from(counted.map(|(_, person)| weights[*person]).sum::<u32>()) / f64::from(all))
            })
        };
        let times = [0.5, 0.9].map(|share| quantile(&verdict_ms, weights, share));
        [&shares(first)[..], &shares(last)[..], &times[..]].concat()
    };
    let values = statistics(&vec![1; subjects.len()]);
    let intervals = bootstrap.intervals(subjects.len(), statistics);
    let figure = |at: usize| {
        values[at].map(|value| {
            let rate =
                |of: crate::measure::intervals::Interval| if at < 8 { of.of_rate(value, subjects.len()) } else { of };
            Figure { value, interval: intervals[at].map(rate) }
        })
    };
    let share = |at: usize| figure(at).expect("a class has presentations");
    let shares = |from: usize| Shares {
        bona_fide: share(from),
        attack: share(from + 1),
        inconclusive: share(from + 2),
        non_response: share(from + 3),
    };
    let mut reasons = BTreeMap::new();
    let open = of.iter().filter(|of| matches!(first(of), Some(Outcome::Inconclusive) | None));
    for reason in open.flat_map(|of| &of.tries[0].reasons) {
        let name = serde_json::to_value(reason).expect("a reason is a word");
        *reasons.entry(name.as_str().expect("a reason is a word").to_owned()).or_default() += 1;
    }
    let accepted = |at: usize| of.iter().filter(|of| is_accepted_at(of, at)).count();
    Some(Class {
        name: name.into(),
        subjects: subjects.len(),
        presentations: of.len(),
        first: shares(0),
        all: shares(4),
        accepted_at: std::array::from_fn(accepted),
        median_ms: figure(8),
        nine_in_ten_ms: figure(9),
        reasons,
    })
}

/// In the order of [`Shares`].
const OUTCOMES: [Option<Outcome>; 4] =
    [Some(Outcome::BonaFide), Some(Outcome::Attack), Some(Outcome::Inconclusive), None];

fn first(of: &Played) -> Option<Outcome> {
    of.tries[0].outcome
}

/// The first of [`OUTCOMES`] that any try came to.
fn last(of: &Played) -> Option<Outcome> {
    OUTCOMES
        .into_iter()
        .find(|outcome| of.tries.iter().any(|of| of.outcome == *outcome))
        .expect("a try came to something")
}

fn is_accepted_at(of: &Played, at: usize) -> bool {
    of.tries.get(at).is_some_and(|of| of.outcome == Some(Outcome::BonaFide))
}

/// The value that this share of the people's weight is not above; `None` of none.
fn quantile(values: &[(f64, usize)], weights: &[u32], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let all: u32 = sorted.iter().map(|(_, person)| weights[*person]).sum();
    let mut below = 0;
    sorted.into_iter().find_map(|(value, person)| {
        below += weights[person];
        (all > 0 && f64::from(below) >= share * f64::from(all)).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use bonafide::{quality::Hint, session::Reason};

    use super::*;

    fn played(subject: &str, attack: Option<&str>, outcomes: &[Option<Outcome>]) -> Played {
        let tries = outcomes.iter().enumerate().map(|(at, outcome)| Try {
            outcome: *outcome,
            reasons: if outcome.is_none() { vec![Reason::Hint(Hint::TooFar)] } else { Vec::new() },
            elapsed_ms: 1_000.0 * (at + 1) as f64,
        });
        Played { subject: subject.into(), attack: attack.map(Into::into), tries: tries.collect() }
    }

    #[test]
    fn rates_by_hand() {
        use Outcome::{Attack, BonaFide, Inconclusive};
        let of = classes(
            &[
                played("a", None, &[Some(BonaFide)]),
                played("b", None, &[Some(Inconclusive), Some(Attack), Some(BonaFide)]),
                played("c", None, &[Some(Attack), None, Some(Inconclusive)]),
                played("d", None, &[None]),
                played("a", Some("replay/phone"), &[Some(Attack), Some(BonaFide)]),
                played("a", Some("replay/tablet"), &[Some(Attack)]),
            ],
            Bootstrap { resamples: 100, seed: 1 },
        );
        let names: Vec<&str> = of.iter().map(|of| of.name.as_str()).collect();
        assert_eq!(names, ["bona fide", "replay", "replay/phone", "replay/tablet"]);
        let values = |of: &Shares| [of.bona_fide, of.attack, of.inconclusive, of.non_response].map(|of| of.value);
        assert_eq!((of[0].subjects, of[0].presentations), (4, 4));
        assert_eq!(of[0].reasons, [("too-far".to_owned(), 1)].into());
        assert_eq!(values(&of[0].first), [0.25; 4]);
        assert_eq!(values(&of[0].all), [0.5, 0.25, 0.0, 0.25]);
        assert_eq!(of[0].accepted_at, [1, 0, 1]);
        assert_eq!(of[0].median_ms.unwrap().value, 1_000.0);
        assert_eq!(values(&of[1].first), [0.0, 1.0, 0.0, 0.0]);
        assert_eq!(values(&of[1].all), [0.5, 0.5, 0.0, 0.0]);
        assert_eq!(of[3].all.bona_fide.value, 0.0);
        // One person, who was never accepted: no certainty.
        assert!(of[3].all.bona_fide.interval.unwrap().high > 0.9);
    }

    #[test]
    fn quantiles_are_of_people_as_often_as_they_were_drawn() {
        let values = [(1.0, 0), (2.0, 1), (3.0, 2)];
        assert_eq!(quantile(&values, &[1, 1, 1], 0.5), Some(2.0));
        assert_eq!(quantile(&values, &[1, 1, 1], 0.9), Some(3.0));
        assert_eq!(quantile(&values, &[3, 0, 0], 0.9), Some(1.0));
        assert_eq!(quantile(&values, &[0, 0, 0], 0.5), None);
    }
}
