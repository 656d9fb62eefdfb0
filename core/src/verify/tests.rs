//! Honest transcripts pass once; every rule refuses what breaks it, and nothing that is thrown at the parser panics.

use super::*;
use crate::{
    quality::{Quality, gate::tests::GOOD},
    score::OperatingPoint,
    session::{Challenge, Observation, Outcome, Recording, Session, Step, Update},
};

const NONCE: &str = "kX3mPq9-Zr_t7Vb2WcYd5A";
const ISSUED: u64 = 1_800_000_000_000;

fn manifest() -> Manifest {
    Manifest::parse(include_str!("../../../pkg/weights/manifest.json")).unwrap()
}

fn ticket(challenge: Option<Challenge>) -> Ticket {
    let ticket = Ticket {
        nonce: NONCE.into(),
        issued_ms: ISSUED,
        expires_ms: ISSUED + 600_000,
        operating_point: "strict".into(),
        challenge,
    };
    ticket.check().unwrap();
    ticket
}

/// A check of a face that scores `score` on every frame, until its verdict.
fn recording(ticket: &Ticket, score: f32) -> Recording {
    let manifest = manifest();
    let mut session = Session::new(Setup {
        name: ticket.operating_point.clone(),
        operating_point: manifest.operating_points[&ticket.operating_point],
        model_sha256: manifest.digest(),
        challenge: ticket.challenge.clone(),
    })
    .unwrap();
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
    Verifier::new(manifest()).verify(submission, ticket, ISSUED + 30_000)
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
    assert_eq!(entry.redeem(&first, ISSUED + 1_000), Ok(ISSUED + 1_000));
    // Said as of its first coming: waiting makes no rejected transcript good, and no good one expire.
    assert_eq!(entry.redeem(&first, ISSUED + 700_000), Ok(ISSUED + 1_000));
    assert_eq!(entry.redeem(&other, ISSUED + 2_000), Err(Rejection::Replayed));
    assert_eq!(entry.used.unwrap().digest, first.digest());
}

#[test]
fn an_expired_ticket_stays_unused() {
    let ticket = ticket(None);
    let submission = submit(recording(&ticket, 0.9999));
    let mut entry = Entry::new(ticket);
    assert_eq!(entry.redeem(&submission, ISSUED + 600_000), Err(Rejection::Expired));
    assert_eq!(entry.used, None);
    assert!(entry.is_over(ISSUED + 600_000) && !entry.is_over(ISSUED + 599_999));
    entry.redeem(&submission, ISSUED + 599_999).unwrap();
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
    assert_eq!(changed(|r| r.verdict = None), Rejection::NoVerdict);
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
    let guessed = submit(recording(&self::ticket(Some(seen_before)), 0.01));
    assert_eq!(verify(&guessed, &self::ticket(Some(asked))), Err(Rejection::OtherChallenge));

    let other_nonce = Ticket { nonce: "A".repeat(22), ..ticket.clone() };
    assert_eq!(verify(&submit(honest.clone()), &other_nonce), Err(Rejection::UnknownNonce));
    let mut transcript = Transcript::new(NONCE, honest.clone()).unwrap();
    transcript.sdk = "9.9.9".into();
    let other_release = Submission::parse(&transcript.to_json()).unwrap();
    assert_eq!(verify(&other_release, &ticket), Err(Rejection::OtherRelease("9.9.9".into())));
    // A second of check cannot have happened in a hundred milliseconds.
    let lasted = honest.observations.last().unwrap().time_ms;
    assert_eq!(lasted, 1_000.0);
    // Nor can a page hide it by counting from elsewhere than 0.
    for start in [0.0, -1_000.0, 5e8] {
        let mut shifted = honest.clone();
        shifted.observations.iter_mut().for_each(|o| o.time_ms += start);
        let soon = Verifier::new(manifest()).verify(&submit(shifted.clone()), &ticket, ISSUED + 100);
        assert_eq!(soon, Err(Rejection::Impossible), "{start}");
        assert_eq!(verify(&submit(shifted), &ticket).unwrap().outcome, Outcome::Attack, "{start}");
    }
}

#[test]
fn tickets_are_as_asked_for() {
    let verifier = Verifier::new(manifest());
    let random: [u8; 32] = std::array::from_fn(|i| (i * 37) as u8);
    let ticket = verifier.ticket("strict", &[Step::TurnLeft], 60_000, random, ISSUED).unwrap();
    assert_eq!((ticket.issued_ms, ticket.expires_ms), (ISSUED, ISSUED + 60_000));
    assert_eq!(ticket.challenge.as_ref().unwrap().steps, [Step::TurnLeft]);
    assert_eq!(verifier.ticket("strict", &[], 60_000, random, ISSUED).unwrap().challenge, None);
    let (mut nonces, mut seeds) = (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
    for at in 0..32 {
        let mut other = random;
        other[at] ^= 1;
        let ticket = verifier.ticket("strict", &[Step::TurnLeft], 60_000, other, ISSUED).unwrap();
        nonces.insert(ticket.nonce);
        seeds.insert(ticket.challenge.unwrap().seed);
    }
    assert_eq!((nonces.len(), seeds.len()), (25, 9), "every byte counts: 24 in the nonce, 8 in the seed");
    for (name, steps, lifetime) in
        [("lenient", vec![], 60_000), ("strict", vec![Step::TurnLeft; 9], 60_000), ("strict", vec![], 0)]
    {
        assert!(verifier.ticket(name, &steps, lifetime, random, ISSUED).unwrap_err().is_invalid_input());
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
        ("/recording/observations/0/timeMs", serde_json::json!(1e300)),
        ("/recording/setup/operatingPoint/threshold", serde_json::json!(-1)),
    ] {
        let mut text = value.clone();
        *text.pointer_mut(pointer).unwrap() = bad;
        assert_eq!(Submission::parse(&text.to_string()).unwrap_err().code(), "MALFORMED", "{pointer}");
    }
    let extra = json.replacen("\"version\"", "\"pixels\":[],\"version\"", 1);
    let long = " ".repeat(crate::transcript::MAX_BYTES + 1);
    for text in ["", "{", "null", "[]", "{\"version\":1}", &extra, &"[".repeat(100_000), &long] {
        assert_eq!(Submission::parse(text).unwrap_err().code(), "MALFORMED");
    }
}
