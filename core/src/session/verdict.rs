//! What a session says: [`Progress`] on the way, a [`Verdict`] at its end. Plain data; decides nothing.

use serde::{Deserialize, Serialize};

use super::challenge::{Notice, Step};
use crate::{quality::Hint, score::Score};

/// The answer to one observation.
#[derive(Debug, Clone, PartialEq)]
pub enum Update {
    /// The session goes on.
    Progress(Progress),
    /// The session has ended.
    Verdict(Verdict),
}

/// What to show while a session goes on. Holds no score: an attacker who watches one learns what to improve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// What the person should change; does not flicker.
    pub hint: Option<Hint>,
    /// How much of what a verdict needs is there, 0 to 1. Falls to 0 if the face is lost; clear scores end a check before it
    /// reaches 1.
    pub fraction: f32,
    /// What a challenge asks for now.
    pub prompt: Option<Step>,
    /// What was wrong with the last answer to a prompt, until a step is done.
    pub notice: Option<Notice>,
    /// The next step is the server's to reveal: nothing is asked for until then.
    pub waits_for_step: bool,
}

/// How a check ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// A live face, at the operating point.
    BonaFide,
    /// Clearly a presentation attack, at the operating point.
    Attack,
    /// Neither could be said; the reasons tell why. Not an attack: most are poor light, a slow device, a hurry. Offer
    /// another try.
    Inconclusive,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Self; 3] = [Self::BonaFide, Self::Attack, Self::Inconclusive];
}

/// Why a verdict is not bona fide: one of these, or a hint that stood for much of the check. The names are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The fused score is below the point's `refuse`.
    ScoreBelowThreshold,
    /// The scores are neither clearly live nor clearly an attack's, or not for the whole check: better light, a clean lens
    /// or a shorter distance may settle it. The only reason of its verdict.
    Doubtful,
    /// The face was lost, jumped or changed more often than is forgiven.
    FaceLost,
    /// Fewer than five scored frames came in a second, or none for half a second: the device is too slow or busy.
    FrameRateTooLow,
    /// A prompt was not answered in time.
    ChallengeTimeout,
    /// Prompts were answered before they could be seen.
    ResponseTooSoon,
    /// Prompts were answered to the wrong side.
    WrongDirection,
    /// Turns showed no more than a picture's: see [`super::parallax`].
    FlatTurn,
    /// The time ended first, and none of the others stands out.
    TimeLimit,
    /// This hint stood for much of the session.
    #[serde(untagged)]
    Hint(Hint),
}

impl Reason {
    /// All reasons that are not hints.
    pub const OWN: [Self; 9] = [
        Self::ScoreBelowThreshold,
        Self::Doubtful,
        Self::FaceLost,
        Self::FrameRateTooLow,
        Self::ChallengeTimeout,
        Self::ResponseTooSoon,
        Self::WrongDirection,
        Self::FlatTurn,
        Self::TimeLimit,
    ];
}

/// The verdict on many frames.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Verdict {
    /// `inconclusive` is no attack: most are poor light, a slow device, a hurry.
    pub outcome: Outcome,
    /// Empty if bona fide, otherwise most important first.
    pub reasons: Vec<Reason>,
    /// The name of the operating point that the verdict holds at.
    pub operating_point: String,
    /// Fused P(bona fide), 0 to 1, of the last window; null if no frame counted. It means the same at every operating point.
    #[cfg_attr(feature = "typescript", ts(as = "Option<f32>"))]
    pub score: Option<Score>,
    /// Frames in that score.
    pub frames_counted: u32,
    /// All frames that were looked at.
    pub frames_seen: u32,
    /// Times that the evidence was dropped because the face was lost, jumped, changed, or no frame came.
    pub restarts: u32,
    /// From the first frame to the last.
    pub elapsed_ms: f64,
}
