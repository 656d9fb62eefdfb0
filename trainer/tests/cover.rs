//! `trainer cover` on real photos: the network comes into the manifest, the same from the same seed, and is measured.

mod support;

use std::{fs, path::Path};

use bonafide::weights::{COVER, Manifest};

/// Folders of photos of so many people, and of the weights that ship without the network.
fn prepared(folder: &Path, people: usize) {
    let weights = Path::new(env!("CARGO_MANIFEST_DIR")).join("../pkg/weights");
    fs::create_dir(folder.join("weights")).unwrap();
    for file in ["detector.safetensors", "mesh.safetensors", "canonical_mesh.json"] {
        fs::copy(weights.join(file), folder.join("weights").join(file)).unwrap();
    }
    let mut manifest = Manifest::parse(&fs::read_to_string(weights.join("manifest.json")).unwrap()).unwrap();
    manifest.networks.remove(COVER);
    fs::write(folder.join("weights/manifest.json"), serde_json::to_string(&manifest).unwrap()).unwrap();
    fs::create_dir(folder.join("photos")).unwrap();
    for person in 0..people {
        // What follows a picture's end changes its bytes alone: each counts as a person.
        let mut bytes = fs::read(support::demo().join(format!("sample{}.jpg", 1 + person % 6))).unwrap();
        bytes.extend(person.to_le_bytes());
        fs::write(folder.join(format!("photos/{person}.jpg")), bytes).unwrap();
    }
}

#[test]
fn a_network_is_learnt_written_and_measured_and_comes_out_the_same_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    prepared(path, 24);
    let options = ["cover", "--data", "photos", "--weights", "weights", "--out", "weights"];
    support::refuses_because(path, &[&options[..], &["--measure"]].concat(), "names no cover");
    let learn = [&options[..], &["--epochs", "1", "--covered", "photos/0.jpg"]].concat();
    let report = support::succeeds(path, &learn);
    for row in ["| as photographed |", "| dark glasses |", "| photos |", "Photographed covers: "] {
        assert!(report.contains(row), "{row}: {report}");
    }
    let manifest = || Manifest::parse(&fs::read_to_string(path.join("weights/manifest.json")).unwrap()).unwrap();
    let first = manifest();
    assert!(first.bytes(COVER, |file| fs::read(path.join("weights").join(file)).ok()).is_ok());
    support::succeeds(path, &learn);
    assert_eq!(manifest(), first);
    let again = support::succeeds(path, &[&options[..], &["--covered", "photos/0.jpg", "--measure"]].concat());
    assert_eq!(again, report);
    support::refuses_because(path, &["cover", "--data", "weights", "--weights", "weights"], "no photo");
}
