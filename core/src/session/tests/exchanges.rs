//! One face in the place of another.

use super::{
    challenges::{active, obey, obey_as},
    *,
};

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
fn an_exchange_for_what_is_not_scored_never_ends_bona_fide() {
    let blurred = face(FaceQuality { sharpness: 1.0, ..GOOD });
    let two = Quality { faces: 2, face: Some(GOOD) };
    for (quality, score) in [(blurred, Some(1e-6)), (NOBODY, None), (two, None), (face(GOOD), None)] {
        for fps in 5..=60 {
            let step = 1_000.0 / f64::from(fps);
            // The first frame after which the seconds to watch are over.
            let at = (2_000.0 / step - 1e-9).ceil() as usize;
            let mut session = Session::new(Setup { passive_seconds: Some(2), ..setup(None) }).unwrap();
            let verdict = (0..).find_map(|i| {
                let live = seen(i as f64 * step, face(GOOD), 0.9999);
                let score = score.map(|score: f32| score.try_into().unwrap());
                let then = Observation { quality, score, ..live };
                match session.observe(if i < at { live } else { then }).unwrap() {
                    Update::Verdict(verdict) => Some(verdict),
                    Update::Progress(_) => None,
                }
            });
            assert_ne!(verdict.unwrap().outcome, Outcome::BonaFide, "{fps} {quality:?}");
        }
    }
}

#[test]
fn a_new_presence_does_not_split_a_clear_attack() {
    let there = FaceQuality { offset: [0.2, 0.0], size: 0.3, ..GOOD };
    for at in 1..4 {
        let jumps = |i: usize| (face(if i < at { GOOD } else { there }), if i < 4 { 1e-6 } else { 0.9999 });
        assert_ne!(run(&mut passive(), 100.0, jumps).outcome, Outcome::BonaFide, "{at}");
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
fn weights_may_say_their_own_largest_change() {
    let of = |largest_change| Session::new(Setup { largest_change, ..passive().recording().setup });
    for largest in [0.03, 1.0] {
        for (change, whole) in [(largest, true), (largest * 1.01, false)] {
            let mut session = of(Some(largest)).unwrap();
            for at in 0..10 {
                progress(&mut session, seen(f64::from(at) * 50.0, face(GOOD), 0.85));
            }
            let last = Observation { change: Some(change), ..seen(500.0, face(GOOD), 0.85) };
            assert_eq!(progress(&mut session, last).fraction > 0.0, whole, "{largest} {change}");
        }
    }
    for none in [0.0, -1.0, 2.1, f32::NAN] {
        assert!(of(Some(none)).unwrap_err().is_invalid_input(), "{none}");
    }
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
fn evidence_never_mixes_two_presences() {
    // Half a second of a bona fide face, then an attack in its place, from elsewhere in the picture.
    let there = FaceQuality { offset: [0.2, 0.0], size: 0.3, ..GOOD };
    let swap = |i: usize| if i < 18 { (face(GOOD), 1.0) } else { (face(there), 0.79) };
    let verdict = run(&mut passive(), 50.0, swap);
    assert_eq!((verdict.outcome, verdict.restarts), (Outcome::Attack, 1));
}
