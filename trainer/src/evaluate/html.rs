//! Words, figures and pictures -> pieces of HTML. Knows nothing of what they mean.

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::measure::intervals::{Figure, Interval};

/// A picture with its description for those who do not see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// PNG.
    pub png: Vec<u8>,
    /// What it shows.
    pub alt: String,
}

impl Picture {
    /// An `img` that carries its pixels itself.
    pub fn tag(&self) -> String {
        format!("<img alt=\"{}\" src=\"data:image/png;base64,{}\">", escape(&self.alt), STANDARD.encode(&self.png))
    }
}

/// Text that means itself within an element or a quoted attribute.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A share as per cent, two digits after the point below 10 %.
pub fn percent(share: f64) -> String {
    let value = share * 100.0;
    if value == 0.0 || value >= 9.995 { format!("{value:.1} %") } else { format!("{value:.2} %") }
}

/// A share of one to four digits, such as an AUC.
pub fn fraction(value: f64) -> String {
    format!("{value:.4}")
}

/// An interval in the words of `write`; an em dash where there is none.
pub fn interval(of: Option<Interval>, write: fn(f64) -> String) -> String {
    of.map_or_else(|| "—".into(), |of| format!("{} to {}", write(of.low), write(of.high)))
}

/// A table cell of a figure with its interval below.
pub fn figure_cell(figure: Option<Figure>, write: fn(f64) -> String) -> String {
    match figure {
        None => "<td class=\"number\">—</td>".into(),
        Some(figure) => format!(
            "<td class=\"number\"><b>{}</b> <span class=\"interval\">{}</span></td>",
            write(figure.value),
            interval(figure.interval, write)
        ),
    }
}

/// A table: `head` names the columns, the first of which names the rows; `rows` are ready `td`s after their name.
pub fn table(caption: &str, head: &[&str], rows: &[(String, Vec<String>)]) -> String {
    let columns: String = head
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let class = if at == 0 { "" } else { " class=\"number\"" };
            format!("<th scope=\"col\"{class}>{}</th>", escape(name))
        })
        .collect();
    let rows: String = rows
        .iter()
        .map(|(name, cells)| format!("<tr><th scope=\"row\">{}</th>{}</tr>\n", escape(name), cells.concat()))
        .collect();
    format!(
        "<div class=\"scroll\"><table>\n<caption>{}</caption>\n<thead><tr>{columns}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n",
        escape(caption)
    )
}

/// A right-aligned cell of plain text.
pub fn cell(text: impl ToString) -> String {
    format!("<td class=\"number\">{}</td>", escape(&text.to_string()))
}

/// A section of the report.
pub(super) fn section(title: &str, body: &str) -> String {
    format!("<section>\n<h2>{}</h2>\n{body}</section>\n", escape(title))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        assert_eq!((percent(0.0), percent(0.0556), percent(0.5)), ("0.0 %".into(), "5.56 %".into(), "50.0 %".into()));
        assert_eq!((percent(0.0999), percent(0.09999)), ("9.99 %".into(), "10.0 %".into()));
        assert_eq!(interval(Some(Interval { low: 0.0, high: 0.125 }), percent), "0.0 % to 12.5 %");
        assert_eq!(escape("<a href=\"x\">&"), "&lt;a href=&quot;x&quot;&gt;&amp;");
    }
}
