//! Honest transcripts pass once; every rule refuses what breaks it, and nothing that is thrown at the parser panics.

use std::collections::BTreeMap;

use super::*;
use crate::{
    quality::{Quality, gate::tests::GOOD},
    score::OperatingPoint,
    session::{Challenge, Observation, Outcome, Recording, Session, Step, Update},
    transcript::Signal,
};

const NONCE: &str = "kX3mPq9-Zr_t7Vb2WcYd5A";
const ISSUED: u64 = 1_800_000_000_000;

pub(super) fn manifest() -> Manifest {
    Manifest::parse(include_str!("../../../pkg/weights/manifest.json")).unwrap()
}

fn ticket(challenge: Option<Challenge>) -> Ticket {
    let ticket = Ticket {
        nonce: NONCE.into(),
        issued_ms: ISSUED,
        expires_ms: ISSUED + 600_000,
        operating_point: "strict".into(),
        challenge,
        revealed: None,
        passive_seconds: None,
    };
    ticket.check().unwrap();
    ticket
}

/// A check of a face that scores `score` on every frame, until its verdict.
fn recording(ticket: &Ticket, score: f32) -> Recording {
    recorded(&manifest(), ticket, score)
}

/// As a page with these weights would have it.
pub(super) fn setup(manifest: &Manifest, ticket: &Ticket) -> Setup {
    Setup {
        name: ticket.operating_point.clone(),
        operating_point: manifest.operating_points[&ticket.operating_point],
        model_sha256: manifest.digest(),
        challenge: ticket.challenge.clone(),
        revealed: ticket.revealed.as_ref().map(|steps| steps.len() as u32),
        passive_seconds: ticket.passive_seconds,
        largest_change: manifest.largest_change,
    }
}

fn recorded(manifest: &Manifest, ticket: &Ticket, score: f32) -> Recording {
    let mut session = Session::new(setup(manifest, ticket)).unwrap();
    for i in 0.. {
        let quality = Quality { faces: 1, face: Some(GOOD) };
        let score = Some(score.try_into().unwrap());
        let observation = Observation { time_ms: f64::from(i) * 50.0, quality, score, change: None };
        if matches!(session.observe(observation).unwrap(), Update::Verdict(_)) {
            break;
        }
    }
    session.recording()
}

fn submit(recording: Recording) -> Submission {
    Submission::parse(&Transcript::new(NONCE, recording).unwrap().to_json()).unwrap()
}

fn verify(submission: &Submission, ticket: &Ticket) -> Result<Verdict, Rejection> {
    Verifier::new(manifest()).verify(submission, &Entry::new(ticket.clone()), ISSUED + 30_000)
}

#[test]
fn an_honest_transcript_gives_its_verdict_bona_fide_or_not() {
    let ticket = ticket(None);
    for (score, outcome) in [(0.9999, Outcome::BonaFide), (0.01, Outcome::Attack)] {
        let submission = submit(recording(&ticket, score));
        assert_eq!(submission.nonce(), NONCE);
        assert_eq!(verify(&submission, &ticket).unwrap().outcome, outcome);
    }
}

#[test]
fn a_nonce_is_used_once_but_the_same_answer_may_be_repeated() {
    let ticket = ticket(None);
    let (first, other) = (submit(recording(&ticket, 0.01)), submit(recording(&ticket, 0.9999)));
    let mut entry = Entry::new(ticket);
    assert_eq!(entry.redeem(&first, None, ISSUED + 1_000), Ok(ISSUED + 1_000));
    // Said as of its first coming: waiting makes no rejected transcript good, and no good one expire.
    assert_eq!(entry.redeem(&first, Some(NONCE), ISSUED + 700_000), Ok(ISSUED + 1_000));
    assert_eq!(entry.redeem(&other, None, ISSUED + 2_000), Err(Rejection::Replayed));
    assert_eq!(entry.used.unwrap().digest, first.digest());
}

/// As a server does it: entries by nonce, and contents with the nonce for which they came first.
#[derive(Default)]
struct Store {
    entries: BTreeMap<String, Entry>,
    contents: BTreeMap<String, String>,
}

