//! A challenge under way: which step is asked for next, and what its answer leads to.

use std::collections::VecDeque;

use super::{
    challenge::{Challenge, Notice, Step},
    parallax::{self, Landmarks},
    prompt::{Answer, Prompt},
    random::SplitMix64,
    verdict::Reason,
};
use crate::quality::FaceQuality;

/// A step is prompted while the yaw is within this, degrees, so that the answer starts from the middle.
pub const NEUTRAL_YAW: f32 = 15.0;
/// Time for one step, milliseconds: a screen reader has to speak the prompt first.
pub const STEP_TIMEOUT_MS: f64 = 10_000.0;
/// Answers to the wrong side, too soon or flat that are forgiven in a session; the next one ends it. Otherwise swinging to and
/// fro would answer anything.
pub const FORGIVEN: u32 = 2;

/// A challenge under way.
#[derive(Debug, Clone)]
pub(super) struct Course {
    /// In their order: all of them, or those that a server revealed to this presence.
    steps: Vec<Step>,
    /// How many are to be done.
    count: usize,
    order: Order,
    done: usize,
    /// When the current step was prompted first.
    since: Option<f64>,
    prompt: Option<Prompt>,
    notice: Option<Notice>,
    faults: u32,
    /// Landmarks of the last frames of this presence that looked ahead.
    ahead: VecDeque<Landmarks>,
}

/// Who says which step comes next.
#[derive(Debug, Clone)]
enum Order {
    Seed(SplitMix64),
    /// A server, step by step. Since when it has been waited for, milliseconds.
    Server(Option<f64>),
}

impl Course {
    pub(super) fn new(challenge: &Challenge) -> Self {
        let order = Order::Seed(SplitMix64(challenge.seed));
        let mut course = Self::begin(challenge.steps.clone(), challenge.steps.len(), order);
        course.restart();
        course
    }

    /// `count` steps that a server reveals.
    pub(super) fn revealed(count: usize) -> Self {
        Self::begin(Vec::new(), count, Order::Server(None))
    }

    fn begin(steps: Vec<Step>, count: usize, order: Order) -> Self {
        Self {
            steps,
            count,
            order,
            done: 0,
            since: None,
            prompt: None,
            notice: None,
            faults: 0,
            ahead: VecDeque::new(),
        }
    }

    /// Another presence: all steps again, in a new order. Faults stay. A server that is being waited for reveals the first of
    /// them: nobody has seen it yet.
    pub(super) fn restart(&mut self) {
        self.redraw(0);
        (self.done, self.since, self.prompt, self.notice) = (0, None, None, None);
        self.ahead.clear();
    }

    /// Steps done.
    pub(super) fn done(&self) -> usize {
        self.done
    }

    /// The steps from `from` on are to be others than were known.
    fn redraw(&mut self, from: usize) {
        match &mut self.order {
            Order::Seed(random) => random.shuffle(&mut self.steps[from..]),
            Order::Server(_) => self.steps.truncate(from),
        }
    }

    /// Since when the server has been waited for, if it is.
    pub(super) fn waiting(&self) -> Option<f64> {
        match self.order {
            Order::Seed(_) => None,
            Order::Server(since) => since,
        }
    }

    /// The step that was waited for, and since when it was; `None`, and nothing is changed, if none was.
    pub(super) fn reveal(&mut self, step: Step) -> Option<f64> {
        let Order::Server(waiting) = &mut self.order else { return None };
        let since = waiting.take()?;
        self.steps.push(step);
        Some(since)
    }

    pub(super) fn is_done(&self) -> bool {
        self.done == self.count
    }

    /// True if a restart would lose something.
    pub(super) fn has_begun(&self) -> bool {
        let known = matches!(self.order, Order::Server(_)) && !self.steps.is_empty();
        self.done > 0 || self.since.is_some() || known
    }

    /// Steps done, as a share in `[0, 1]`.
    pub(super) fn fraction(&self) -> f64 {
        self.done as f64 / self.count as f64
    }

