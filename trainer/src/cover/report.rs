//! Answers on people whom the network never saw -> a report in Markdown.

use std::fmt::Write;

use super::{kind::Kind, measure::Answer};
use crate::{data::dataset::Split, picture::skin::Tone};

/// Pictures that are no drawing: a name, and how many of how many fire.
pub(super) type Row = (String, usize, usize);

/// The whole report. `learnt` is how many people the network learnt from; of the others the `answers`; `photographed` are
/// pictures of covers that nobody drew, `clips` films of people without.
pub(super) fn report(learnt: usize, answers: &[Answer<'_>], photographed: &[Row], clips: &[Row]) -> String {
    let mut text = String::new();
    let people =
        |split| answers.iter().filter(|answer| answer.sitter.split == split && answer.kind == Kind::Bare).count();
    writeln!(
        text,
        "{learnt} people to learn from, {} to choose the threshold on, {} to measure on. All covers are drawn, but for the two lines after the tables.\n",
        people(Split::Development),
        people(Split::Test)
    )
    .expect("a string");
    text.push_str("| picture | development | test | no face found |\n|---|---:|---:|---:|\n");
    for covers in [false, true] {
        writeln!(
            text,
            "| **{}** | | | |",
            if covers { "covered, and not noticed" } else { "not covered, and refused" }
        )
        .expect("a string");
        for kind in Kind::ALL.into_iter().filter(|kind| kind.covers() == covers) {
            let of = |split| wrong(answers, |answer| answer.kind == kind && answer.sitter.split == split);
            let lost = answers.iter().filter(|answer| answer.kind == kind && answer.log_odds.is_none()).count();
            writeln!(text, "| {kind} | {} | {} | {lost} |", of(Split::Development), of(Split::Test)).expect("a string");
        }
        let of = |split| wrong(answers, |answer| answer.kind.covers() == covers && answer.sitter.split == split);
        writeln!(text, "| all of these | {} | {} | |", of(Split::Development), of(Split::Test)).expect("a string");
    }
    text.push_str("\n| of the test split | refused as photographed | covered, and not noticed |\n|---|---:|---:|\n");
    let mut row = |name: &str, holds: &dyn Fn(&Answer<'_>) -> bool| {
        let of = |covers: bool| {
            wrong(answers, |answer| {
                answer.sitter.split == Split::Test
                    && holds(answer)
                    && if covers { answer.kind.covers() } else { answer.kind == Kind::Bare }
            })
        };
        writeln!(text, "| {name} | {} | {} |", of(false), of(true)).expect("a string");
    };
    let mut sources: Vec<&str> = answers.iter().map(|answer| answer.sitter.source.as_str()).collect();
    sources.sort_unstable();
    sources.dedup();
    for source in sources {
        row(source, &|answer| answer.sitter.source == source);
    }
    for tone in [Tone::Light, Tone::Medium, Tone::Dark, Tone::Grayscale] {
        row(&tone.to_string(), &|answer| answer.sitter.tone == tone);
    }
    for (name, noticed, of) in photographed.iter().filter(|row| row.2 > 0) {
        writeln!(text, "\n{name}: {noticed} of {of} noticed.").expect("a string");
    }
    if !clips.is_empty() {
        let all = clips.iter().fold([0, 0], |sum, clip| [sum[0] + clip.1, sum[1] + clip.2]);
        writeln!(text, "\nFilms of people without a cover: {} frames of {} refused.", all[0], all[1])
            .expect("a string");
        for (name, fired, frames) in clips.iter().filter(|clip| clip.1 > 0) {
            writeln!(text, "- {name}: {fired} of {frames}").expect("a string");
        }
    }
    text
}

/// "3 of 120 (2.5 %)": the pictures that the network is wrong about.
fn wrong(answers: &[Answer<'_>], holds: impl Fn(&Answer<'_>) -> bool) -> String {
    let seen: Vec<bool> = answers
        .iter()
        .filter(|answer| holds(answer))
        .filter_map(|answer| answer.log_odds.map(|log_odds| (log_odds > 0.0) != answer.kind.covers()))
        .collect();
    if seen.is_empty() {
        return "none".into();
    }
    let wrong = seen.iter().filter(|wrong| **wrong).count();
    format!("{wrong} of {} ({:.1} %)", seen.len(), 100.0 * wrong as f64 / seen.len() as f64)
}
