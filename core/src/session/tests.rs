//! Whole sessions: people, attacks and accidents as sequences of observations.

use super::{random::SplitMix64, *};
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

/// The frames of a check in which `first` stands before the camera until frame `at`, and `then` from there on.
fn exchange(first: f32, then: f32, at: usize) -> impl Fn(usize) -> (Quality, f32) {
    move |i| (face(GOOD), if i < at { first } else { then })
}

#[test]
fn an_exchange_for_an_attack_never_ends_bona_fide_whenever_it_happens() {
    for step in [33.0, 50.0, 90.0, 120.0, 200.0] {
        for at in 1..40 {
            for attack in [1e-6, 0.01, 0.3, 0.6, 0.79] {
                for live in [0.85, 0.95, 0.9999] {
                    let mut session = passive();
                    let verdict = run(&mut session, step, exchange(live, attack, at));
                    // Before the exchange a verdict on the live face is right.
                    let before = (verdict.frames_seen as usize) <= at;
                    assert!(before || verdict.outcome != Outcome::BonaFide, "{step} {at} {attack} {live}: {verdict:?}");
                }
            }
        }
    }
}

#[test]
fn who_comes_after_a_clear_attack_cannot_end_bona_fide() {
    for step in [33.0, 50.0, 90.0, 120.0, 200.0] {
        // So that four frames of the attack count.
        let least = (400.0 / step) as usize + 4;
        for at in least..40 {
            for attack in [1e-6, 0.01, 0.3] {
                let verdict = run(&mut passive(), step, exchange(attack, 0.9999, at));
                assert_ne!(verdict.outcome, Outcome::BonaFide, "{step} {at} {attack}: {verdict:?}");
                // Not even from another place, after a while.
                let there = FaceQuality { offset: [0.2, 0.0], size: 0.3, ..GOOD };
                let moved = |i: usize| if i < at { (face(GOOD), attack) } else { (face(there), 0.9999) };
                assert_ne!(run(&mut passive(), step, moved).outcome, Outcome::BonaFide, "{step} {at} {attack}");
            }
        }
    }
}

