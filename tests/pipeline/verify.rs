//! The command `verify` as a server's operator uses it: files in, JSON and an exit code out.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use bonafide::verify::{Entry, Ticket};
use serde_json::Value;

mod page;

fn weights() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("pkg/weights")
}

/// A check that lasts a second, which is what clocks may differ by: it may come at once.
fn transcript(ticket: &Ticket, score: f32) -> String {
    page::transcript(ticket, score, 10.0)
}

fn verify(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_verify"))
        .args(arguments)
        .arg("--ledger")
        .arg(folder.join("tickets.json"))
        .arg("--weights")
        .arg(weights())
        .output()
        .unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

fn issue(arguments: &[&str], folder: &Path) -> Ticket {
    let output = verify(&[&["issue"], arguments].concat(), folder);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Sends `text` and expects exit code and `code`.
fn check(text: &str, folder: &Path, exit: i32) -> Value {
    let file = folder.join("transcript.json");
    fs::write(&file, text).unwrap();
    let output = verify(&["check", file.to_str().unwrap()], folder);
    assert_eq!(output.status.code(), Some(exit), "{}", String::from_utf8_lossy(&output.stderr));
    json(&output)
}

#[test]
fn a_transcript_is_taken_once_and_may_be_sent_again() {
    let folder = tempfile::tempdir().unwrap();
    let ticket = issue(&[], folder.path());
    assert_eq!((ticket.operating_point.as_str(), &ticket.challenge), ("balanced", &None));
    let (mine, other) = (transcript(&ticket, 0.01), transcript(&ticket, 1.0));
    for _ in 0..2 {
        let report = check(&mine, folder.path(), 0);
        assert_eq!((&report["accepted"], &report["verdict"]["outcome"]), (&true.into(), &"attack".into()));
    }
    assert_eq!(check(&other, folder.path(), 1)["code"], "REPLAYED");
}

#[test]
fn a_copy_under_another_tickets_nonce_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let [ticket, next] = [(); 2].map(|()| issue(&[], folder.path()));
    let mine = transcript(&ticket, 0.01);
    assert_eq!(check(&mine, folder.path(), 0)["accepted"], true);
    assert_eq!(check(&mine.replace(&ticket.nonce, &next.nonce), folder.path(), 1)["code"], "REPLAYED");
    // Its ticket is still good for a check of its own.
    assert_eq!(check(&transcript(&next, 0.02), folder.path(), 0)["accepted"], true);
}

#[test]
fn several_weights_and_releases_may_be_current() {
    let folder = tempfile::tempdir().unwrap();
    let mut next = page::manifest();
    next.networks.get_mut("classifier").unwrap().sha256 = "7".repeat(64);
    fs::write(folder.path().join("manifest.json"), serde_json::to_vec(&next).unwrap()).unwrap();
    let ticket = issue(&[], folder.path());
    let own = bonafide::transcript::SDK;
    let text = transcript(&ticket, 0.01);
    let changed = text.replace(&page::manifest().digest(), &next.digest()).replacen(
        &format!(r#""sdk":"{own}""#),
        r#""sdk":"0.0.9""#,
        1,
    );
    assert_ne!(text, changed);
    let file = folder.path().join("transcript.json");
    fs::write(&file, changed).unwrap();
    let both = ["check", file.to_str().unwrap(), "--weights", folder.path().to_str().unwrap(), "--release", "0.0.9"];
    let report = json(&verify(&both, folder.path()));
    assert_eq!((&report["accepted"], &report["code"]), (&true.into(), &Value::Null));
}

#[test]
fn a_bad_transcript_uses_its_ticket_up() {
    let folder = tempfile::tempdir().unwrap();
    let ticket = issue(&["--challenge", "turn-left,move-closer", "--minutes", "1"], folder.path());
    assert_eq!(ticket.challenge.as_ref().unwrap().steps.len(), 2);
    assert_eq!(ticket.expires_ms - ticket.issued_ms, 60_000);
    let unasked = Ticket { challenge: None, ..ticket.clone() };
    let text = transcript(&unasked, 0.01);
    assert_eq!(check(&text, folder.path(), 1)["code"], "OTHER_CHALLENGE");
    assert_eq!(check(&transcript(&ticket, 0.01), folder.path(), 1)["code"], "REPLAYED");
}

#[test]
fn nonces_that_were_not_issued_or_are_over_are_rejected() {
    let folder = tempfile::tempdir().unwrap();
    let ticket = issue(&[], folder.path());
    let text = transcript(&Ticket { nonce: "A".repeat(24), ..ticket.clone() }, 0.01);
    assert_eq!(check(&text, folder.path(), 1)["code"], "UNKNOWN_NONCE");
    assert_eq!(check("{}", folder.path(), 1)["code"], "MALFORMED");

    let ledger = folder.path().join("tickets.json");
    let mut entries: BTreeMap<String, Entry> = serde_json::from_slice(&fs::read(&ledger).unwrap()).unwrap();
    entries.values_mut().for_each(|entry| {
        entry.ticket.issued_ms -= 700_000;
        entry.ticket.expires_ms -= 700_000;
    });
    fs::write(&ledger, serde_json::to_vec(&entries).unwrap()).unwrap();
    assert_eq!(check(&transcript(&ticket, 0.01), folder.path(), 1)["code"], "EXPIRED");
    // The next ticket clears away what is over.
    issue(&[], folder.path());
    let left: BTreeMap<String, Entry> = serde_json::from_slice(&fs::read(&ledger).unwrap()).unwrap();
    assert!(left.len() == 1 && !left.contains_key(&ticket.nonce));
}

#[test]
fn tickets_issued_at_once_are_all_kept() {
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| issue(&[], folder.path()));
        }
    });
    let text = fs::read(folder.path().join("tickets.json")).unwrap();
    let entries: BTreeMap<String, Entry> = serde_json::from_slice(&text).unwrap();
    assert_eq!(entries.len(), 8);
}

