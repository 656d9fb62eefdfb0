//! The standard output, where nobody reads it any more, and where it lies on a disk that is full.

mod support;

use std::{
    fmt::Write,
    fs::{self, File},
    io::pipe,
    path::Path,
    process::{Command, Output, Stdio},
};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden/session.json");
const WEIGHTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../pkg/weights");

fn run(folder: &Path, command: &[&str], out: impl Into<Stdio>) -> Output {
    let mut trainer = Command::new(env!("CARGO_BIN_EXE_trainer"));
    trainer.current_dir(folder).args(command).stdout(out).stderr(Stdio::piped());
    trainer.spawn().unwrap().wait_with_output().unwrap()
}

/// What each command reads: presentations with the classifier's votes and their labels, scores of a model, and a photo.
fn inputs(folder: &Path) {
    let mut votes = String::from("path,class,species,source,subject,split,face_width,face_height,classifier");
    let experts = trainer::fuse::columns::experts();
    writeln!(votes, ",{}", experts.join(",")).unwrap();
    let mut scores = String::from("source,subject,class,score,split\n");
    for person in 0..12 {
        let split = if person % 2 == 0 { "development" } else { "test" };
        let empty = ",".repeat(experts.len());
        let vote = 1.0 + f64::from(person) / 10.0;
        writeln!(votes, "a{person}.png,bona-fide,,s,{person},{split},200,200,{vote}{empty}").unwrap();
        writeln!(votes, "b{person}.png,attack,print,s,{person},{split},200,200,{}{empty}", 0.5 - vote).unwrap();
        writeln!(scores, "s,{person},bona fide,0.9,{split}\ns,{person},print,0.1,{split}").unwrap();
    }
    fs::write(folder.join("votes.csv"), votes).unwrap();
    fs::write(folder.join("scores.csv"), scores).unwrap();
    image::RgbImage::from_pixel(64, 48, image::Rgb([90, 120, 90])).save(folder.join("plain.png")).unwrap();
}

/// Commands, and the file that each writes beside what it prints.
const COMMANDS: [(&[&str], &str); 6] = [
    (&["preset", "small"], ""),
    (&["replay", GOLDEN], ""),
    (&["detect", "plain.png", "--weights", WEIGHTS], ""),
    (&["score", "plain.png", "--weights", WEIGHTS], ""),
    (&["fuse", "--scores", "votes.csv", "--about", "a test", "--out", "block.json"], "block.json"),
    (&["compare", "--scores", "mine=scores.csv", "--out", "peers"], "peers/peers.json"),
];

#[test]
fn whoever_stops_reading_hears_no_complaint() {
    for (command, file) in COMMANDS {
        let folder = tempfile::tempdir().unwrap();
        inputs(folder.path());
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let output = run(folder.path(), command, writer);
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && complaint.is_empty(), "{command:?}: {complaint}");
        assert!(folder.path().join(file).exists(), "{command:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_one_sentence_and_files_are_there_before() {
    for (command, file) in COMMANDS {
        let folder = tempfile::tempdir().unwrap();
        inputs(folder.path());
        let output = run(folder.path(), command, File::options().write(true).open("/dev/full").unwrap());
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{command:?}: {complaint}");
        assert!(complaint.starts_with("error: cannot write to the standard output: "), "{command:?}: {complaint}");
        assert_eq!(complaint.trim_end().lines().count(), 1, "{complaint}");
        assert!(folder.path().join(file).exists(), "{command:?}");
    }
    // A file that is asked for is named.
    let folder = tempfile::tempdir().unwrap();
    inputs(folder.path());
    let command = ["score", "plain.png", "--weights", WEIGHTS, "--csv", "/dev/full"];
    support::refuses_because(folder.path(), &command, "cannot write /dev/full: ");
}

#[test]
fn a_limit_that_is_no_number_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    inputs(folder.path());
    for (option, value) in [("--classifier-limit", "inf"), ("--experts-limit", "nan"), ("--classifier-limit", "0")] {
        let command = ["fuse", "--scores", "votes.csv", "--about", "a test", "--out", "block.json", option, value];
        support::refuses_because(folder.path(), &command, &format!("{option} is "));
        assert!(!folder.path().join("block.json").exists());
    }
}
