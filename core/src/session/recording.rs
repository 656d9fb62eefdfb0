//! A session's input and verdict <-> JSON, and the verdict that the input gives again.
//!
//! For `trainer replay` and for reports of false rejections: measures, scores and times, no pixels. It proves nothing:
//! whoever can send one can invent one, and no key signs it.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{MAX_OBSERVATIONS, Observation, Reveal, Session, Setup, Verdict};
use crate::{
    error::{Error, Result},
    quality::Hint,
};

/// Version of the layout and of the rules. Recordings of every version since [`FIRST`] replay by their own rules.
pub const VERSION: u32 = 2;
/// The oldest version that replays.
pub const FIRST: u32 = 1;
/// Longest text that is read, bytes: about 500 for each of the most observations.
pub const MAX_BYTES: usize = 8 << 20;

/// What [`FIRST`] called a hint.
pub(super) fn first_name(hint: Hint) -> Hint {
    if hint == Hint::Straighten { Hint::TurnToCamera } else { hint }
}

/// All that a session saw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Recording {
    /// [`FIRST`] to [`VERSION`].
    pub version: u32,
    /// What the session was bound to: operating point, weights, challenge with its seed.
    pub setup: Setup,
    /// Frames in their order, times from the first one on.
    pub observations: Vec<Observation>,
    /// What a server revealed between them, in its order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reveals: Vec<Reveal>,
    /// What the session answered; `None` if it was broken off.
    pub verdict: Option<Verdict>,
}

impl Recording {
    /// Reads a recording. Whether its verdict is the one that [`Recording::replay`] gives is for the caller to compare.
    ///
    /// # Errors
    /// [`Error::is_invalid_input`] if the text is longer than [`MAX_BYTES`], no recording, of a version that does not replay, or if a
    /// session would refuse its setup or one of its observations.
    pub fn parse(json: &str) -> Result<Self> {
        let recording: Self = read(json, "recording", MAX_BYTES, check_version)?;
        recording.check()?;
        Ok(recording)
    }

    /// Whether it could have been recorded by this code, whatever its verdict.
    ///
    /// # Errors
    /// [`Error::is_invalid_input`] for a version that does not replay, and for what [`Recording::replay`] refuses.
    pub fn check(&self) -> Result<()> {
        self.replay().map(drop)
    }

    /// The recording as JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a recording is plain data")
    }

    /// Runs the observations through a new session: its verdict, or `None` if they do not reach one.
    ///
    /// # Errors
    /// [`Error::is_invalid_input`] for what [`Session::new`], [`Session::observe`] and [`Session::reveal`] refuse.
    pub fn replay(&self) -> Result<Option<Verdict>> {
        Ok(self.run()?.verdict)
    }

    /// The session as it was after the last observation, to go on with. Frames that follow are timed from the first one.
    ///
    /// # Errors
    /// [`Error::is_invalid_input`] for what [`Recording::replay`] refuses, and if the session has ended.
    pub fn resume(&self) -> Result<Session> {
        let session = self.run()?;
        if session.verdict.is_some() {
            return Err(Error::invalid_input("the recorded session has ended with a verdict: start a new one"));
        }
        Ok(session)
    }

    pub(crate) fn run(&self) -> Result<Session> {
        if self.observations.len() > MAX_OBSERVATIONS {
            return Err(Error::invalid_input(format!("a recording has at most {MAX_OBSERVATIONS} observations")));
        }
        check_version(self.version)?;
        let mut session = Session::of(self.version, self.setup.clone())?;
        session.take(&self.observations, &self.reveals)?;
        Ok(session)
    }
}

/// Reads a `what` of at most `most` bytes. Its version is checked first: another one need not have this one's fields.
///
/// # Errors
/// [`Error::is_invalid_input`] for longer text, for what `check_version` refuses, and for what is no `T`.
pub(crate) fn read<T: DeserializeOwned>(
    json: &str,
    what: &str,
    most: usize,
    check_version: impl FnOnce(u32) -> Result<()>,
) -> Result<T> {
    #[derive(Deserialize)]
    struct Header {
        version: u32,
    }
    if json.len() > most {
        return Err(Error::invalid_input(format!("a {what} of {} bytes: {most} are read", json.len())));
    }
    let malformed = |e: serde_json::Error| Error::invalid_input(format!("the {what} cannot be read: {e}"));
    let header: Header = serde_json::from_str(json).map_err(malformed)?;
    check_version(header.version)?;
    serde_json::from_str(json).map_err(malformed)
}

