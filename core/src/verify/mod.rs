//! A transcript -> what a server may conclude from it: form, freshness, replay, consistency. The server's side of a check.
//!
//! ```text
//! Ticket (nonce, expiry, operating point, challenge) -> page -> transcript
//! transcript -> Submission + Entry (used already?) + manifest (which weights?) -> Verdict, or Rejection
//! ```
//!
//! A transcript that passes answers this ticket, once, in time, with these weights, and its scores lead to its verdict.
//! **It does not prove that a camera saw anybody**: scores and measures are the page's word. Weigh that word as you would
//! any other that comes from a browser.

mod ticket;

use std::fmt;

pub use ticket::{Entry, MAX_LIFETIME_MS, Ticket, Use};

use crate::{
    error::Error,
    manifest::Manifest,
    session::{Challenge, Setup, Step, Verdict},
    transcript::{SDK, Transcript, digest},
};

/// Clocks of page and server may differ by this much over one check, milliseconds, and by a thousandth of its length.
pub const CLOCK_SLACK_MS: f64 = 250.0;

/// A transcript as it came in, read once.
#[derive(Debug, Clone, PartialEq)]
pub struct Submission {
    transcript: Transcript,
    digest: String,
}

impl Submission {
    /// Reads what a page sent.
    ///
    /// # Errors
    /// [`Rejection::Malformed`] if it is no transcript.
    pub fn parse(json: &str) -> Result<Self, Rejection> {
        Ok(Self { transcript: Transcript::parse(json).map_err(Rejection::Malformed)?, digest: digest(json) })
    }

    /// The nonce that it claims to answer: look its [`Entry`] up, or reject with [`Rejection::UnknownNonce`].
    pub fn nonce(&self) -> &str {
        &self.transcript.nonce
    }

    /// Lower-case hexadecimal SHA-256 of the JSON, byte for byte as it came.
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

/// Why a transcript is not taken. [`Rejection::code`] is stable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rejection {
    /// It is no transcript.
    Malformed(Error),
    /// No such nonce was issued, or it was forgotten after its expiry.
    UnknownNonce,
    /// Another transcript came for the same nonce before.
    Replayed,
    /// The ticket had expired.
    Expired,
    /// It claims to have watched for longer than the ticket exists.
    Impossible,
    /// Another release of the code made it.
    OtherRelease(String),
    /// Other weights than this server's scored it.
    OtherWeights,
    /// Another operating point than the ticket's, or another threshold than the manifest's by that name.
    OtherOperatingPoint,
    /// Another challenge than the ticket's, or none.
    OtherChallenge,
    /// The check was broken off.
    NoVerdict,
    /// The scores do not lead to the verdict that it claims.
    OtherVerdict,
}

impl Rejection {
    /// Stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "MALFORMED",
            Self::UnknownNonce => "UNKNOWN_NONCE",
            Self::Replayed => "REPLAYED",
            Self::Expired => "EXPIRED",
            Self::Impossible => "IMPOSSIBLE",
            Self::OtherRelease(_) => "OTHER_RELEASE",
            Self::OtherWeights => "OTHER_WEIGHTS",
            Self::OtherOperatingPoint => "OTHER_OPERATING_POINT",
            Self::OtherChallenge => "OTHER_CHALLENGE",
            Self::NoVerdict => "NO_VERDICT",
            Self::OtherVerdict => "OTHER_VERDICT",
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed(error) => return error.fmt(f),
            Self::UnknownNonce => "this nonce was not issued here, or long ago: ask for a new ticket",
            Self::Replayed => "another transcript came for this nonce before: ask for a new ticket",
            Self::Expired => "the ticket has expired: ask for a new one",
            Self::Impossible => "the check claims to have lasted longer than its ticket exists",
            Self::OtherRelease(sdk) => {
                return write!(f, "release {sdk} made this transcript, this is {SDK}: deploy one release");
            }
            Self::OtherWeights => "other weights than this server's scored it: deploy one release",
            Self::OtherOperatingPoint => "it was checked at another operating point than the ticket's",
            Self::OtherChallenge => "the person was asked for something else than the ticket's challenge",
            Self::NoVerdict => "the check was broken off before a verdict",
            Self::OtherVerdict => "its scores do not lead to the verdict that it claims",
        })
    }
}

