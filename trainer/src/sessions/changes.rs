//! Tracks of scored frames -> what a change from one frame to the next tells of an exchange of faces, and what it costs live
//! people: both error rates over limits.
//!
//! An exchange is spliced: the frames of one presentation up to a random moment, then another's, in the same place and at
//! once. The limit is chosen on one half of the people and reported on the other.

use std::collections::BTreeSet;

use bonafide::{watch::cosine_distance, weights::sha256};
use rand::Rng;
use serde::Serialize;

use super::track::{Seen, Track};
use crate::{
    measure::intervals::{Bootstrap, Figure},
    run::rng,
};

/// Share of live checks that a limit may break.
const FALSE_BREAKS: f64 = 0.01;
/// Frames that a track needs, and those of it before and after an exchange.
const FRAMES: (usize, usize) = (10, 3);
/// Exchanges of each pair of presentations, and pairs of each person with others.
const MOMENTS: usize = 10;
const OTHERS: usize = 3;

/// What is compared at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// Cosine distance of neighbouring frames' embeddings: a session's change.
    Neighbours,
    /// Cosine distance of the mean embeddings of three frames before and three after.
    Threes,
    /// Difference of neighbouring frames' log-odds, either way.
    Jump,
}

impl Measure {
    /// All of them, the product's first.
    pub const ALL: [Self; 3] = [Self::Neighbours, Self::Threes, Self::Jump];

    /// What it says at the frame `at`, which has enough of them before and after.
    fn at(self, seen: &[&Seen], at: usize) -> f64 {
        let mean = |of: &[&Seen]| -> Vec<f32> {
            (0..of[0].embedding.len()).map(|i| of.iter().map(|of| of.embedding[i]).sum::<f32>()).collect()
        };
        let (before, now) = (seen[at - 1], seen[at]);
        match self {
            Self::Neighbours => f64::from(cosine_distance(&before.embedding, &now.embedding)),
            Self::Threes => f64::from(cosine_distance(&mean(&seen[at - 3..at]), &mean(&seen[at..at + 3]))),
            Self::Jump => (now.logit - before.logit).abs(),
        }
    }

    /// The most that it says within a track.
    fn most(self, track: &Track) -> f64 {
        let seen: Vec<&Seen> = track.seen.iter().collect();
        (FRAMES.1..=seen.len() - FRAMES.1).map(|at| self.at(&seen, at)).fold(0.0, f64::max)
    }

    fn limits(self) -> &'static [f64] {
        match self {
            Self::Neighbours | Self::Threes => &[0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3],
            Self::Jump => &[0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0],
        }
    }
}

/// Both error rates at one limit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AtLimit {
    /// A presence ends above it.
    pub limit: f64,
    /// Whether it is the one chosen on the other half of the people.
    pub chosen: bool,
    /// Live checks that it breaks although nobody was exchanged.
    pub false_breaks: Option<Figure>,
    /// Exchanges that it lets pass, in the order of [`Exchange::ALL`].
    pub missed: [Option<Figure>; 3],
}

/// What one measure tells, on the half of the people that no limit was chosen on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Told {
    /// Which.
    pub measure: Measure,
    /// People of this half with a live track, and of the half that chose.
    pub subjects: [usize; 2],
    /// The most that each live check changed: a tenth of them less, half of them, nine tenths, all.
    pub live: Option<[f64; 4]>,
    /// The change at exchanges, likewise, in the order of [`Exchange::ALL`].
    pub exchanged: [Option<[f64; 4]>; 3],
    /// Over limits, rising.
    pub limits: Vec<AtLimit>,
}

/// What takes a live face's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exchange {
    /// A print of the same person.
    Print,
    /// A screen with the same person.
    Replay,
    /// Another live person of the same source.
    Person,
}

impl Exchange {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Print, Self::Replay, Self::Person];
}

/// A figure of a person.
type Of<'a> = (&'a str, f64);

