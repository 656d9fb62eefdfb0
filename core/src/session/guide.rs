//! Each frame's hint -> the hint to show: one that does not flicker.

use crate::quality::Hint;

/// A hint is shown, or taken away, once the frames have agreed on it for this long, milliseconds: faster than people can
/// read is flicker.
pub const HOLD_MS: f64 = 300.0;

/// Hysteresis in time. It governs what is shown, never which frames count.
#[derive(Debug, Clone, Default)]
pub(super) struct Guide {
    shown: Option<Option<Hint>>,
    /// Another answer than the shown one, and since when it has been given without a break.
    next: Option<(Option<Hint>, f64)>,
}

impl Guide {
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
        *self = Self { shown: Some(answer), next: None };
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
