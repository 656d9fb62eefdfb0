//! `trainer protocol cross` from the command line, on tiny sets.

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
};

use image::{RgbImage, imageops};
use support::{QUICK, refuses, succeeds};
use trainer::{
    data::{
        dataset::{Attack, Split},
        prepared::{Crop, Cut, Outcome, Record, Writer},
    },
    recapture::PaiSpecies,
};

#[test]
fn each_set_is_left_out_once_and_finished_rows_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    for name in ["one", "two"] {
        support::prepared(&path.join(name), name, [2, 1, 1], false);
    }
    support::config(&path.join("quick.toml"), &QUICK);
    let mut command = vec!["protocol", "cross", "--data", "one", "two", "--config", "quick.toml", "--run", "runs"];
    command.extend(["--rows", "he,pdgan", "--seeds", "1,2"]);
    let out = succeeds(path, &command);
    let table = fs::read_to_string(path.join("runs/table.md")).unwrap();
    assert!(out.contains(&table), "{out}");
    let head = "| model | HTER, one | AUC, one | HTER, two | AUC, two | HTER, mean | AUC, mean |";
    assert!(table.contains(head), "{table}");
    for row in ["ResNet-18x0.25, He, mean of 2 seeds", "ResNet-18x0.25, He, seed 1", "PDGAN backbone, seed 2"] {
        assert!(table.lines().any(|line| line.starts_with(&format!("| {row}"))), "{row}: {table}");
    }
    // All splits of a set: four people, each with a picture of either class, none without a crop.
    assert!(table.contains("| 0 of 4 / 0 of 4 | 0 of 4 / 0 of 4 |"), "{table}");
    assert!(fs::read_to_string(path.join("runs/table.html")).unwrap().contains("HTER, two"));

    let run = path.join("runs/seed-1/without-one/pdgan");
    assert!(path.join("runs/seed-1/without-one/pretrain").exists());
    let log = fs::read_to_string(run.join("log.jsonl")).unwrap();
    assert!(succeeds(path, &command).contains(&table));
    assert_eq!(log, fs::read_to_string(run.join("log.jsonl")).unwrap(), "a finished row is not trained again");
    // What it was trained on is what its scores are kept for.
    support::prepared(&path.join("three"), "three", [2, 1, 1], false);
    let other = ["protocol", "cross", "--data", "three", "one", "two", "--config", "quick.toml", "--run", "runs"];
    assert!(refuses(path, &[&other[..], &["--rows", "he"]].concat()).contains("another data"));
}

#[test]
fn what_cannot_be_left_out_is_refused_before_any_training() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    support::prepared(&path.join("one"), "one", [2, 1, 1], false);
    support::prepared(&path.join("again"), "one", [2, 1, 1], false);
    support::prepared(&path.join("undeveloped"), "undeveloped", [2, 0, 1], false);
    let cross = |more: &[&'static str]| {
        refuses(path, &[&["protocol", "cross", "--run", "run", "--rows", "he", "--data"], more].concat())
    };
    assert!(cross(&["one"]).contains("two or more"));
    assert!(cross(&["one", "again"]).contains("are both of one"));
    assert!(
        cross(&["one", "undeveloped"]).contains("without one there are 0 bona fide crops and 0 attacks in the dev")
    );
    assert!(cross(&["one", "undeveloped", "--test", "one"]).contains("take none"));
    assert!(cross(&["one", "undeveloped", "--finetune-data", "again"]).contains("no --finetune-data"));
    let intra = ["protocol", "intra", "--run", "run", "--rows", "shipped", "--data", "one"];
    assert!(refuses(path, &intra).contains("one of cross"));
    assert!(!path.join("run").exists());
}

/// A real photo of a face.
fn face() -> RgbImage {
    image::open(support::demo().join("sample1.jpg")).unwrap().into_rgb8()
}

/// A folder as prepared from whole pictures, whose crops nobody looks at: a face and the same as an attack for each of two
/// people, and an attack that shows no face.
fn prepared(folder: &Path, pictures: &Path, source: &str) {
    let face = face();
    let attack = || Some(Attack { species: PaiSpecies::Print, instrument: None });
    let of = [
        (Split::Development, None),
        (Split::Development, attack()),
        (Split::Test, None),
        (Split::Test, attack()),
        (Split::Test, attack()),
    ];
    fs::create_dir_all(pictures).unwrap();
    let made = serde_json::json!({ "made": "by a test" });
    let (mut writer, _) = Writer::open(folder, Cut::default(), of.len(), made).unwrap();
    for (number, (split, attack)) in of.into_iter().enumerate() {
        let file = pictures.join(format!("{number}.png"));
        let picture = match number {
            4 => RgbImage::from_pixel(320, 240, image::Rgb([90, 120, 90])),
            _ if attack.is_some() => imageops::brighten(&face, -40),
            _ => face.clone(),
        };
        picture.save(&file).unwrap();
        let crop = Crop {
            image: "none".into(),
            depth: None,
            reconstructed: true,
            attack: attack.clone(),
            labels: None,
            face: [0.0, 0.0, 100.0, 100.0],
            take: None,
        };
        let record = Record {
            number,
            source: source.into(),
            subject: format!("{source}/{split}"),
            split,
            attack,
            file: file.to_str().unwrap().into(),
            frame: None,
            picture: None,
            tone: None,
            faceless: Vec::new(),
            outcome: Outcome::Crops(vec![crop]),
        };
        writer.append(&record).unwrap();
    }
    writer.finish().unwrap();
}

#[test]
fn shipped_weights_are_measured_on_whole_pictures_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    for name in ["one", "two"] {
        prepared(&path.join(name), &path.join("pictures").join(name), name);
        support::prepared(&path.join(format!("{name}-simulated")), name, [0, 1, 1], false);
    }
    let weights: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "pkg", "weights"].iter().collect();
    let mut command = vec!["protocol", "cross", "--data", "one", "two", "--run", "runs", "--rows", "shipped"];
    command.extend(["--weights", weights.to_str().unwrap()]);

    let missing = path.join("pictures/one/3.png");
    let kept = fs::read(&missing).unwrap();
    fs::remove_file(&missing).unwrap();
    let says = refuses(path, &command);
    assert!(says.contains("3.png is not there") && says.contains("--rows he,pdgan"), "{says}");
    fs::write(&missing, kept).unwrap();

    let out = succeeds(path, &command);
    assert!(out.contains("| shipped weights, as they are |"), "{out}");
    assert!(out.contains("| 0 of 2 / 1 of 3 | 0 of 2 / 1 of 3 |"), "{out}");
    // Kept: neither the pictures nor the weights' files are read again.
    fs::remove_dir_all(path.join("pictures")).unwrap();
    let table = fs::read_to_string(path.join("runs/table.md")).unwrap();
    assert!(succeeds(path, &command).contains(&table));

    command[3] = "one-simulated";
    command[4] = "two-simulated";
    assert!(refuses(path, &command).contains("holds simulated presentations"));
}