#[test]
fn a_face_that_changes_at_once_starts_again() {
    let mut session = passive();
    for i in 0..18 {
        progress(&mut session, seen(f64::from(i) * 50.0, face(GOOD), 0.85));
    }
    let fraction = |session: &mut Session, change| {
        let observation = Observation { change, ..seen(900.0, face(GOOD), 0.85) };
        progress(session, observation).fraction
    };
    assert!(fraction(&mut session.clone(), Some(presence::MAX_CHANGE)) > 0.2);
    assert_eq!(fraction(&mut session, Some(presence::MAX_CHANGE + 0.01)), 0.0);
    for change in [-0.1, 2.1, f32::NAN] {
        let observation = Observation { change: Some(change), ..seen(950.0, face(GOOD), 0.85) };
        assert!(session.observe(observation).unwrap_err().is_invalid_input(), "{change}");
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
fn evidence_never_mixes_two_presences() {
    // Half a second of a bona fide face, then an attack in its place, from elsewhere in the picture.
    let there = FaceQuality { offset: [0.2, 0.0], size: 0.3, ..GOOD };
    let swap = |i: usize| if i < 18 { (face(GOOD), 1.0) } else { (face(there), 0.79) };
    let verdict = run(&mut passive(), 50.0, swap);
    assert_eq!((verdict.outcome, verdict.restarts), (Outcome::Attack, 1));
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

/// Does what it is asked: turns, comes closer, returns, 30 frames a second. `mirrored`: to the wrong side.
fn obey(session: &mut Session, score: f32, mirrored: bool) -> (Verdict, Vec<Step>) {
    obey_as(session, |_| score, mirrored)
}

/// As [`obey`], frame `i` scoring `score(i)`.
fn obey_as(session: &mut Session, score: impl Fn(u32) -> f32, mirrored: bool) -> (Verdict, Vec<Step>) {
    let mut frame = 0;
    let (mut asked, mut now) = (Vec::new(), 0.0);
    let (mut yaw, mut size, mut prompt, mut since) = (0.0f32, 0.4f32, None, 0.0);
    loop {
        let (to_yaw, to_size) = match prompt.filter(|_| now - since >= 250.0) {
            Some(Step::TurnLeft) => (35.0, 0.4),
            Some(Step::TurnRight) => (-35.0, 0.4),
            Some(Step::MoveCloser) => (0.0, 0.55),
            None => (0.0, 0.4),
        };
        yaw += (if mirrored { -to_yaw } else { to_yaw } - yaw).clamp(-4.0, 4.0);
        size += (to_size - size).clamp(-0.01, 0.01);
        match session.observe(seen(now, face(FaceQuality { yaw, size, ..GOOD }), score(frame))).unwrap() {
            Update::Verdict(verdict) => return (verdict, asked),
            Update::Progress(progress) if progress.prompt != prompt => {
                (prompt, since) = (progress.prompt, now);
                asked.extend(progress.prompt);
            }
            Update::Progress(_) => {}
        }
        now += 33.0;
        frame += 1;
    }
}

fn active(seed: u64) -> Session {
    let steps = vec![Step::TurnLeft, Step::TurnRight, Step::MoveCloser];
    Session::new(setup(Some(Challenge { seed, steps }))).unwrap()
}

#[test]
fn a_person_who_does_what_is_asked_passes_in_every_order() {
    let mut orders = std::collections::BTreeSet::new();
    for seed in 0..40 {
        let (verdict, asked) = obey(&mut active(seed), 0.95, false);
        assert_eq!((verdict.outcome, asked.len(), verdict.restarts), (Outcome::BonaFide, 3, 0), "{verdict:?}");
        orders.insert(format!("{asked:?}"));
    }
    assert_eq!(orders.len(), 6);
}

#[test]
fn a_challenge_done_does_not_save_an_attack() {
    assert_eq!(obey(&mut active(1), 0.7, false).0.outcome, Outcome::Attack);
    let clear = obey(&mut active(1), 0.01, false).0;
    assert!(clear.outcome == Outcome::Attack && clear.elapsed_ms < 1_100.0);
}

#[test]
fn an_exchange_within_a_challenge_never_ends_bona_fide() {
    for seed in 0..6 {
        let whole = obey(&mut active(seed), 0.99, false).0.frames_seen;
        for at in (1..whole).step_by(3) {
            for (first, then) in [(0.999, 1e-4), (0.999, 0.6), (1e-4, 0.999), (0.3, 0.999)] {
                // What comes first, and is an attack, is a stretch at least.
                if first < then && at < 18 {
                    continue;
                }
                let (verdict, _) = obey_as(&mut active(seed), |i| if i < at { first } else { then }, false);
                assert_ne!(verdict.outcome, Outcome::BonaFide, "{seed} {at} {first} {then}: {verdict:?}");
            }
        }
    }
}

#[test]
fn turning_to_the_wrong_side_does_not_pass() {
    let (verdict, _) = obey(&mut active(3), 1.0, true);
    assert_eq!((verdict.outcome, verdict.reasons), (Outcome::Inconclusive, vec![Reason::WrongDirection]));
}

#[test]
fn doing_nothing_times_out() {
    let verdict = run(&mut active(3), 50.0, |_| (face(GOOD), 1.0));
    assert_eq!((verdict.outcome, verdict.reasons), (Outcome::Inconclusive, vec![Reason::ChallengeTimeout]));
}

#[test]
fn a_lost_face_has_to_do_all_steps_again() {
    let mut session = active(2);
    let mut now = 0.0;
    let mut feed = |session: &mut Session, quality| {
        now += 50.0;
        progress(session, seen(now, quality, 0.9))
    };
    let first = (0..5).find_map(|_| feed(&mut session, face(GOOD)).prompt).unwrap();
    for _ in 0..4 {
        feed(&mut session, face(GOOD));
    }
    let answer = match first {
        Step::TurnLeft => FaceQuality { yaw: 35.0, ..GOOD },
        Step::TurnRight => FaceQuality { yaw: -35.0, ..GOOD },
        Step::MoveCloser => FaceQuality { size: 0.64, ..GOOD },
    };
    let done = (0..2).map(|_| feed(&mut session, face(answer)).fraction).last().unwrap();
    let lost = (0..12).map(|_| feed(&mut session, NOBODY).fraction).last().unwrap();
    assert!(done > 1.0 / 6.0 && lost == 0.0, "{done} {lost}");
}

#[test]
fn nothing_in_progress_tells_the_score() {
    let tell = |score| {
        let mut session = passive();
        (0..15).map(|i| progress(&mut session, seen(f64::from(i) * 50.0, face(GOOD), score))).collect::<Vec<_>>()
    };
    assert_eq!(tell(0.01), tell(0.99));
}

/// Observations of a restless scene that follow from a seed: people come, go, jump, turn and are badly lit.
fn scene(seed: u64) -> (Setup, Vec<Observation>) {
    let mut random = SplitMix64(seed);
    let mut unit = move || (random.next() >> 40) as f32 / (1u32 << 24) as f32;
    let challenge = (unit() < 0.5).then(|| Challenge {
        seed: seed.wrapping_mul(0x1234_5678_9abc_def1),
        steps: (0..1 + (unit() * 7.9) as usize)
            .map(|_| [Step::TurnLeft, Step::TurnRight, Step::MoveCloser][(unit() * 2.99) as usize])
            .collect(),
    });
    let calm = unit() < 0.5;
    let (score, pace) = (unit(), 5.0 + 250.0 * f64::from(unit()));
    let (mut time_ms, mut now) = (f64::from(unit()) * 1e9, GOOD);
    let observations = (0..600)
        .map(|_| {
            time_ms += pace * f64::from(unit()) * if unit() < 0.005 { 50.0 } else { 2.0 };
            let mut jitter = |scale: f32| scale * (unit() - 0.5);
            now.yaw = (now.yaw + jitter(if calm { 2.0 } else { 30.0 })).clamp(-90.0, 90.0);
            now.size = (now.size + jitter(0.03)).clamp(0.05, 1.5);
            now.offset = now.offset.map(|at| (at + jitter(0.02)).clamp(-1.0, 1.0));
            now.brightness = (now.brightness + jitter(0.02)).clamp(0.0, 1.0);
            let noise = jitter(0.4);
            let rare = if calm { 0.0 } else { 0.04 };
            let faces = if unit() < rare { (unit() * 3.0) as u32 } else { 1 };
            let change = (unit() < 0.5).then(|| if unit() < rare { 1.9 } else { 0.05 });
            let score = (unit() < 0.95).then(|| (score + noise).clamp(0.0, 1.0).try_into().unwrap());
            let quality = Quality { faces, face: (faces > 0).then_some(now) };
            Observation { time_ms, quality, score, change }
        })
        .collect();
    (setup(challenge), observations)
}

fn play(setup: &Setup, observations: &[Observation]) -> Session {
    let mut session = Session::new(setup.clone()).unwrap();
    for observation in observations {
        match session.observe(*observation).unwrap() {
            Update::Progress(progress) => assert!((0.0..=1.0).contains(&progress.fraction)),
            Update::Verdict(_) => break,
        }
    }
    session
}

#[test]
fn a_verdict_follows_from_the_observations_alone() {
    let mut outcomes = std::collections::BTreeMap::new();
    for seed in 0..1_000 {
        let (setup, observations) = scene(seed);
        let session = play(&setup, &observations);
        let recording = session.recording();
        assert_eq!(play(&setup, &observations).recording(), recording, "seed {seed}");
        // Another clock, a fork in the middle, and the way through JSON change nothing.
        let fork = observations.len() / 2;
        let mut forked = play(&setup, &observations[..fork]).clone();
        observations[fork..].iter().for_each(|o| drop(forked.observe(*o)));
        assert_eq!(forked.verdict(), session.verdict(), "seed {seed}");
        let read = Recording::parse(&recording.to_json()).unwrap();
        assert_eq!(read, recording, "seed {seed}");
        assert_eq!(read.replay().unwrap().as_ref(), session.verdict(), "seed {seed}");
        if let Some(verdict) = session.verdict() {
            assert!(verdict.outcome != Outcome::BonaFide || verdict.frames_counted as usize >= evidence::EARLY_FRAMES);
            assert_eq!(verdict.outcome == Outcome::BonaFide, verdict.reasons.is_empty());
            *outcomes.entry(format!("{:?}", verdict.outcome)).or_insert(0) += 1;
        }
    }
    assert!(outcomes.len() == 3 && outcomes.values().all(|count| *count > 20), "{outcomes:?}");
}

#[test]
fn better_scores_never_turn_bona_fide_into_attack() {
    for seed in 0..300 {
        let (setup, mut observations) = scene(seed);
        let before = play(&setup, &observations).verdict().map(|verdict| verdict.outcome);
        for observation in &mut observations {
            observation.score = observation.score.map(|score| (score.value().sqrt()).try_into().unwrap());
        }
        let after = play(&setup, &observations).verdict().map(|verdict| verdict.outcome);
        assert!(before != Some(Outcome::BonaFide) || after == before, "seed {seed}: {after:?}");
    }
}
