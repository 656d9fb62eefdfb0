//! A transcript -> what a server may conclude from it: form, freshness, replay, consistency. The server's side of a check.
//!
//! ```text
//! Ticket (nonce, expiry, operating point, challenge) -> page -> transcript
//! transcript -> nonce (issued here?) -> Submission + Entry (used already? seen before?) -> Verifier -> Verdict, or Rejection
//! ```
//!
//! A transcript that passes answers this ticket, once, in time, with these weights, and its scores lead to its verdict.
//! **It does not prove that a camera saw anybody**: scores and measures are the page's word. Weigh that word as you would
//! any other that comes from a browser.

mod entry;
mod rejection;
mod ticket;
mod told;

pub use entry::{Entry, Told, Use};
pub use rejection::Rejection;
pub use ticket::{MAX_LIFETIME_MS, Ticket, Wish};
pub use told::SEND_MS;

use crate::{
    manifest::Manifest,
    session::{Challenge, Setup, Verdict, recording},
    transcript::{Attached, SDK, Transcript, content, digest},
};

/// Clocks of page and server may differ by this much over one check, milliseconds, and by a thousandth of its length.
pub const CLOCK_SLACK_MS: f64 = 250.0;
/// Clocks of the hosts that issue and check may differ by this much, milliseconds: one second. Hosts that keep time by NTP
/// differ by less than a tenth of it.
pub const CLOCK_SKEW_MS: u64 = 1_000;

/// A transcript as it came in, read once and not replayed.
#[derive(Debug, Clone, PartialEq)]
pub struct Submission {
    transcript: Transcript,
    digest: String,
    content: String,
}

impl Submission {
    /// The nonce that what a page sent claims to answer, without reading the rest: look its [`Entry`] up, and read on only if
    /// there is one. Else it is [`Rejection::UnknownNonce`].
    ///
    /// # Errors
    /// [`Rejection::Malformed`] if it cannot be a transcript.
    pub fn nonce_in(json: &str) -> Result<String, Rejection> {
        Transcript::nonce_in(json).map_err(Rejection::Malformed)
    }

    /// Reads what a page sent.
    ///
    /// # Errors
    /// [`Rejection::Malformed`] if it is no transcript.
    pub fn parse(json: &str) -> Result<Self, Rejection> {
        let transcript = Transcript::parse(json).map_err(Rejection::Malformed)?;
        Ok(Self { digest: digest(json), content: content(&transcript.recording), transcript })
    }

    /// The nonce that it claims to answer.
    pub fn nonce(&self) -> &str {
        &self.transcript.nonce
    }

    /// Lower-case hexadecimal SHA-256 of the JSON, byte for byte as it came.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Lower-case hexadecimal SHA-256 of what its session saw, the same under any nonce: see [`content`].
    pub fn content(&self) -> &str {
        &self.content
    }

    /// [`Manifest::digest`] of the weights that it says scored it.
    pub fn weights(&self) -> &str {
        &self.transcript.recording.setup.model_sha256
    }

    /// What the page bound beside the check, if it was asked to. No rule looks at it.
    pub fn attached(&self) -> Option<&Attached> {
        self.transcript.attached.as_ref()
    }
}

/// Verifies transcripts of checks with weights, and by releases of this code, that are current: one of each, or while
/// pages and servers change from one to the next, several.
#[derive(Debug, Clone)]
pub struct Verifier {
    /// Never empty.
    weights: Vec<Manifest>,
    /// Beside this code's own.
    releases: Vec<String>,
}

impl Verifier {
    /// For checks with the weights that `manifest` describes: the one that the pages load.
    pub fn new(manifest: Manifest) -> Self {
        Self { weights: vec![manifest], releases: Vec::new() }
    }

    /// These weights are current as well.
    pub fn and_weights(mut self, manifest: Manifest) -> Self {
        self.weights.push(manifest);
        self
    }

    /// Pages of this release, as [`SDK`] names one, are current as well. Its recordings are replayed by this code: where the
    /// two lead to different verdicts, the answer is [`Rejection::OtherVerdict`].
    pub fn and_release(mut self, sdk: &str) -> Self {
        self.releases.push(sdk.into());
        self
    }

