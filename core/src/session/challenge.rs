//! What a session asks for: an active test on top of the passive one, off by default.
//!
//! It asks for steps in an order that a seed decides, so that a recording made before the session seldom fits: with `n`
//! different steps one of `n!` orders. A person who sees the prompts can act them out behind a mask or through a face
//! swap: **a challenge is no evidence of life by itself**, only beside scores of the same unbroken presence.
//!
//! Blinks are not asked for. They last a tenth to four tenths of a second, less than the gaps at the lowest frame rate
//! that a session accepts; anyone's spontaneous blink would answer; and the eyelids of the 468-point mesh have not been
//! measured on closed eyes here.

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, Result};

/// Most steps of a challenge.
pub const MAX_STEPS: usize = 8;

/// What a challenge asks for. Left and right are the person's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(rename = "Prompt"))]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Turn the head to its left and stay a moment.
    TurnLeft,
    /// Turn the head to its right and stay a moment.
    TurnRight,
    /// Bring the face a fifth closer to the camera.
    MoveCloser,
}

impl Step {
    /// All steps.
    pub const ALL: [Self; 3] = [Self::TurnLeft, Self::TurnRight, Self::MoveCloser];
}

/// A challenge with nothing left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Challenge {
    /// Decides the order. Take it from a cryptographic source for each session, best from the server that trusts the
    /// verdict. In JSON 16 hexadecimal digits, since JavaScript's numbers end at 53 bits.
    #[serde(serialize_with = "to_hex", deserialize_with = "from_hex")]
    #[cfg_attr(feature = "typescript", ts(as = "String"))]
    pub seed: u64,
    /// 1 to 8 steps, in any order; a step may come up again.
    pub steps: Vec<Step>,
}

/// What was wrong with the last answer to a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Notice {
    /// The head turned to the other side, or the face moved away.
    WrongDirection,
    /// The movement began before the prompt could be seen.
    TooSoon,
    /// The face turned as a picture does: no ear came to see.
    Flat,
}

impl Notice {
    /// All notices.
    pub const ALL: [Self; 3] = [Self::WrongDirection, Self::TooSoon, Self::Flat];
}

impl Challenge {
    /// Whether a session would take it.
    ///
    /// # Errors
    /// [`Error::is_invalid_input`] without steps or with more than [`MAX_STEPS`].
    pub fn check(&self) -> Result<()> {
        check_count(self.steps.len())
    }
}

pub(super) fn check_count(steps: usize) -> Result<()> {
    match steps {
        1..=MAX_STEPS => Ok(()),
        count => Err(Error::invalid_input(format!("a challenge of {count} steps: ask for 1 to {MAX_STEPS}"))),
    }
}

fn to_hex<S: Serializer>(seed: &u64, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(&HEXLOWER.encode(&seed.to_be_bytes()))
}

fn from_hex<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<u64, D::Error> {
    let bytes = HEXLOWER_PERMISSIVE.decode(String::deserialize(deserializer)?.as_bytes()).unwrap_or_default();
    let seed = bytes.try_into().map_err(|_| serde::de::Error::custom("a seed is 16 hexadecimal digits"))?;
    Ok(u64::from_be_bytes(seed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_hexadecimal_in_json() {
        let challenge = Challenge { seed: u64::MAX - 1, steps: vec![Step::MoveCloser] };
        let json = serde_json::to_string(&challenge).unwrap();
        assert_eq!(json, r#"{"seed":"fffffffffffffffe","steps":["move-closer"]}"#);
        assert_eq!(serde_json::from_str::<Challenge>(&json).unwrap(), challenge);
        let capitals = json.replace("fffffffffffffffe", "FFFFFFFFFFFFfffe");
        assert_eq!(serde_json::from_str::<Challenge>(&capitals).unwrap(), challenge);
        for seed in ["\"+ffffffffffffffe\"", "\"ff\"", "12", "\"zzzzzzzzzzzzzzzz\""] {
            let json = json.replace("\"fffffffffffffffe\"", seed);
            assert!(serde_json::from_str::<Challenge>(&json).is_err(), "{seed}");
        }
    }
}
