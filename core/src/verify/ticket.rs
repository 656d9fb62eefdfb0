//! What a server asks for: a [`Wish`], which becomes a [`Ticket`] with a nonce and an expiry.

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    session::{Challenge, Step, setup::check_asked},
    transcript::check_nonce,
};

/// Longest time that a ticket may be good for, milliseconds: an hour.
pub const MAX_LIFETIME_MS: u64 = 3_600_000;

/// What a server may ask for, before it is given a nonce. In JSON, an example server's page sends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Wish {
    /// Name of an operating point of the weights.
    pub operating_point: String,
    /// Movements to ask for; none: the person just looks.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// Whether the server reveals the steps one at a time, each chosen among these anew: [`Entry::reveal`](super::Entry).
    /// Else the ticket holds all of them, and the seed that orders them.
    #[serde(default)]
    pub reveal: bool,
    /// How many seconds to watch at least, see [`Setup`](crate::session::Setup).
    #[serde(default)]
    pub passive_seconds: Option<u32>,
}

impl Wish {
    /// A check at the named operating point, of somebody who just looks.
    pub fn at(operating_point: &str) -> Self {
        Self { operating_point: operating_point.into(), steps: Vec::new(), reveal: false, passive_seconds: None }
    }
}

/// One check that a server asked for. Goes to the page, which hands nonce and challenge to `check()`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Ticket {
    /// Random, from a cryptographic source: [`check_nonce`] says how it is written.
    pub nonce: String,
    /// When it was issued, milliseconds since 1970 on the server's clock.
    pub issued_ms: u64,
    /// When it stops being good.
    pub expires_ms: u64,
    /// Name of the operating point that the verdict must hold at.
    pub operating_point: String,
    /// What the person must be asked to do, with the server's seed; `None`: nothing.
    pub challenge: Option<Challenge>,
    /// Steps among which the server chooses each that it reveals, as many as are listed; `None`: it reveals none. Tells no
    /// order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revealed: Option<Vec<Step>>,
    /// How many seconds to watch at least, see [`Setup`](crate::session::Setup).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passive_seconds: Option<u32>,
}

/// 144 random bits as a nonce: 24 characters of base64url, six bits of each byte. No encoding of bytes, which would make it
/// longer or leave some of them out.
pub(super) fn nonce(random: &[u8; 24]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    random.iter().map(|byte| char::from(DIGITS[usize::from(byte % 64)])).collect()
}

impl Ticket {
    /// Whether it can be issued: bad tickets would only show when their answers come.
    ///
    /// # Errors
    /// [`Error::is_invalid_input`] for a bad nonce, a time to live that is none or longer than [`MAX_LIFETIME_MS`], steps that
    /// are none, too many or of both kinds, or seconds out of range.
    pub fn check(&self) -> Result<()> {
        check_nonce(&self.nonce)?;
        if !matches!(self.expires_ms.checked_sub(self.issued_ms), Some(1..=MAX_LIFETIME_MS)) {
            return Err(Error::invalid_input(format!("a ticket is good for 1 to {MAX_LIFETIME_MS} ms")));
        }
        check_asked(self.challenge.as_ref(), self.revealed.as_ref().map(Vec::len), self.passive_seconds)
    }
}