    /// A ticket for the check that `wish` describes. `random` comes from a cryptographic source, `now_ms` is milliseconds
    /// since 1970. Store it as an [`Entry`].
    ///
    /// # Errors
    /// [`Error::is_invalid_input`](crate::Error::is_invalid_input) for an operating point that some of the current weights do
    /// not have, a lifetime that is none or longer than [`MAX_LIFETIME_MS`], too many steps, none to reveal, or seconds out of
    /// range.
    pub fn ticket(&self, wish: &Wish, lifetime_ms: u64, random: [u8; 32], now_ms: u64) -> crate::Result<Ticket> {
        for manifest in &self.weights {
            manifest.operating_point(&wish.operating_point)?;
        }
        let (bits, seed) = random.split_at(24);
        let seed = u64::from_le_bytes(seed.try_into().expect("32 - 24 bytes"));
        let ticket = Ticket {
            nonce: ticket::nonce(bits.try_into().expect("24 bytes")),
            issued_ms: now_ms,
            expires_ms: now_ms.saturating_add(lifetime_ms),
            operating_point: wish.operating_point.clone(),
            challenge: (!wish.reveal && !wish.steps.is_empty()).then(|| Challenge { seed, steps: wish.steps.clone() }),
            revealed: wish.reveal.then(|| wish.steps.clone()),
            passive_seconds: wish.passive_seconds,
        };
        ticket.check()?;
        Ok(ticket)
    }

    /// Verifies what [`Entry::redeem`] took for `entry` at `received_ms` (the time that it gave): the verdict, bona fide or
    /// not, that its scores lead to. The first to replay the recording.
    ///
    /// # Errors
    /// The first rule that it breaks, in the order of [`Rejection`]; but a recording that no session could have made is
    /// [`Rejection::Malformed`] only if it breaks none of those before the replay, and steps that were revealed are looked at
    /// last.
    pub fn verify(&self, submission: &Submission, entry: &Entry, received_ms: u64) -> Result<Verdict, Rejection> {
        let Transcript { nonce, sdk, recording: held, .. } = &submission.transcript;
        let ticket = &entry.ticket;
        if *nonce != ticket.nonce {
            return Err(Rejection::UnknownNonce);
        }
        // Its times need not start at 0: it is the page that wrote them.
        let lasted = match &held.observations[..] {
            [first, .., last] => last.time_ms - first.time_ms,
            _ => 0.0,
        };
        let since = received_ms.saturating_add(CLOCK_SKEW_MS).saturating_sub(ticket.issued_ms) as f64;
        if lasted > since * 1.001 + CLOCK_SLACK_MS {
            return Err(Rejection::Impossible);
        }
        // This release records by the present rules alone: older ones would let by what they refuse.
        let current = sdk == SDK && held.version == recording::VERSION;
        if !current && !self.releases.iter().any(|release| release == sdk && release != SDK) {
            let other =
                if sdk == SDK { Rejection::OtherRules(held.version) } else { Rejection::OtherRelease(sdk.clone()) };
            return Err(other);
        }
        let Setup { name, operating_point, model_sha256, challenge, revealed, passive_seconds, largest_change } =
            &held.setup;
        // The same weights may be current with several limits.
        let scored: Vec<_> = self.weights.iter().filter(|manifest| manifest.digest() == *model_sha256).collect();
        if scored.is_empty() {
            return Err(Rejection::OtherWeights);
        }
        let limits = |manifest: &&Manifest| {
            manifest.operating_points.get(name) == Some(operating_point) && manifest.largest_change == *largest_change
        };
        if *name != ticket.operating_point || !scored.iter().any(limits) {
            return Err(Rejection::OtherOperatingPoint);
        }
        let steps = ticket.revealed.as_ref().map(Vec::len);
        if (challenge, revealed.map(|count| count as usize), passive_seconds)
            != (&ticket.challenge, steps, &ticket.passive_seconds)
        {
            return Err(Rejection::OtherChallenge);
        }
        let claimed = held.verdict.as_ref().ok_or(Rejection::NoVerdict)?;
        let session = held.run().map_err(Rejection::Malformed)?;
        match session.verdict() {
            Some(verdict) if verdict == claimed => {}
            _ => return Err(Rejection::OtherVerdict),
        }
        if ticket.revealed.is_some() {
            told::check(&session, entry, received_ms)?;
        }
        Ok(claimed.clone())
    }
}

#[cfg(test)]
mod tests;
