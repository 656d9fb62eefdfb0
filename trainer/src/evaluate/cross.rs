//! Scores of a data set that was left out of training -> HTER and AUC, and the table of all such sets. Knows no networks.
//!
//! HTER is the mean of the false acceptance rate (attacks accepted, all species together) and the false rejection rate
//! (bona fide presentations refused), at the threshold of equal error of the development scores.

use anyhow::Result;

use super::{
    html::{self, figure_cell, fraction, percent},
    markdown,
};
use crate::measure::{
    evaluation::NonResponse,
    intervals::{Bootstrap, Figure, Interval, of_ranks},
    labelled::{Labelled, Unscored, check},
    ranked::Ranked,
};

/// What was measured on one set.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Lowest score that counts as bona fide.
    pub threshold: f32,
    /// Mean of the two error rates at that threshold.
    pub hter: Figure,
    /// Area under the ROC curve.
    pub auc: Figure,
    /// Presentations of the set with a score: bona fide, attacks.
    pub scored: [usize; 2],
    /// Presentations of the set without one.
    pub non_response: NonResponse,
}

impl Measured {
    /// Measures the presentations of a set that was left out, with `unscored` those in which no face was found;
    /// `development` are scores of other sets' development splits by the same network. Intervals are drawn over people.
    ///
    /// # Errors
    /// If either lacks a class, or a score is no probability.
    pub fn new(development: &[Labelled], left_out: &[Labelled], unscored: &[Unscored]) -> Result<Self> {
        check(development, "development")?;
        check(left_out, "left-out")?;
        let threshold = Ranked::new(development).eer_threshold();
        let ranked = Ranked::new(left_out);
        let statistics = |weights: &[u32]| vec![ranked.tally(threshold, weights).acer(), ranked.auc(weights)];
        let values = statistics(&ranked.once());
        let intervals = Bootstrap::default().intervals(ranked.subjects(), statistics);
        let figure = |at: usize, interval| Figure { value: values[at].expect("both classes are there"), interval };
        let attacks = left_out.iter().filter(|item| item.attack.is_some()).count();
        Ok(Self {
            threshold,
            hter: figure(0, intervals[0]),
            auc: figure(1, of_ranks(intervals[1], ranked.fewest_people())),
            scored: [left_out.len() - attacks, attacks],
            non_response: NonResponse::new(left_out, unscored),
        })
    }
}

/// One model on every set.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its name.
    pub model: String,
    /// HTER and AUC on each set, and last their means.
    pairs: Vec<[Figure; 2]>,
    /// For each set, bona fide presentations and attacks: without a score, and all.
    silent: Vec<[(usize, usize); 2]>,
}

impl Row {
    /// What was measured on the sets, in the order of the table's columns.
    pub fn new(model: &str, sets: &[Measured]) -> Self {
        let mut pairs: Vec<[Figure; 2]> = sets.iter().map(|set| [set.hter, set.auc]).collect();
        let mean = |of: usize| {
            let sum: f64 = pairs.iter().map(|pair| pair[of].value).sum();
            Figure { value: sum / sets.len() as f64, interval: None }
        };
        pairs.push([mean(0), mean(1)]);
        let silent = sets.iter().map(|set| {
            let (bona_fide, attacks) = (set.non_response.bona_fide, set.non_response.attacks);
            [(bona_fide, bona_fide + set.scored[0]), (attacks, attacks + set.scored[1])]
        });
        Self { model: model.to_owned(), pairs, silent: silent.collect() }
    }

    /// The mean of a model's rows, one for each seed; the intervals are the lowest and the highest of them.
    ///
    /// # Panics
    /// If there is no row.
    pub fn mean(model: &str, rows: &[Self]) -> Self {
        let over = |set: usize, of: usize| {
            let values = || rows.iter().map(|row| row.pairs[set][of].value);
            let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
            Figure { value: values().sum::<f64>() / rows.len() as f64, interval: Some(Interval { low, high }) }
        };
        Self {
            model: format!("{model}, mean of {} seeds [lowest, highest]", rows.len()),
            pairs: (0..rows[0].pairs.len()).map(|set| [over(set, 0), over(set, 1)]).collect(),
            silent: rows[0].silent.clone(),
        }
    }
}

/// What the table is of.
const CAPTION: &str = "Each set left out of training in turn: HTER at the threshold of equal error of the other sets' \
                       development splits, and AUC, a score a picture, 95 % intervals over people";

/// What the second table is of.
const SILENT: &str =
    "Presentations without a score, in no rate above: no face was found, or the file is damaged; bona fide / attacks";

/// `sets` are the names of the columns.
fn head(sets: &[String]) -> Vec<String> {
    let pair = |name: &str| [format!("HTER, {name}"), format!("AUC, {name}")];
    let columns = sets.iter().map(String::as_str).chain(["mean"]).flat_map(pair);
    ["model".to_owned()].into_iter().chain(columns).collect()
}

fn names(of: &[String]) -> Vec<&str> {
    of.iter().map(String::as_str).collect()
}

fn silent_cells(row: &Row) -> Vec<String> {
    let cell = |[(bona_fide, genuine), (attacks, all)]: &[(usize, usize); 2]| {
        format!("{bona_fide} of {genuine} / {attacks} of {all}")
    };
    row.silent.iter().map(cell).collect()
}

