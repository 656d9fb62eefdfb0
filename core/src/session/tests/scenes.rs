//! Restless scenes that follow from a seed.

use super::*;
use crate::session::random::SplitMix64;

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
            let change = (unit() < 0.5).then(|| if unit() < rare { 1.9 } else { 0.02 });
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
fn outcome_and_score_never_contradict_each_other() {
    let point = OperatingPoint { refuse: Some(0.5), ..OperatingPoint::new(0.832, 0.0, 0.0) };
    let mut random = SplitMix64(3);
    let mut ended = [0; 3];
    for seed in 0..4_000 {
        let passive_seconds = (seed % 3 == 0).then_some(1 + seed % 7);
        let mut session = Session::new(Setup { operating_point: point, passive_seconds, ..setup(None) }).unwrap();
        // Levels that hold for a while, and noise.
        let mut level = 0.0;
        let verdict = run_to(&mut session, 20.0 + random.below(180) as f64, |_| {
            if random.below(12) == 0 {
                level = random.below(2_000) as f32 / 100.0 - 10.0;
            }
            Score::from_logit(level + random.below(200) as f32 / 100.0).value()
        });
        let score = verdict.score.map(Score::value);
        match verdict.outcome {
            Outcome::BonaFide => assert!(score.unwrap() >= 0.832 - 1e-6, "{seed}: {verdict:?}"),
            Outcome::Attack => assert!(score.unwrap() < 0.5, "{seed}: {verdict:?}"),
            Outcome::Inconclusive => {}
        }
        ended[verdict.outcome as usize] += 1;
    }
    assert!(ended.iter().all(|count| *count > 100), "{ended:?}");
}

/// As [`run`], frame after frame of one face.
fn run_to(session: &mut Session, step: f64, mut score: impl FnMut(usize) -> f32) -> Verdict {
    (0..)
        .find_map(|i| match session.observe(seen(i as f64 * step, face(GOOD), score(i))).unwrap() {
            Update::Verdict(verdict) => Some(verdict),
            Update::Progress(_) => None,
        })
        .unwrap()
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
