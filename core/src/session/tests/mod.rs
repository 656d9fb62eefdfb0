//! Whole sessions: people, attacks and accidents as sequences of observations.

mod challenges;
mod exchanges;
mod scenes;

use super::*;
use crate::{
    quality::{FaceQuality, gate::tests::GOOD},
    score::OperatingPoint,
};

const NOBODY: Quality = Quality { faces: 0, face: None };

fn setup(challenge: Option<Challenge>) -> Setup {
    Setup {
        name: "balanced".into(),
        operating_point: OperatingPoint::new(0.8, 0.05, 0.05),
        model_sha256: "0123456789abcdef".repeat(4),
        challenge,
        revealed: None,
        passive_seconds: None,
        largest_change: None,
    }
}

fn passive() -> Session {
    Session::new(setup(None)).unwrap()
}

fn face(face: FaceQuality) -> Quality {
    Quality { faces: 1, face: Some(face) }
}

/// One frame: of a face, scored.
fn seen(time_ms: f64, quality: Quality, score: f32) -> Observation {
    Observation { time_ms, quality, score: Some(score.try_into().unwrap()), change: None }
}

/// Feeds `frame(i)` every `step` milliseconds until the verdict.
fn run(session: &mut Session, step: f64, frame: impl Fn(usize) -> (Quality, f32)) -> Verdict {
    for i in 0.. {
        let (quality, score) = frame(i);
        if let Update::Verdict(verdict) = session.observe(seen(i as f64 * step, quality, score)).unwrap() {
            return verdict;
        }
    }
    unreachable!()
}

/// Progress where a verdict would be a mistake.
fn progress(session: &mut Session, observation: Observation) -> Progress {
    match session.observe(observation).unwrap() {
        Update::Progress(progress) => progress,
        Update::Verdict(verdict) => panic!("no verdict was due: {verdict:?}"),
    }
}

#[test]
fn clear_sessions_end_early_and_doubtful_ones_at_the_windows_end() {
    for (score, outcome, elapsed) in [
        (0.999, Outcome::BonaFide, 1_000.0),
        (0.02, Outcome::Attack, 1_000.0),
        (0.85, Outcome::BonaFide, 3_000.0),
        (0.7, Outcome::Attack, 3_000.0),
    ] {
        let verdict = run(&mut passive(), 50.0, |_| (face(GOOD), score));
        assert_eq!((verdict.outcome, verdict.elapsed_ms), (outcome, elapsed), "{score}");
        assert_eq!(verdict.reasons.is_empty(), outcome == Outcome::BonaFide);
        assert!((verdict.score.unwrap().value() - score).abs() < 0.01 || elapsed == 1_000.0);
        assert_eq!(verdict.operating_point, "balanced");
    }
}

#[test]
fn one_lucky_frame_never_passes() {
    for lucky in 0..60 {
        let verdict = run(&mut passive(), 50.0, |i| (face(GOOD), if i == lucky { 1.0 } else { 0.6 }));
        assert_eq!(verdict.outcome, Outcome::Attack, "frame {lucky}");
    }
    // The only frame that is good enough to be scored.
    let blurred = FaceQuality { sharpness: 1.0, ..GOOD };
    let verdict = run(&mut passive(), 50.0, |i| (face(if i == 7 { GOOD } else { blurred }), 1.0));
    assert_eq!((verdict.outcome, verdict.frames_counted), (Outcome::Inconclusive, 1));
    assert_eq!(verdict.reasons, [Reason::Hint(Hint::HoldStill)]);
}

#[test]
fn refused_frames_do_not_count_whatever_their_score() {
    let dark = FaceQuality { brightness: 0.02, ..GOOD };
    let verdict = run(&mut passive(), 50.0, |_| (face(dark), 1.0));
    assert_eq!((verdict.outcome, verdict.score, verdict.frames_counted), (Outcome::Inconclusive, None, 0));
    assert_eq!((verdict.reasons, verdict.elapsed_ms), (vec![Reason::Hint(Hint::TooDark)], TIME_LIMIT_MS));
}

#[test]
fn two_faces_are_never_scored() {
    let two = Quality { faces: 2, face: Some(GOOD) };
    let mut session = passive();
    assert_eq!(progress(&mut session, seen(0.0, two, 1.0)).hint, Some(Hint::SeveralFaces));
    let verdict = run(&mut passive(), 50.0, |_| (two, 1.0));
    assert_eq!((verdict.outcome, verdict.frames_counted), (Outcome::Inconclusive, 0));
    assert_eq!(verdict.reasons, [Reason::Hint(Hint::SeveralFaces)]);
}

#[test]
fn a_face_that_leaves_and_returns_starts_again() {
    let mut session = passive();
    let away = |i: usize| (18..40).contains(&i);
    let fraction: Vec<f32> = (0..41)
        .map(|i| {
            let quality = if away(i) { NOBODY } else { face(GOOD) };
            let progress = progress(&mut session, seen(i as f64 * 50.0, quality, 0.85));
            assert!(i != 39 || progress.hint == Some(Hint::NoFace));
            progress.fraction
        })
        .collect();
    assert!(fraction[17] > 0.2 && fraction[27] == fraction[17] && fraction[30] == 0.0 && fraction[40] == 0.0);
    let verdict = run(&mut passive(), 50.0, |i| (if away(i) { NOBODY } else { face(GOOD) }, 0.85));
    assert_eq!((verdict.outcome, verdict.restarts, verdict.elapsed_ms), (Outcome::BonaFide, 1, 5_000.0));
}

