//! Scores and projections -> the report's histograms and clouds.

use super::{
    pca::Projection,
    svg::{Axis, Chart, Shape, legend},
};
use crate::measure::labelled::{BONA_FIDE, Labelled};

/// Classes with a row of their own in the histograms; more would be unreadable.
const MOST_ROWS: usize = 12;

/// A threshold to point at.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    /// How it was chosen.
    pub name: String,
    /// Lowest score that counts as bona fide.
    pub value: f32,
}

/// Looks of the thresholds: at most two are shown.
pub(super) const SHAPES: [(&str, Shape); 2] = [("first", Shape::Disc), ("second", Shape::Diamond)];

/// A diamond around a disc, so that both are seen where thresholds coincide.
pub(super) fn radius(shape: Shape) -> f64 {
    if shape == Shape::Diamond { 10.0 } else { 5.0 }
}

/// The thresholds' names beside their marks.
pub(super) fn names(thresholds: &[Threshold]) -> String {
    let entries: Vec<(&str, Shape, String)> = thresholds
        .iter()
        .zip(SHAPES)
        .map(|(threshold, (class, shape))| (class, shape, format!("{}: {:.4}", threshold.name, threshold.value)))
        .collect();
    let entries: Vec<(&str, Shape, &str)> =
        entries.iter().map(|(class, shape, name)| (*class, *shape, name.as_str())).collect();
    legend(&entries)
}

/// How each class scores, one row for each, thresholds through all of them. Scores are spaced by their log-odds, as most
/// lie near 0 and 1.
pub fn histograms(of: &[Labelled], thresholds: &[Threshold]) -> String {
    let mut classes: Vec<(Option<&str>, Vec<f64>)> = vec![(None, Vec::new())];
    for item in of {
        let class = item.attack.as_deref();
        let at = classes.iter().position(|row| row.0 == class).unwrap_or_else(|| {
            classes.push((class, Vec::new()));
            classes.len() - 1
        });
        classes[at].1.push(log_odds(item.score));
    }
    // The largest species, by name; bona fide (None) comes first either way.
    classes[1..].sort_by_key(|row| std::cmp::Reverse(row.1.len()));
    classes.truncate(MOST_ROWS);
    classes.sort_by_key(|row| row.0);

    let reach = classes.iter().flat_map(|row| &row.1).fold(4.0_f64, |most, value| most.max(value.abs())).min(12.0);
    let bins = 48;
    let counted: Vec<Vec<f64>> = classes
        .iter()
        .map(|(_, values)| {
            let mut counts = vec![0.0; bins];
            for value in values {
                let at = ((value + reach) / (2.0 * reach) * bins as f64).floor();
                counts[at.clamp(0.0, bins as f64 - 1.0) as usize] += 1.0 / values.len() as f64;
            }
            counts
        })
        .collect();
    let highest = counted.iter().flatten().copied().fold(0.0, f64::max);
    let (row_height, rows) = (78.0, classes.len());
    let x = Axis {
        label: "score, P(bona fide), spaced by its log-odds".into(),
        range: [-reach, reach],
        ticks: score_ticks(reach),
    };
    let y = Axis { label: String::new(), range: [0.0, rows as f64], ticks: Vec::new() };
    let size = [940.0, row_height * rows as f64 + 84.0];
    let mut chart = Chart::new("Score histograms", "Share of each class's presentations by score.", size, x, y);
    for (number, ((class, values), counts)) in classes.iter().zip(&counted).enumerate() {
        let floor = (rows - number - 1) as f64;
        let colour = if class.is_some() { "attack" } else { "bona-fide" };
        for (bin, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0.0) {
            let from = -reach + 2.0 * reach * bin as f64 / bins as f64;
            let [left, top] = chart.at(from, floor + 0.72 * count / highest);
            let [right, bottom] = chart.at(from + 2.0 * reach / bins as f64, floor);
            chart.push(format!(
                "<rect class=\"bar {colour}\" x=\"{:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
                left + 0.5,
                right - left - 1.0,
                bottom - top
            ));
        }
        let [left, bottom] = chart.at(-reach, floor);
        let [right, top] = chart.at(reach, floor + 1.0);
        chart.push(format!("<path class=\"frame\" d=\"M{left:.1} {bottom:.1}H{right:.1}\"/>"));
        let name = format!("{}, {} presentations", class.unwrap_or(BONA_FIDE), values.len());
        chart.text([left + 10.0, top + 18.0], "start", "name", &name);
    }
    for (threshold, (class, _)) in thresholds.iter().zip(SHAPES) {
        let at = log_odds(threshold.value);
        chart.line(&format!("threshold {class}"), [[at, 0.0], [at, rows as f64]]);
    }
    let peak = format!("<p class=\"note\">The tallest bar holds {:.0} % of its class.</p>\n", highest * 100.0);
    chart.finish() + &names(thresholds) + &peak
}

