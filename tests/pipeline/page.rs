//! What a page would send for a ticket. Shared by the tests of whoever receives it.

use bonafide::{
    quality::{FaceQuality, Quality},
    session::{Observation, Recording, Session, Setup, Step, Update},
    transcript::Transcript,
    verify::Ticket,
    weights::Manifest,
};

/// The manifest that ships.
pub(crate) fn manifest() -> Manifest {
    Manifest::parse(include_str!("../../pkg/weights/manifest.json")).unwrap()
}

/// The transcript of a check with the weights that ship, of a face that scores `score` on every frame, `step_ms` apart,
/// until its verdict. Frames more than 400 ms apart lead to none before the time limit, 20 s.
pub(crate) fn transcript(ticket: &Ticket, score: f32, step_ms: f64) -> String {
    let mut session = session(ticket);
    for i in 0.. {
        if watch(&mut session, f64::from(i) * step_ms, 0.0, score).is_none() {
            break;
        }
    }
    Transcript::new(&ticket.nonce, session.recording()).unwrap().to_json()
}

/// The transcript of a check whose steps `ask` reveals (how many are known -> the next one), each answered within a second
/// by a face that scores `score`. `ask` hears the session's time, milliseconds.
#[allow(dead_code, reason = "not everybody who shares this file has steps to reveal")]
pub(crate) fn revealed(ticket: &Ticket, score: f32, mut ask: impl FnMut(usize, f64) -> Step) -> String {
    let mut session = session(ticket);
    let (mut known, mut prompted) = (0, None::<(f64, Step)>);
    for i in 0.. {
        let time_ms = f64::from(i) * 50.0;
        let turned = prompted.map_or(0.0, |(at, step)| {
            let side = if step == Step::TurnLeft { 1.0 } else { -1.0 };
            side * ((time_ms - at - 250.0) as f32 / 8.0).clamp(0.0, 35.0)
        });
        let Some((waits, prompt)) = watch(&mut session, time_ms, turned, score) else { break };
        if waits {
            session.reveal(ask(known, time_ms)).unwrap();
            known += 1;
        }
        prompted = prompt.map(|step| prompted.filter(|(_, same)| *same == step).unwrap_or((time_ms, step)));
    }
    Transcript::new(&ticket.nonce, session.recording()).unwrap().to_json()
}

fn session(ticket: &Ticket) -> Session {
    let manifest = manifest();
    Session::new(Setup {
        name: ticket.operating_point.clone(),
        operating_point: manifest.operating_point(&ticket.operating_point).unwrap(),
        model_sha256: manifest.digest(),
        challenge: ticket.challenge.clone(),
        revealed: ticket.revealed.as_ref().map(|steps| steps.len() as u32),
        passive_seconds: ticket.passive_seconds,
        largest_change: manifest.largest_change,
    })
    .unwrap()
}

/// Shows a face that Chromium saw, turned: whether the session waits for a step, and what it asks for; `None` with the
/// verdict.
fn watch(session: &mut Session, time_ms: f64, yaw: f32, score: f32) -> Option<(bool, Option<Step>)> {
    let seen = Recording::parse(include_str!("../golden/session.json")).unwrap().observations[0];
    // Without landmarks, which would have to turn as well.
    let face = seen.quality.face.map(|face| FaceQuality { yaw, landmarks: None, ..face });
    let quality = Quality { face, ..seen.quality };
    match session
        .observe(Observation { time_ms, quality, score: Some(score.try_into().unwrap()), change: None })
        .unwrap()
    {
        Update::Progress(progress) => Some((progress.waits_for_step, progress.prompt)),
        Update::Verdict(_) => None,
    }
}
