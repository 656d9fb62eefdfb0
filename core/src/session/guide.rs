//! Each frame's hint -> the hint to show: one that does not flicker.

use crate::quality::Hint;

/// A hint is shown, or taken away, once the frames have agreed on it for this long, milliseconds: faster than people can
/// read is flicker.
pub const HOLD_MS: f64 = 300.0;

/// A face that fills the frame is found no more; for this long after one was too close, one that is not found still is, milliseconds.
pub const STILL_CLOSE_MS: f64 = 2_000.0;

/// Hysteresis in time. It governs what is shown, never which frames count.
#[derive(Debug, Clone, Default)]
pub(super) struct Guide {
    shown: Option<Option<Hint>>,
    /// Another answer than the shown one, and since when it has been given without a break.
    next: Option<(Option<Hint>, f64)>,
    /// When a face was last too close.
    close: Option<f64>,
}

impl Guide {
    /// A frame's hint, told from the frames before it: whoever was too close a moment ago and is not found any more came closer.
    pub(super) fn still(&mut self, now: f64, hint: Option<Hint>) -> Option<Hint> {
        match hint {
            Some(Hint::TooClose) => self.close = Some(now),
            Some(Hint::NoFace) if self.close.is_some_and(|at| now - at <= STILL_CLOSE_MS) => {
                return Some(Hint::TooClose);
            }
            Some(Hint::NoFace) => {}
            _ => self.close = None,
        }
        hint
    }

    /// The hint to show at `now`; the first answer is shown at once.
    pub(super) fn show(&mut self, now: f64, answer: Option<Hint>) -> Option<Hint> {
        let shown = *self.shown.get_or_insert(answer);
        if answer == shown {
            self.next = None;
            return shown;
        }
        let since = self.next.filter(|(next, _)| *next == answer).map_or(now, |(_, since)| since);
        if now - since < HOLD_MS {
            self.next = Some((answer, since));
            return shown;
        }
        self.shown = Some(answer);
        self.next = None;
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_that_alternate_do_not_flicker() {
        let mut guide = Guide::default();
        for i in 0..100 {
            let answer = (i % 2 == 1).then_some(Hint::TooFar);
            assert_eq!(guide.show(f64::from(i) * 33.0, answer), None);
        }
    }

    #[test]
    fn a_face_that_was_too_close_and_is_gone_is_still_too_close_for_a_while() {
        let mut guide = Guide::default();
        assert_eq!(guide.still(0.0, Some(Hint::NoFace)), Some(Hint::NoFace));
        assert_eq!(guide.still(100.0, Some(Hint::TooClose)), Some(Hint::TooClose));
        assert_eq!(guide.still(200.0, Some(Hint::NoFace)), Some(Hint::TooClose));
        assert_eq!(guide.still(2_100.0, Some(Hint::NoFace)), Some(Hint::TooClose));
        assert_eq!(guide.still(2_101.0, Some(Hint::NoFace)), Some(Hint::NoFace));
        guide.still(3_000.0, Some(Hint::TooClose));
        assert_eq!(guide.still(3_100.0, Some(Hint::TooFar)), Some(Hint::TooFar));
        assert_eq!(guide.still(3_200.0, Some(Hint::NoFace)), Some(Hint::NoFace));
    }

    #[test]
    fn answers_that_last_are_shown_and_taken_away() {
        let mut guide = Guide::default();
        assert_eq!(guide.show(0.0, Some(Hint::NoFace)), Some(Hint::NoFace));
        assert_eq!(guide.show(100.0, Some(Hint::TooDark)), Some(Hint::NoFace));
        assert_eq!(guide.show(399.0, Some(Hint::TooDark)), Some(Hint::NoFace));
        assert_eq!(guide.show(400.0, Some(Hint::TooDark)), Some(Hint::TooDark));
        assert_eq!(guide.show(500.0, None), Some(Hint::TooDark));
        assert_eq!(guide.show(600.0, Some(Hint::TooDark)), Some(Hint::TooDark));
        assert_eq!(guide.show(700.0, None), Some(Hint::TooDark));
        assert_eq!(guide.show(1_000.0, None), None);
    }
}
