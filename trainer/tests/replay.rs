//! `trainer replay` on a check that a browser recorded (tests/golden/session.json; tests/e2e/check.test.js made it).

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden/session.json");

fn replay(path: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trainer")).arg("replay").arg(path).output().unwrap()
}

#[test]
fn a_browsers_verdict_comes_out_again() {
    let output = replay(GOLDEN.as_ref());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let recording: serde_json::Value = serde_json::from_str(&fs::read_to_string(GOLDEN).unwrap()).unwrap();
    assert_eq!(report["replayed"], recording["verdict"]);
    assert_eq!(report["frames"].as_u64().unwrap() as usize, recording["observations"].as_array().unwrap().len());
}

#[test]
fn a_verdict_that_was_changed_is_noticed_and_what_is_no_recording_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.json");
    let text = fs::read_to_string(GOLDEN).unwrap();
    assert!(text.contains("\"outcome\":\"bona-fide\""), "{text}");
    fs::write(&path, text.replace("\"outcome\":\"bona-fide\"", "\"outcome\":\"attack\"")).unwrap();
    assert_eq!(replay(&path).status.code(), Some(1));
    for text in ["", "{}", "{\"version\":99}"] {
        fs::write(&path, text).unwrap();
        let output = replay(&path);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("recording"), "{text}");
    }
}
