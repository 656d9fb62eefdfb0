//! People and attacks that are asked for something.

use super::*;

/// Does what it is asked: turns, comes closer, returns, 30 frames a second. `mirrored`: to the wrong side.
pub(super) fn obey(session: &mut Session, score: f32, mirrored: bool) -> (Verdict, Vec<Step>) {
    obey_as(session, |_| score, mirrored)
}

/// As [`obey`], frame `i` scoring `score(i)`.
pub(super) fn obey_as(session: &mut Session, score: impl Fn(u32) -> f32, mirrored: bool) -> (Verdict, Vec<Step>) {
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

pub(super) fn active(seed: u64) -> Session {
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