    /// The step that is asked for now.
    pub(super) fn prompt(&self) -> Option<Step> {
        self.prompt.as_ref().map(Prompt::step)
    }

    pub(super) fn notice(&self) -> Option<Notice> {
        self.notice
    }

    /// True if the next step waits for the face to look straight ahead.
    pub(super) fn waits_for(&self, face: &FaceQuality) -> bool {
        !self.is_done() && self.prompt.is_none() && face.yaw.abs() > NEUTRAL_YAW
    }

    /// The next observation: its single face if it has one, whether it is worth scoring, and whether enough frames counted
    /// since the last answer for the next prompt. The reason, if the challenge fails by it.
    pub(super) fn watch(
        &mut self,
        now: f64,
        face: Option<&FaceQuality>,
        accepted: bool,
        ready: bool,
    ) -> Option<Reason> {
        if self.is_done() {
            return None;
        }
        if self.since.is_some_and(|since| now - since > STEP_TIMEOUT_MS) {
            return Some(Reason::ChallengeTimeout);
        }
        let neutral = face.filter(|face| accepted && face.yaw.abs() <= NEUTRAL_YAW);
        if let Some(landmarks) = neutral.and_then(|face| face.landmarks) {
            self.ahead.truncate(parallax::AHEAD_FRAMES - 1);
            self.ahead.push_front(landmarks);
        }
        let Some(prompt) = &mut self.prompt else {
            if let Some(face) = neutral {
                match (self.steps.get(self.done), &mut self.order) {
                    (Some(_), _) if !ready => {}
                    (Some(step), _) => {
                        self.since.get_or_insert(now);
                        self.prompt = Some(Prompt::new(*step, now, face));
                    }
                    (None, Order::Server(waiting)) => _ = waiting.get_or_insert(now),
                    (None, Order::Seed(_)) => unreachable!("a seed orders all steps at once"),
                }
            }
            return None;
        };
        match prompt.watch(now, face, self.ahead.make_contiguous())? {
            Answer::Right => {
                self.done += 1;
                (self.since, self.prompt, self.notice) = (None, None, None);
                None
            }
            Answer::TooSoon => {
                // Something that runs by itself must not meet the same prompt again.
                self.redraw(self.done);
                if self.steps.len() == self.done {
                    self.since = None;
                }
                self.fault(Notice::TooSoon, Reason::ResponseTooSoon)
            }
            Answer::Flat => self.fault(Notice::Flat, Reason::FlatTurn),
            Answer::Wrong => self.fault(Notice::WrongDirection, Reason::WrongDirection),
        }
    }

