//! One prompt, and the movement that answers it.

use super::{
    challenge::Step,
    parallax::{self, Landmarks},
};
use crate::quality::FaceQuality;

/// A turn that answers, degrees of yaw: beyond the frames that are scored and the measure's error, easy for stiff necks.
pub const TURN_YAW: f32 = 30.0;
/// Growth of the face that answers `move-closer`: 0.25 is a step from 50 to 40 cm.
pub const GROWTH: f32 = 0.25;
/// The movement has begun at this share of the answer.
pub const ONSET: f32 = 0.5;
/// A movement that begins sooner after its prompt was not made for it, milliseconds: people need about 200 to react to
/// what they see, and the camera's and screen's delays come on top.
pub const MIN_REACTION_MS: f64 = 150.0;

/// One prompt, from its frame on.
#[derive(Debug, Clone)]
pub(super) struct Prompt {
    step: Step,
    at: f64,
    /// Size of the face at the prompt.
    size: f32,
    /// Since when the movement has been under way without a break.
    onset: Option<f64>,
    previous: f32,
    /// Landmarks of the frames that were turned far enough, since the movement began.
    held: Vec<Landmarks>,
}

/// What became of a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// The movement that was asked for.
    Right,
    /// The opposite one.
    Wrong,
    /// It began before the prompt could be seen.
    TooSoon,
    /// A turn that showed no depth.
    Flat,
}

impl Prompt {
    /// From the frame on that it is given with.
    pub(super) fn new(step: Step, now: f64, face: &FaceQuality) -> Self {
        Self { step, at: now, size: face.size, onset: None, previous: 0.0, held: Vec::new() }
    }

    /// What it asks for.
    pub(super) fn step(&self) -> Step {
        self.step
    }

    /// An answer takes two observations in a row, since one may be a misread landmark. A turn must show parallax, too: until
    /// it does the prompt waits, since who turns further shows more, and only one that ends without was flat.
    pub(super) fn watch(&mut self, now: f64, face: Option<&FaceQuality>, ahead: &[Landmarks]) -> Option<Answer> {
        let movement = face.map_or(0.0, |face| self.movement(face));
        let previous = std::mem::replace(&mut self.previous, movement);
        if movement < ONSET {
            self.onset = None;
            let held = std::mem::take(&mut self.held);
            // A face that a detector loses while it is turned has not returned.
            if face.is_some() && held.len() >= parallax::HELD_FRAMES {
                return Some(Answer::Flat);
            }
            return (movement <= -1.0 && previous <= -1.0).then_some(Answer::Wrong);
        }
        let onset = *self.onset.get_or_insert(now);
        if movement < 1.0 {
            return None;
        }
        self.held.extend(face.and_then(|face| face.landmarks));
        if previous < 1.0 {
            return None;
        }
        if onset - self.at < MIN_REACTION_MS {
            return Some(Answer::TooSoon);
        }
        let deep = match self.step {
            Step::TurnLeft => parallax::is_deep(ahead, &self.held, 1.0),
            Step::TurnRight => parallax::is_deep(ahead, &self.held, -1.0),
            Step::MoveCloser => true,
        };
        deep.then_some(Answer::Right)
    }

    /// 0 where the prompt was given, 1 where it is answered, below 0 on the wrong side.
    fn movement(&self, face: &FaceQuality) -> f32 {
        match self.step {
            Step::TurnLeft => face.yaw / TURN_YAW,
            Step::TurnRight => -face.yaw / TURN_YAW,
            Step::MoveCloser => (face.size / self.size - 1.0) / GROWTH,
        }
    }
}
