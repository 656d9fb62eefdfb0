//! Evaluations of several rows and seeds -> the table of a protocol, as the paper lays it out.

use super::Evaluation;

/// A row: a model and its evaluations, one for each seed.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its name.
    pub model: String,
    /// Learnt parameters of what is deployed.
    pub params: usize,
    /// One for each seed.
    pub runs: Vec<Evaluation>,
}

const HEAD: [&str; 8] = ["model", "params (M)", "BPCER", "APCER", "ACER", "F1", "threshold", "AUC"];

/// The table in Markdown. BPCER to threshold are at the test split's own best ACER, as the paper reports them; with several
/// seeds each figure is the mean, with the lowest and the highest; with one, the 95 % interval over people.
pub fn markdown(rows: &[Row]) -> String {
    let mut text = format!("| {} |\n|{}|\n", HEAD.join(" | "), "---|".repeat(HEAD.len() - 1) + "---");
    for row in rows {
        text.push_str(&format!("| {} |\n", cells(row).join(" | ")));
    }
    text
}

fn cells(row: &Row) -> Vec<String> {
    let mut cells = vec![row.model.clone(), format!("{:.2}", row.params as f64 / 1e6)];
    let figures: [fn(&Evaluation) -> f64; 6] = [
        |run| run.paper.bpcer,
        |run| run.paper.apcer,
        |run| run.paper.acer,
        |run| run.paper.f1,
        |run| f64::from(run.paper.threshold),
        |run| run.auc,
    ];
    for figure in figures {
        let values: Vec<f64> = row.runs.iter().map(figure).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let (low, high) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(*v), high.max(*v)));
        cells.push(if values.len() > 1 { format!("{mean:.4} ({low:.4} to {high:.4})") } else { format!("{mean:.4}") });
    }
    cells
}
