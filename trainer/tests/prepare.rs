//! `trainer prepare` and `trainer synthesize` on real photos: nothing is silently dropped, and a broken-off preparation goes on.

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use trainer::data::prepared::{Outcome, Prepared};

/// The real photos of faces.
fn photos() -> Vec<PathBuf> {
    (1..=6).map(|number| support::demo().join(format!("sample{number}.jpg"))).collect()
}

/// Copies them into the folder `people`.
fn people(folder: &Path) {
    fs::create_dir(folder.join("people")).unwrap();
    for (number, photo) in photos().iter().enumerate() {
        fs::copy(photo, folder.join(format!("people/{number}.jpg"))).unwrap();
    }
}

fn trainer(folder: &Path, args: &[&str]) -> Output {
    let weights = concat!(env!("CARGO_MANIFEST_DIR"), "/../pkg/weights");
    Command::new(env!("CARGO_BIN_EXE_trainer"))
        .current_dir(folder)
        .args(args)
        .args(["--weights", weights])
        .output()
        .unwrap()
}

/// Runs `prepare` or `synthesize`, whose output is the folder `out`.
fn fills(folder: &Path, command: &str, args: &[&str]) -> String {
    let output = trainer(folder, &[&[command, "--out", "out"], args].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Every file of a folder and its bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    found
}

#[test]
fn photos_are_recaptured_what_fails_is_named_and_a_broken_off_run_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    people(path);
    image::RgbImage::from_pixel(320, 240, image::Rgb([90, 120, 90])).save(path.join("people/empty.png")).unwrap();
    fs::write(path.join("people/cut.jpg"), &fs::read(&photos()[0]).unwrap()[..2_000]).unwrap();

    let said = fills(path, "synthesize", &["--data", "people", "--variants", "2"]);
    assert!(said.contains("8 samples -> 24 crops, 12 with depth"), "{said}");
    assert!(said.contains("1 without a usable face, 1 unreadable"), "{said}");
    let left_out = fs::read_to_string(path.join("out/left-out.csv")).unwrap();
    assert!(left_out.contains("empty.png,the detector found no face") && left_out.contains("cut.jpg"), "{left_out}");
    let whole = files(&path.join("out"));
    let prepared = Prepared::load(&path.join("out")).unwrap();
    for record in &prepared.records {
        assert_eq!(record.picture.is_none(), matches!(record.outcome, Outcome::Unreadable(_)), "{record:?}");
        if let Outcome::Crops(crops) = &record.outcome {
            assert_eq!(crops.iter().filter(|crop| crop.attack.is_some()).count(), 2);
            assert!(crops.iter().all(|crop| crop.depth.is_some() == crop.attack.is_none()));
            assert!(crops.iter().all(|crop| crop.take.is_some()));
        }
    }

    // As a kill leaves it: not marked as complete, the list of samples in any order, its last line half written.
    let lines = fs::read_to_string(path.join("out/records.jsonl")).unwrap();
    let mut kept: Vec<&str> = lines.lines().take(4).collect();
    kept.reverse();
    let torn = &lines.lines().nth(5).unwrap()[..40];
    fs::write(path.join("out/records.jsonl"), format!("{}\n{torn}", kept.join("\n"))).unwrap();
    let header = fs::read_to_string(path.join("out/prepared.json")).unwrap();
    fs::write(path.join("out/prepared.json"), header.replace("\"complete\": true", "\"complete\": false")).unwrap();
    assert!(Prepared::load(&path.join("out")).unwrap_err().to_string().contains("not finished"));
    fills(path, "synthesize", &["--data", "people", "--variants", "2"]);
    let mut again = files(&path.join("out"));
    // Samples are appended as they are done: the same lines in any order.
    for (name, bytes) in &mut again {
        if name.ends_with("records.jsonl") {
            let sorted = |bytes: &[u8]| {
                let mut lines: Vec<String> = String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect();
                lines.sort();
                lines
            };
            assert_eq!(sorted(bytes), sorted(&whole[name]));
            *bytes = whole[name].clone();
        }
    }
    assert!(again == whole, "the resumed preparation wrote other files");

    let audit = Command::new(env!("CARGO_BIN_EXE_trainer"))
        .current_dir(path)
        .args(["audit", "--data", "out", "--json", "audit.json"])
        .output()
        .unwrap();
    // Six people are too few to say that colour gives nothing away, but not that the source does not.
    let table = String::from_utf8_lossy(&audit.stdout).into_owned();
    assert!(table.contains("| source | 0.500 | 0.60 |") && table.contains("laplacian_variance"), "{table}");
    let findings: serde_json::Value = serde_json::from_slice(&fs::read(path.join("audit.json")).unwrap()).unwrap();
    let leaks = findings
        .as_array()
        .unwrap()
        .iter()
        .any(|one| one["limit"].as_f64().is_some_and(|limit| one["auc"].as_f64() >= Some(limit)));
    assert_eq!(audit.status.success(), !leaks, "{table}");

    let other = trainer(path, &["synthesize", "--out", "out", "--data", "people", "--variants", "3"]);
    let sentence = String::from_utf8_lossy(&other.stderr).into_owned();
    assert!(!other.status.success() && sentence.contains("other options"), "{sentence}");
}

