//! What an engine answers to the page that asked it: plain data, serialised to JavaScript objects. Decides nothing.
//!
//! These types, and those that they are made of, are the package's: a test of this module writes `pkg/src/generated.ts`
//! from them, with their comments (`make types`). So the comments speak to whoever reads either.

use serde::Serialize;

use crate::{
    face::FaceBox,
    session::{Progress, Verdict},
};

/// What computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// A GPU, through the browser.
    WebGpu,
    /// The CPU.
    Cpu,
}

impl Backend {
    /// As it is serialised.
    pub fn name(self) -> &'static str {
        match self {
            Self::WebGpu => "webgpu",
            Self::Cpu => "cpu",
        }
    }
}

/// Where the time of one score went, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Timings {
    /// Pixels out of the source.
    pub read_ms: f64,
    /// Finding the face.
    pub detect_ms: f64,
    /// Cutting it out.
    pub crop_ms: f64,
    /// The liveness networks: classifier and experts.
    pub score_ms: f64,
    /// Of that, the experts, who look at four views of the face; a check lets them look at one a frame. 0 without experts.
    pub experts_ms: f64,
    /// Drawing the depth view; `depth` alone has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub depth_ms: Option<f64>,
    /// All of it, inside the worker.
    pub total_ms: f64,
}

/// One frame's result. No face is a result, not an error: then `face` and `score` are null.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ScoreResult {
    /// The most confident face.
    pub face: Option<FaceBox>,
    /// P(bona fide), 0 to 1, higher is safer: what classifier and experts say together. One frame's evidence, not a
    /// session's verdict.
    pub score: Option<f32>,
    /// What computed it.
    pub backend: Backend,
    /// How long it took.
    pub timings: Timings,
}

/// A session's answer to one frame: progress or the verdict.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct SessionUpdate {
    /// The face that is judged.
    pub face: Option<FaceBox>,
    /// Null with the frame that decides.
    pub progress: Option<Progress>,
    /// Null until the frame that decides.
    pub verdict: Option<Verdict>,
}

/// A check bound to a server's nonce: post `json` as it is to that server, which verifies it (`bonafide::verify`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(rename = "Transcript"))]
pub struct PostedTranscript {
    /// Nonce, weights, release, frame times, qualities, scores and verdict. No pixels.
    pub json: String,
    /// Of `json` in UTF-8, lower-case hexadecimal.
    pub sha256: String,
}

#[cfg(all(test, feature = "typescript"))]
mod tests;