fn score_ticks(reach: f64) -> Vec<(f64, String)> {
    let scores = ["0.0001", "0.001", "0.01", "0.1", "0.5", "0.9", "0.99", "0.999", "0.9999"];
    scores
        .iter()
        .map(|text| (log_odds(text.parse().expect("a number")), (*text).to_owned()))
        .filter(|(at, _)| at.abs() <= reach)
        .collect()
}

/// Embeddings on their two principal components; `attacks` says which points are.
pub fn scatter(title: &str, projection: &Projection, attacks: &[bool]) -> String {
    let axis = |number: usize| {
        let of = || projection.points.iter().map(|point| point[number]);
        let (low, high) = (of().fold(f64::INFINITY, f64::min), of().fold(f64::NEG_INFINITY, f64::max));
        let room = ((high - low) * 0.06).max(1e-12);
        let label = format!("component {}: {:.1} % of the variance", number + 1, projection.shares[number] * 100.0);
        Axis { label, range: [low - room, high + room], ticks: Vec::new() }
    };
    let describe = "Each mark is a presentation of the test split, placed by its embedding's principal components.";
    let mut chart = Chart::new(title, describe, [330.0, 310.0], axis(0), axis(1));
    for (point, attack) in projection.points.iter().zip(attacks) {
        let (class, shape) = if *attack { ("attack", Shape::Cross) } else { ("bona-fide", Shape::Disc) };
        chart.mark(class, shape, *point, 2.6);
    }
    chart.finish()
}

fn log_odds(score: f32) -> f64 {
    let score = f64::from(score).clamp(1e-12, 1.0 - 1e-12);
    (score / (1.0 - score)).ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        evaluate::curves::{det, roc},
        measure::ranked::Ranked,
    };

    fn scores() -> Vec<Labelled> {
        let item = |number: usize, attack: Option<&str>| Labelled {
            score: ((number * 37) % 100) as f32 / 100.0,
            attack: attack.map(Into::into),
            subject: number.to_string(),
            source: "s".into(),
            slices: Vec::new(),
        };
        (0..4000).map(|number| item(number, [None, Some("print"), Some("<replay>")][number % 3])).collect()
    }

    #[test]
    fn charts_are_small_and_well_formed() {
        let (of, thresholds) = (scores(), [Threshold { name: "development".into(), value: 0.5 }]);
        let ranked = Ranked::new(&of);
        for chart in [roc(&ranked, &thresholds), det(&ranked, &thresholds), histograms(&of, &thresholds)] {
            assert!(chart.starts_with("<svg role=\"img\"") && chart.contains("<title>"));
            assert!(chart.contains("development: 0.5000"));
            assert!(!chart.contains("NaN") && !chart.contains("inf"), "{chart}");
            assert!(chart.len() < 30_000, "{} characters", chart.len());
        }
        let rows = histograms(&of, &[]);
        assert!(rows.contains("&lt;replay&gt;, 1333 presentations") && rows.contains("bona fide, 1334"));
    }
}