/// Both tables in Markdown; `sets` are the names of the columns.
pub fn text(sets: &[String], rows: &[Row]) -> String {
    let cells = |row: &Row| {
        let pair =
            |&[hter, auc]: &[Figure; 2]| [markdown::figure(Some(hter), percent), markdown::figure(Some(auc), fraction)];
        [row.model.clone()].into_iter().chain(row.pairs.iter().flat_map(pair)).collect::<Vec<_>>()
    };
    let figures = markdown::table(&names(&head(sets)), 1, &rows.iter().map(cells).collect::<Vec<_>>());
    let silent = |row: &Row| [row.model.clone()].into_iter().chain(silent_cells(row)).collect::<Vec<_>>();
    let columns: Vec<&str> = ["model"].into_iter().chain(names(sets)).collect();
    let silent = markdown::table(&columns, 1, &rows.iter().map(silent).collect::<Vec<_>>());
    format!("{CAPTION}:\n\n{figures}\n{SILENT}:\n\n{silent}")
}

/// The same in HTML, elements that any page can hold.
pub fn html(sets: &[String], rows: &[Row]) -> String {
    let cells = |row: &Row| {
        let pair = |&[hter, auc]: &[Figure; 2]| [figure_cell(Some(hter), percent), figure_cell(Some(auc), fraction)];
        (row.model.clone(), row.pairs.iter().flat_map(pair).collect::<Vec<_>>())
    };
    let figures = html::table(CAPTION, &names(&head(sets)), &rows.iter().map(cells).collect::<Vec<_>>());
    let silent = |row: &Row| (row.model.clone(), silent_cells(row).iter().map(html::cell).collect::<Vec<_>>());
    let columns: Vec<&str> = ["model"].into_iter().chain(names(sets)).collect();
    figures + &html::table(SILENT, &columns, &rows.iter().map(silent).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(bona_fide: &[f32], attacks: &[f32]) -> Vec<Labelled> {
        let item = |(at, &score): (usize, &f32), attack: Option<&str>| Labelled {
            score,
            attack: attack.map(Into::into),
            subject: at.to_string(),
            source: "s".into(),
            slices: Vec::new(),
        };
        let genuine = bona_fide.iter().enumerate().map(|one| item(one, None));
        genuine.chain(attacks.iter().enumerate().map(|one| item(one, Some("print")))).collect()
    }

    fn silent(attack: Option<&str>) -> Unscored {
        Unscored { attack: attack.map(Into::into), subject: "9".into(), source: "s".into() }
    }

    #[test]
    fn hter_and_auc_by_hand() {
        // Equal error, one in four of each, between 0.4 and 0.6.
        let development = scores(&[0.9, 0.8, 0.6, 0.2], &[0.7, 0.4, 0.1, 0.1]);
        // At 0.5: two bona fide of five are refused, one attack of four is accepted.
        let left_out = scores(&[0.95, 0.9, 0.7, 0.3, 0.2], &[0.8, 0.3, 0.1, 0.0]);
        let is = Measured::new(&development, &left_out, &[silent(None), silent(Some("print"))]).unwrap();
        assert_eq!(is.threshold, 0.5);
        assert!((is.hter.value - (2.0 / 5.0 + 1.0 / 4.0) / 2.0).abs() < 1e-12, "{:?}", is.hter);
        // Of 20 pairs: 0.95 and 0.9 win four each, 0.7 three, 0.3 two and a half, 0.2 two.
        assert!((is.auc.value - 15.5 / 20.0).abs() < 1e-12, "{:?}", is.auc);
        let interval = is.hter.interval.unwrap();
        assert!(interval.low < is.hter.value && is.hter.value < interval.high);
        assert_eq!((is.scored, is.non_response.bona_fide, is.non_response.attacks), ([5, 4], 1, 1));
        // The left-out set has no say in the threshold.
        let turned = Measured::new(&development, &scores(&[0.1], &[0.9]), &[]).unwrap();
        assert_eq!((turned.threshold, turned.hter.value, turned.auc.value), (0.5, 1.0, 0.0));
        assert!(Measured::new(&development, &scores(&[0.1], &[]), &[]).unwrap_err().to_string().contains("left-out"));
        assert!(Measured::new(&scores(&[], &[0.1]), &left_out, &[]).unwrap_err().to_string().contains("development"));
    }

    #[test]
    fn a_table_has_a_pair_a_set_and_the_mean() {
        let figure = |value| Figure { value, interval: None };
        let measured = |hter, auc| Measured {
            threshold: 0.5,
            hter: figure(hter),
            auc: figure(auc),
            scored: [10, 20],
            non_response: NonResponse::new(&[], &[silent(None), silent(Some("print")), silent(Some("print"))]),
        };
        let sets = ["one".to_owned(), "two".to_owned()];
        let row = Row::new("ours", &[measured(0.1, 0.9), measured(0.3, 0.8)]);
        let table = text(&sets, std::slice::from_ref(&row));
        assert!(table.contains("| model | HTER, one | AUC, one | HTER, two | AUC, two | HTER, mean | AUC, mean |"));
        assert!(table.contains("| ours | 10.0 % | 0.9000 | 30.0 % | 0.8000 | 20.0 % | 0.8500 |"), "{table}");
        assert!(table.contains("| ours | 1 of 11 / 2 of 22 | 1 of 11 / 2 of 22 |"), "{table}");
        let page = html(&sets, std::slice::from_ref(&row));
        assert!(page.contains("HTER, two") && page.contains("<b>20.0 %</b>") && page.contains("1 of 11 / 2 of 22"));
        let other = Row::new("ours", &[measured(0.2, 0.9), measured(0.5, 0.8)]);
        let mean = text(&sets, &[Row::mean("ours", &[row, other])]);
        assert!(mean.contains("ours, mean of 2 seeds [lowest, highest] | 15.0 % [10.0 %, 20.0 %] |"), "{mean}");
        assert!(mean.contains("| 27.5 % [20.0 %, 35.0 %] | 0.8500 [0.8500, 0.8500] |"), "{mean}");
    }
}
