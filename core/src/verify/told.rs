//! Whether a check's steps are those that its server revealed, at times that fit the server's.
//!
//! The page's clock and the server's have nothing in common but their pace. In the page's time each step was revealed after
//! the session began to wait for it and before the frame at which it was known; in the server's it was at one moment. The
//! rule: there is one difference of the two clocks at which every moment lies in its span, the check begins after the ticket
//! and ends before its transcript comes, but not long before. However slow the network was, an honest check has one.
//!
//! So a page that asks for a step before the last one is answered, or that takes time out of its answer, is found, unless
//! what it gains is less than the slack: [`CLOCK_SLACK_MS`], which the hosts that reveal the steps of one check may differ by
//! too. Those that issue the ticket and check the transcript may differ from them by [`CLOCK_SKEW_MS`].

use super::{CLOCK_SKEW_MS, CLOCK_SLACK_MS, Entry, Rejection};
use crate::session::Session;

/// A check whose steps were revealed must come within this after its end, milliseconds: the time that sending takes, and none
/// to make up an answer to the last step.
pub const SEND_MS: f64 = 10_000.0;

/// Holds the replayed `session`, which has its verdict, against what was told for `entry`.
///
/// # Errors
/// [`Rejection::OtherChallenge`] for other steps, or one too many or too few; [`Rejection::Untimely`].
pub(super) fn check(session: &Session, entry: &Entry, received_ms: u64) -> Result<(), Rejection> {
    let Entry { ticket, told, .. } = entry;
    let known = session.revealed();
    let (heard, unheard) = told.split_at_checked(known.len()).ok_or(Rejection::OtherChallenge)?;
    // One may be on its way when the check ends, but only if it was asked for.
    let asked = match (unheard, session.waiting_since()) {
        ([], _) => None,
        ([last], Some(since)) => Some((last, since)),
        _ => return Err(Rejection::OtherChallenge),
    };
    // The server's clock minus the page's, from the ticket on.
    let server = |at_ms: u64| at_ms as f64 - ticket.issued_ms as f64;
    let ended = session.verdict().map_or(0.0, |verdict| verdict.elapsed_ms);
    let (came, skew) = (server(received_ms) - ended, CLOCK_SKEW_MS as f64);
    let (mut least, mut most) = (f64::max(0.0, came - SEND_MS) - skew, came + skew);
    for ((step, span), told) in known.zip(heard) {
        if step != told.step {
            return Err(Rejection::OtherChallenge);
        }
        least = least.max(server(told.at_ms) - span.until_ms);
        most = most.min(server(told.at_ms) - span.from_ms);
    }
    if let Some((told, since)) = asked {
        most = most.min(server(told.at_ms) - since);
    }
    let fits = least <= most + CLOCK_SLACK_MS + ended / 1_000.0;
    if fits { Ok(()) } else { Err(Rejection::Untimely) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        quality::{FaceQuality, Quality, gate::tests::GOOD},
        session::{Observation, Outcome, Recording, Step, Update},
        transcript::Transcript,
        verify::{
            Submission, Verifier, Wish,
            tests::{manifest, setup},
        },
    };

    const ISSUED: u64 = 1_800_000_000_000;
    /// Where the page's time begins on the server's clock.
    const BEGAN: u64 = ISSUED + 4_000;

    fn ticket(steps: usize) -> Entry {
        let steps = [Step::TurnLeft, Step::TurnRight].into_iter().cycle().take(steps).collect();
        let wish = Wish { steps, reveal: true, ..Wish::at("strict") };
        Entry::new(Verifier::new(manifest()).ticket(&wish, 600_000, [7; 32], ISSUED).unwrap())
    }

    /// A check of somebody who does what is asked, and whose requests for a step take so many milliseconds to the server and
    /// back.
    fn check(entry: &mut Entry, score: f32, up: f64, down: f64) -> Recording {
        let mut session = Session::new(setup(&manifest(), &entry.ticket)).unwrap();
        let (mut coming, mut known, mut prompted) = (None::<(f64, Step)>, 0, None);
        for i in 0.. {
            let time_ms = f64::from(i) * 50.0;
            if let Some((_, step)) = coming.take_if(|(at, _)| *at <= time_ms) {
                session.reveal(step).unwrap();
                known += 1;
            }
            let turned = prompted
                .map_or(0.0, |(at, side): (f64, f32)| side * ((time_ms - at - 250.0) as f32 / 8.0).clamp(0.0, 35.0));
            let quality = Quality { faces: 1, face: Some(FaceQuality { yaw: turned, ..GOOD }) };
            let score = Some(score.try_into().unwrap());
            let Update::Progress(progress) =
                session.observe(Observation { time_ms, quality, score, change: None }).unwrap()
            else {
                break;
            };
            if progress.waits_for_step && coming.is_none() {
                let step = entry.reveal(known, 11 * known as u64 + 3, BEGAN + (time_ms + up) as u64).unwrap();
                coming = Some((time_ms + up + down, step));
            }
            prompted = progress.prompt.map(|step| {
                let side = if step == Step::TurnLeft { 1.0 } else { -1.0 };
                prompted.filter(|(_, same)| *same == side).unwrap_or((time_ms, side))
            });
        }
        session.recording()
    }

    /// What a server says of it so long after its end.
    fn say(entry: &Entry, recording: &Recording, later: u64) -> Result<Outcome, Rejection> {
        let json = Transcript::new(&entry.ticket.nonce, recording.clone()).unwrap().to_json();
        let submission = Submission::parse(&json).unwrap();
        let received = BEGAN + recording.verdict.as_ref().unwrap().elapsed_ms as u64 + later;
        let taken = entry.clone().redeem(&submission, None, received).unwrap();
        Verifier::new(manifest()).verify(&submission, entry, taken).map(|verdict| verdict.outcome)
    }

    #[test]
    fn an_honest_check_passes_however_slow_the_network() {
        for steps in [1, 2, 3, 8] {
            for (up, down) in [(0.0, 0.0), (20.0, 30.0), (900.0, 100.0), (100.0, 2_500.0), (3_000.0, 3_000.0)] {
                let mut entry = ticket(steps);
                let recording = check(&mut entry, 0.9999, up, down);
                assert_eq!((recording.reveals.len(), entry.told.len()), (steps, steps));
                assert_eq!(say(&entry, &recording, up as u64), Ok(Outcome::BonaFide), "{steps} {up} {down}");
            }
        }
    }

    #[test]
    fn steps_that_were_not_told_so_are_another_challenge() {
        let mut entry = ticket(3);
        let recording = check(&mut entry, 0.9999, 20.0, 30.0);
        let changed = |change: fn(&mut Entry)| {
            let mut entry = entry.clone();
            change(&mut entry);
            say(&entry, &recording, 100)
        };
        assert_eq!(changed(|_| {}), Ok(Outcome::BonaFide));
        let other = Err(Rejection::OtherChallenge);
        assert_eq!(changed(|entry| entry.told.truncate(2)), other);
        assert_eq!(changed(|entry| entry.told.clear()), other);
        assert_eq!(changed(|entry| entry.told.extend_from_within(..1)), other, "asked for, and not waited for");
        assert_eq!(changed(|entry| entry.told[1].step = Step::MoveCloser), other);
        assert_eq!(changed(|entry| entry.ticket.revealed = Some(vec![Step::TurnLeft])), other);
        assert_eq!(changed(|entry| entry.ticket.revealed = None), other);
        // And a ticket that reveals is not answered by a page that just looks.
        let passive =
            Entry::new(Verifier::new(manifest()).ticket(&Wish::at("strict"), 600_000, [7; 32], ISSUED).unwrap());
        let looked = check(&mut passive.clone(), 0.9999, 0.0, 0.0);
        assert_eq!(say(&passive, &looked, 100), Ok(Outcome::BonaFide));
        assert_eq!(say(&entry, &looked, 100), other);
    }

    #[test]
    fn what_was_asked_for_early_or_answered_late_is_untimely() {
        let mut entry = ticket(3);
        let recording = check(&mut entry, 0.9999, 20.0, 30.0);
        let untimely = Err(Rejection::Untimely);
        // All steps known from the beginning.
        let mut peeked = entry.clone();
        let first = peeked.told[0].at_ms;
        peeked.told.iter_mut().for_each(|told| told.at_ms = first);
        assert_eq!(say(&peeked, &recording, 100), untimely);
        // Five seconds, for which the page's time stood still, to make up an answer to each of the steps.
        for step in 0..3 {
            let mut slow = entry.clone();
            // After the last one nothing but the transcript's coming tells the time.
            slow.told[..=step].iter_mut().for_each(|told| told.at_ms -= if step < 2 { 5_000 } else { 15_000 });
            slow.ticket.issued_ms -= 20_000;
            assert_eq!(say(&slow, &recording, 100), untimely, "{step}");
        }
        // The last answer must come at once.
        assert_eq!(say(&entry, &recording, SEND_MS as u64), Ok(Outcome::BonaFide));
        assert_eq!(say(&entry, &recording, SEND_MS as u64 + 2_000), untimely);
    }

    #[test]
    fn a_step_may_be_on_its_way_when_the_check_ends() {
        let mut entry = ticket(2);
        let recording = check(&mut entry, 0.01, 100.0, 5_000.0);
        assert_eq!((recording.reveals.len(), entry.told.len()), (0, 1));
        assert_eq!(say(&entry, &recording, 200), Ok(Outcome::Attack));
        entry.told.push(entry.told[0]);
        assert_eq!(say(&entry, &recording, 200), Err(Rejection::OtherChallenge));
    }

    #[test]
    fn steps_are_told_in_turn_and_again_as_often_as_they_are_asked_for() {
        let mut entry = ticket(2);
        let malformed = |rejection: Rejection| assert_eq!(rejection.code(), "MALFORMED");
        malformed(entry.reveal(1, 0, BEGAN).unwrap_err());
        let step = entry.reveal(0, 0, BEGAN).unwrap();
        assert_eq!(entry.reveal(0, 1, BEGAN + 9_000), Ok(step), "an answer was lost");
        assert_eq!(entry.told.iter().map(|told| told.at_ms).collect::<Vec<_>>(), [BEGAN]);
        for known in 1..crate::session::reveal::MAX_REVEALS {
            assert_ne!(entry.reveal(known, known as u64, BEGAN), Ok(Step::MoveCloser), "nobody asked for that");
        }
        malformed(entry.reveal(entry.told.len(), 0, BEGAN).unwrap_err());
        malformed(entry.reveal(usize::MAX, 0, BEGAN).unwrap_err());
        let mut plain =
            Entry::new(Verifier::new(manifest()).ticket(&Wish::at("strict"), 600_000, [7; 32], ISSUED).unwrap());
        malformed(plain.reveal(0, 0, BEGAN).unwrap_err());
        let mut over = ticket(1);
        assert_eq!(over.reveal(0, 0, over.over_ms()), Err(Rejection::Expired));
        let mut used = ticket(1);
        used.used = Some(crate::verify::Use { digest: String::new(), received_ms: BEGAN });
        assert_eq!(used.reveal(0, 0, BEGAN), Err(Rejection::Replayed));
    }
}
