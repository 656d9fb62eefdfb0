//! What a page binds into a transcript beside the recording, when it is asked to: its own release and its signals.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Result};

/// Longest JSON of what is attached, bytes.
pub(super) const MAX_BYTES: usize = 16_384;

/// What the page says beside the check. Its word alone: no rule of [`crate::verify`] looks at it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Attached {
    /// Release of the page or application that ran the check, in its own words. The engine's is the transcript's `sdk`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// Hints that the pictures come from no camera; `None` if they were not asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signals: Option<Vec<Signal>>,
}

/// One hint, as the package tells it (`pkg/src/signals/names.ts`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Signal {
    /// Which one.
    pub name: String,
    /// Whether what was measured points away from a camera.
    pub fired: bool,
    /// What was measured; null where there was nothing to measure.
    pub measured: Value,
}

impl Attached {
    /// Reads what a page attaches.
    ///
    /// # Errors
    /// [`Error::is_invalid_input`] for what is longer than 16 KiB of JSON or has another shape.
    pub fn parse(json: &str) -> Result<Self> {
        if json.len() > MAX_BYTES {
            return Err(too_long(json.len()));
        }
        let attached: Self = serde_json::from_str(json)
            .map_err(|e| Error::invalid_input(format!("this cannot be attached to a transcript: {e}")))?;
        attached.check()?;
        Ok(attached)
    }

    /// # Errors
    /// [`Error::is_invalid_input`] if its JSON is longer than [`MAX_BYTES`].
    pub(super) fn check(&self) -> Result<()> {
        match serde_json::to_vec(self).expect("it is plain data").len() {
            0..=MAX_BYTES => Ok(()),
            length => Err(too_long(length)),
        }
    }
}

fn too_long(length: usize) -> Error {
    Error::invalid_input(format!("{length} bytes are to be attached to a transcript: at most {MAX_BYTES} can be"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_attaches_is_read_and_written_back() {
        for json in [
            "{}",
            r#"{"release":"shop 4.2"}"#,
            r#"{"signals":[{"name":"label","fired":true,"measured":{"spread":[0.5,1.0],"word":"obs"}}]}"#,
            r#"{"release":"","signals":[{"name":"settings","fired":false,"measured":null}]}"#,
        ] {
            assert_eq!(serde_json::to_string(&Attached::parse(json).unwrap()).unwrap(), json);
        }
    }

    #[test]
    fn other_shapes_and_too_much_are_refused() {
        let long = format!(r#"{{"release":"{}"}}"#, "r".repeat(MAX_BYTES));
        for json in ["", "[1]", r#"{"pixels":[]}"#, r#"{"release":7}"#, r#"{"signals":[{"name":"label"}]}"#, &long] {
            assert!(Attached::parse(json).unwrap_err().is_invalid_input(), "{json:.40}");
        }
        // As part of a transcript its spaces are gone, and its length is what counts.
        let attached = Attached { release: Some("r".repeat(MAX_BYTES)), signals: None };
        assert!(attached.check().unwrap_err().is_invalid_input());
    }
}
