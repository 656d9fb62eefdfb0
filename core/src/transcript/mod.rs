//! A session's recording and the server's nonce <-> JSON and its digest: what a page sends to whoever issued the nonce.
//!
//! It binds a verdict to one request and to one set of weights, so that it cannot be sent again or for another request.
//! **It does not prove that a camera saw a person**: whoever owns the page can write a transcript that passes every rule
//! of [`crate::verify`].

mod attached;

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    manifest::sha256,
    session::{Observation, Recording, micros, recording},
};
pub use attached::{Attached, Signal};

/// Version of the layout.
pub const VERSION: u32 = 1;
/// Longest transcript that is read, bytes.
pub const MAX_BYTES: usize = recording::MAX_BYTES + attached::MAX_BYTES + 4_096;
/// Shortest and longest nonce, in characters; 22 hold 128 bits.
pub const NONCE_LENGTH: std::ops::RangeInclusive<usize> = 16..=128;
/// This code's release: the rules that led to a verdict are its.
pub const SDK: &str = env!("CARGO_PKG_VERSION");

/// A whole check, bound to a nonce. No pixels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Transcript {
    /// [`VERSION`].
    pub version: u32,
    /// What the server issued.
    pub nonce: String,
    /// Release of the code that ran the check, as [`SDK`].
    pub sdk: String,
    /// Operating point, weights, challenge, frame times, qualities, scores and verdict.
    pub recording: Recording,
    /// What else the page was asked to bind; `None`: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attached: Option<Attached>,
}

impl Transcript {
    /// Binds a recording to a nonce.
    ///
    /// # Errors
    /// [`Error::is_invalid_input`] for what [`check_nonce`] refuses.
    pub fn new(nonce: &str, recording: Recording) -> Result<Self> {
        check_nonce(nonce)?;
        Ok(Self { version: VERSION, nonce: nonce.into(), sdk: SDK.into(), recording, attached: None })
    }

    /// Reads a transcript, and replays nothing: whether a session would have taken its recording is
    /// [`Recording::replay`]'s to say, and whether to believe it [`crate::verify`]'s.
    ///
    /// # Errors
    /// [`Error::is_invalid_input`] if the text is longer than [`MAX_BYTES`], no transcript, of another [`VERSION`], its
    /// recording of a version that this code does not replay, or if its nonce or what is attached would be refused where
    /// they are made.
    pub fn parse(json: &str) -> Result<Self> {
        let transcript: Self = recording::read(json, "transcript", MAX_BYTES, check_version)?;
        check_nonce(&transcript.nonce)?;
        recording::check_version(transcript.recording.version)?;
        transcript.attached.as_ref().map_or(Ok(()), Attached::check)?;
        Ok(transcript)
    }

    /// The nonce of a transcript's JSON, without reading the rest of it: for whoever wants to know whether the nonce was
    /// issued before any work is done for it.
    ///
    /// # Errors
    /// [`Error::is_invalid_input`] if the text is longer than [`MAX_BYTES`], no JSON object with a version and a nonce, of
    /// another [`VERSION`], or if the nonce is none.
    pub fn nonce_in(json: &str) -> Result<String> {
        #[derive(Deserialize)]
        struct Head {
            nonce: String,
        }
        let Head { nonce } = recording::read(json, "transcript", MAX_BYTES, check_version)?;
        check_nonce(&nonce)?;
        Ok(nonce)
    }

    /// The transcript as JSON: the bytes that [`digest`] hashes and the server gets.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a transcript is plain data")
    }
}

/// Lower-case hexadecimal SHA-256 of a transcript's JSON, byte for byte as it was sent.
pub fn digest(json: &str) -> String {
    sha256(json.as_bytes())
}

/// Lower-case hexadecimal SHA-256 of what a session saw, whatever it was bound to: its observations as JSON, times to the
/// microsecond from the first one on. The same for copies under another nonce, operating point or verdict; any number that
/// is changed makes another.
pub fn content(recording: &Recording) -> String {
    let first = recording.observations.first().map_or(0.0, |first| first.time_ms);
    let from_first = |seen: &Observation| Observation { time_ms: micros(seen.time_ms - first), ..*seen };
    let seen: Vec<Observation> = recording.observations.iter().map(from_first).collect();
    let json = serde_json::to_string(&seen).expect("observations are plain data");
    // Both zeros are one: recordings that are equal have equal content.
    let one_zero =
        [",", "]", "}"].iter().fold(json, |json, end| json.replace(&format!("-0.0{end}"), &format!("0.0{end}")));
    sha256(one_zero.as_bytes())
}

fn check_version(version: u32) -> Result<()> {
    if version == VERSION {
        return Ok(());
    }
    Err(Error::invalid_input(format!(
        "the transcript has version {version}, this code reads {VERSION}: use one release in the page and on the server"
    )))
}

/// # Errors
/// [`Error::is_invalid_input`] unless the nonce has [`NONCE_LENGTH`] characters of base64url.
pub fn check_nonce(nonce: &str) -> Result<()> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if NONCE_LENGTH.contains(&nonce.len()) && nonce.bytes().all(plain) {
        return Ok(());
    }
    let (least, most) = (NONCE_LENGTH.start(), NONCE_LENGTH.end());
    Err(Error::invalid_input(format!("a nonce has {least} to {most} letters, digits, - and _")))
}
