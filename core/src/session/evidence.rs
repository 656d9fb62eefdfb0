//! Scores over time -> one fused score, and what it amounts to. Knows no faces and no reasons.
//!
//! The rule. The fused score of some frames is the interquartile mean of their log-odds. What decides is the *last window*:
//! frames before a change cannot outvote those after it. It is bona fide if the window's fused score reaches the threshold,
//! each third of the window does by itself, and so does its newest frame; an attack if the window's and each third's lie
//! below `refuse`; otherwise it is doubtful. Why so:
//!
//! - Log-odds, because frames of one face are near-copies: their mean is the typical frame's answer, whereas adding them
//!   up as if they were independent would turn ten looks at the same doubt into certainty.
//! - The middle half of the frames, so that no reflection and no lucky frame decides.
//! - Thirds, so that whatever stands before the camera has to hold from the window's start to its end.
//! - Once a stretch of [`STRETCH`] counted frames, of whatever presence, looked clearly like an attack, the check cannot end bona
//!   fide any more, whoever comes after: it ends doubtful at best, and another try starts afresh.
//! - Outcome and score agree: bona fide from the threshold on, an attack below `refuse`, of the same window.
//! - A challenge's frames are parts, between one answer and the next: each part has to hold by itself.
//! - At most one frame counts in each tenth of a second, since a faster camera adds copies, not evidence.
//! - The fused score means the same at every operating point. Raising any score never lowers it.

use super::odds::{logistic, logit};
use crate::score::{OperatingPoint, Score};

/// One frame counts in each of these, milliseconds.
pub const COUNT_MS: f64 = 100.0;
/// Regular decision: after this long, milliseconds. Long enough for a blink or a sway to be among the frames.
pub const WINDOW_MS: f64 = 3_000.0;
/// Regular decision: frames counted in the last [`WINDOW_MS`], five a second. Fewer leave gaps in which a picture could be
/// exchanged.
pub const WINDOW_FRAMES: usize = 15;
/// Early decision: not before, milliseconds.
pub const EARLY_MS: f64 = 1_000.0;
/// Early decision: frames counted in the last [`EARLY_WINDOW_MS`], again five a second.
pub const EARLY_FRAMES: usize = 8;
/// See [`EARLY_FRAMES`].
pub const EARLY_WINDOW_MS: f64 = 1_600.0;
/// Early decision: how far from the threshold that it passes, in log-odds (odds of 7 to 1).
pub const EARLY_MARGIN: f64 = 2.0;
/// So many counted frames in a row are no misread: together they can bar a bona fide end.
pub const STRETCH: usize = 4;
/// Counted frames that a part of a challenge has before its step is asked for, and holds by.
pub const PART_FRAMES: usize = 3;
/// One of this many frames is cut away at either end before the mean is taken.
const TRIM: usize = 4;

/// What the frames amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finding {
    /// A live face.
    BonaFide,
    /// Clearly an attack.
    Attack,
    /// Neither.
    Doubtful,
}

/// The scores of one unbroken presence of a face, and what is held against the whole check.
#[derive(Debug, Clone)]
pub(super) struct Evidence {
    /// Log-odds from which frames are bona fide, and below which they are an attack's.
    accept: f64,
    refuse: f64,
    /// Log-odds below which a stretch bars a bona fide end.
    bar: f64,
    /// Time and log-odds of each counted frame, in their order.
    frames: Vec<(f64, f64)>,
    /// Log-odds of the newest scored frame, whether it counted or not.
    newest: f64,
    /// Where, in `frames`, a challenge's parts begin.
    parts: Vec<usize>,
    barred: bool,
    /// Time and log-odds of the last counted frames, of all presences.
    stretch: Vec<(f64, f64)>,
}

impl Evidence {
    pub(super) fn new(point: &OperatingPoint) -> Self {
        let accept = logit(point.threshold);
        let refuse = point.refuse.map_or(accept, logit);
        // Without a `refuse` there is no doubt between live and attack, but frames differ: only what is clear bars.
        let bar = refuse.min(accept - EARLY_MARGIN / 2.0);
        Self {
            accept,
            refuse,
            bar,
            frames: Vec::new(),
            newest: f64::NAN,
            parts: vec![0],
            barred: false,
            stretch: Vec::new(),
        }
    }

    /// Counts the score unless this tenth of a second (from the first score on) has one. True if it counted.
    pub(super) fn add(&mut self, now: f64, score: Score) -> bool {
        self.newest = logit(score.value());
        let slot = |time: f64| ((time - self.frames.first().map_or(now, |(first, _)| *first)) / COUNT_MS).floor();
        if self.frames.last().is_some_and(|(last, _)| slot(*last) == slot(now)) {
            return false;
        }
        self.frames.push((now, self.newest));
        self.stretch.push((now, self.newest));
        if self.stretch.len() > STRETCH {
            self.stretch.remove(0);
        }
        self.barred |= self.stretch.len() == STRETCH && fused(&self.stretch) < self.bar;
        true
    }

