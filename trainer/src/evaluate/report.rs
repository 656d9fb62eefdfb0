//! An evaluation and its pictures -> `report.html`: one file without scripts, light and dark, that prints.
//!
//! Nothing here measures; what a figure means is said beside it.

use super::{
    breakdown, curves,
    gallery::{self, Cloud, Failures, Grid},
    html::{cell, escape, figure_cell, fraction, interval, percent, section, table},
    plots::{self, Threshold},
    reliability::reliability,
};
use crate::measure::{
    evaluation::{AtApcer, Evaluation},
    intervals::{Figure, Interval, TOO_FEW},
    labelled::Labelled,
    ranked::Ranked,
};

/// Everything that a report shows.
#[derive(Debug)]
pub struct Report<'a> {
    /// What was evaluated, such as the run's name.
    pub title: String,
    /// Names and values for the head of the page: commit, network, seed.
    pub facts: Vec<(String, String)>,
    /// The figures.
    pub evaluation: &'a Evaluation,
    /// The test split's scores.
    pub test: &'a [Labelled],
    /// Refused bona fide presentations and accepted attacks; `None` leaves the section out.
    pub failures: Option<[Failures; 2]>,
    /// Crops and their depth.
    pub depth: Option<Grid>,
    /// Embeddings of encoders, side by side.
    pub clouds: Vec<Cloud>,
}