/// What the measures tell of these tracks.
pub fn told(tracks: &[Track], seed: u64, bootstrap: Bootstrap) -> Vec<Told> {
    let usable = |of: &&Track| of.seen.len() >= FRAMES.0;
    let half = |first: bool| -> Vec<&Track> {
        tracks.iter().filter(usable).filter(|of| chooses(&of.subject) == first).collect()
    };
    let (choosing, reporting) = (half(true), half(false));
    Measure::ALL.map(|measure| tell(measure, &choosing, &reporting, seed, bootstrap)).into()
}

/// Whether a person belongs to the half that chooses; a fair draw from the name.
fn chooses(subject: &str) -> bool {
    sha256(format!("half of {subject}").as_bytes()).as_bytes()[0].is_multiple_of(2)
}

fn tell(measure: Measure, choosing: &[&Track], reporting: &[&Track], seed: u64, bootstrap: Bootstrap) -> Told {
    let mut chosen: Vec<f64> = checks(measure, choosing).into_iter().map(|(_, most)| most).collect();
    chosen.sort_by(f64::total_cmp);
    let chosen = (!chosen.is_empty()).then(|| chosen[allowed(chosen.len())]);
    let live = checks(measure, reporting);
    let exchanged = Exchange::ALL.map(|kind| exchanges(measure, kind, reporting, seed));
    let mut limits: Vec<(f64, bool)> = measure.limits().iter().map(|limit| (*limit, false)).collect();
    limits.extend(chosen.map(|limit| (limit, true)));
    limits.sort_by(|a, b| a.0.total_cmp(&b.0));
    let people =
        |of: &[&Track]| of.iter().filter(|of| of.attack.is_none()).map(|of| &of.subject).collect::<BTreeSet<_>>().len();
    Told {
        measure,
        subjects: [people(reporting), people(choosing)],
        live: quantiles(&live),
        exchanged: [0, 1, 2].map(|kind| quantiles(&exchanged[kind])),
        limits: limits
            .into_iter()
            .map(|(limit, chosen)| AtLimit {
                limit,
                chosen,
                false_breaks: share(&live, |most| most > limit, bootstrap),
                missed: [0, 1, 2].map(|kind| share(&exchanged[kind], |change| change <= limit, bootstrap)),
            })
            .collect(),
    }
}

/// What a tenth of the figures are below, half of them, nine tenths, all; `None` of none.
fn quantiles(of: &[Of<'_>]) -> Option<[f64; 4]> {
    let mut sorted: Vec<f64> = of.iter().map(|(_, value)| *value).collect();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    Some([0.1, 0.5, 0.9, 1.0].map(|share| sorted[(share * last as f64).round() as usize]))
}

/// The place, among so many sorted checks, of the least limit that breaks no more than [`FALSE_BREAKS`] of them.
fn allowed(checks: usize) -> usize {
    checks - 1 - (FALSE_BREAKS * checks as f64).floor() as usize
}

/// The most that each live check changes.
fn checks<'a>(measure: Measure, tracks: &[&'a Track]) -> Vec<Of<'a>> {
    tracks.iter().filter(|of| of.attack.is_none()).map(|of| (of.subject.as_str(), measure.most(of))).collect()
}

/// How much spliced tracks change at the splice.
fn exchanges<'a>(measure: Measure, kind: Exchange, tracks: &[&'a Track], seed: u64) -> Vec<Of<'a>> {
    let mut rng = rng(seed, "exchange", kind as u64);
    let mut found = Vec::new();
    for from in tracks.iter().filter(|of| of.attack.is_none()) {
        let species = |of: &Track| of.attack.as_deref().map(super::rates::species).unwrap_or_default().to_owned();
        let source = |of: &Track| of.subject.split('/').next().unwrap_or_default().to_owned();
        let mut into: Vec<&&Track> = tracks
            .iter()
            .filter(|to| match kind {
                Exchange::Print => to.subject == from.subject && species(to) == "print",
                Exchange::Replay => to.subject == from.subject && species(to) == "replay",
                Exchange::Person => to.attack.is_none() && to.subject != from.subject && source(to) == source(from),
            })
            .collect();
        while into.len() > OTHERS {
            into.swap_remove(rng.random_range(0..into.len()));
        }
        for to in into {
            for _ in 0..MOMENTS {
                let left = rng.random_range(FRAMES.1..=from.seen.len());
                let entered = rng.random_range(0..=to.seen.len() - FRAMES.1);
                let spliced: Vec<&Seen> = from.seen[..left].iter().chain(&to.seen[entered..]).collect();
                found.push((from.subject.as_str(), measure.at(&spliced, left)));
            }
        }
    }
    found
}

