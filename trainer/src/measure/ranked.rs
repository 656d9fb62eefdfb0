//! Labelled scores -> one sorted list from which every rate is read in a single pass.
//!
//! Each person has a weight (how often a resample drew them; 1 without resampling), so that a bootstrap never sorts
//! again. A threshold lies in a gap between scores, never on one.

use std::collections::BTreeMap;

use super::labelled::Labelled;

/// How often each subject counts, by [`Ranked`]'s own numbering.
pub type Weights = [u32];

#[derive(Debug, Clone, Copy)]
struct Item {
    score: f32,
    /// 0 is bona fide, `k` is species `k - 1`.
    class: usize,
    subject: usize,
    /// Place in the list that was ranked.
    place: usize,
}

/// Scores in rising order, names replaced by numbers.
#[derive(Debug, Clone)]
pub struct Ranked {
    items: Vec<Item>,
    species: Vec<String>,
    subjects: usize,
    /// Ends of the runs of equal scores.
    ends: Vec<usize>,
}

/// What a threshold between two scores does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Lowest score that counts as bona fide.
    pub threshold: f32,
    /// Bona fide presentations refused.
    pub refused: u64,
    /// Attacks accepted.
    pub accepted: u64,
}

/// What a threshold did, counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// Bona fide presentations.
    pub bona_fide: u64,
    /// Of which refused.
    pub refused: u64,
    /// For each species, in [`Ranked::species`]' order: presentations, and of which accepted.
    pub species: Vec<(u64, u64)>,
}

impl Ranked {
    /// Sorts, in O(n log n).
    pub fn new(of: &[Labelled]) -> Self {
        let species = number(of.iter().filter_map(|item| item.attack.as_deref()));
        // Two sources may both have a subject 1: another person.
        let people: Vec<String> = of.iter().map(|item| format!("{}\n{}", item.source, item.subject)).collect();
        let subjects = number(people.iter().map(String::as_str));
        let mut items: Vec<Item> = of
            .iter()
            .zip(&people)
            .enumerate()
            .map(|(place, (item, person))| Item {
                score: item.score,
                class: item.attack.as_deref().map_or(0, |name| species[name] + 1),
                subject: subjects[person.as_str()],
                place,
            })
            .collect();
        items.sort_by(|a, b| a.score.total_cmp(&b.score));
        let species = species.into_keys().map(str::to_owned).collect();
        Self { ends: ends(&items), items, subjects: subjects.len(), species }
    }

    /// The species' names, sorted.
    pub fn species(&self) -> &[String] {
        &self.species
    }

    /// How many subjects there are: the length of [`Weights`].
    pub fn subjects(&self) -> usize {
        self.subjects
    }

    /// Everyone once.
    pub fn once(&self) -> Vec<u32> {
        vec![1; self.subjects]
    }

    /// The presentations that `keep` chooses by their place in the list that was ranked, with the same numbering of
    /// subjects and species.
    pub fn part(&self, keep: impl Fn(usize) -> bool) -> Self {
        let items: Vec<Item> = self.items.iter().copied().filter(|item| keep(item.place)).collect();
        Self { ends: ends(&items), items, ..self.clone() }
    }

    /// Subjects with a bona fide presentation, and subjects with an attack of each species.
    pub fn people(&self) -> (usize, Vec<usize>) {
        let mut seen = vec![vec![false; self.subjects]; self.species.len() + 1];
        for item in &self.items {
            seen[item.class][item.subject] = true;
        }
        let mut counts = seen.into_iter().map(|of| of.into_iter().filter(|seen| *seen).count());
        (counts.next().unwrap_or(0), counts.collect())
    }

    /// Subjects with a bona fide presentation or subjects with an attack, whichever are fewer.
    pub fn fewest_people(&self) -> usize {
        let mut seen = [vec![false; self.subjects], vec![false; self.subjects]];
        for item in &self.items {
            seen[usize::from(item.class > 0)][item.subject] = true;
        }
        let counts = seen.map(|of| of.into_iter().filter(|seen| *seen).count());
        counts[0].min(counts[1])
    }

    /// The counts at one threshold.
    pub fn tally(&self, threshold: f32, weights: &Weights) -> Tally {
        let mut tally = Tally { bona_fide: 0, refused: 0, species: vec![(0, 0); self.species.len()] };
        for item in &self.items {
            let (weight, accepted) = (u64::from(weights[item.subject]), u64::from(item.score >= threshold));
            match item.class {
                0 => {
                    tally.bona_fide += weight;
                    tally.refused += weight * (1 - accepted);
                }
                species => {
                    tally.species[species - 1].0 += weight;
                    tally.species[species - 1].1 += weight * accepted;
                }
            }
        }
        tally
    }

