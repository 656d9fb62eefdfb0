//! Rates of whole checks and what changes tell -> Markdown, for people and the model card.

use std::fmt::Write;

use super::{
    Report,
    changes::{Exchange, Measure, Told},
    play::TRIES,
    rates::{Class, Shares},
};
use crate::{
    evaluate::{
        html::percent,
        markdown::{figure, table},
    },
    measure::{intervals::Figure, labelled::BONA_FIDE},
};

/// The report, without a heading: the model card gives it one.
pub(super) fn markdown(report: &Report) -> String {
    let mut text = format!(
        "Whole checks through the product's session, gate included, at the operating point `{}`, {} frames a second. Shares of all \
         presentations of a class, so a row adds up; 95 % intervals over people. APCER is what attacks have under \"bona fide\", \
         BPCER what bona fide presentations have under \"attack\" (ISO/IEC 30107-3).\n\n",
        report.operating_point, report.rate
    );
    text += "After one try:\n\n";
    text += &outcomes(&report.classes, |class| &class.first);
    write!(text, "\nAfter up to {TRIES} tries (accepted if one of them was):\n\n").expect("a string takes all");
    text += &outcomes(&report.classes, |class| &class.all);
    text += "\nWhen accepted, and how long the first verdict took:\n\n";
    text += &times(&report.classes);
    text += &reasons(&report.classes);
    for told in &report.changes {
        text += &changes(told);
    }
    if !report.left_out.is_empty() {
        write!(text, "\n{} presentations could not be played.\n", report.left_out.len()).expect("a string takes all");
    }
    text
}

fn outcomes(classes: &[Class], of: fn(&Class) -> &Shares) -> String {
    let rows: Vec<Vec<String>> = classes
        .iter()
        .map(|class| {
            let Shares { bona_fide, attack, inconclusive, non_response } = of(class);
            let mut row = vec![class.name.clone(), class.subjects.to_string(), class.presentations.to_string()];
            row.extend([bona_fide, attack, inconclusive, non_response].map(|of| figure(Some(*of), percent)));
            row
        })
        .collect();
    let attacks = classes.iter().filter(|class| class.name != BONA_FIDE && !class.name.contains('/'));
    let worst = attacks.max_by(|a, b| of(a).bona_fide.value.total_cmp(&of(b).bona_fide.value));
    let headline = worst.map_or_else(String::new, |worst| {
        format!("\nWorst species: {}, APCER {}.\n", worst.name, figure(Some(of(worst).bona_fide), percent))
    });
    let head = ["class", "people", "presentations", "bona fide", "attack", "inconclusive", "non-response"];
    table(&head, 1, &rows) + &headline
}

fn times(classes: &[Class]) -> String {
    let rows: Vec<Vec<String>> = classes
        .iter()
        .map(|class| {
            let accepted = class.accepted_at.map(|count| count.to_string()).join(", ");
            vec![class.name.clone(), accepted, figure(class.median_ms, seconds), figure(class.nine_in_ten_ms, seconds)]
        })
        .collect();
    table(&["class", "accepted at the first, second, third try", "median", "9 of 10 within"], 1, &rows)
}

fn reasons(classes: &[Class]) -> String {
    let mut text = String::new();
    for class in classes.iter().filter(|class| !class.reasons.is_empty()) {
        let reasons: Vec<String> = class.reasons.iter().map(|(reason, count)| format!("{reason} {count}")).collect();
        text += &format!("\n{}: what stood against a verdict at the first try: {}.\n", class.name, reasons.join(", "));
    }
    text
}

fn changes(told: &Told) -> String {
    let name = match told.measure {
        Measure::Neighbours => "Cosine distance of neighbouring frames' embeddings (a session's `change`)",
        Measure::Threes => "Cosine distance of three frames' mean embedding to the next three's",
        Measure::Jump => "Jump of the log-odds between neighbouring frames",
    };
    let [reporting, choosing] = told.subjects;
    let mut text = format!("\n{name}. Limit chosen on {choosing} live people, figures of {reporting} others");
    text += ".\n\n";
    let live = [("the most in a live check of 3 s", told.live)];
    let names = ["at an exchange, live to print", "live to screen", "person to person"];
    let rows: Vec<Vec<String>> = live
        .into_iter()
        .chain(names.into_iter().zip(told.exchanged))
        .filter_map(|(name, of)| Some([vec![name.to_owned()], of?.map(|value| format!("{value:.3}")).into()].concat()))
        .collect();
    text += &table(&["change", "a tenth below", "half", "nine tenths", "all"], 1, &rows);
    text += "\n";
    let rows: Vec<Vec<String>> = told
        .limits
        .iter()
        .map(|at| {
            let limit = format!("{:.3}{}", at.limit, if at.chosen { " (chosen)" } else { "" });
            let share = |of: Option<Figure>| figure(of, percent);
            let missed = Exchange::ALL.map(|kind| share(at.missed[kind as usize]));
            [vec![limit, share(at.false_breaks)], missed.into()].concat()
        })
        .collect();
    let head = ["limit", "live checks broken", "missed: live to print", "live to screen", "person to person"];
    text + &table(&head, 1, &rows)
}

fn seconds(ms: f64) -> String {
    format!("{:.1} s", ms / 1_000.0)
}