    /// Another presence. What bars a bona fide end stays.
    pub(super) fn clear(&mut self) {
        self.frames.clear();
        self.parts = vec![0];
    }

    /// A step of a challenge was done: a part ends, the next begins.
    pub(super) fn part(&mut self) {
        self.parts.push(self.frames.len());
    }

    /// Whether the part has what it is judged by.
    pub(super) fn part_is_ready(&self) -> bool {
        self.frames.len() >= self.parts.last().unwrap_or(&0) + PART_FRAMES
    }

    /// Frames counted in the window.
    pub(super) fn count(&self) -> usize {
        self.window().len()
    }

    /// The fused score of the window; `None` without frames. The decision is made before it is rounded.
    pub(super) fn score(&self) -> Option<Score> {
        let window = self.window();
        (!window.is_empty())
            .then(|| Score::try_from(logistic(fused(window))).expect("a logistic of a finite number is a probability"))
    }

    /// What the frames so far amount to, if they may decide; only a clear attack does while prompts are open.
    pub(super) fn decide(&self, open: bool) -> Option<Finding> {
        let early = self.within(EARLY_WINDOW_MS);
        let enough = self.lasts(EARLY_MS) && early.len() >= EARLY_FRAMES;
        if enough && self.all_below(early, self.refuse - EARLY_MARGIN) {
            return Some(Finding::Attack);
        }
        if open || !self.part_is_ready() {
            return None;
        }
        // One frame that does not hold is a misread, or the first of an exchange: the next ones tell.
        let bona_fide = (self.newest >= self.accept).then_some(Finding::BonaFide);
        if enough && self.holds(early, self.accept + EARLY_MARGIN) {
            return bona_fide;
        }
        let window = self.window();
        if !self.lasts(WINDOW_MS) || window.len() < WINDOW_FRAMES {
            return None;
        }
        if self.holds(window, self.accept) {
            return bona_fide;
        }
        Some(if self.all_below(window, self.refuse) { Finding::Attack } else { Finding::Doubtful })
    }

    /// How much of the regular decision's frames and time there is, in `[0, 1]`.
    pub(super) fn fraction(&self) -> f64 {
        let frames = self.window().len() as f64 / WINDOW_FRAMES as f64;
        frames.min(self.span() / WINDOW_MS).min(1.0)
    }

    /// Whether the frames are bona fide together, in each third, and with the whole check.
    fn holds(&self, frames: &[(f64, f64)], least: f64) -> bool {
        let ends = self.parts[1..].iter().copied().chain([self.frames.len()]);
        let mut parts = self.parts.iter().zip(ends).map(|(from, to)| &self.frames[*from..to]);
        !self.barred
            && fused(frames) >= least
            && fused(self.window()) >= self.accept
            && thirds(frames).all(|third| fused(third) >= self.accept)
            && parts.all(|part| part.len() < PART_FRAMES || fused(part) >= self.accept)
    }

    /// Whether the frames are an attack's together and in each third.
    fn all_below(&self, frames: &[(f64, f64)], least: f64) -> bool {
        fused(frames) < least
            && thirds(frames).all(|third| fused(third) < self.refuse)
            && logistic(fused(self.window())) < logistic(self.refuse)
    }

    fn lasts(&self, length: f64) -> bool {
        self.span() >= length
    }

    fn span(&self) -> f64 {
        self.frames.last().map_or(0.0, |(last, _)| last - self.frames[0].0)
    }

    fn window(&self) -> &[(f64, f64)] {
        self.within(WINDOW_MS)
    }

    /// Frames counted in the last `length` milliseconds up to the newest one.
    fn within(&self, length: f64) -> &[(f64, f64)] {
        let Some((last, _)) = self.frames.last() else { return &[] };
        &self.frames[self.frames.partition_point(|(time, _)| *time < last - length)..]
    }
}

/// The interquartile mean of some frames' log-odds; NaN of none.
fn fused(frames: &[(f64, f64)]) -> f64 {
    let mut odds: Vec<f64> = frames.iter().map(|(_, odds)| *odds).collect();
    odds.sort_by(f64::total_cmp);
    let cut = odds.len() / TRIM;
    let kept = &odds[cut..odds.len() - cut];
    // From one of them on, so that equal ones give exactly themselves.
    let base = kept.first().copied().unwrap_or(f64::NAN);
    base + kept.iter().map(|odds| odds - base).sum::<f64>() / kept.len() as f64
}

/// First, second and last third of three frames or more.
fn thirds(frames: &[(f64, f64)]) -> impl Iterator<Item = &[(f64, f64)]> {
    (0..3).map(|third| &frames[third * frames.len() / 3..(third + 1) * frames.len() / 3])
}

#[cfg(test)]
mod tests;