#[test]
fn a_transcript_that_comes_too_soon_stays_rejected() {
    let folder = tempfile::tempdir().unwrap();
    let ticket = issue(&[], folder.path());
    // Twenty seconds of check, a moment after its ticket.
    let text = page::transcript(&ticket, 0.9, 450.0);
    assert_eq!(check(&text, folder.path(), 1)["code"], "IMPOSSIBLE");
    let ledger = folder.path().join("tickets.json");
    let mut entries: BTreeMap<String, Entry> = serde_json::from_slice(&fs::read(&ledger).unwrap()).unwrap();
    let first = entries[&ticket.nonce].used.as_ref().unwrap().received_ms;
    assert!((ticket.issued_ms..ticket.issued_ms + 20_000).contains(&first));
    // Half a minute passes.
    entries.values_mut().for_each(|entry| {
        entry.ticket.issued_ms -= 30_000;
        entry.ticket.expires_ms -= 30_000;
        entry.used.as_mut().unwrap().received_ms -= 30_000;
    });
    fs::write(&ledger, serde_json::to_vec(&entries).unwrap()).unwrap();
    assert_eq!(check(&text, folder.path(), 1)["code"], "IMPOSSIBLE");
}

#[test]
fn hostile_files_are_malformed_and_use_nothing_up() {
    let folder = tempfile::tempdir().unwrap();
    let ticket = issue(&[], folder.path());
    let file = folder.path().join("transcript.json");
    let good = transcript(&ticket, 0.01);
    let mut binary = good.clone().into_bytes();
    binary[20] = 0xff;
    let endless = good.clone() + &" ".repeat(bonafide::transcript::MAX_BYTES);
    for bytes in [&binary[..], endless.as_bytes(), b"\0\0\0\0", b""] {
        fs::write(&file, bytes).unwrap();
        let output = verify(&["check", file.to_str().unwrap()], folder.path());
        assert_eq!((output.status.code(), &json(&output)["code"]), (Some(1), &"MALFORMED".into()));
    }
    assert_eq!(check(&good, folder.path(), 0)["accepted"], true);
}