impl Store {
    fn issue(&mut self, ticket: &Ticket) {
        self.entries.insert(ticket.nonce.clone(), Entry::new(ticket.clone()));
    }

    fn answer(&mut self, json: &str, now_ms: u64) -> Result<Verdict, Rejection> {
        let entry = self.entries.get_mut(&Submission::nonce_in(json)?).ok_or(Rejection::UnknownNonce)?;
        let submission = Submission::parse(json)?;
        let first_for = self.contents.get(submission.content()).map(String::as_str);
        let received = entry.redeem(&submission, first_for, now_ms)?;
        self.contents.entry(submission.content().into()).or_insert(submission.nonce().into());
        Verifier::new(manifest()).verify(&submission, entry, received)
    }
}

#[test]
fn an_accepted_transcript_is_not_taken_again_for_another_nonce() {
    let (mine, next) = (ticket(None), Ticket { nonce: "n".repeat(22), ..ticket(None) });
    let mut store = Store::default();
    [&mine, &next].into_iter().for_each(|ticket| store.issue(ticket));
    let recording = recording(&mine, 0.9999);
    let json = |nonce: &str, recording: Recording| Transcript::new(nonce, recording).unwrap().to_json();
    let first = json(NONCE, recording.clone());
    assert_eq!(store.answer(&first, ISSUED + 30_000).unwrap().outcome, Outcome::BonaFide);
    // Neither with its nonce exchanged, nor counted from elsewhere, nor written with other spaces.
    let mut shifted = recording.clone();
    shifted.observations.iter_mut().for_each(|o| o.time_ms += 5_000.0);
    let moved = first.replace(NONCE, &next.nonce);
    for copy in [&moved, &json(&next.nonce, shifted), &moved.replace(',', ", ")] {
        assert_eq!(store.answer(copy, ISSUED + 60_000), Err(Rejection::Replayed));
    }
    // Nor when the ticket that it answered is forgotten.
    store.entries.remove(NONCE);
    assert_eq!(store.answer(&moved, ISSUED + 60_000), Err(Rejection::Replayed));
    // A check of one's own still answers that ticket, as often as it is sent.
    let own = json(&next.nonce, self::recording(&next, 0.9998));
    for _ in 0..2 {
        assert_eq!(store.answer(&own, ISSUED + 60_000).unwrap().outcome, Outcome::BonaFide);
    }
}

