//! What a page would send for a ticket. Shared by the tests of whoever receives it.

use bonafide::{
    session::{Observation, Recording, Session, Setup, Update},
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
    let manifest = manifest();
    let mut session = Session::new(Setup {
        name: ticket.operating_point.clone(),
        operating_point: manifest.operating_point(&ticket.operating_point).unwrap(),
        model_sha256: manifest.digest(),
        challenge: ticket.challenge.clone(),
    })
    .unwrap();
    // A face that Chromium saw; its measures are fine.
    let seen = Recording::parse(include_str!("../golden/session.json")).unwrap().observations[0];
    for i in 0.. {
        let time_ms = f64::from(i) * step_ms;
        let observation = Observation { time_ms, score: Some(score.try_into().unwrap()), ..seen };
        if matches!(session.observe(observation).unwrap(), Update::Verdict(_)) {
            break;
        }
    }
    Transcript::new(&ticket.nonce, session.recording()).unwrap().to_json()
}
