//! Points in data units -> one chart as inline SVG. Colours come from the page's style sheet, so that a chart is light or
//! dark with it; classes are told apart by shape or dashes as well as by colour.

use std::fmt::Write;

use super::html::escape;

/// One direction of a chart.
#[derive(Debug, Clone)]
pub struct Axis {
    /// What it measures.
    pub label: String,
    /// The ends, in data units.
    pub range: [f64; 2],
    /// Where a line and a number stand.
    pub ticks: Vec<(f64, String)>,
}

impl Axis {
    /// Zero to one in fifths.
    pub fn unit(label: &str) -> Self {
        let ticks = (0..=5).map(|fifth| (f64::from(fifth) / 5.0, format!("{} %", 20 * fifth))).collect();
        Self { label: label.into(), range: [0.0, 1.0], ticks }
    }

    fn share(&self, value: f64) -> f64 {
        ((value - self.range[0]) / (self.range[1] - self.range[0])).clamp(0.0, 1.0)
    }
}

/// The shape of a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A disc.
    Disc,
    /// A square on its corner.
    Diamond,
    /// A cross.
    Cross,
}

/// A chart that is being drawn.
#[derive(Debug)]
pub struct Chart {
    size: [f64; 2],
    /// Left, top, right, bottom.
    frame: [f64; 4],
    axes: [Axis; 2],
    /// Title and description for those who do not see it.
    title: String,
    description: String,
    body: String,
}

impl Chart {
    /// An empty chart of `size` pixels (it scales with the page) with grid, ticks and labels. An axis without ticks keeps
    /// no room for numbers.
    pub fn new(title: &str, description: &str, size: [f64; 2], x: Axis, y: Axis) -> Self {
        let left = match (y.ticks.is_empty(), y.label.is_empty()) {
            (true, true) => 14.0,
            (true, false) => 30.0,
            (false, _) => 62.0,
        };
        let frame = [left, 12.0, size[0] - 20.0, size[1] - if x.ticks.is_empty() { 32.0 } else { 46.0 }];
        let mut chart = Self {
            size,
            frame,
            axes: [x, y],
            title: title.into(),
            description: description.into(),
            body: String::new(),
        };
        chart.grid();
        chart
    }

    /// Pixels of a place in data units; what is outside stands at the edge.
    pub fn at(&self, x: f64, y: f64) -> [f64; 2] {
        let [left, top, right, bottom] = self.frame;
        [left + self.axes[0].share(x) * (right - left), bottom - self.axes[1].share(y) * (bottom - top)]
    }

    fn grid(&mut self) {
        let [left, top, right, bottom] = self.frame;
        let axes = self.axes.clone();
        for (value, text) in &axes[0].ticks {
            let [x, _] = self.at(*value, axes[1].range[0]);
            self.push(format!("<path class=\"grid\" d=\"M{x:.1} {top:.1}V{bottom:.1}\"/>"));
            self.text([x, bottom + 17.0], "middle", "tick", text);
        }
        for (value, text) in &axes[1].ticks {
            let [_, y] = self.at(axes[0].range[0], *value);
            self.push(format!("<path class=\"grid\" d=\"M{left:.1} {y:.1}H{right:.1}\"/>"));
            self.text([left - 8.0, y + 4.0], "end", "tick", text);
        }
        self.push(format!(
            "<rect class=\"frame\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
            right - left,
            bottom - top
        ));
        self.text([(left + right) / 2.0, self.size[1] - 8.0], "middle", "label", &axes[0].label);
        let (x, y) = (14.0, (top + bottom) / 2.0);
        if !axes[1].label.is_empty() {
            let label = escape(&axes[1].label);
            self.push(format!(
                "<text class=\"label\" text-anchor=\"middle\" transform=\"translate({x:.1} {y:.1}) rotate(-90)\">{label}</text>"
            ));
        }
    }

    /// SVG of one's own, on top of what is there.
    pub fn push(&mut self, element: String) {
        self.body += &element;
        self.body.push('\n');
    }

    /// Text at a pixel; `anchor` is `start`, `middle` or `end`.
    pub fn text(&mut self, [x, y]: [f64; 2], anchor: &str, class: &str, text: &str) {
        let text = escape(text);
        self.push(format!("<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>"));
    }

    /// A line through places in data units. Places nearer than half a pixel to the last one drawn are left out.
    pub fn line(&mut self, class: &str, points: impl IntoIterator<Item = [f64; 2]>) {
        let (mut path, mut last) = (String::new(), None::<[f64; 2]>);
        let points: Vec<[f64; 2]> = points.into_iter().map(|[x, y]| self.at(x, y)).collect();
        for (number, &[x, y]) in points.iter().enumerate() {
            let ends = number + 1 == points.len();
            if !ends && last.is_some_and(|[a, b]| (x - a).abs().max((y - b).abs()) < 0.5) {
                continue;
            }
            let _ = write!(path, "{}{x:.1} {y:.1}", if last.is_some() { "L" } else { "M" });
            last = Some([x, y]);
        }
        self.push(format!("<path class=\"line {class}\" d=\"{path}\"/>"));
    }

    /// A mark at a place in data units, `radius` in pixels.
    pub fn mark(&mut self, class: &str, shape: Shape, [x, y]: [f64; 2], radius: f64) {
        let [x, y] = self.at(x, y);
        self.push(glyph(class, shape, [x, y], radius));
    }

    /// The finished element.
    pub fn finish(self) -> String {
        let [width, height] = self.size;
        format!(
            "<svg role=\"img\" viewBox=\"0 0 {width:.0} {height:.0}\"><title>{}</title><desc>{}</desc>\n{}</svg>\n",
            escape(&self.title),
            escape(&self.description),
            self.body
        )
    }
}

fn glyph(class: &str, shape: Shape, [x, y]: [f64; 2], r: f64) -> String {
    match shape {
        Shape::Disc => format!("<circle class=\"mark {class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{r:.1}\"/>"),
        Shape::Diamond => format!(
            "<path class=\"mark {class}\" d=\"M{x:.1} {:.1}l{r:.1} {r:.1}l-{r:.1} {r:.1}l-{r:.1} -{r:.1}z\"/>",
            y - r
        ),
        Shape::Cross => format!(
            "<path class=\"cross {class}\" d=\"M{:.1} {:.1}l{d:.1} {d:.1}m0 -{d:.1}l-{d:.1} {d:.1}\"/>",
            x - r,
            y - r,
            d = 2.0 * r
        ),
    }
}

/// A row of names beside the marks that stand for them.
pub fn legend(entries: &[(&str, Shape, &str)]) -> String {
    let entries: String = entries
        .iter()
        .map(|(class, shape, name)| {
            let mark = glyph(class, *shape, [8.0, 8.0], 4.5);
            format!("<li><svg aria-hidden=\"true\" viewBox=\"0 0 16 16\">{mark}</svg>{}</li>", escape(name))
        })
        .collect();
    format!("<ul class=\"legend\">{entries}</ul>\n")
}