#[test]
fn an_unknown_nonce_is_refused_before_the_rest_is_read() {
    let json = Transcript::new(NONCE, recording(&ticket(None), 0.01)).unwrap().to_json();
    assert_eq!(Store::default().answer(&json, ISSUED), Err(Rejection::UnknownNonce));
    // What follows may be anything that is JSON: nobody looks at it.
    let nonsense = format!(r#"{{"version":1,"nonce":"{NONCE}","recording":[[{{}}],7]}}"#);
    assert_eq!(Submission::nonce_in(&nonsense).unwrap(), NONCE);
    assert_eq!(Store::default().answer(&nonsense, ISSUED), Err(Rejection::UnknownNonce));
    let mut store = Store::default();
    store.issue(&ticket(None));
    assert_eq!(store.answer(&nonsense, ISSUED).unwrap_err().code(), "MALFORMED");
    // It is read without a replay: a clock that goes backwards is found when all else is in order.
    let mut backwards = recording(&ticket(None), 0.01);
    backwards.observations[3].time_ms = 1.0;
    assert_eq!(verify(&submit(backwards), &ticket(None)).unwrap_err().code(), "MALFORMED");
}

#[test]
fn several_weights_and_releases_may_be_current_at_once() {
    let ticket = ticket(None);
    let mut next = manifest();
    next.networks.get_mut(crate::manifest::CLASSIFIER).unwrap().sha256 = "7".repeat(64);
    *next.operating_points.get_mut("strict").unwrap() = OperatingPoint::new(0.75, 0.1, 0.1);
    let (mut old, mut new) = (recording(&ticket, 0.01), recorded(&next, &ticket, 0.01));
    let both = Verifier::new(manifest()).and_weights(next.clone()).and_release("0.0.9");
    let (entry, at) = (Entry::new(ticket.clone()), ISSUED + 30_000);
    // Each with its own threshold.
    for recording in [&old, &new] {
        assert_eq!(both.verify(&submit(recording.clone()), &entry, at).unwrap().outcome, Outcome::Attack);
    }
    assert_eq!(verify(&submit(new.clone()), &ticket), Err(Rejection::OtherWeights));
    std::mem::swap(&mut old.setup.operating_point, &mut new.setup.operating_point);
    for recording in [&old, &new] {
        assert_eq!(both.verify(&submit(recording.clone()), &entry, at), Err(Rejection::OtherOperatingPoint));
    }
    for (sdk, taken) in [(SDK, true), ("0.0.9", true), ("0.0.8", false), ("", false)] {
        let recording = recording(&ticket, 0.01);
        let transcript = Transcript { sdk: sdk.into(), ..Transcript::new(NONCE, recording).unwrap() };
        let submission = Submission::parse(&transcript.to_json()).unwrap();
        assert_eq!(both.verify(&submission, &entry, at).is_ok(), taken, "{sdk}");
    }
    // The same weights, measured again.
    let again = Manifest { largest_change: Some(0.2), ..manifest() };
    let measured = recorded(&again, &ticket, 0.01);
    assert_eq!(verify(&submit(measured.clone()), &ticket), Err(Rejection::OtherOperatingPoint));
    let either = Verifier::new(manifest()).and_weights(again);
    for recording in [&measured, &recording(&ticket, 0.01)] {
        assert!(either.verify(&submit(recording.clone()), &entry, at).is_ok());
    }
    // A ticket must be one that a page with any of them can answer.
    let renamed = next.operating_points.remove("strict").unwrap();
    next.operating_points.insert("careful".into(), renamed);
    let both = Verifier::new(manifest()).and_weights(next);
    for (name, all) in [("balanced", true), ("strict", false), ("careful", false)] {
        assert_eq!(both.ticket(&Wish::at(name), 60_000, [7; 32], ISSUED).is_ok(), all, "{name}");
    }
}

#[test]
fn clocks_of_two_hosts_may_differ_by_a_second() {
    let ticket = ticket(None);
    let mut slow = recording(&ticket, 0.01);
    slow.observations.iter_mut().for_each(|o| o.time_ms *= 5.0);
    let submission = submit(slow);
    let mut entry = Entry::new(ticket.clone());
    assert_eq!(entry.redeem(&submission, None, entry.over_ms() - 1), Ok(ticket.expires_ms + CLOCK_SKEW_MS - 1));
    // Five seconds of check; the clock that checks is behind the one that issued.
    let at = |received| Verifier::new(manifest()).verify(&submission, &entry, received);
    assert_ne!(at(ISSUED + 5_000 - CLOCK_SKEW_MS), Err(Rejection::Impossible));
    assert_eq!(at(ISSUED + 4_700 - CLOCK_SKEW_MS), Err(Rejection::Impossible));
    assert_eq!(at(0), Err(Rejection::Impossible));
}

#[test]
fn what_is_attached_comes_with_the_submission() {
    let ticket = ticket(None);
    let signal = Signal { name: "label".into(), fired: true, measured: serde_json::json!({ "word": "obs" }) };
    let attached = Attached { release: Some("shop 4.2".into()), signals: Some(vec![signal]) };
    let recording = recording(&ticket, 0.01);
    let transcript = Transcript { attached: Some(attached.clone()), ..Transcript::new(NONCE, recording).unwrap() };
    let submission = Submission::parse(&transcript.to_json()).unwrap();
    assert_eq!(submission.attached(), Some(&attached));
    assert_eq!(verify(&submission, &ticket).unwrap().outcome, Outcome::Attack);
    assert_eq!(submit(self::recording(&ticket, 0.01)).attached(), None);
}

#[test]
fn an_expired_ticket_stays_unused() {
    let ticket = ticket(None);
    let submission = submit(recording(&ticket, 0.9999));
    let mut entry = Entry::new(ticket);
    let over = ISSUED + 600_000 + CLOCK_SKEW_MS;
    assert_eq!(entry.redeem(&submission, None, over), Err(Rejection::Expired));
    assert_eq!(entry.used, None);
    assert!(entry.is_over(over) && !entry.is_over(over - 1));
    entry.redeem(&submission, None, over - 1).unwrap();
}

#[test]
fn every_rule_refuses_what_breaks_it() {
    let ticket = ticket(None);
    let honest = recording(&ticket, 0.01);
    let changed = |change: fn(&mut Recording)| {
        let mut recording = honest.clone();
        change(&mut recording);
        verify(&submit(recording), &ticket).unwrap_err()
    };
    // A threshold of the client's own choice.
    assert_eq!(
        changed(|r| r.setup.operating_point = OperatingPoint::new(0.0, 0.0, 0.0)),
        Rejection::OtherOperatingPoint
    );
    assert_eq!(changed(|r| r.setup.name = "low_friction".into()), Rejection::OtherOperatingPoint);
    assert_eq!(changed(|r| r.setup.model_sha256 = "0".repeat(64)), Rejection::OtherWeights);
    for largest in
        [|r: &mut Recording| r.setup.largest_change = Some(1.9), |r: &mut Recording| r.setup.largest_change = None]
    {
        assert_eq!(changed(largest), Rejection::OtherOperatingPoint);
    }
    assert_eq!(changed(|r| r.verdict = None), Rejection::NoVerdict);
    // Rules that have been left behind, under this release's name.
    assert_eq!(changed(|r| r.version = recording::FIRST), Rejection::OtherRules(recording::FIRST));
    let (says, now) = (Rejection::OtherRules(recording::FIRST).to_string(), recording::VERSION);
    assert!(says.contains(&format!("version {} ", recording::FIRST)) && says.contains(&format!("by {now}")), "{says}");
    // A verdict that the scores do not lead to.
    assert_eq!(changed(|r| r.verdict.as_mut().unwrap().outcome = Outcome::BonaFide), Rejection::OtherVerdict);
    assert_eq!(changed(|r| r.observations.truncate(3)), Rejection::OtherVerdict);
    assert_eq!(
        changed(|r| r.observations.iter_mut().for_each(|o| o.score = Some(1.0.try_into().unwrap()))),
        Rejection::OtherVerdict
    );
    let asked = Challenge { seed: 7, steps: vec![Step::TurnLeft, Step::MoveCloser] };
    assert_eq!(verify(&submit(honest.clone()), &self::ticket(Some(asked.clone()))), Err(Rejection::OtherChallenge));
    let seen_before = Challenge { seed: 8, ..asked.clone() };
    let patient = Ticket { passive_seconds: Some(5), ..ticket.clone() };
    assert_eq!(verify(&submit(honest.clone()), &patient), Err(Rejection::OtherChallenge));
    let guessed = submit(recording(&self::ticket(Some(seen_before)), 0.01));
    assert_eq!(verify(&guessed, &self::ticket(Some(asked))), Err(Rejection::OtherChallenge));

    let other_nonce = Ticket { nonce: "A".repeat(22), ..ticket.clone() };
    assert_eq!(verify(&submit(honest.clone()), &other_nonce), Err(Rejection::UnknownNonce));
    let mut transcript = Transcript::new(NONCE, honest.clone()).unwrap();
    transcript.sdk = "9.9.9".into();
    let other_release = Submission::parse(&transcript.to_json()).unwrap();
    assert_eq!(verify(&other_release, &ticket), Err(Rejection::OtherRelease("9.9.9".into())));
    // A second of check cannot have ended a second before its ticket. Nor can a page hide it by counting from elsewhere
    // than 0.
    let lasted = honest.observations.last().unwrap().time_ms;
    assert_eq!(lasted, 1_000.0);
    for start in [0.0, -1_000.0, 5e8] {
        let mut shifted = honest.clone();
        shifted.observations.iter_mut().for_each(|o| o.time_ms += start);
        let soon =
            Verifier::new(manifest()).verify(&submit(shifted.clone()), &Entry::new(ticket.clone()), ISSUED - 1_000);
        assert_eq!(soon, Err(Rejection::Impossible), "{start}");
        assert_eq!(verify(&submit(shifted), &ticket).unwrap().outcome, Outcome::Attack, "{start}");
    }
}

#[test]
fn tickets_are_as_asked_for() {
    let verifier = Verifier::new(manifest());
    let random: [u8; 32] = std::array::from_fn(|i| (i * 37) as u8);
    let turn = Wish { steps: vec![Step::TurnLeft], ..Wish::at("strict") };
    let ticket = verifier.ticket(&turn, 60_000, random, ISSUED).unwrap();
    assert_eq!((ticket.issued_ms, ticket.expires_ms), (ISSUED, ISSUED + 60_000));
    assert_eq!(ticket.challenge.as_ref().unwrap().steps, [Step::TurnLeft]);
    assert_eq!(verifier.ticket(&Wish::at("strict"), 60_000, random, ISSUED).unwrap().challenge, None);
    let (mut nonces, mut seeds) = (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
    for at in 0..32 {
        let mut other = random;
        other[at] ^= 1;
        let ticket = verifier.ticket(&turn, 60_000, other, ISSUED).unwrap();
        nonces.insert(ticket.nonce);
        seeds.insert(ticket.challenge.unwrap().seed);
    }
    assert_eq!((nonces.len(), seeds.len()), (25, 9), "every byte counts: 24 in the nonce, 8 in the seed");
    for (name, steps, lifetime) in
        [("lenient", vec![], 60_000), ("strict", vec![Step::TurnLeft; 9], 60_000), ("strict", vec![], 0)]
    {
        assert!(
            verifier
                .ticket(&Wish { steps, ..Wish::at(name) }, lifetime, random, ISSUED)
                .unwrap_err()
                .is_invalid_input()
        );
    }
}

#[test]
fn tickets_that_no_page_could_answer_are_refused() {
    let good = ticket(None);
    for bad in [
        Ticket { nonce: "short".into(), ..good.clone() },
        Ticket { nonce: "spaces are no base64url".into(), ..good.clone() },
        Ticket { nonce: "n".repeat(129), ..good.clone() },
        Ticket { expires_ms: ISSUED, ..good.clone() },
        Ticket { expires_ms: 0, ..good.clone() },
        Ticket { expires_ms: u64::MAX, ..good.clone() },
        Ticket { challenge: Some(Challenge { seed: 0, steps: Vec::new() }), ..good.clone() },
        Ticket { revealed: Some(Vec::new()), ..good.clone() },
        Ticket { revealed: Some(vec![Step::TurnLeft; 9]), ..good.clone() },
        Ticket { passive_seconds: Some(0), ..good.clone() },
    ] {
        assert!(bad.check().unwrap_err().is_invalid_input(), "{bad:?}");
    }
}

#[test]
fn hostile_text_is_malformed() {
    let json = Transcript::new(NONCE, recording(&ticket(None), 0.01)).unwrap().to_json();
    assert!(Submission::parse(&json).is_ok());
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    for (pointer, bad) in [
        ("/version", serde_json::json!(2)),
        ("/nonce", serde_json::json!("'; drop table tickets; --")),
        ("/nonce", serde_json::json!(7)),
        ("/sdk", serde_json::json!(null)),
        ("/recording/version", serde_json::json!(9)),
        ("/recording/observations/0/timeMs", serde_json::json!("soon")),
        ("/recording/observations/0/score", serde_json::json!(1.5)),
        ("/attached", serde_json::json!(7)),
        ("/recording/setup/operatingPoint/threshold", serde_json::json!("low")),
    ] {
        let mut text = value.clone();
        match text.pointer_mut(pointer) {
            Some(value) => *value = bad,
            None => text[&pointer[1..]] = bad,
        }
        assert_eq!(Submission::parse(&text.to_string()).unwrap_err().code(), "MALFORMED", "{pointer}");
    }
    let extra = json.replacen("\"version\"", "\"pixels\":[],\"version\"", 1);
    let long = " ".repeat(crate::transcript::MAX_BYTES + 1);
    for text in ["", "{", "null", "[]", "{\"version\":1}", &extra, &"[".repeat(100_000), &long] {
        assert_eq!(Submission::parse(text).unwrap_err().code(), "MALFORMED");
    }
}
