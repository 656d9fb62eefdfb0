//! Evaluations -> the paper's table, in Markdown and HTML: one row for each model, with 95 % intervals.

use std::fmt::Write;

use super::{
    html::{escape, fraction},
    markdown,
};
use crate::measure::{
    evaluation::Evaluation,
    intervals::{Figure, Interval},
};

/// One model under one protocol; a column that nobody reported is `None`.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Such as `intra` or `inter`.
    pub protocol: String,
    /// The model's name.
    pub model: String,
    /// Learnt parameters, in millions.
    pub parameters: Option<f64>,
    /// Share of bona fide presentations refused.
    pub bpcer: Option<Figure>,
    /// Share of attacks accepted, all species together.
    pub apcer: Option<Figure>,
    /// Mean of the two.
    pub acer: Option<Figure>,
    /// F1 of the bona fide class, both classes weighing the same.
    pub f1: Option<Figure>,
    /// Lowest score that counts as bona fide.
    pub threshold: Option<f32>,
    /// Area under the ROC curve.
    pub auc: Option<Figure>,
}

impl Row {
    /// The row that the paper would print: at the threshold with the best ACER on the test split itself, optimistic.
    /// `parameters` counts the learnt ones.
    pub fn new(protocol: &str, model: &str, parameters: usize, of: &Evaluation) -> Self {
        let (rates, intervals) = (&of.paper, of.intervals.paper);
        let figure = |value: f64, interval: Option<Interval>| Some(Figure { value, interval });
        Self {
            protocol: protocol.to_owned(),
            model: model.to_owned(),
            parameters: Some(parameters as f64 / 1e6),
            bpcer: figure(rates.bpcer, intervals.bpcer),
            apcer: figure(rates.apcer, intervals.apcer),
            acer: figure(rates.acer, intervals.acer),
            f1: figure(rates.f1, intervals.f1),
            threshold: Some(rates.threshold),
            auc: figure(of.auc, of.intervals.auc),
        }
    }

    /// The same model at the threshold chosen on the development split: what a product would have got.
    pub fn held(protocol: &str, model: &str, parameters: usize, of: &Evaluation) -> Self {
        let mut swapped = of.clone();
        swapped.paper = of.held.clone();
        swapped.intervals.paper = of.intervals.held;
        Self::new(protocol, model, parameters, &swapped)
    }

    /// The mean of a model's rows, one for each seed; the intervals are the lowest and the highest of them.
    ///
    /// # Panics
    /// If there is no row.
    pub fn mean(rows: &[Self]) -> Self {
        let over = |of: fn(&Self) -> Option<f64>| {
            let values: Option<Vec<f64>> = rows.iter().map(of).collect();
            values.map(|values| Figure {
                value: values.iter().sum::<f64>() / values.len() as f64,
                interval: Some(Interval {
                    low: values.iter().copied().fold(f64::INFINITY, f64::min),
                    high: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                }),
            })
        };
        Self {
            model: format!("{}, mean of {} seeds [lowest, highest]", rows[0].model, rows.len()),
            bpcer: over(|row| row.bpcer.map(|figure| figure.value)),
            apcer: over(|row| row.apcer.map(|figure| figure.value)),
            acer: over(|row| row.acer.map(|figure| figure.value)),
            f1: over(|row| row.f1.map(|figure| figure.value)),
            threshold: over(|row| row.threshold.map(f64::from)).map(|figure| figure.value as f32),
            auc: over(|row| row.auc.map(|figure| figure.value)),
            ..rows[0].clone()
        }
    }

    fn published(protocol: &str, model: &str, parameters: f64, [bpcer, apcer, acer]: [f64; 3]) -> Self {
        let figure = |value| Some(Figure { value, interval: None });
        Self {
            protocol: protocol.into(),
            model: format!("{model} (paper)"),
            parameters: Some(parameters),
            bpcer: figure(bpcer),
            apcer: figure(apcer),
            acer: figure(acer),
            f1: None,
            threshold: None,
            auc: None,
        }
    }

    fn cells(&self) -> [String; 9] {
        let figure = |figure: Option<Figure>| {
            figure.map_or_else(|| "-".into(), |figure| markdown::figure(Some(figure), fraction))
        };
        [
            self.protocol.clone(),
            self.model.clone(),
            self.parameters.map_or_else(|| "-".into(), |millions| format!("{millions:.2}")),
            figure(self.bpcer),
            figure(self.apcer),
            figure(self.acer),
            figure(self.f1),
            self.threshold.map_or_else(|| "-".into(), |threshold| format!("{threshold:.4}")),
            figure(self.auc),
        ]
    }
}

