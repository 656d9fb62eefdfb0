//! Pictures of the test split -> the report's sections of failures, depth and embeddings: the paper's figures 6, 1 and
//! 4, and 7, whose numbers stand in their titles.

use super::{
    html::{Picture, escape, section},
    pca::Projection,
    plots,
    svg::{Shape, legend},
};
use crate::measure::labelled::BONA_FIDE;

/// One kind of failure.
#[derive(Debug, Clone)]
pub struct Failures {
    /// How many there are.
    pub all: usize,
    /// The worst, worst first.
    pub worst: Vec<Failure>,
}

/// One presentation on the wrong side of the threshold.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The crop.
    pub picture: Picture,
    /// P(bona fide) in `[0, 1]`.
    pub score: f32,
    /// `bona fide` or the species.
    pub class: String,
    /// Where it came from.
    pub source: String,
}

/// Rows of pictures, a column for each presentation.
#[derive(Debug, Clone)]
pub struct Grid {
    /// Each column's class.
    pub columns: Vec<String>,
    /// Each row's name and pictures.
    pub rows: Vec<(String, Vec<Picture>)>,
}

/// The embeddings of one encoder.
#[derive(Debug, Clone)]
pub struct Cloud {
    /// The encoder's name.
    pub name: String,
    /// Its embeddings on their principal components.
    pub projection: Projection,
    /// Which of them are attacks.
    pub attacks: Vec<bool>,
}

pub(super) fn failures([refused, accepted]: &[Failures; 2]) -> String {
    let group = |title: &str, none: &str, of: &Failures| {
        if of.worst.is_empty() {
            return format!("<h3>{title}: none</h3>\n<p class=\"note\">{none}</p>\n");
        }
        let cards: String = of
            .worst
            .iter()
            .map(|one| {
                format!(
                    "<figure>{}<figcaption><b>{:.4}</b> {}<br><span>{}</span></figcaption></figure>\n",
                    one.picture.tag(),
                    one.score,
                    escape(&one.class),
                    escape(&one.source)
                )
            })
            .collect();
        let shown = if of.worst.len() < of.all { format!(", the {} worst", of.worst.len()) } else { String::new() };
        format!("<h3>{title}: {}{shown}</h3>\n<div class=\"cards\">{cards}</div>\n", of.all)
    };
    let body = group("Bona fide refused", "Every bona fide presentation was accepted.", refused)
        + &group("Attacks accepted", "Every attack was refused.", accepted);
    section("Failure cases (the paper's figure 6)", &body)
}

/// The row of figure 4 that figure 1 lacks.
pub const GENERATED: &str = "generated";

pub(super) fn depth(grid: &Grid) -> String {
    let columns: String =
        grid.columns.iter().map(|class| format!("<th scope=\"col\">{}</th>", escape(class))).collect();
    let rows: String = grid
        .rows
        .iter()
        .map(|(name, pictures)| {
            let cells: String = pictures.iter().map(|picture| format!("<td>{}</td>", picture.tag())).collect();
            format!("<tr><th scope=\"row\">{}</th>{cells}</tr>\n", escape(name))
        })
        .collect();
    let drawn = grid.rows.iter().any(|(name, _)| name == GENERATED);
    section(
        if drawn { "Pseudo-depth (the paper's figures 1 and 4)" } else { "Pseudo-depth (the paper's figure 1)" },
        &format!(
            "<div class=\"scroll\"><table class=\"pictures\">\n<caption>What the backbone was pretrained to draw: the depth \
             of a bona fide face, nothing for an attack (test split)</caption>\n<thead><tr><td></td>{columns}</tr></thead>\n\
             <tbody>\n{rows}</tbody></table></div>\n"
        ),
    )
}

pub(super) fn clouds(clouds: &[Cloud]) -> String {
    if clouds.is_empty() {
        return String::new();
    }
    let panels: String = clouds
        .iter()
        .map(|cloud| {
            let chart = plots::scatter(&cloud.name, &cloud.projection, &cloud.attacks);
            format!("<figure>{chart}<figcaption>{}</figcaption></figure>\n", escape(&cloud.name))
        })
        .collect();
    let names = legend(&[("bona-fide", Shape::Disc, BONA_FIDE), ("attack", Shape::Cross, "attack")]);
    let lead = "<p class=\"note\">Principal components of the test split's embeddings before any classifier was trained: \
                the further apart the classes already lie, the more pretraining has taught.</p>\n";
    section("Embeddings (the paper's figure 7)", &format!("{lead}<div class=\"panels\">{panels}</div>\n{names}"))
}
