//! A calibration -> its section of the report: shares of bona fide over scores, before and after.

use super::{
    html::{cell, fraction, section, table},
    plots::SHAPES,
    svg::{Axis, Chart, legend},
};
use crate::measure::calibration::{BINS, Calibrated, Reliability};

/// The section.
pub fn reliability(is: &Calibrated) -> String {
    let row = |name: &str, of: &Reliability| (name.to_owned(), vec![cell(fraction(of.ece)), cell(fraction(of.brier))]);
    let rows = [row("The network's own", &is.before), row("Calibrated", &is.after)];
    let head = ["Scores of the test split", "Expected calibration error", "Brier score"];
    let note = format!(
        "<p class=\"note\">Platt scaling on the {} presentations of the development split: the logit times {:.4} plus {:.4}. \
         {BINS} bins of equal width; a mark's area grows with the presentations of its bin, and the classes are as \
         frequent as in the split.</p>\n",
        is.presentations, is.line.scale, is.line.offset
    );
    let chart = chart(&[("the network's own", &is.before), ("calibrated", &is.after)]);
    let figure = format!(
        "<div class=\"pair\"><figure>{chart}<figcaption>Reliability: share of bona fide over mean score; on the diagonal, \
         scores are probabilities.</figcaption></figure></div>\n"
    );
    section("Calibration", &(table("How far scores are from probabilities", &head, &rows) + &figure + &note))
}

/// Shares of bona fide over mean scores, one mark for each bin.
fn chart(of: &[(&str, &Reliability)]) -> String {
    let describe = "Share of bona fide presentations over the mean score of each bin.";
    let (x, y) = (Axis::unit("mean score"), Axis::unit("share of bona fide"));
    let mut chart = Chart::new("Reliability", describe, [460.0, 420.0], x, y);
    chart.line("chance", [[0.0, 0.0], [1.0, 1.0]]);
    for ((_, reliability), (class, shape)) in of.iter().zip(SHAPES) {
        let all: usize = reliability.bins.iter().map(|bin| bin.presentations).sum();
        for bin in &reliability.bins {
            let share = bin.presentations as f64 / all as f64;
            chart.mark(class, shape, [bin.score, bin.bona_fide], 3.0 + 11.0 * share.sqrt());
        }
    }
    let names: Vec<_> = of.iter().zip(SHAPES).map(|((name, _), (class, shape))| (class, shape, *name)).collect();
    chart.finish() + &legend(&names)
}
