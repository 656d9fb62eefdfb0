//! Ranked scores and projections -> the report's charts.

use super::{
    labelled::{BONA_FIDE, Labelled},
    pca::Projection,
    ranked::Ranked,
    svg::{Axis, Chart, Shape, legend},
};

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

const SHAPES: [(&str, Shape); 2] = [("first", Shape::Disc), ("second", Shape::Diamond)];

/// APCER and BPCER at every threshold, from accepting all to refusing all.
fn curve(ranked: &Ranked) -> Vec<[f64; 2]> {
    let once = ranked.once();
    let (bona_fide, attacks) = ranked.sizes(&once);
    let share = |part: u64, all: u64| part as f64 / all.max(1) as f64;
    ranked.steps(&once).map(|step| [share(step.accepted, attacks), share(step.refused, bona_fide)]).collect()
}

fn place(ranked: &Ranked, threshold: f32) -> [f64; 2] {
    let rates = ranked.rates(threshold);
    [rates.apcer, rates.bpcer]
}

/// Receiver operating characteristic: 1 - BPCER over APCER. At most two thresholds are marked.
pub fn roc(ranked: &Ranked, thresholds: &[Threshold]) -> String {
    let describe = "Share of bona fide presentations accepted over share of attacks accepted, at every threshold.";
    let (x, y) = (Axis::unit("APCER"), Axis::unit("1 − BPCER"));
    let mut chart = Chart::new("ROC curve", describe, [460.0, 420.0], x, y);
    chart.line("chance", [[0.0, 0.0], [1.0, 1.0]]);
    chart.line("curve", curve(ranked).into_iter().map(|[apcer, bpcer]| [apcer, 1.0 - bpcer]));
    for (threshold, (class, shape)) in thresholds.iter().zip(SHAPES) {
        let [apcer, bpcer] = place(ranked, threshold.value);
        chart.mark(class, shape, [apcer, 1.0 - bpcer], 6.0);
    }
    chart.finish() + &names(thresholds)
}

/// Detection error trade-off: BPCER over APCER, both on probit axes, on which a normal distribution gives a straight line.
pub fn det(ranked: &Ranked, thresholds: &[Threshold]) -> String {
    let describe = "BPCER over APCER at every threshold, both axes stretched by the normal quantile.";
    let ticks = [0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8];
    let axis = |label: &str| Axis {
        label: label.into(),
        range: [probit(0.0005), probit(0.9)],
        ticks: ticks.iter().map(|&share| (probit(share), format!("{} %", share * 100.0))).collect(),
    };
    let mut chart = Chart::new("DET curve", describe, [460.0, 420.0], axis("APCER"), axis("BPCER"));
    let stretch = |place: [f64; 2]| place.map(probit);
    chart.line("chance", [[probit(0.0005); 2], [probit(0.9); 2]]);
    // Straight lines between points of the ROC bend here: steps say what was measured.
    let mut steps: Vec<[f64; 2]> = Vec::new();
    for point in curve(ranked) {
        if let Some(&[_, bpcer]) = steps.last() {
            steps.push([point[0], bpcer]);
        }
        steps.push(point);
    }
    chart.line("curve", steps.into_iter().map(stretch));
    for (threshold, (class, shape)) in thresholds.iter().zip(SHAPES) {
        chart.mark(class, shape, stretch(place(ranked, threshold.value)), 6.0);
    }
    chart.finish() + &names(thresholds)
}

fn names(thresholds: &[Threshold]) -> String {
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

/// The normal distribution's quantile (Acklam's rational approximation, relative error below 1.2e-9).
fn probit(share: f64) -> f64 {
    const A: [f64; 6] = [
        -39.69683028665376,
        220.9460984245205,
        -275.9285104469687,
        138.357751867269,
        -30.66479806614716,
        2.506628277459239,
    ];
    const B: [f64; 6] =
        [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1.0];
    const C: [f64; 6] = [
        -0.007784894002430293,
        -0.3223964580411365,
        -2.400758277161838,
        -2.549732539343734,
        4.374664141464968,
        2.938163982698783,
    ];
    const D: [f64; 5] = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1.0];
    let polynomial = |of: &[f64], x: f64| of.iter().fold(0.0, |sum, factor| sum * x + factor);
    let p = share.clamp(1e-9, 1.0 - 1e-9);
    if p > 0.5 {
        return -probit(1.0 - p);
    }
    if p < 0.02425 {
        let q = (-2.0 * p.ln()).sqrt();
        return polynomial(&C, q) / polynomial(&D, q);
    }
    let q = p - 0.5;
    polynomial(&A, q * q) * q / polynomial(&B, q * q)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_quantiles() {
        for (share, quantile) in [(0.5, 0.0), (0.975, 1.959_963_985), (0.025, -1.959_963_985), (0.001, -3.090_232_306)]
        {
            assert!((probit(share) - quantile).abs() < 1e-7, "{share}: {}", probit(share));
        }
        assert!(probit(0.0).is_finite() && probit(1.0).is_finite());
    }

    fn scores() -> Vec<Labelled> {
        let item = |number: usize, attack: Option<&str>| Labelled {
            score: ((number * 37) % 100) as f32 / 100.0,
            attack: attack.map(Into::into),
            subject: number.to_string(),
            source: "s".into(),
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