    /// Bona fide presentations and attacks.
    pub fn sizes(&self, weights: &Weights) -> (u64, u64) {
        self.items.iter().fold((0, 0), |(bona_fide, attacks), item| {
            let weight = u64::from(weights[item.subject]);
            if item.class == 0 { (bona_fide + weight, attacks) } else { (bona_fide, attacks + weight) }
        })
    }

    /// Every threshold that makes a difference, from the one that accepts all to the one that refuses all.
    pub fn steps<'a>(&'a self, weights: &'a Weights) -> impl Iterator<Item = Step> + 'a {
        let (_, attacks) = self.sizes(weights);
        let (mut refused, mut accepted, mut from) = (0, attacks, 0);
        std::iter::once(0).chain(self.ends.iter().copied()).map(move |end| {
            for item in &self.items[from..end] {
                let weight = u64::from(weights[item.subject]);
                if item.class == 0 { refused += weight } else { accepted -= weight }
            }
            from = end;
            Step { threshold: self.threshold(end), refused, accepted }
        })
    }

    /// Attacks of each species that the thresholds of [`Self::steps`] accept, from the highest threshold down, until
    /// `enough` says so; the last threshold that it did not object to.
    pub(crate) fn descend(&self, mut enough: impl FnMut(&[u64]) -> bool) -> f32 {
        let mut accepted = vec![0; self.species.len()];
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let runs: Vec<_> = starts.zip(self.ends.iter().copied()).collect();
        let mut allowed = self.items.len();
        for (start, end) in runs.into_iter().rev() {
            for item in self.items[start..end].iter().filter(|item| item.class > 0) {
                accepted[item.class - 1] += 1;
            }
            if enough(&accepted) {
                break;
            }
            allowed = start;
        }
        self.threshold(allowed)
    }

    /// A threshold between the scores below `end` and those from it on: the middle of their gap, as far as f32 has one.
    fn threshold(&self, end: usize) -> f32 {
        match (end.checked_sub(1).map(|last| self.items[last].score), self.items.get(end).map(|item| item.score)) {
            (None, _) => 0.0,
            (Some(below), Some(above)) => {
                let middle = below + (above - below) / 2.0;
                if middle > below { middle } else { above }
            }
            (Some(below), None) if below < 1.0 => 1.0,
            // Above every probability: refuses all.
            (Some(_), None) => 1.0_f32.next_up(),
        }
    }
}

/// Names, sorted and numbered.
fn number<'a>(names: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
    let mut numbers: BTreeMap<&str, usize> = names.map(|name| (name, 0)).collect();
    numbers.values_mut().enumerate().for_each(|(number, value)| *value = number);
    numbers
}

fn ends(items: &[Item]) -> Vec<usize> {
    let mut end = 0;
    items
        .chunk_by(|a, b| a.score == b.score)
        .map(|run| {
            end += run.len();
            end
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(score: f32, attack: Option<&str>) -> Labelled {
        let attack = attack.map(Into::into);
        Labelled { score, attack, subject: score.to_string(), source: "s".into(), slices: Vec::new() }
    }

    #[test]
    fn steps_agree_with_counting_even_between_neighbouring_floats() {
        let (a, b) = (1.0_f32.next_down(), 1.0);
        let of: Vec<Labelled> = [(0.0, None), (0.0, Some("print")), (a, Some("print")), (b, None), (b, Some("replay"))]
            .map(|(score, attack)| item(score, attack))
            .into();
        let ranked = Ranked::new(&of);
        let weights = ranked.once();
        let steps: Vec<Step> = ranked.steps(&weights).collect();
        assert_eq!(
            steps.iter().map(|step| (step.refused, step.accepted)).collect::<Vec<_>>(),
            [(0, 3), (1, 2), (1, 1), (2, 0)]
        );
        for step in steps {
            let tally = ranked.tally(step.threshold, &weights);
            assert_eq!(tally.refused, step.refused, "{step:?}");
            assert_eq!(tally.species.iter().map(|of| of.1).sum::<u64>(), step.accepted, "{step:?}");
        }
    }

    #[test]
    fn people_are_told_apart_by_source() {
        let of = |source: &str| Labelled { source: source.into(), subject: "1".into(), ..item(0.5, None) };
        assert_eq!(Ranked::new(&[of("a"), of("b"), of("b")]).subjects(), 2);
    }

    #[test]
    fn a_weight_counts_like_a_copy() {
        let of = [item(0.2, None), item(0.4, Some("print")), item(0.6, None), item(0.8, Some("replay"))];
        let copied = [&of[..], &of[1..2], &of[1..2]].concat();
        let (ranked, copies) = (Ranked::new(&of), Ranked::new(&copied));
        // Subjects are numbered in the order of their names, which are the scores.
        let weights = [1, 3, 1, 1];
        assert_eq!(ranked.tally(0.3, &weights), copies.tally(0.3, &copies.once()));
        assert!(ranked.steps(&weights).eq(copies.steps(&copies.once())));
    }
}
