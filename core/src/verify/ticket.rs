//! What a server asks for, and whether it was answered already: one [`Entry`] for each nonce, kept by the server.

use serde::{Deserialize, Serialize};

use super::{Rejection, Submission};
use crate::{
    error::{Error, Result},
    session::Challenge,
    transcript::check_nonce,
};

/// Longest time that a ticket may be good for, milliseconds: an hour.
pub const MAX_LIFETIME_MS: u64 = 3_600_000;

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
    /// [`Error::is_invalid_input`] for a bad nonce, a time to live that is none or longer than [`MAX_LIFETIME_MS`], or a
    /// challenge without steps or with too many.
    pub fn check(&self) -> Result<()> {
        check_nonce(&self.nonce)?;
        if !matches!(self.expires_ms.checked_sub(self.issued_ms), Some(1..=MAX_LIFETIME_MS)) {
            return Err(Error::invalid_input(format!("a ticket is good for 1 to {MAX_LIFETIME_MS} ms")));
        }
        self.challenge.as_ref().map_or(Ok(()), Challenge::check)
    }
}

/// The transcript that used a ticket up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Use {
    /// Its digest.
    pub digest: String,
    /// When it came first, milliseconds since 1970: what is said about it is said as of then, however often it comes.
    pub received_ms: u64,
}

/// A ticket and the one transcript that used it up. Plain data for the server's own store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Entry {
    /// What was asked for.
    pub ticket: Ticket,
    /// What came for it first.
    pub used: Option<Use>,
}

impl Entry {
    /// A ticket that nobody used.
    pub fn new(ticket: Ticket) -> Self {
        Self { ticket, used: None }
    }

    /// Uses the ticket up, whatever will be said about the transcript: nobody gets a second try. The same transcript may
    /// come again, since networks fail after a request too. Store the entry before answering, in one transaction with the
    /// read, or two requests at once both pass. Gives the time at which it came first, which is the one to verify it at.
    ///
    /// # Errors
    /// [`Rejection::Expired`] (the entry is then unchanged), [`Rejection::Replayed`].
    pub fn redeem(&mut self, submission: &Submission, now_ms: u64) -> std::result::Result<u64, Rejection> {
        let digest = submission.digest();
        match &self.used {
            Some(first) if first.digest == digest => Ok(first.received_ms),
            Some(_) => Err(Rejection::Replayed),
            None if now_ms >= self.ticket.expires_ms => Err(Rejection::Expired),
            None => {
                self.used = Some(Use { digest: digest.into(), received_ms: now_ms });
                Ok(now_ms)
            }
        }
    }

    /// Whether a store may forget it: nothing can come of it any more. Keep it for a day longer where answers to retries
    /// matter.
    pub fn is_over(&self, now_ms: u64) -> bool {
        now_ms >= self.ticket.expires_ms
    }
}