#[test]
fn a_face_that_keeps_jumping_is_inconclusive() {
    let there = FaceQuality { offset: [0.2, 0.0], size: 0.3, ..GOOD };
    let verdict = run(&mut passive(), 50.0, |i| (face(if i / 10 % 2 == 0 { GOOD } else { there }), 0.99));
    assert_eq!((verdict.outcome, verdict.reasons), (Outcome::Inconclusive, vec![Reason::FaceLost]));
}

#[test]
fn too_few_frames_a_second_are_inconclusive() {
    for step in [250.0, 400.0, 900.0] {
        let verdict = run(&mut passive(), step, |_| (face(GOOD), 1.0));
        assert_eq!(
            (verdict.outcome, verdict.reasons),
            (Outcome::Inconclusive, vec![Reason::FrameRateTooLow]),
            "{step}"
        );
    }
    assert_eq!(run(&mut passive(), 200.0, |_| (face(GOOD), 1.0)).outcome, Outcome::BonaFide);
}

#[test]
fn a_device_that_keeps_stalling_is_too_slow() {
    // Twenty frames a second for 0.9 s, nothing for 0.7 s, and so on.
    let mut session = passive();
    let verdict = (0..).find_map(|i| {
        let time = f64::from(i / 18) * 1_600.0 + f64::from(i % 18) * 50.0;
        match session.observe(seen(time, face(GOOD), 1.0)).unwrap() {
            Update::Verdict(verdict) => Some(verdict),
            Update::Progress(_) => None,
        }
    });
    assert_eq!(verdict.unwrap().reasons, [Reason::FrameRateTooLow]);
}

#[test]
fn frames_without_scores_are_too_few_frames() {
    let mut session = passive();
    let verdict = (0..).find_map(|i| {
        let observation = Observation { time_ms: f64::from(i) * 50.0, quality: face(GOOD), score: None, change: None };
        match session.observe(observation).unwrap() {
            Update::Verdict(verdict) => Some(verdict),
            Update::Progress(_) => None,
        }
    });
    assert_eq!(verdict.unwrap().reasons, [Reason::FrameRateTooLow]);
}

#[test]
fn a_slow_start_does_no_harm() {
    // The first inference compiles shaders for seconds.
    let times = |i: usize| if i < 2 { i as f64 * 4_000.0 } else { 4_000.0 + i as f64 * 50.0 };
    let mut session = passive();
    let verdict = (0..).find_map(|i| match session.observe(seen(times(i), face(GOOD), 1.0)).unwrap() {
        Update::Verdict(verdict) => Some(verdict),
        Update::Progress(_) => None,
    });
    assert_eq!(verdict.unwrap().outcome, Outcome::BonaFide);
}

#[test]
fn times_and_measures_that_cannot_be_are_refused_and_change_nothing() {
    let mut session = passive();
    progress(&mut session, seen(1_000.0, face(GOOD), 0.9));
    let before = session.recording();
    for time in [999.999, f64::NAN, f64::INFINITY, -1e300, 1e300] {
        assert!(session.observe(seen(time, face(GOOD), 0.9)).unwrap_err().is_invalid_input(), "{time}");
    }
    for quality in [
        Quality { faces: 0, face: Some(GOOD) },
        Quality { faces: 1, face: None },
        face(FaceQuality { yaw: f32::NAN, ..GOOD }),
        face(FaceQuality { size: 0.0, ..GOOD }),
        face(FaceQuality { brightness: 1.5, ..GOOD }),
        face(FaceQuality { sharpness: f32::INFINITY, ..GOOD }),
    ] {
        assert!(session.observe(seen(1_100.0, quality, 0.9)).unwrap_err().is_invalid_input(), "{quality:?}");
    }
    assert_eq!(session.recording(), before);
    // Coarse clocks tell the same time twice.
    progress(&mut session, seen(1_000.0, face(GOOD), 0.9));
}

#[test]
fn an_ended_session_takes_nothing() {
    let mut session = passive();
    let verdict = run(&mut session, 50.0, |_| (face(GOOD), 1.0));
    assert_eq!(session.verdict(), Some(&verdict));
    assert!(session.observe(seen(1e6, face(GOOD), 1.0)).unwrap_err().is_invalid_input());
}

#[test]
fn setups_that_cannot_be_are_refused() {
    let point = |threshold| OperatingPoint::new(threshold, 0.0, 0.0);
    let steps = |count| Some(Challenge { seed: 0, steps: vec![Step::TurnLeft; count] });
    for bad in [
        Setup { name: String::new(), ..setup(None) },
        Setup { name: "n".repeat(65), ..setup(None) },
        Setup { operating_point: point(f32::NAN), ..setup(None) },
        Setup { operating_point: point(1.01), ..setup(None) },
        Setup { model_sha256: "A".repeat(64), ..setup(None) },
        Setup { model_sha256: "ab".into(), ..setup(None) },
        setup(steps(0)),
        setup(steps(9)),
    ] {
        assert!(Session::new(bad.clone()).unwrap_err().is_invalid_input(), "{bad:?}");
    }
}

#[test]
fn nothing_in_progress_tells_the_score() {
    let tell = |score| {
        let mut session = passive();
        (0..15).map(|i| progress(&mut session, seen(f64::from(i) * 50.0, face(GOOD), score))).collect::<Vec<_>>()
    };
    assert_eq!(tell(0.01), tell(0.99));
}
