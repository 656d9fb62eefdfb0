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
