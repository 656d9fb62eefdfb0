//! The example over HTTP: a ticket out, a transcript in, each wrong thing answered for what it is.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use bonafide::{
    session::Step,
    verify::{CLOCK_SKEW_MS, Rejection, Ticket, Verifier, Wish},
};
use bonafide_example_server::{LIMIT, Store, service};
use serde_json::{Value, json};

#[path = "../../../../tests/pipeline/page.rs"]
mod page;

/// A server on a free port, with its tickets and one page in `folder`. It ends with the process.
fn serve(folder: &Path) -> SocketAddr {
    serve_within(folder, LIMIT)
}

fn serve_within(folder: &Path, limit: Duration) -> SocketAddr {
    let pages = folder.join("pages");
    std::fs::create_dir_all(&pages).unwrap();
    std::fs::write(pages.join("index.html"), "<title>sign up</title>").unwrap();
    let service = service(page::manifest(), Store::open(&folder.join("tickets.redb")).unwrap(), &pages, limit);
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

/// The step after `known` others.
fn step(server: SocketAddr, nonce: &str, known: usize) -> (u16, String) {
    post(server, "/api/steps", &json!({ "nonce": nonce, "known": known }).to_string())
}

#[test]
fn steps_are_revealed_one_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path());
    let wish = json!({ "operatingPoint": "strict", "steps": ["turn-left", "turn-right"], "reveal": true });
    let (status, body) = post(server, "/api/tickets", &wish.to_string());
    let issued: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &issued["challenge"], &issued["stepUrl"]), (200, &Value::Null, &json!("/api/steps")));
    let nonce = issued["nonce"].as_str().unwrap();
    for known in 0..2 {
        let first = step(server, nonce, known);
        assert_eq!(first, step(server, nonce, known), "the same step as often as it is asked for");
        assert!([r#"{"step":"turn-left"}"#, r#"{"step":"turn-right"}"#].contains(&first.1.as_str()), "{first:?}");
    }
    assert_eq!(step(server, nonce, 7), (409, "MALFORMED".into()));
    assert_eq!(step(server, &"A".repeat(24), 0), (409, "UNKNOWN_NONCE".into()));
    let plain = ticket(server, json!({ "operatingPoint": "strict" }));
    assert_eq!(step(server, &plain.nonce, 0), (409, "MALFORMED".into()));
}

#[test]
fn the_times_of_steps_are_kept_and_held_against_the_page() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("tickets.redb")).unwrap();
    let (verifier, now) = (Verifier::new(page::manifest()), 1_000_000);
    // One page waits for each step; the other asks for the second as soon as it has the first.
    for (seed, hurry, expected) in [(1, 0, None), (2, 1, Some("UNTIMELY"))] {
        let wish = Wish { steps: vec![Step::TurnLeft, Step::TurnRight], reveal: true, ..Wish::at("strict") };
        let ticket = verifier.ticket(&wish, 600_000, [seed; 32], now).unwrap();
        store.issue(&ticket, now).unwrap();
        let ask = |known, at| store.reveal(&ticket.nonce, known, seed.into(), at).unwrap().unwrap();
        let text = page::revealed(&ticket, 0.9999, |known, time_ms| {
            let step = ask(known, now + time_ms as u64);
            if known == 0 && hurry == 1 {
                ask(1, now + time_ms as u64 + 1);
            }
            step
        });
        let (sent, entry, received) = store.redeem(&text, now + 5_000).unwrap().unwrap();
        let said = verifier.verify(&sent, &entry, received).map_err(|rejection| rejection.code());
        assert_eq!(said.err(), expected);
    }
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

/// A request whose body never ends.
fn half_a_request(server: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server).unwrap();
    let head =
        "POST /api/transcripts HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\ncontent-length: 100\r\n\r\nhalf";
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

#[test]
fn a_body_that_never_ends_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve_within(folder.path(), Duration::from_millis(50));
    let mut stream = half_a_request(&server.to_string());
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 408");
}

#[cfg(unix)]
#[test]
fn the_server_ends_when_it_is_asked_to_whoever_is_connected() {
    for signal in ["-INT", "-TERM"] {
        let folder = tempfile::tempdir().unwrap();
        let weights = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../pkg/weights");
        let mut server = Command::new(env!("CARGO_BIN_EXE_bonafide-example-server"))
            .arg(folder.path().join("tickets.redb"))
            .arg(weights)
            .arg(folder.path())
            .arg("0")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let _held = half_a_request(line.trim().strip_prefix("http://").unwrap());
        // One that is answered after it: the half one was accepted.
        assert_eq!(ureq::get(format!("{}/tickets.redb", line.trim())).call().unwrap().status().as_u16(), 200);
        assert!(Command::new("kill").args([signal, &server.id().to_string()]).status().unwrap().success());
        let began = Instant::now();
        let ended = loop {
            match server.try_wait().unwrap() {
                Some(ended) => break ended,
                None if began.elapsed() > Duration::from_secs(20) => {
                    server.kill().unwrap();
                    panic!("it waits for a request that never ends");
                }
                None => std::thread::sleep(Duration::from_millis(10)),
            }
        };
        assert!(ended.success(), "{signal}: {ended}");
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
