//! An evaluation -> the report's tables by species, slice and condition, and of what got no answer.

use super::html::{cell, figure_cell, fraction, percent, section, table};
use crate::measure::{
    evaluation::{Evaluation, Slice, Species},
    labelled::BONA_FIDE,
};

/// By species, by slice, and without an answer.
pub fn parts(is: &Evaluation) -> String {
    let species: Vec<_> = is.species.iter().map(|(name, of)| (name.clone(), species_cells(of))).collect();
    let head = ["Attack species", "Presentations", "People", "Accepted", "APCER"];
    let species = table("By attack species, at the threshold from development", &head, &species);
    let rows: Vec<_> = is.slices.iter().map(|(name, of)| (name.clone(), slice_cells(of).into())).collect();
    let head = ["Slice", "Bona fide", "Attacks", "BPCER", "APCER, all attacks", "AUC"];
    let slices = table("By slice, at the threshold from development; slices overlap", &head, &rows);
    section("By species, by slice, and without an answer", &(species + &slices + &silent(is)))
}

/// By condition; nothing where none was measured.
pub fn conditions(is: &Evaluation) -> String {
    let Some(first) = is.conditions.values().next() else { return String::new() };
    let rows: Vec<_> = is
        .conditions
        .iter()
        .map(|(name, of)| {
            let [bona_fide, attacks, bpcer, apcer, auc] = slice_cells(&of.all);
            let worst = figure_cell(of.apcer_max, percent);
            let silent = cell(of.non_response.bona_fide + of.non_response.attacks);
            (name.clone(), vec![bona_fide, attacks, silent, bpcer, worst, apcer, auc])
        })
        .collect();
    let head =
        ["Condition", "Bona fide", "Attacks", "No face", "BPCER", "APCER, worst species", "APCER, all attacks", "AUC"];
    let caption = format!(
        "At threshold {:.4}, the balanced operating point from development: held, with the same calibration",
        first.threshold
    );
    let all = table(&caption, &head, &rows);
    let rows: Vec<_> = is
        .conditions
        .iter()
        .flat_map(|(name, of)| of.species.iter().map(move |(kind, of)| (format!("{name}: {kind}"), species_cells(of))))
        .collect();
    let head = ["Condition: attack species", "Presentations", "People", "Accepted", "APCER"];
    section("Under other conditions", &(all + &table("The same by attack species", &head, &rows)))
}

fn species_cells(of: &Species) -> Vec<String> {
    vec![cell(of.presentations), cell(of.subjects), cell(of.accepted), figure_cell(Some(of.apcer), percent)]
}

fn slice_cells(of: &Slice) -> [String; 5] {
    [
        cell(of.bona_fide),
        cell(of.attacks),
        figure_cell(of.bpcer, percent),
        figure_cell(of.apcer, percent),
        figure_cell(of.auc, fraction),
    ]
}

fn silent(is: &Evaluation) -> String {
    let none = &is.non_response;
    let rate = none.apnrr.map_or_else(|| "—".into(), percent);
    let mut rows = vec![
        (format!("BPNRR, {BONA_FIDE}"), vec![cell(none.bona_fide), cell(percent(none.bpnrr))]),
        ("APNRR, all attacks".to_owned(), vec![cell(none.attacks), cell(rate)]),
    ];
    if none.attacks > 0 {
        let of = |(name, rate): (&String, &f64)| (format!("APNRR, {name}"), vec![cell(""), cell(percent(*rate))]);
        rows.extend(none.apnrr_by_species.iter().map(of));
    }
    let head = ["Non-response", "Without a face", "Share of all presented"];
    table("Presentations that got no score", &head, &rows)
}
