//! The evidence as version 1 of the rules weighed it, so that old recordings replay to their verdicts. New sessions use
//! [`evidence`](super::evidence).
//!
//! A score's margin is its log-odds minus the threshold's, held within [`MAX_MARGIN`]; the fused margin is the trimmed mean
//! of all margins of the presence. Frames before an exchange could outvote those after it, which is why the rules changed.

use super::{
    evidence::{COUNT_MS, EARLY_FRAMES, EARLY_MARGIN, EARLY_MS, EARLY_WINDOW_MS, Finding, WINDOW_FRAMES, WINDOW_MS},
    odds::{logistic, logit},
};
use crate::score::{OperatingPoint, Score};

/// Largest say of one frame, in log-odds from the threshold.
const MAX_MARGIN: f64 = 4.0;
/// One of this many frames is cut away at either end before the mean is taken.
const TRIM: usize = 5;

/// The scores of one unbroken presence of a face.
#[derive(Debug, Clone)]
pub(super) struct Evidence {
    threshold: f64,
    /// Times, rising.
    times: Vec<f64>,
    /// Margins, rising; not in the order of the times.
    margins: Vec<f64>,
}

impl Evidence {
    pub(super) fn new(point: &OperatingPoint) -> Self {
        Self { threshold: logit(point.threshold), times: Vec::new(), margins: Vec::new() }
    }

    /// Counts the score unless this tenth of a second (from the first score on) has one. True if it counted.
    pub(super) fn add(&mut self, now: f64, score: Score) -> bool {
        let slot = |time: f64| ((time - self.times.first().unwrap_or(&now)) / COUNT_MS).floor();
        if self.times.last().is_some_and(|last| slot(*last) == slot(now)) {
            return false;
        }
        let margin = (logit(score.value()) - self.threshold).clamp(-MAX_MARGIN, MAX_MARGIN);
        self.times.push(now);
        self.margins.insert(self.margins.partition_point(|other| *other < margin), margin);
        true
    }

    pub(super) fn clear(&mut self) {
        self.times.clear();
        self.margins.clear();
    }

    /// Frames counted.
    pub(super) fn count(&self) -> usize {
        self.times.len()
    }

    /// The fused margin; `None` without frames.
    fn margin(&self) -> Option<f64> {
        let cut = self.margins.len() / TRIM;
        let kept = &self.margins[cut..self.margins.len() - cut];
        (!kept.is_empty()).then(|| kept.iter().sum::<f64>() / kept.len() as f64)
    }

    /// The fused score; `None` without frames. The decision is made before it is rounded.
    pub(super) fn score(&self) -> Option<Score> {
        self.margin()
            .map(|margin| Score::try_from(logistic(self.threshold + margin)).expect("a logistic is a probability"))
    }

    /// What the frames so far amount to, if they may decide; only a clear attack does while prompts are open.
    pub(super) fn decide(&self, open: bool) -> Option<Finding> {
        let margin = self.margin()?;
        let enough = self.lasts(WINDOW_MS) && self.within(WINDOW_MS) >= WINDOW_FRAMES;
        let finding = if margin >= 0.0 { Finding::BonaFide } else { Finding::Attack };
        let may = self.is_early(margin) || enough && !open;
        (may && (!open || finding == Finding::Attack)).then_some(finding)
    }

    /// How much of the regular decision's frames and time there is, in `[0, 1]`.
    pub(super) fn fraction(&self) -> f64 {
        let frames = self.within(WINDOW_MS) as f64 / WINDOW_FRAMES as f64;
        frames.min(self.span() / WINDOW_MS).min(1.0)
    }

    fn is_early(&self, margin: f64) -> bool {
        margin.abs() >= EARLY_MARGIN && self.lasts(EARLY_MS) && self.within(EARLY_WINDOW_MS) >= EARLY_FRAMES
    }

    fn lasts(&self, length: f64) -> bool {
        self.span() >= length
    }

    fn span(&self) -> f64 {
        self.times.last().map_or(0.0, |last| last - self.times[0])
    }

    /// Frames counted in the last `length` milliseconds before the newest one.
    fn within(&self, length: f64) -> usize {
        let Some(last) = self.times.last() else { return 0 };
        self.times.len() - self.times.partition_point(|time| *time < last - length)
    }
}
