//! What became of a ticket: one [`Entry`] for each nonce, kept by the server.

use serde::{Deserialize, Serialize};

use super::{CLOCK_SKEW_MS, Rejection, Submission, Ticket};
use crate::{
    error::Error,
    session::{Step, reveal::MAX_REVEALS},
};

/// A step that a page was told, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Told {
    /// What to do.
    pub step: Step,
    /// When it was told first, milliseconds since 1970.
    pub at_ms: u64,
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

/// A ticket, the steps that were told for it, and the one transcript that used it up. Plain data for the server's own store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Entry {
    /// What was asked for.
    pub ticket: Ticket,
    /// What came for it first.
    pub used: Option<Use>,
    /// Steps that were revealed one at a time, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<Told>,
}

impl Entry {
    /// A ticket that nobody used.
    pub fn new(ticket: Ticket) -> Self {
        Self { ticket, used: None, told: Vec::new() }
    }

    /// Reveals a step: the one after `known` others. A page that did not hear the answer asks again, and is told the same step
    /// as of the first time. `random` comes from a cryptographic source. Store the entry before answering.
    ///
    /// # Errors
    /// [`Rejection::Expired`], [`Rejection::Replayed`] for a ticket that is used up, [`Rejection::Malformed`] for one that
    /// reveals no steps, for a step out of turn, or after [`MAX_REVEALS`] of them. The entry is then unchanged.
    pub fn reveal(&mut self, known: usize, random: u64, now_ms: u64) -> std::result::Result<Step, Rejection> {
        let malformed = |why: &str| Err(Rejection::Malformed(Error::invalid_input(why)));
        let Some(among) = self.ticket.revealed.as_deref().filter(|among| !among.is_empty()) else {
            return malformed("this ticket reveals no steps");
        };
        if self.used.is_some() {
            return Err(Rejection::Replayed);
        }
        if self.is_over(now_ms) {
            return Err(Rejection::Expired);
        }
        if let Some(told) = self.told.get(known) {
            return Ok(told.step);
        }
        if known != self.told.len() || known == MAX_REVEALS {
            return malformed("there is no such step to reveal: ask for the next one");
        }
        let step = among[(random % among.len() as u64) as usize];
        self.told.push(Told { step, at_ms: now_ms });
        Ok(step)
    }

    /// Uses the ticket up, whatever will be said about the transcript: nobody gets a second try. The same transcript may
    /// come again, since networks fail after a request too. Gives the time at which it came first, which is the one to
    /// verify it at.
    ///
    /// `first_for` is the nonce for which the store saw this [`Submission::content`] first, `None` if never. What it saw, it
    /// must keep when the tickets are forgotten: a copy may come at any time.
    ///
    /// Store the entry, and this nonce with the content if `first_for` was `None`, before answering, in one transaction with
    /// the reads, or two requests at once both pass.
    ///
    /// # Errors
    /// [`Rejection::Expired`], [`Rejection::Replayed`]. The entry is then unchanged.
    pub fn redeem(
        &mut self,
        submission: &Submission,
        first_for: Option<&str>,
        now_ms: u64,
    ) -> std::result::Result<u64, Rejection> {
        let digest = submission.digest();
        match &self.used {
            Some(first) if first.digest == digest => Ok(first.received_ms),
            Some(_) => Err(Rejection::Replayed),
            None if self.is_over(now_ms) => Err(Rejection::Expired),
            None if first_for.is_some_and(|nonce| nonce != self.ticket.nonce) => Err(Rejection::Replayed),
            None => {
                self.used = Some(Use { digest: digest.into(), received_ms: now_ms });
                Ok(now_ms)
            }
        }
    }

    /// From when on [`Entry::is_over`], milliseconds since 1970: for a store's index.
    pub fn over_ms(&self) -> u64 {
        self.ticket.expires_ms.saturating_add(CLOCK_SKEW_MS)
    }

    /// Whether a store may forget it: nothing can come of it any more. Keep it for a day longer where answers to retries
    /// matter.
    pub fn is_over(&self, now_ms: u64) -> bool {
        now_ms >= self.over_ms()
    }
}
