//! Ranked scores -> ROC and DET curves.

use super::{
    plots::{SHAPES, Threshold, names, radius},
    svg::{Axis, Chart},
};
use crate::measure::ranked::Ranked;

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
        chart.mark(class, shape, [apcer, 1.0 - bpcer], radius(shape));
    }
    chart.finish() + &names(thresholds)
}

/// Detection error trade-off: BPCER over APCER, both on probit axes, on which a normal distribution gives a straight line.
pub fn det(ranked: &Ranked, thresholds: &[Threshold]) -> String {
    let describe = "BPCER over APCER at every threshold, both axes stretched by the normal quantile, up to 60 %.";
    let ticks = [0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.4];
    let axis = |label: &str| Axis {
        label: label.into(),
        range: [probit(0.0005), probit(0.6)],
        ticks: ticks.iter().map(|&share| (probit(share), format!("{} %", share * 100.0))).collect(),
    };
    let mut chart = Chart::new("DET curve", describe, [460.0, 420.0], axis("APCER"), axis("BPCER"));
    let stretch = |place: [f64; 2]| place.map(probit);
    chart.line("chance", [[probit(0.0005); 2], [probit(0.6); 2]]);
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
        chart.mark(class, shape, stretch(place(ranked, threshold.value)), radius(shape));
    }
    chart.finish() + &names(thresholds)
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
}
