//! Why a transcript is not taken: a code for programs, a sentence for people. Decides nothing.

use std::fmt;

use crate::{error::Error, session::recording, transcript::SDK};

/// Why a transcript is not taken. [`Rejection::code`] is stable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rejection {
    /// It is no transcript.
    Malformed(Error),
    /// No such nonce was issued, or it was forgotten after its expiry.
    UnknownNonce,
    /// Another transcript came for the same nonce before, or the same observations for another nonce.
    Replayed,
    /// The ticket had expired.
    Expired,
    /// It claims to have watched for longer than the ticket exists.
    Impossible,
    /// A release of the code made it that is not current here.
    OtherRelease(String),
    /// A release that is current made it, yet by rules of this version, which pages of that release do not record by.
    OtherRules(u32),
    /// Weights scored it that are not current here.
    OtherWeights,
    /// Another operating point than the ticket's, or other thresholds than the weights' by that name, or another largest change.
    OtherOperatingPoint,
    /// Another challenge than the ticket's, or none; other steps than those that were revealed; other seconds of watching.
    OtherChallenge,
    /// The check was broken off.
    NoVerdict,
    /// The scores do not lead to the verdict that it claims.
    OtherVerdict,
    /// Its steps were revealed, and its times do not fit those of the server.
    Untimely,
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
            Self::OtherRelease(_) | Self::OtherRules(_) => "OTHER_RELEASE",
            Self::OtherWeights => "OTHER_WEIGHTS",
            Self::OtherOperatingPoint => "OTHER_OPERATING_POINT",
            Self::OtherChallenge => "OTHER_CHALLENGE",
            Self::NoVerdict => "NO_VERDICT",
            Self::OtherVerdict => "OTHER_VERDICT",
            Self::Untimely => "UNTIMELY",
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed(error) => return error.fmt(f),
            Self::UnknownNonce => "this nonce was not issued here, or long ago: ask for a new ticket",
            Self::Replayed => {
                "another transcript came for this nonce before, or these observations for another: ask for a new ticket"
            }
            Self::Expired => "the ticket has expired: ask for a new one",
            Self::Impossible => "the check claims to have lasted longer than its ticket exists",
            Self::OtherRelease(sdk) => {
                return write!(f, "release {sdk} made this transcript, which is not current here: this is {SDK}");
            }
            Self::OtherRules(version) => {
                let present = recording::VERSION;
                return write!(
                    f,
                    "the recording is of version {version} of the rules, and release {SDK} records by {present}: was it written by hand?"
                );
            }
            Self::OtherWeights => "weights scored it that are not current here",
            Self::OtherOperatingPoint => "it was checked at another operating point than the ticket's, or by other limits than the weights'",
            Self::OtherChallenge => "the person was asked for something else than the ticket's challenge",
            Self::NoVerdict => "the check was broken off before a verdict",
            Self::OtherVerdict => "its scores do not lead to the verdict that it claims",
            Self::Untimely => "its steps were revealed at other times than it claims, or it came long after its end",
        })
    }
}

impl std::error::Error for Rejection {}
