//! The example over HTTP: a ticket out, a transcript in, each wrong thing answered for what it is.

use std::{net::SocketAddr, path::Path, time::Duration};

use bonafide::{
    session::{Observation, Recording, Session, Setup, Update},
    transcript::Transcript,
    verify::Ticket,
    weights::{CLASSIFIER, Manifest},
};
use bonafide_example_server::{Store, service};
use serde_json::{Value, json};

fn manifest() -> Manifest {
    Manifest::parse(include_str!("../../../../pkg/weights/manifest.json")).unwrap()
}

/// A server on a free port, with its tickets and one page in `folder`. It ends with the process.
fn serve(folder: &Path) -> SocketAddr {
    let pages = folder.join("pages");
    std::fs::create_dir_all(&pages).unwrap();
    std::fs::write(pages.join("index.html"), "<title>sign up</title>").unwrap();
    let service = service(manifest(), Store::open(&folder.join("tickets.redb")).unwrap(), &pages);
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            axum::serve(listener, service).await.unwrap();
        });
    });
    told.recv().unwrap()
}

/// Status and body of a POST.
fn post(server: SocketAddr, path: &str, body: &str) -> (u16, String) {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut response =
        agent.post(format!("http://{server}{path}")).content_type("application/json").send(body).unwrap();
    (response.status().as_u16(), response.body_mut().read_to_string().unwrap())
}

fn ticket(server: SocketAddr, wish: Value) -> Ticket {
    let (status, body) = post(server, "/api/tickets", &wish.to_string());
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).unwrap()
}

fn answer(server: SocketAddr, transcript: &str) -> Value {
    let (status, body) = post(server, "/api/transcripts", transcript);
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).unwrap()
}

/// What a page would send, had every frame scored `score`.
fn transcript(ticket: &Ticket, score: f32) -> String {
    let manifest = manifest();
    let mut session = Session::new(Setup {
        name: ticket.operating_point.clone(),
        operating_point: manifest.operating_point(&ticket.operating_point).unwrap(),
        model_sha256: manifest.networks[CLASSIFIER].sha256.clone(),
        challenge: ticket.challenge.clone(),
    })
    .unwrap();
    let golden = include_str!("../../../../tests/golden/session.json");
    let seen = Recording::parse(golden).unwrap().observations[0];
    for i in 0.. {
        let observation = Observation { time_ms: f64::from(i) * 10.0, score: Some(score.try_into().unwrap()), ..seen };
        if matches!(session.observe(observation).unwrap(), Update::Verdict(_)) {
            break;
        }
    }
    Transcript::new(&ticket.nonce, session.recording()).unwrap().to_json()
}

#[test]
fn a_ticket_is_answered_once_and_the_server_remembers() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path());
    let ticket = ticket(server, json!({ "operatingPoint": "strict", "steps": ["turn-left", "turn-right"] }));
    assert_eq!(ticket.challenge.as_ref().unwrap().steps.len(), 2);
    let (mine, other) = (transcript(&ticket, 0.01), transcript(&ticket, 0.02));
    std::thread::sleep(Duration::from_millis(1_000));
    for _ in 0..2 {
        let answer = answer(server, &mine);
        assert_eq!((&answer["accepted"], &answer["verdict"]["outcome"]), (&json!(true), &json!("attack")));
    }
    assert_eq!(answer(server, &other)["code"], "REPLAYED");
}

#[test]
fn of_many_transcripts_at_once_one_counts() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path());
    let ticket = ticket(server, json!({ "operatingPoint": "balanced" }));
    let transcripts: Vec<String> = (1..9).map(|i| transcript(&ticket, i as f32 / 1_000.0)).collect();
    std::thread::sleep(Duration::from_millis(1_000));
    let answers: Vec<Value> = std::thread::scope(|scope| {
        let sent: Vec<_> = transcripts.iter().map(|text| scope.spawn(|| answer(server, text))).collect();
        sent.into_iter().map(|sent| sent.join().unwrap()).collect()
    });
    assert_eq!(answers.iter().filter(|answer| answer["accepted"] == json!(true)).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer["code"] == json!("REPLAYED")).count(), 7);
}

#[test]
fn what_is_wrong_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path());
    let (status, body) = post(server, "/api/tickets", r#"{"operatingPoint":"lenient"}"#);
    assert!(status == 400 && body.contains("balanced"), "{status}: {body}");
    assert_eq!(post(server, "/api/tickets", "{").0, 400);
    assert_eq!(post(server, "/api/tickets", r#"{"operatingPoint":"strict","steps":["jump"]}"#).0, 422);
    assert_eq!(answer(server, "{}")["code"], "MALFORMED");
    assert_eq!(post(server, "/api/transcripts", &" ".repeat(bonafide::transcript::MAX_BYTES + 1)).0, 413);
    let unknown = Ticket { nonce: "A".repeat(24), ..ticket(server, json!({ "operatingPoint": "strict" })) };
    assert_eq!(answer(server, &transcript(&unknown, 0.01))["code"], "UNKNOWN_NONCE");
    let hurried = ticket(server, json!({ "operatingPoint": "strict" }));
    assert_eq!(answer(server, &transcript(&hurried, 0.01))["code"], "IMPOSSIBLE");
}

#[test]
fn pages_are_served_under_a_strict_policy() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path());
    let mut response = ureq::get(format!("http://{server}/")).call().unwrap();
    let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert_eq!(response.body_mut().read_to_string().unwrap(), "<title>sign up</title>");
}