impl Report<'_> {
    /// The whole page.
    pub fn html(&self) -> String {
        let is = self.evaluation;
        let sections = [
            self.head(),
            self.headline(),
            self.rates(),
            self.charts(),
            is.calibration.as_ref().map_or_else(String::new, reliability),
            breakdown::parts(is),
            breakdown::conditions(is),
            self.failures.as_ref().map_or_else(String::new, gallery::failures),
            self.depth.as_ref().map_or_else(String::new, gallery::depth),
            gallery::clouds(&self.clouds),
            self.method(),
        ]
        .concat();
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<title>{} · Bonafide evaluation</title>\n\
             <style>\n{}</style>\n</head>\n<body>\n<main>\n{sections}</main>\n</body>\n</html>\n",
            escape(&self.title),
            include_str!("report.css")
        )
    }

    fn head(&self) -> String {
        let is = self.evaluation;
        let counts = [
            ("Bona fide".to_owned(), is.bona_fide.to_string()),
            ("Attacks".to_owned(), format!("{} of {} species", is.attacks, is.species.len())),
            ("People".to_owned(), is.subjects.to_string()),
        ];
        let facts: String = counts
            .iter()
            .chain(&self.facts)
            .map(|(name, value)| format!("<div><dt>{}</dt><dd>{}</dd></div>", escape(name), escape(value)))
            .collect();
        format!(
            "<header>\n<p class=\"kicker\">Bonafide · presentation attack detection · rates as ISO/IEC 30107-3 names them</p>\n<h1>{}</h1>\n\
             <p class=\"lead\">Measured on {}.</p>\n<dl>{facts}</dl>\n</header>\n",
            escape(&self.title),
            escape(&is.data)
        )
    }

    fn headline(&self) -> String {
        let (is, of) = (self.evaluation, &self.evaluation.intervals);
        let worst = is.species.iter().max_by(|a, b| a.1.apcer.value.total_cmp(&b.1.apcer.value)).map_or("", |of| of.0);
        let tile = |name: &str, value: String, range: String, note: String| {
            format!(
                "<div class=\"tile\"><h3>{name}</h3><p class=\"value\">{value}</p><p class=\"interval\">{range}</p><p>{}</p></div>\n",
                escape(&note)
            )
        };
        let ranks = |range: Option<Interval>, write| range.map_or(TOO_FEW.into(), |_| interval(range, write));
        let percents = |value: f64, range: Option<Interval>| (percent(value), interval(range, percent));
        let (apcer, bpcer) = (percents(is.apcer, of.held.apcer_max), percents(is.bpcer, of.held.bpcer));
        let tiles = [
            tile("APCER", apcer.0, apcer.1, format!("attacks accepted, worst species ({worst})")),
            tile("BPCER", bpcer.0, bpcer.1, "bona fide presentations refused".into()),
            tile("EER", percent(is.eer), ranks(of.eer, percent), "where both errors are equal".into()),
            tile("AUC", fraction(is.auc), ranks(of.auc, fraction), "area under the ROC curve".into()),
        ]
        .concat();
        format!(
            "<section aria-labelledby=\"headline\">\n<h2 id=\"headline\">Headline figures</h2>\n\
             <div class=\"tiles\">{tiles}</div>\n<p class=\"note\">APCER and BPCER at threshold {:.4}, the best ACER on the \
             development split, held on the test split. Below each figure, its 95 % interval over people.</p>\n</section>\n",
            is.threshold
        )
    }

    fn rates(&self) -> String {
        let (is, of) = (self.evaluation, &self.evaluation.intervals);
        let cells = |held: (f64, Option<Interval>), paper: (f64, Option<Interval>), write| {
            [held, paper].map(|(value, interval)| figure_cell(Some(Figure { value, interval }), write)).into()
        };
        let (held, paper) = (&is.held, &is.paper);
        let rows = vec![
            ("Threshold".to_owned(), [held, paper].map(|rates| cell(format!("{:.4}", rates.threshold))).into()),
            row("BPCER", cells((held.bpcer, of.held.bpcer), (paper.bpcer, of.paper.bpcer), percent)),
            row(
                "APCER, worst species",
                cells((held.apcer_max, of.held.apcer_max), (paper.apcer_max, of.paper.apcer_max), percent),
            ),
            row("APCER, all attacks", cells((held.apcer, of.held.apcer), (paper.apcer, of.paper.apcer), percent)),
            row("ACER", cells((held.acer, of.held.acer), (paper.acer, of.paper.acer), percent)),
            row("F1 of bona fide, classes balanced", cells((held.f1, of.held.f1), (paper.f1, of.paper.f1), fraction)),
        ];
        let head = ["Rate", "Threshold from development", "Best on the test split itself (optimistic)"];
        let errors = table("Error rates on the test split, with 95 % intervals", &head, &rows);
        let rows: Vec<_> = is
            .at_apcer
            .iter()
            .map(|AtApcer { target, threshold, apcer, bpcer }| {
                let cells = [
                    cell(format!("{threshold:.4}")),
                    figure_cell(Some(*apcer), percent),
                    figure_cell(Some(*bpcer), percent),
                ];
                (format!("at most {} %", target * 100.0), cells.into())
            })
            .collect();
        let head = ["Worst APCER on development", "Threshold", "Worst APCER on test", "BPCER on test"];
        let points = table("Operating points: thresholds set on the development split", &head, &rows);
        section("Error rates", &(errors + &points))
    }

    fn charts(&self) -> String {
        let ranked = Ranked::new(self.test);
        let thresholds = [
            Threshold { name: "from development".into(), value: self.evaluation.threshold },
            Threshold { name: "best on test".into(), value: self.evaluation.paper.threshold },
        ];
        let pair = format!(
            "<div class=\"pair\"><figure>{}<figcaption>ROC: bona fide accepted over attacks accepted.</figcaption></figure>\n\
             <figure>{}<figcaption>DET: both errors, on probit axes; an error of zero stands at the edge.</figcaption></figure></div>\n",
            curves::roc(&ranked, &thresholds),
            curves::det(&ranked, &thresholds)
        );
        let scores = format!(
            "<figure>{}<figcaption>Scores of the test split; below a threshold is refused.</figcaption></figure>\n",
            plots::histograms(self.test, &thresholds)
        );
        section("Curves and scores", &(pair + &scores))
    }

    fn method(&self) -> String {
        let draws = self.evaluation.intervals.bootstrap;
        let scores = match self.evaluation.calibration {
            Some(_) => "Scores are calibrated on the development split alone, before thresholds are chosen there.",
            None => "Scores are the network's own, not calibrated.",
        };
        section(
            "How it was measured",
            &format!(
                "<ul class=\"method\">\n\
                 <li>A score is P(bona fide); at or above the threshold a presentation is accepted as bona fide.</li>\n\
                 <li>APCER and BPCER are ISO/IEC 30107-3's classification error rates over presentations that got a score; \
                 those in which no face was found count as non-responses and in no other figure.</li>\n\
                 <li>{}</li>\n\
                 <li>APCER is given for each attack species, and its maximum is the headline; ACER is the mean of BPCER and \
                 the APCER of all attacks together.</li>\n\
                 <li>Intervals are 2.5th to 97.5th percentiles of {} bootstrap resamples of people (ChaCha, seed {}), with \
                 thresholds held. Where no one or everyone failed, the exact binomial bound over people stands in. An AUC of \
                 1 or an EER of 0 has no such bound: few people cannot show how rare an overlap is.</li>\n\
                 <li>The EER is read where the ROC curve, its points joined by straight lines, has both errors equal.</li>\n\
                 <li>Every score is in scores.csv, every figure in evaluation.json, beside this page.</li>\n</ul>\n",
                scores, draws.resamples, draws.seed
            ),
        )
    }
}

