//! `trainer sessions` as a user runs it: photos or a table in, a report and figures out.

mod support;

use std::{fs, process::Command};

use serde_json::Value;

/// A real photo of a face.
fn face() -> Vec<u8> {
    fs::read(support::demo().join("sample1.jpg")).unwrap()
}

fn sessions(arguments: &[&str]) -> (bool, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_trainer"))
        .args(["sessions", "--weights", concat!(env!("CARGO_MANIFEST_DIR"), "/../pkg/weights")])
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.success(), text(output.stdout), text(output.stderr))
}

fn shares(class: &Value) -> [f64; 4] {
    ["bona_fide", "attack", "inconclusive", "non_response"]
        .map(|share| class["first"][share]["value"].as_f64().unwrap())
}

#[test]
fn clips_that_end_before_a_verdict_are_non_responses() {
    let folder = tempfile::tempdir().unwrap();
    let photos = folder.path().join("people");
    fs::create_dir(&photos).unwrap();
    fs::write(photos.join("a.jpg"), face()).unwrap();
    fs::write(photos.join("broken.jpg"), &face()[..2_000]).unwrap();
    let (json, markdown) = (folder.path().join("out.json"), folder.path().join("out.md"));
    let to = [json.to_str().unwrap(), markdown.to_str().unwrap()];
    let (done, printed, complaint) = sessions(&[
        "--simulate",
        photos.to_str().unwrap(),
        "--seconds",
        "0.3",
        "--changes",
        "--json",
        to[0],
        "--markdown",
        to[1],
    ]);
    assert!(done, "{complaint}");
    assert_eq!(fs::read_to_string(&markdown).unwrap(), printed);
    let report: Value = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    let classes = report["classes"].as_array().unwrap();
    let names: Vec<&str> = classes.iter().map(|class| class["name"].as_str().unwrap()).collect();
    assert_eq!(names[..2], ["bona fide", "print"]);
    for class in classes {
        assert_eq!(shares(class), [0.0, 0.0, 0.0, 1.0], "{class}");
    }
    assert_eq!(report["left_out"].as_array().unwrap().len(), 3, "{report}");
    assert_eq!(report["of"], serde_json::json!(["people"]));
}

#[test]
fn a_table_of_frames_is_played_and_a_wrong_layout_named() {
    let folder = tempfile::tempdir().unwrap();
    for frame in ["1.jpg", "2.jpg"] {
        fs::write(folder.path().join(frame), face()).unwrap();
    }
    let table = folder.path().join("list.csv");
    let row = |path: &str| format!("{path},bona-fide,,,a,test,,,,\n");
    let head = "path,class,species,instrument,subject,split,x,y,width,height\n";
    fs::write(&table, [head, &row("1.jpg"), &row("2.jpg")].concat()).unwrap();
    let table = table.to_str().unwrap();
    let (done, printed, complaint) = sessions(&["--data", "csv", table]);
    assert!(done && printed.contains("| bona fide | 1 | 1 |"), "{printed}{complaint}");
    let (done, _, complaint) = sessions(&["--data", "cvs", table]);
    assert!(!done && complaint.contains("cvs is no layout"), "{complaint}");
    let (done, _, complaint) = sessions(&[]);
    assert!(!done && complaint.contains("--simulate"), "{complaint}");
}
