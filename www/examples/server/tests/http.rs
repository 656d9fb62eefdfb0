//! The example over HTTP: a ticket out, a transcript in, each wrong thing answered for what it is.

use std::{
    net::SocketAddr,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use bonafide::verify::{CLOCK_SKEW_MS, Rejection, Ticket, Verifier, Wish};
use bonafide_example_server::{Store, service};
use serde_json::{Value, json};

#[path = "../../../../tests/pipeline/page.rs"]
mod page;

/// A server on a free port, with its tickets and one page in `folder`. It ends with the process.
fn serve(folder: &Path) -> SocketAddr {
    let pages = folder.join("pages");
    std::fs::create_dir_all(&pages).unwrap();
    std::fs::write(pages.join("index.html"), "<title>sign up</title>").unwrap();
    let service = service(page::manifest(), Store::open(&folder.join("tickets.redb")).unwrap(), &pages);
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

/// A check that lasts a second, which is what clocks may differ by: it may come at once.
fn transcript(ticket: &Ticket, score: f32) -> String {
    page::transcript(ticket, score, 10.0)
}

#[test]
fn a_ticket_is_answered_once_and_the_server_remembers() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path());
    let ticket = ticket(server, json!({ "operatingPoint": "strict", "steps": ["turn-left", "turn-right"] }));
    assert_eq!(ticket.challenge.as_ref().unwrap().steps.len(), 2);
    let (mine, other) = (transcript(&ticket, 0.01), transcript(&ticket, 0.02));
    for _ in 0..2 {
        let answer = answer(server, &mine);
        assert_eq!((&answer["accepted"], &answer["verdict"]["outcome"]), (&json!(true), &json!("attack")));
    }
    assert_eq!(answer(server, &other)["code"], "REPLAYED");
}

#[test]
fn a_copy_for_another_ticket_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path());
    let [mine, next] = [(); 2].map(|()| ticket(server, json!({ "operatingPoint": "strict" })));
    let text = transcript(&mine, 0.01);
    assert_eq!(answer(server, &text)["accepted"], json!(true));
    assert_eq!(answer(server, &text.replace(&mine.nonce, &next.nonce))["code"], "REPLAYED");
}

#[test]
fn of_many_transcripts_at_once_one_counts() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path());
    let ticket = ticket(server, json!({ "operatingPoint": "balanced" }));
    let transcripts: Vec<String> = (1..9).map(|i| transcript(&ticket, i as f32 / 1_000.0)).collect();
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
    // Twenty seconds of check, a moment after its ticket; asked again, it stays so.
    let hurried = ticket(server, json!({ "operatingPoint": "strict" }));
    let text = page::transcript(&hurried, 0.9, 450.0);
    for _ in 0..2 {
        assert_eq!(answer(server, &text)["code"], "IMPOSSIBLE");
    }
}

#[test]
fn pages_are_served_under_a_strict_policy() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path());
    let mut response = ureq::get(format!("http://{server}/")).call().unwrap();
    let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!(response.body_mut().read_to_string().unwrap(), "<title>sign up</title>");
    // Nothing beside the pages: not the tickets that lie next to them.
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    for path in ["/../tickets.redb", "/%2e%2e/tickets.redb", "/..%2ftickets.redb", "/tickets.redb"] {
        assert_eq!(agent.get(format!("http://{server}{path}")).call().unwrap().status().as_u16(), 404, "{path}");
    }
}

#[test]
fn tickets_outlive_the_server_and_used_ones_stay_used() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tickets.redb");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
    let verifier = Verifier::new(page::manifest());
    let issue = |seed: u8, now| verifier.ticket(&Wish::at("strict"), 600_000, [seed; 32], now).unwrap();
    let ticket = issue(7, now);
    let [first, second] = [0.01, 0.02].map(|score| transcript(&ticket, score));
    let store = Store::open(&file).unwrap();
    store.issue(&ticket, now).unwrap();
    assert!(Store::open(&file).is_err(), "one process at a time");
    store.redeem(&first, now).unwrap().unwrap();
    drop(store);
    let store = Store::open(&file).unwrap();
    assert_eq!(store.redeem(&second, now).unwrap(), Err(Rejection::Replayed));
    assert_eq!(store.redeem(&first, now + 1).unwrap().unwrap().2, now);
    // Over and forgotten with the next ticket; what it held is not.
    let later = now + 600_000 + CLOCK_SKEW_MS;
    let next = issue(8, later);
    store.issue(&next, later).unwrap();
    assert_eq!(store.redeem(&first, later).unwrap(), Err(Rejection::UnknownNonce));
    assert_eq!(store.redeem(&first.replace(&ticket.nonce, &next.nonce), later).unwrap(), Err(Rejection::Replayed));
}

#[test]
fn what_is_over_is_forgotten_some_with_each_ticket() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("tickets.redb")).unwrap();
    let verifier = Verifier::new(page::manifest());
    let issue = |seed: u8, now| {
        let ticket = verifier.ticket(&Wish::at("strict"), 600_000, [seed; 32], now).unwrap();
        store.issue(&ticket, now).unwrap();
        ticket
    };
    let later = 2_000_000;
    let old: Vec<_> = (0..20).map(|seed| issue(seed, 1_000_000 + u64::from(seed))).collect();
    let known = || {
        let answers = old.iter().map(|ticket| store.redeem(&transcript(ticket, 0.01), later).unwrap());
        answers.map(|answer| answer.unwrap_err()).filter(|answer| *answer == Rejection::Expired).count()
    };
    assert_eq!(known(), 20);
    // Eight at a time, oldest first, however many there are.
    let left = [12, 4, 0, 0].map(|left| {
        issue(100 + left, later);
        (known(), usize::from(left))
    });
    assert!(left.iter().all(|(known, left)| known == left), "{left:?}");
}
