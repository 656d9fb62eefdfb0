//! Cells -> a table in Markdown. Knows nothing of what they mean.

use crate::measure::intervals::{Figure, Interval, TOO_FEW};

/// A table: the first `words` columns are aligned to the left, the others, which hold figures, to the right.
pub fn table(head: &[&str], words: usize, rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let mut text = line(&head.iter().map(|&name| name.to_owned()).collect::<Vec<_>>());
    text += &(0..head.len()).map(|column| if column < words { "|---" } else { "|---:" }).collect::<String>();
    text += "|\n";
    for row in rows {
        text += &line(&row.iter().map(|cell| cell.replace('|', "\\|")).collect::<Vec<_>>());
    }
    text
}

/// A figure with its interval in brackets, both in the words of `write`; an em dash where there is none.
pub fn figure(of: Option<Figure>, write: fn(f64) -> String) -> String {
    match of {
        None => "—".into(),
        Some(Figure { value, interval: None }) => write(value),
        Some(Figure { value, interval: Some(Interval { low, high }) }) => {
            format!("{} [{}, {}]", write(value), write(low), write(high))
        }
    }
}

/// An AUC or EER with its interval, or the sentence that there are too few people for one.
pub fn ranks(of: Option<Figure>, write: fn(f64) -> String) -> String {
    match of {
        Some(Figure { value, interval: None }) => format!("{} ({TOO_FEW})", write(value)),
        of => figure(of, write),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::html::percent;

    #[test]
    fn cells_cannot_break_the_table() {
        let text = table(&["name", "rate"], 1, &[vec!["a|b".into(), "1".into()]]);
        assert_eq!(text, "| name | rate |\n|---|---:|\n| a\\|b | 1 |\n");
        let interval = Some(Interval { low: 0.01, high: 0.125 });
        assert_eq!(figure(Some(Figure { value: 0.05, interval }), percent), "5.00 % [1.00 %, 12.5 %]");
        assert_eq!(figure(None, percent), "—");
        assert_eq!(
            ranks(Some(Figure { value: 0.05, interval: None }), percent),
            "5.00 % (too few people for an interval)"
        );
        assert_eq!(ranks(Some(Figure { value: 0.05, interval }), percent), "5.00 % [1.00 %, 12.5 %]");
    }
}