fn row(name: &str, cells: Vec<String>) -> (String, Vec<String>) {
    (name.to_owned(), cells)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        evaluate::{gallery::Failure, html::Picture, pca::project},
        measure::{
            Unscored,
            calibration::{Calibrated, Calibration, Reliability},
            intervals::Bootstrap,
            parts::condition,
            whole::evaluate_scores_with,
        },
    };

    fn split() -> Vec<Labelled> {
        let item = |number: usize, score: f32, attack: Option<&str>| Labelled {
            score,
            attack: attack.map(Into::into),
            subject: format!("person {number}"),
            source: "congress & <co>".into(),
            slices: vec!["source congress & <co>".into()],
        };
        let of = |number: usize| {
            let wrong = number == 7;
            [
                item(number, if wrong { 0.02 } else { 0.97 }, None),
                item(number, 0.04, Some("print")),
                item(number, if number < 3 { 0.99 } else { 0.1 }, Some("replay/phone")),
            ]
        };
        (0..60).flat_map(of).collect()
    }

    fn html(failures: Option<[Failures; 2]>, clouds: Vec<Cloud>) -> String {
        let test = split();
        let unscored = [Unscored { attack: None, subject: "x".into(), source: "y".into() }];
        let few = Bootstrap { resamples: 50, seed: 1 };
        let mut evaluation = evaluate_scores_with(few, "sixty people", &test, &test, &unscored).unwrap();
        evaluation.conditions = [("dim & <grey>".into(), condition("dim", 0.5, &test, &unscored).unwrap())].into();
        let (line, before) = (Calibration { scale: 0.5, offset: -1.25 }, Reliability::of(&test));
        evaluation.calibration = Some(Calibrated { line, presentations: 180, after: before.clone(), before });
        let pictures = |alt: &str| vec![Picture { png: b"no PNG".to_vec(), alt: alt.into() }];
        let grid = Grid {
            columns: vec!["print".into()],
            rows: vec![("input".into(), pictures("a \"print\"")), (gallery::GENERATED.into(), pictures("its depth"))],
        };
        Report {
            title: "run <one>".into(),
            facts: vec![("Commit".into(), "abc".into())],
            evaluation: &evaluation,
            test: &test,
            failures,
            depth: Some(grid),
            clouds,
        }
        .html()
    }

    #[test]
    fn shows_every_figure_and_reaches_out_for_nothing() {
        let picture = Picture { png: vec![1, 2, 3], alt: "a print".into() };
        let worst = vec![Failure { picture, score: 0.987, class: "print".into(), source: "s".into() }];
        let groups = [Failures { all: 0, worst: Vec::new() }, Failures { all: 12, worst }];
        let projection = project(&[vec![0.0, 1.0], vec![1.0, 0.0], vec![2.0, 2.0]]);
        let cloud = Cloud { name: "He-initialised".into(), projection, attacks: vec![true, false, true] };
        let page = html(Some(groups), vec![cloud]);
        for expected in [
            "run &lt;one&gt;",
            "congress &amp; &lt;co&gt;",
            "worst species (replay/phone)",
            "<h3>APCER</h3><p class=\"value\">5.00 %</p>",
            "<h3>BPCER</h3><p class=\"value\">1.67 %</p>",
            "at most 1 %",
            "ROC curve",
            "DET curve",
            "Score histograms",
            "BPNRR, bona fide",
            "<th scope=\"row\">source congress &amp; &lt;co&gt;</th>",
            "<th scope=\"row\">dim &amp; &lt;grey&gt;</th>",
            "dim &amp; &lt;grey&gt;: replay/phone",
            "the logit times 0.5000 plus -1.2500",
            "<title>Reliability</title>",
            "Bona fide refused: none",
            "Attacks accepted: 12, the 1 worst",
            "<b>0.9870</b>",
            "alt=\"a &quot;print&quot;\"",
            "He-initialised",
            "% of the variance",
            "Pseudo-depth (the paper's figures 1 and 4)",
            "Failure cases (the paper's figure 6)",
            "Embeddings (the paper's figure 7)",
            "prefers-color-scheme: dark",
            "@media print",
        ] {
            assert!(page.contains(expected), "{expected}");
        }
        for foreign in ["http", "<script", "@import", "url(", "<link"] {
            assert!(!page.contains(foreign), "{foreign}");
        }
        assert_eq!(page.matches("<img").count(), page.matches("src=\"data:image/png;base64,").count());
        assert!(!page.contains("NaN"));
    }

    #[test]
    fn elements_are_closed_and_empty_sections_left_out() {
        let page = html(None, Vec::new());
        for name in ["section", "table", "tr", "figure", "svg", "div", "ul", "li", "p", "dl", "h2", "h3", "span", "b"] {
            let opened = page.matches(&format!("<{name}>")).count() + page.matches(&format!("<{name} ")).count();
            assert_eq!(opened, page.matches(&format!("</{name}>")).count(), "{name}");
        }
        assert!(!page.contains("Failure cases") && !page.contains("Embeddings"));
    }
}
