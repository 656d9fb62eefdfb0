//! The scored frames of a video's first seconds, as the classifier saw them: what changes are measured on.

use anyhow::Result;
use bonafide::{frame::Frame, pipeline::Pipeline};

/// Length of a check that takes its full window, milliseconds.
pub const CHECK_MS: f64 = 3_000.0;

/// One scored frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The classifier's embedding, 128 numbers.
    pub embedding: Vec<f32>,
    /// Fused log-odds of bona fide.
    pub logit: f64,
}

/// A person's scored frames within [`CHECK_MS`].
#[derive(Debug, Clone, PartialEq)]
pub struct Track {
    /// The person, unique across sources.
    pub subject: String,
    /// The species; `None` is bona fide.
    pub attack: Option<String>,
    /// In their order.
    pub seen: Vec<Seen>,
}

impl Track {
    /// Takes a frame that was taken `time_ms` after the first; false if that is too late.
    ///
    /// # Errors
    /// If the device fails.
    pub fn watch(&mut self, pipeline: &Pipeline, frame: &Frame<'_>, time_ms: f64) -> Result<bool> {
        if time_ms > CHECK_MS {
            return Ok(false);
        }
        let look = pollster::block_on(pipeline.look(frame, 0))?;
        if let (Some(score), Some(embedding)) = (look.score, look.embedding) {
            let p = f64::from(score.value()).clamp(1e-7, 1.0 - 1e-7);
            self.seen.push(Seen { embedding, logit: (p / (1.0 - p)).ln() });
        }
        Ok(true)
    }
}