#[test]
fn photos_that_the_first_expert_does_not_find_live_enough_are_left_out_and_the_others_stay_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    people(path);
    let crops = |out: &str| files(&path.join(out).join("crops")).into_values().collect::<BTreeSet<_>>();
    fills(path, "synthesize", &["--data", "people"]);
    let all = crops("out");
    fs::rename(path.join("out"), path.join("all")).unwrap();

    // Each photo's own log-odds, from what is said of it where none passes.
    let none = trainer(path, &["synthesize", "--out", "none", "--data", "people", "--least-live", "12"]);
    assert!(!none.status.success());
    let left_out = fs::read_to_string(path.join("none/left-out.csv")).unwrap();
    let mut said: Vec<f32> = left_out
        .lines()
        .filter_map(|line| line.split_once("log-odds of ")?.1.split_once(',')?.0.parse().ok())
        .collect();
    said.sort_by(f32::total_cmp);
    assert_eq!(said.len(), 6, "{left_out}");

    let between = ((said[1] + said[2]) / 2.0).to_string();
    fills(path, "synthesize", &["--data", "people", "--least-live", &between]);
    let some = crops("out");
    let prepared = Prepared::load(&path.join("out")).unwrap();
    let out = prepared.records.iter().filter(|record| matches!(record.outcome, Outcome::NoFace(_))).count();
    let expected = said.iter().filter(|one| **one < (said[1] + said[2]) / 2.0).count();
    assert_eq!(out, expected);
    assert!(some.is_subset(&all) && some.len() == all.len() - 2 * expected, "{} of {}", some.len(), all.len());

    let absurd = trainer(path, &["synthesize", "--out", "x", "--data", "people", "--least-live", "NaN"]);
    let sentence = String::from_utf8_lossy(&absurd.stderr).into_owned();
    assert!(!absurd.status.success() && sentence.contains("must be from -12 to 12"), "{sentence}");
}

#[test]
fn a_table_of_ones_own_keeps_its_classes_and_its_box_chooses_the_face() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::copy(&photos()[0], path.join("a.jpg")).unwrap();
    fs::copy(&photos()[1], path.join("b.jpg")).unwrap();
    // Other pixels, since a line would be refused whose picture another one has.
    let mut again = image::open(&photos()[1]).unwrap().into_rgb8();
    again.put_pixel(0, 0, image::Rgb([255, 0, 0]));
    again.save(path.join("c.png")).unwrap();
    fs::write(
        path.join("list.csv"),
        "path,class,species,instrument,subject,split,x,y,width,height\n\
         a.jpg,bona-fide,,,ann,train,,,,\n\
         b.jpg,attack,replay,phone,bob,test,,,,\n\
         c.png,attack,replay,phone,bob,test,0,0,3,3\n",
    )
    .unwrap();
    let said = fills(path, "prepare", &["--layout", "csv", "--data", "list.csv"]);
    assert!(said.contains("2 crops, 1 with depth"), "{said}");
    let prepared = Prepared::load(&path.join("out")).unwrap();
    let attack = prepared.records.iter().find(|record| record.subject.ends_with("bob")).unwrap();
    assert_eq!(attack.attack.as_ref().unwrap().to_string(), "replay/phone");
    let nowhere = prepared.records.iter().find(|record| matches!(record.outcome, Outcome::NoFace(_))).unwrap();
    assert!(nowhere.subject.ends_with("bob"), "a box beside every face is a presentation without a face");
    let left_out = fs::read_to_string(path.join("out/left-out.csv")).unwrap();
    assert!(left_out.contains("the detector found 1 face, none at the box given for it"), "{left_out}");

    // While another program writes there.
    let _owned = trainer::run::owned::own(&path.join("out"), "prepared.json").unwrap();
    let second = trainer(path, &["prepare", "--out", "out", "--layout", "csv", "--data", "list.csv"]);
    let sentence = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(!second.status.success() && sentence.contains("out is being written by another command"), "{sentence}");
}

#[test]
fn the_contact_sheet_shows_crops_and_depth() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    people(path);
    fills(path, "synthesize", &["--data", "people"]);
    let output = Command::new(env!("CARGO_BIN_EXE_trainer"))
        .current_dir(path)
        .args(["augment", "--data", "out", "--out", "sheet.png", "--crops", "3", "--variants", "2"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let sheet = image::open(path.join("sheet.png")).unwrap();
    assert_eq!((sheet.width(), sheet.height()), (3 * 224, 6 * 224));
}

#[test]
fn a_wider_view_says_where_the_face_is_and_strips_show_every_instrument() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::create_dir(path.join("people")).unwrap();
    for number in [1, 2] {
        fs::copy(&photos()[number], path.join(format!("people/{number}.jpg"))).unwrap();
    }
    fills(path, "synthesize", &["--data", "people", "--reach", "2.667"]);
    let prepared = Prepared::load(&path.join("out")).unwrap();
    for record in &prepared.records {
        assert!(record.tone.is_some(), "a bona fide photo's tone is noted");
        let Outcome::Crops(crops) = &record.outcome else { panic!("{} shows a face", record.file) };
        let bona_fide = &crops[0];
        let [x, y, width, height] = bona_fide.face;
        let found = trainer(path, &["detect", &format!("out/{}", bona_fide.image)]);
        let line: serde_json::Value = serde_json::from_slice(&found.stdout).unwrap();
        let at = |place: usize| line["faces"][0]["box"][place].as_f64().unwrap() as f32;
        let across = (x + width).min(at(0) + at(2)) - x.max(at(0));
        let down = (y + height).min(at(1) + at(3)) - y.max(at(1));
        assert!(across * down > 0.5 * width * height, "the face is at {line}, not at {:?}", bona_fide.face);
    }

    let contact =
        trainer(path, &["contact", "--photos", "people", "--beside", "people", "--out", "strips", "--draws", "2"]);
    assert!(contact.status.success(), "{}", String::from_utf8_lossy(&contact.stderr));
    for name in ["bona-fide", "laser", "inkjet", "stripes", "pentile", "beside"] {
        let strip = image::open(path.join(format!("strips/{name}.jpg"))).unwrap();
        assert_eq!((strip.width(), strip.height()), (2 * 224, 2 * 224), "{name}");
    }
}