impl std::error::Error for Rejection {}

/// Verifies transcripts of checks with one set of weights.
#[derive(Debug, Clone)]
pub struct Verifier {
    manifest: Manifest,
}

impl Verifier {
    /// For checks with the weights that `manifest` describes: the one that the pages load.
    pub fn new(manifest: Manifest) -> Self {
        Self { manifest }
    }

    /// A ticket for a check at the named operating point of these weights, which asks for `steps` (none: just look).
    /// `random` comes from a cryptographic source, `now_ms` is milliseconds since 1970. Store it as an [`Entry`].
    ///
    /// # Errors
    /// [`Error::is_invalid_input`] for an operating point that the weights do not have, a lifetime that is none or longer
    /// than [`MAX_LIFETIME_MS`], or too many steps.
    pub fn ticket(
        &self,
        operating_point: &str,
        steps: &[Step],
        lifetime_ms: u64,
        random: [u8; 32],
        now_ms: u64,
    ) -> crate::Result<Ticket> {
        self.manifest.operating_point(operating_point)?;
        let (bits, seed) = random.split_at(24);
        let seed = u64::from_le_bytes(seed.try_into().expect("32 - 24 bytes"));
        let ticket = Ticket {
            nonce: ticket::nonce(bits.try_into().expect("24 bytes")),
            issued_ms: now_ms,
            expires_ms: now_ms.saturating_add(lifetime_ms),
            operating_point: operating_point.into(),
            challenge: (!steps.is_empty()).then(|| Challenge { seed, steps: steps.to_vec() }),
        };
        ticket.check()?;
        Ok(ticket)
    }

    /// Verifies what [`Entry::redeem`] took for `ticket` at `received_ms` (the time that it gave, on the clock that issued
    /// the ticket): the verdict, bona fide or not, that its scores lead to.
    ///
    /// # Errors
    /// The first rule that it breaks, in the order of [`Rejection`].
    pub fn verify(&self, submission: &Submission, ticket: &Ticket, received_ms: u64) -> Result<Verdict, Rejection> {
        let Transcript { nonce, sdk, recording, .. } = &submission.transcript;
        if *nonce != ticket.nonce {
            return Err(Rejection::UnknownNonce);
        }
        // Its times need not start at 0: it is the page that wrote them.
        let lasted = match &recording.observations[..] {
            [first, .., last] => last.time_ms - first.time_ms,
            _ => 0.0,
        };
        let since = received_ms.saturating_sub(ticket.issued_ms) as f64;
        if lasted > since * 1.001 + CLOCK_SLACK_MS {
            return Err(Rejection::Impossible);
        }
        if sdk != SDK {
            return Err(Rejection::OtherRelease(sdk.clone()));
        }
        let Setup { name, operating_point, model_sha256, challenge } = &recording.setup;
        if self.manifest.digest() != *model_sha256 {
            return Err(Rejection::OtherWeights);
        }
        if *name != ticket.operating_point || self.manifest.operating_points.get(name) != Some(operating_point) {
            return Err(Rejection::OtherOperatingPoint);
        }
        if *challenge != ticket.challenge {
            return Err(Rejection::OtherChallenge);
        }
        let claimed = recording.verdict.as_ref().ok_or(Rejection::NoVerdict)?;
        match recording.replay().map_err(Rejection::Malformed)? {
            Some(verdict) if verdict == *claimed => Ok(verdict),
            _ => Err(Rejection::OtherVerdict),
        }
    }
}

#[cfg(test)]
mod tests;
