//! `trainer score` -> `trainer fuse` -> a manifest, as whoever holds presentations runs them.

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
};

use bonafide::weights::Manifest;
use support::{refuses_because as refuses, succeeds};

fn repository(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

fn copy_weights(to: &Path) {
    fs::create_dir(to).unwrap();
    for file in fs::read_dir(repository("pkg/weights")).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

/// The strips of trainer/docs/attacks cut into crops, and their labels: two people, crops in turn.
fn presentations(folder: &Path) -> String {
    let mut labels = String::from("path,class,species,source,subject,split\n");
    for strip in ["bona-fide", "laser", "inkjet", "stripes", "pentile"] {
        let sheet = image::open(repository("trainer/docs/attacks").join(format!("{strip}.jpg"))).unwrap();
        for at in 0..6 {
            let name = format!("{strip}-{at}.png");
            sheet.crop_imm(at * 224, 0, 224, 224).save(folder.join(&name)).unwrap();
            let what = if strip == "bona-fide" { "bona-fide,".into() } else { format!("attack,{strip}") };
            labels += &format!("crops/{name},{what},strips,{},\n", at % 2);
        }
    }
    labels
}

#[test]
fn scored_and_labelled_presentations_become_a_fusion() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    copy_weights(&path.join("weights"));
    fs::create_dir(path.join("crops")).unwrap();
    fs::write(path.join("labels.csv"), presentations(&path.join("crops"))).unwrap();
    succeeds(path, &["score", "crops", "--whole", "--weights", "weights", "--csv", "scores.csv"]);

    let fuse = ["fuse", "--scores", "scores.csv", "--labels", "labels.csv"];
    refuses(path, &fuse, "--about");
    let fuse = [&fuse[..], &["--about", "strips of a test", "--weights", "weights"]].concat();
    let report = succeeds(path, &[&fuse[..], &["--out", "block.json", "--report", "report.md"]].concat());
    assert!(
        report.contains("optimistic") && report.contains("30 attacks") || report.contains("24 attacks"),
        "{report}"
    );
    assert!(fs::read_to_string(path.join("report.md")).unwrap().contains("| both | source strips |"));

    let manifest = || Manifest::parse(&fs::read_to_string(path.join("weights/manifest.json")).unwrap()).unwrap();
    let fitted = manifest();
    assert_eq!(fitted.fusion.fitted, "strips of a test");
    let shipped = repository("trainer/configs/fusion.json");
    let block: serde_json::Value = serde_json::from_str(&fs::read_to_string(&shipped).unwrap()).unwrap();
    let offset = block["fusion"]["offset"].as_f64().unwrap() as f32;
    assert!(fitted.has_experts() && fitted.fusion.offset != offset);
    for point in fitted.operating_points.values() {
        assert!(point.refuse.unwrap() <= point.threshold && point.bpcer <= 1.0);
    }
    // The block alone says the same again, and another block something else.
    succeeds(path, &["fuse", "--block", shipped.to_str().unwrap(), "--weights", "weights"]);
    assert_eq!(manifest().fusion.offset, offset);
    succeeds(path, &["fuse", "--block", "block.json", "--weights", "weights"]);
    assert_eq!(manifest(), fitted);

    // A manifest that would not load is not written.
    fs::write(path.join("weights/minifasnet-v2.safetensors"), b"torn").unwrap();
    refuses(path, &["fuse", "--block", "block.json", "--weights", "weights"], "cannot be read");
    assert_eq!(manifest(), fitted);
}

/// What ships is what the committed block says.
#[test]
fn the_block_that_is_committed_is_the_one_that_ships() {
    let manifest = Manifest::parse(&fs::read_to_string(repository("pkg/weights/manifest.json")).unwrap()).unwrap();
    let block = trainer::fuse::Block::read(&repository("trainer/configs/fusion.json")).unwrap();
    assert_eq!((manifest.fusion, manifest.operating_points), (block.fusion, block.operating_points));
}