#[test]
fn uploaded_pictures_are_scored_by_the_networks_of_the_page() {
    let folder = tempfile::tempdir().unwrap();
    let ticket = issue(&[], folder.path());
    let file = folder.path().join("transcript.json");
    fs::write(&file, transcript(&ticket, 0.01)).unwrap();
    let picture = folder.path().join("picture.png");
    let with_picture = ["check", file.to_str().unwrap(), "--pictures", picture.to_str().unwrap()];
    image::RgbImage::from_pixel(64, 64, image::Rgb([90, 90, 90])).save(&picture).unwrap();
    let report = json(&verify(&with_picture, folder.path()));
    assert_eq!(report["accepted"], true);
    assert_eq!(report["pictures"][0]["score"], Value::Null, "there is no face in a gray square");
    let face = Path::new(env!("CARGO_MANIFEST_DIR")).join("trainer/docs/attacks/bona-fide.jpg");
    // One of the strip's crops.
    image::open(face).unwrap().crop_imm(0, 0, 224, 224).save(&picture).unwrap();
    let score = json(&verify(&with_picture, folder.path()))["pictures"][0]["score"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&score));

    // No picture, and one that would unpack to more than a frame may have.
    fs::write(&picture, "no picture").unwrap();
    let good = folder.path().join("good.png");
    image::RgbImage::from_pixel(64, 64, image::Rgb([90, 90, 90])).save(&good).unwrap();
    for message in ["picture.png", "limit"] {
        let output = verify(&[&with_picture[..], &["--pictures", good.to_str().unwrap()]].concat(), folder.path());
        // The report comes all the same, with what could be scored.
        let report = json(&output);
        assert_eq!((&report["accepted"], &report["pictures"][1]["error"]), (&true.into(), &Value::Null));
        assert!(report["pictures"][0]["error"].as_str().unwrap().to_lowercase().contains(message), "{report}");
        assert!(report["pictures"][1]["file"].as_str().unwrap().ends_with("good.png"));
        let said = String::from_utf8_lossy(&output.stderr).to_lowercase();
        assert!(output.status.code() == Some(2) && said.contains(message), "{said}");
        image::RgbImage::new(bonafide::frame::MAX_SIDE + 1, 1).save(&picture).unwrap();
    }
}

/// Runs `verify` where its output is lost: exit code, and what it says.
fn lost(arguments: &[&str], folder: &Path, out: impl Into<Stdio>) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_verify"));
    command.args(arguments).arg("--ledger").arg(folder.join("tickets.json")).arg("--weights").arg(weights());
    let output = command.stdout(out).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[cfg(target_os = "linux")]
#[test]
fn a_ticket_that_nobody_got_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let closed = || {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        writer
    };
    let full = || fs::File::options().write(true).open("/dev/full").unwrap();
    let kept = || -> BTreeMap<String, Value> {
        serde_json::from_slice(&fs::read(folder.path().join("tickets.json")).unwrap()).unwrap()
    };
    assert_eq!(lost(&["issue"], folder.path(), closed()), (Some(2), String::new()));
    assert!(kept().is_empty());
    let (code, says) = lost(&["issue"], folder.path(), full());
    assert!(code == Some(2) && says.starts_with("verify: cannot write to the standard output: "), "{says}");
    assert_eq!((says.lines().count(), kept().len()), (1, 0));
    let ticket = issue(&[], folder.path());
    assert_eq!(kept().len(), 1);
    let file = folder.path().join("transcript.json");
    fs::write(&file, transcript(&ticket, 0.01)).unwrap();
    let check = ["check", file.to_str().unwrap()];
    assert_eq!(lost(&check, folder.path(), closed()), (Some(2), String::new()));
    let (code, says) = lost(&check, folder.path(), full());
    assert!(code == Some(2) && says.starts_with("verify: cannot write to the standard output: "), "{says}");
    // The same again is answered as it was.
    assert!(verify(&check, folder.path()).status.success());
}

#[test]
fn a_broken_ledger_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("tickets.json");
    fs::write(&ledger, "{\"half").unwrap();
    let output = verify(&["issue"], folder.path());
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("tickets.json"));
    assert_eq!(fs::read_to_string(&ledger).unwrap(), "{\"half");
}
