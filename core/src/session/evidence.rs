//! Scores over time -> one fused score, and whether it may decide yet. Knows no faces and no reasons.
//!
//! The rule. A score's *margin* is its log-odds minus the threshold's, held within [`MAX_MARGIN`]; the fused margin is the
//! trimmed mean of the margins; bona fide at or above 0, as for one frame. Why so:
//!
//! - Log-odds, because frames of one face are near-copies: their mean is the typical frame's answer, whereas adding them
//!   up as if they were independent would turn ten looks at the same doubt into certainty.
//! - The threshold and its error rates were measured on single frames. A mean of frames has the same centre and less
//!   noise, so the operating point keeps its meaning roughly; **error rates of whole sessions are not measured.**
//! - Held within limits and trimmed, so that no frame decides: a reflection or a lucky frame in each fifth is cut away.
//! - At most one frame counts in each tenth of a second, since a faster camera adds copies, not evidence.
//! - Raising any score never lowers the fused score, and the order of the scores does not matter.

use super::odds::{logistic, logit};
use crate::score::{Decision, OperatingPoint, Score};

/// One frame counts in each of these, milliseconds.
pub const COUNT_MS: f64 = 100.0;
/// Largest say of one frame, in log-odds from the threshold (odds of 55 to 1).
pub const MAX_MARGIN: f64 = 4.0;
/// One of this many frames is cut away at either end before the mean is taken.
pub const TRIM: usize = 5;
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
/// Early decision: how far from the threshold, in log-odds (odds of 7 to 1). Chosen, not measured: there are no recorded
/// sessions yet to measure it on.
pub const EARLY_MARGIN: f64 = 2.0;

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

    /// What the frames so far amount to, if they may decide.
    pub(super) fn decide(&self) -> Option<Decision> {
        let margin = self.margin()?;
        let enough = self.lasts(WINDOW_MS) && self.within(WINDOW_MS) >= WINDOW_FRAMES;
        (enough || self.is_early(margin)).then_some(if margin >= 0.0 { Decision::BonaFide } else { Decision::Attack })
    }

    /// True if the frames amount to an attack by the early rule.
    pub(super) fn is_clear_attack(&self) -> bool {
        self.margin().is_some_and(|margin| margin < 0.0 && self.is_early(margin))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::random::SplitMix64;

    const POINT: OperatingPoint = OperatingPoint { threshold: 0.8, refuse: None, apcer: 0.0, bpcer: 0.0 };

    fn evidence(scores: &[f32], step: f64) -> Evidence {
        let mut evidence = Evidence::new(&POINT);
        for (i, score) in scores.iter().enumerate() {
            evidence.add(i as f64 * step, Score::try_from(*score).unwrap());
        }
        evidence
    }

    #[test]
    fn raising_a_score_never_lowers_the_fused_one_and_order_does_not_matter() {
        let mut random = SplitMix64(1);
        for _ in 0..300 {
            let mut scores: Vec<f32> =
                (0..1 + random.below(40)).map(|_| random.below(1_001) as f32 / 1_000.0).collect();
            let before = evidence(&scores, 100.0).margin().unwrap();
            random.shuffle(&mut scores);
            assert_eq!(evidence(&scores, 100.0).margin().unwrap(), before);
            let which = random.below(scores.len());
            scores[which] += (1.0 - scores[which]) * random.below(1_001) as f32 / 1_000.0;
            assert!(evidence(&scores, 100.0).margin().unwrap() >= before);
        }
    }

    #[test]
    fn a_tenth_of_a_second_counts_once() {
        assert_eq!(evidence(&[0.9; 300], 10.0).count(), 30);
        assert_eq!(evidence(&[0.9; 30], 1_000.0 / 30.0).count(), 10);
        assert_eq!(evidence(&[0.9; 30], 0.0).count(), 1);
    }

    #[test]
    fn no_single_frame_decides() {
        assert_eq!(evidence(&[1.0], 100.0).decide(), None);
        // One certain frame among doubtful ones is cut away.
        let mut scores = [0.7; 31];
        scores[4] = 1.0;
        let lucky = evidence(&scores, 100.0);
        assert_eq!(lucky.decide(), Some(Decision::Attack));
        assert!((lucky.score().unwrap().value() - 0.7).abs() < 1e-6);
    }

    #[test]
    fn clear_scores_decide_early_and_others_at_the_windows_end() {
        for (score, frames, decision) in [
            (0.999, 11, Decision::BonaFide),
            (0.05, 11, Decision::Attack),
            (0.85, 31, Decision::BonaFide),
            (0.75, 31, Decision::Attack),
        ] {
            assert_eq!(evidence(&vec![score; frames - 1], 100.0).decide(), None, "{score}");
            assert_eq!(evidence(&vec![score; frames], 100.0).decide(), Some(decision), "{score}");
        }
        // The threshold itself is bona fide, as for one frame.
        assert_eq!(evidence(&[0.8; 31], 100.0).decide(), Some(Decision::BonaFide));
    }

    #[test]
    fn sparse_frames_decide_nothing() {
        assert_eq!(evidence(&[0.999; 100], 200.0).decide(), Some(Decision::BonaFide));
        assert_eq!(evidence(&[0.999; 100], 240.0).decide(), None);
    }

    #[test]
    fn extreme_thresholds_keep_their_meaning() {
        for (threshold, score, decision) in
            [(1.0, 1.0, Decision::BonaFide), (1.0, 0.9999, Decision::Attack), (0.0, 0.0, Decision::BonaFide)]
        {
            let mut evidence = Evidence::new(&OperatingPoint { threshold, ..POINT });
            (0..31).for_each(|i| {
                evidence.add(f64::from(i) * 100.0, Score::try_from(score).unwrap());
            });
            assert_eq!(evidence.decide(), Some(decision), "{threshold} {score}");
        }
    }
}