pub(crate) fn check_version(version: u32) -> Result<()> {
    if (FIRST..=VERSION).contains(&version) {
        return Ok(());
    }
    Err(Error::invalid_input(format!(
        "the recording has version {version}, this code replays {FIRST} to {VERSION}: use the release that made it"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        quality::{Quality, gate::tests::GOOD},
        score::OperatingPoint,
        session::{Challenge, Outcome, Step, Update},
    };

    fn recording() -> Recording {
        let mut session = Session::new(Setup {
            name: "strict".into(),
            operating_point: OperatingPoint::new(0.9, 0.01, 0.1),
            model_sha256: "0f".repeat(32),
            challenge: Some(Challenge { seed: 7, steps: vec![Step::TurnLeft, Step::TurnLeft] }),
            revealed: None,
            passive_seconds: None,
            largest_change: None,
        })
        .unwrap();
        for i in 0.. {
            let quality = Quality { faces: 1, face: Some(GOOD) };
            let observation = Observation {
                time_ms: 1e9 + f64::from(i) * 100.0 / 3.0,
                quality,
                score: Some(0.3.try_into().unwrap()),
                change: (i > 0).then_some(0.02),
            };
            if matches!(session.observe(observation).unwrap(), Update::Verdict(_)) {
                break;
            }
        }
        session.recording()
    }

    #[test]
    fn the_layout_is_stable() {
        let json: serde_json::Value = serde_json::from_str(&recording().to_json()).unwrap();
        assert_eq!(json["version"], 2);
        assert_eq!(
            json["setup"]["challenge"],
            serde_json::json!({"seed": "0000000000000007", "steps": ["turn-left", "turn-left"]})
        );
        assert_eq!(json["observations"][1]["timeMs"], 33.333);
        assert_eq!(json["observations"][0]["quality"]["face"]["size"], 0.5);
        assert_eq!(json["observations"][0].get("change"), None);
        assert_eq!(json["observations"][1]["change"], 0.02);
        assert_eq!(json["verdict"]["outcome"], "attack");
        assert_eq!(json["verdict"]["reasons"], serde_json::json!(["score-below-threshold"]));
    }

    #[test]
    fn it_replays_to_its_verdict() {
        let recording = Recording::parse(&recording().to_json()).unwrap();
        let verdict = recording.replay().unwrap();
        assert_eq!(verdict.as_ref().unwrap().outcome, Outcome::Attack);
        assert_eq!(verdict, recording.verdict);
        let broken_off = Recording { observations: recording.observations[..3].to_vec(), verdict: None, ..recording };
        assert_eq!(Recording::parse(&broken_off.to_json()).unwrap().replay().unwrap(), None);
    }

    #[test]
    fn a_session_broken_off_anywhere_goes_on_to_the_same_verdict() {
        let whole = recording();
        for at in 0..whole.observations.len() {
            let (seen, rest) = whole.observations.split_at(at);
            let broken_off = Recording { observations: seen.to_vec(), verdict: None, ..whole.clone() };
            let mut session = Recording::parse(&broken_off.to_json()).unwrap().resume().unwrap();
            for observation in rest {
                session.observe(*observation).unwrap();
            }
            assert_eq!(session.recording(), whole, "broken off after {at} frames");
        }
        assert!(whole.resume().unwrap_err().is_invalid_input());
    }

    #[test]
    fn what_a_browser_recorded_replays_here() {
        // Made in Chromium by `node --test tests/e2e/check.test.js`, which leaves it in target/e2e; again with each VERSION.
        let recording = Recording::parse(include_str!("../../../tests/golden/session.json")).unwrap();
        let verdict = recording.replay().unwrap();
        assert!(verdict.is_some());
        assert_eq!(verdict, recording.verdict);
        let (text, again) = (include_str!("../../../tests/golden/session.json").trim_end(), recording.to_json());
        assert_eq!(text, again, "numbers written in a browser are read and written back to the digit");
    }

    #[test]
    fn a_recording_of_the_first_rules_replays_by_them() {
        // Made at commit 789bd22, the last with those rules: one by its browser test, and one whose frames are 14 of a live
        // face that does what it is asked and 5 of a print, which it called bona fide.
        let browser = include_str!("../../../tests/golden/session-1.json");
        let exchange = include_str!("../../../tests/golden/session-1-exchange.json");
        for json in [browser, exchange] {
            let first = Recording::parse(json).unwrap();
            assert_eq!(first.version, FIRST);
            let verdict = first.replay().unwrap();
            assert!(verdict.is_some());
            assert_eq!(verdict, first.verdict);
        }
        let first = Recording::parse(exchange).unwrap();
        assert_eq!(first.verdict.as_ref().unwrap().outcome, Outcome::BonaFide);
        let present = Recording { version: VERSION, ..first }.replay().unwrap();
        assert_ne!(present.map(|verdict| verdict.outcome), Some(Outcome::BonaFide));
    }

    #[test]
    fn hostile_recordings_are_refused() {
        let good = serde_json::to_value(recording()).unwrap();
        for (pointer, value) in [
            ("/version", serde_json::json!(3)),
            ("/version", serde_json::json!(0)),
            ("/version", serde_json::json!(-1)),
            ("/setup/name", serde_json::json!("n".repeat(1_000))),
            ("/setup/operatingPoint/threshold", serde_json::json!(1e300)),
            ("/setup/modelSha256", serde_json::json!("../../etc/passwd")),
            ("/setup/challenge/steps", serde_json::json!([])),
            ("/setup/challenge/steps", serde_json::json!(vec!["turn-left"; 100])),
            ("/setup/challenge/steps/0", serde_json::json!("jump")),
            ("/setup/challenge/seed", serde_json::json!(7)),
            ("/observations/0/timeMs", serde_json::json!(1e9)),
            ("/observations/3/timeMs", serde_json::json!(-1.0)),
            ("/observations/3/timeMs", serde_json::json!(null)),
            ("/observations/3/timeMs", serde_json::json!(1e300)),
            ("/observations/3/score", serde_json::json!(1.5)),
            ("/observations/3/score", serde_json::json!("NaN")),
            ("/observations/3/change", serde_json::json!(-0.1)),
            ("/observations/3/change", serde_json::json!(2.1)),
            ("/observations/3/change", serde_json::json!(1e300)),
            ("/observations/3/quality/faces", serde_json::json!(-1)),
            ("/observations/3/quality/face", serde_json::json!(null)),
            ("/observations/3/quality/face/size", serde_json::json!(1e300)),
            ("/observations/3/quality/face/sharpness", serde_json::json!(-1.0)),
            ("/observations/3/quality/face/yaw", serde_json::json!(null)),
            ("/observations", serde_json::json!({})),
            ("/verdict/reasons/0", serde_json::json!("because")),
            ("/verdict/score", serde_json::json!(7.0)),
        ] {
            let mut bad = good.clone();
            *bad.pointer_mut(pointer).unwrap() = value;
            assert!(Recording::parse(&bad.to_string()).unwrap_err().is_invalid_input(), "{pointer}");
        }
        let text = good.to_string();
        let overflow = text.replacen("\"yaw\":0.0", "\"yaw\":1e999", 1);
        assert!(overflow != text && Recording::parse(&overflow).unwrap_err().is_invalid_input());
        let extra = text.replacen("\"version\"", "\"pixels\":[],\"version\"", 1);
        assert!(Recording::parse(&extra).unwrap_err().is_invalid_input());
        for text in ["", "{", "null", "[]", "{\"version\":1}", &"[".repeat(100_000), &" ".repeat(MAX_BYTES + 1)] {
            assert!(Recording::parse(text).unwrap_err().is_invalid_input());
        }
    }

    #[test]
    fn every_truncation_is_refused() {
        let mut short = recording();
        short.observations.truncate(2);
        let text = Recording { verdict: None, ..short }.to_json();
        assert!(Recording::parse(&text).is_ok());
        for end in 0..text.len() {
            assert!(Recording::parse(&text[..end]).unwrap_err().is_invalid_input(), "{end}");
        }
    }

    #[test]
    fn observations_after_the_verdict_or_beyond_the_most_are_refused() {
        let mut long = recording();
        let last = *long.observations.last().unwrap();
        long.observations.push(last);
        assert!(long.replay().unwrap_err().is_invalid_input());
        long.observations = vec![Observation { time_ms: 0.0, ..last }; MAX_OBSERVATIONS + 1];
        assert!(long.replay().unwrap_err().is_invalid_input());
        assert!(Recording { version: 0, ..long }.replay().unwrap_err().is_invalid_input());
    }
}