/// What the paper reports, to set beside one's own rows.
#[expect(clippy::approx_constant, reason = "an F1 that happens to be near 2 / pi")]
pub fn published() -> Vec<Row> {
    let row = |protocol, model, parameters, rates, f1, threshold, auc| {
        let figure = |value| Some(Figure { value, interval: None });
        let row = Row::published(protocol, model, parameters, rates);
        Row { f1: figure(f1), threshold: Some(threshold), auc: figure(auc), ..row }
    };
    let (imagenet, pdgan) = ("ResNet-18x0.25 ImageNet", "PDGAN backbone");
    let (imagenet_multihead, pdgan_multihead) = ("ResNet-18x0.25 ImageNet multihead", "PDGAN backbone multihead");
    vec![
        Row {
            auc: Some(Figure { value: 0.9989, interval: None }),
            ..Row::published("intra", "AENet C,S,G", 11.2, [0.009, 0.0229, 0.0163])
        },
        row("intra", imagenet, 0.71, [0.0958, 0.0837, 0.0898], 0.9097, 0.6262, 0.9723),
        row("intra", imagenet_multihead, 0.72, [0.1008, 0.1303, 0.1156], 0.8862, 0.2554, 0.9592),
        row("intra", pdgan, 0.71, [0.0618, 0.0653, 0.0636], 0.9366, 0.2545, 0.9845),
        row("intra", pdgan_multihead, 0.72, [0.1036, 0.0743, 0.0890], 0.9097, 0.0974, 0.9737),
        row("inter", imagenet, 0.71, [0.4229, 0.2360, 0.3295], 0.6366, 0.9847, 0.7294),
        row("inter", imagenet_multihead, 0.72, [0.4067, 0.2712, 0.3390], 0.6364, 0.8952, 0.7145),
        row("inter", pdgan, 0.71, [0.3987, 0.2469, 0.3228], 0.6507, 0.9859, 0.7326),
        row("inter", pdgan_multihead, 0.72, [0.4280, 0.2577, 0.3429], 0.6252, 0.9253, 0.7121),
    ]
}

const HEADER: [&str; 9] = ["protocol", "model", "params (M)", "BPCER", "APCER", "ACER", "F1", "threshold", "AUC"];

/// The table in Markdown.
pub fn table(rows: &[Row]) -> String {
    markdown::table(&HEADER, 2, &rows.iter().map(|row| row.cells().into()).collect::<Vec<_>>())
}

/// The table in HTML, an element that any page can hold.
pub fn html_table(rows: &[Row], caption: &str) -> String {
    let mut text = format!("<table>\n<caption>{}</caption>\n<thead><tr>", escape(caption));
    for (number, name) in HEADER.iter().enumerate() {
        let class = if number > 1 { " class=\"number\"" } else { "" };
        let _ = write!(text, "<th scope=\"col\"{class}>{name}</th>");
    }
    text += "</tr></thead>\n<tbody>\n";
    for row in rows {
        text += "<tr>";
        for (number, cell) in row.cells().iter().enumerate() {
            let cell = escape(cell);
            text += &match number {
                1 => format!("<th scope=\"row\">{cell}</th>"),
                0 => format!("<td>{cell}</td>"),
                _ => format!("<td class=\"number\">{cell}</td>"),
            };
        }
        text += "</tr>\n";
    }
    text + "</tbody>\n</table>\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::metrics::balanced_f1;

    #[test]
    fn prints_the_papers_rows_and_what_is_missing() {
        let text = table(&published());
        assert_eq!(text.lines().count(), 2 + 9);
        assert!(text.contains(
            "| intra | PDGAN backbone (paper) | 0.71 | 0.0618 | 0.0653 | 0.0636 | 0.9366 | 0.2545 | 0.9845 |"
        ));
        assert!(text.contains("| 0.0163 | - | - | 0.9989 |"));
        // The paper's ACER is the mean of its parts, as far as four digits go: a mistyped row would not be. AENet's, which
        // the paper quotes, is not.
        for row in &published()[1..] {
            let value = |figure: Option<Figure>| figure.unwrap().value;
            let mean = (value(row.bpcer) + value(row.apcer)) / 2.0;
            assert!((mean - value(row.acer)).abs() < 1.1e-4, "{}", row.model);
            // Its F1 is ours: of the bona fide class, balanced.
            let f1 = balanced_f1(value(row.bpcer), value(row.apcer));
            assert!((f1 - value(row.f1)).abs() < 1e-4, "{}: {f1}", row.model);
        }
    }

    #[test]
    fn the_mean_of_seeds_keeps_the_extremes() {
        let row = |value| Row { auc: Some(Figure { value, interval: None }), ..published()[1].clone() };
        let mean = Row::mean(&[row(0.9), row(0.95), row(0.85)]);
        assert!(table(&[mean]).contains("mean of 3 seeds [lowest, highest] | 0.71"));
        let auc = Row::mean(&[row(0.9), row(0.95), row(0.85)]).auc.unwrap();
        assert!((auc.value - 0.9).abs() < 1e-12);
        assert_eq!(auc.interval, Some(Interval { low: 0.85, high: 0.95 }));
    }

    #[test]
    fn prints_intervals_and_escapes_names() {
        let figure = Figure { value: 0.05, interval: Some(Interval { low: 0.01, high: 0.1 }) };
        let row = Row { model: "a|<b>".into(), bpcer: Some(figure), ..published()[1].clone() };
        assert!(table(std::slice::from_ref(&row)).contains("| a\\|<b> | 0.71 | 0.0500 [0.0100, 0.1000] |"));
        let html = html_table(&[row], "Ours & theirs");
        assert!(html.contains("<th scope=\"row\">a|&lt;b&gt;</th>") && html.contains("Ours &amp; theirs"));
    }
}