/// The share of figures of which `is` holds, with its interval over people; `None` of none.
fn share(of: &[Of<'_>], is: impl Fn(f64) -> bool + Sync, bootstrap: Bootstrap) -> Option<Figure> {
    let subjects: Vec<&str> = of.iter().map(|(subject, _)| *subject).collect::<BTreeSet<_>>().into_iter().collect();
    let people: Vec<(usize, bool)> = of
        .iter()
        .map(|(subject, value)| (subjects.binary_search(subject).expect("everyone is listed"), is(*value)))
        .collect();
    let statistic = |weights: &[u32]| {
        let all: u32 = people.iter().map(|(person, _)| weights[*person]).sum();
        let held: u32 = people.iter().filter(|(_, held)| *held).map(|(person, _)| weights[*person]).sum();
        vec![(all > 0).then(|| f64::from(held) / f64::from(all))]
    };
    let value = statistic(&vec![1; subjects.len()])[0]?;
    let interval = bootstrap.intervals(subjects.len(), statistic)[0].map(|of| of.of_rate(value, subjects.len()));
    Some(Figure { value, interval })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A person whose embedding points where the name's hash says, or for an attack at a right angle to it.
    fn track(subject: &str, attack: Option<&str>, wobble: f32) -> Track {
        let angle = f32::from(sha256(subject.as_bytes()).as_bytes()[3]) + if attack.is_some() { 1.57 } else { 0.0 };
        let seen = (0..12).map(|at| {
            let angle = angle + if at == 6 { wobble } else { 0.0 };
            Seen { embedding: vec![angle.cos(), angle.sin()], logit: 0.0 }
        });
        Track { subject: subject.into(), attack: attack.map(Into::into), seen: seen.collect() }
    }

    #[test]
    fn a_limit_between_wobble_and_exchange_tells_all_of_them() {
        let tracks: Vec<Track> = (0..20)
            .flat_map(|number| {
                let name = format!("s/{number}");
                [track(&name, None, 0.2), track(&name, Some("print/laser"), 0.0)]
            })
            .collect();
        let told = told(&tracks, 1, Bootstrap { resamples: 50, seed: 1 });
        let neighbours = &told[0];
        assert_eq!(neighbours.subjects.iter().sum::<usize>(), 20);
        let chosen = neighbours.limits.iter().find(|of| of.chosen).unwrap();
        assert!((chosen.limit - (1.0 - 0.2f64.cos())).abs() < 1e-4, "{}", chosen.limit);
        // Right angles are told, and no wobble is above the one chosen from the same; screens there are none.
        assert_eq!(chosen.missed[0].unwrap().value, 0.0);
        assert_eq!(chosen.missed[1], None);
        let tight = neighbours.limits.iter().find(|of| of.limit == 0.02 && !of.chosen);
        assert!(tight.is_some_and(|of| of.false_breaks.unwrap().value > 0.0 || of.limit > chosen.limit));
        // Log-odds that never move tell nothing.
        assert!(told[2].limits.iter().all(|of| of.missed[0].unwrap().value == 1.0));
    }

    #[test]
    fn one_check_in_a_hundred_may_break() {
        assert_eq!([allowed(1), allowed(99), allowed(100), allowed(250)], [0, 98, 98, 247]);
    }
}