    fn fault(&mut self, notice: Notice, reason: Reason) -> Option<Reason> {
        (self.prompt, self.notice) = (None, Some(notice));
        self.faults += 1;
        (self.faults > FORGIVEN).then_some(reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quality::gate::tests::GOOD;

    fn course(steps: &[Step]) -> Course {
        Course::new(&Challenge { seed: 5, steps: steps.to_vec() })
    }

    /// Feeds yaws 50 ms apart, from `start` on.
    fn turn(course: &mut Course, start: f64, yaws: &[f32]) -> Vec<Option<Reason>> {
        yaws.iter()
            .enumerate()
            .map(|(i, yaw)| {
                let face = FaceQuality { yaw: *yaw, ..GOOD };
                course.watch(start + 50.0 * i as f64, Some(&face), yaw.abs() <= 20.0, true)
            })
            .collect()
    }

    const LEFT: [f32; 8] = [0.0, 0.0, 2.0, 5.0, 12.0, 22.0, 33.0, 34.0];

    #[test]
    fn the_right_turn_counts() {
        let mut course = course(&[Step::TurnLeft]);
        turn(&mut course, 0.0, &LEFT);
        assert!(course.is_done() && course.prompt().is_none() && course.fraction() == 1.0);
    }

    #[test]
    fn a_turn_to_the_wrong_side_does_not_count_and_is_told() {
        let mut course = course(&[Step::TurnRight]);
        assert!(turn(&mut course, 0.0, &LEFT).iter().all(Option::is_none));
        assert!(!course.is_done());
        assert_eq!((course.notice(), course.prompt()), (Some(Notice::WrongDirection), None));
        // Prompted again from the middle, and then right.
        turn(&mut course, 1_000.0, &LEFT.map(|yaw| -yaw));
        assert!(course.is_done());
    }

    #[test]
    fn swinging_to_and_fro_does_not_answer() {
        let mut course = course(&[Step::TurnRight]);
        let ends: Vec<_> = (0..3).flat_map(|i| turn(&mut course, 1_000.0 * f64::from(i), &LEFT)).flatten().collect();
        assert_eq!(ends, [Reason::WrongDirection]);
    }

    #[test]
    fn a_movement_that_was_under_way_at_the_prompt_does_not_count() {
        let early = [14.0, 24.0, 31.0, 32.0, 33.0];
        let mut course = course(&[Step::TurnLeft]);
        assert!(turn(&mut course, 0.0, &early).iter().all(Option::is_none));
        assert_eq!((course.is_done(), course.notice()), (false, Some(Notice::TooSoon)));
        turn(&mut course, 1_000.0, &early);
        assert!(turn(&mut course, 2_000.0, &early).contains(&Some(Reason::ResponseTooSoon)));
    }

    #[test]
    fn what_runs_by_itself_does_not_meet_the_same_prompt_again() {
        let again = (0..40).filter(|seed| {
            let mut course = Course::new(&Challenge { seed: *seed, steps: vec![Step::TurnLeft, Step::TurnRight] });
            course.watch(0.0, Some(&GOOD), true, true);
            let first = course.prompt();
            let side = if first == Some(Step::TurnLeft) { 1.0 } else { -1.0 };
            turn(&mut course, 50.0, &[33.0 * side, 34.0 * side, 0.0]);
            assert_eq!(course.notice(), Some(Notice::TooSoon));
            course.prompt() == first
        });
        assert!((10..30).contains(&again.count()));
    }

    #[test]
    fn one_misread_frame_is_no_answer() {
        let mut course = course(&[Step::TurnLeft]);
        turn(&mut course, 0.0, &[0.0, 0.0, 0.0, 0.0, 50.0, 0.0, -50.0, 0.0]);
        assert!(!course.is_done() && course.notice().is_none() && course.prompt().is_some());
    }

    #[test]
    fn no_answer_times_out() {
        let mut course = course(&[Step::TurnLeft]);
        assert_eq!(course.watch(0.0, Some(&GOOD), true, true), None);
        assert_eq!(course.watch(STEP_TIMEOUT_MS, Some(&GOOD), true, true), None);
        assert_eq!(course.watch(STEP_TIMEOUT_MS + 1.0, None, false, true), Some(Reason::ChallengeTimeout));
    }

    #[test]
    fn coming_closer_is_growth_from_where_the_prompt_was() {
        let mut course = course(&[Step::MoveCloser]);
        for (i, size) in [0.4, 0.4, 0.4, 0.4, 0.42, 0.46, 0.49, 0.505].into_iter().enumerate() {
            course.watch(100.0 * i as f64, Some(&FaceQuality { size, ..GOOD }), true, true);
        }
        assert!(!course.is_done());
        course.watch(800.0, Some(&FaceQuality { size: 0.51, ..GOOD }), true, true);
        assert!(course.is_done());
    }

    #[test]
    fn nothing_is_prompted_until_the_face_looks_ahead() {
        let mut course = course(&[Step::TurnLeft]);
        let aside = FaceQuality { yaw: 18.0, ..GOOD };
        course.watch(0.0, Some(&aside), true, true);
        assert!(course.prompt().is_none() && course.waits_for(&aside) && !course.waits_for(&GOOD));
    }
}
