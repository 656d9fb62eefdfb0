//! `trainer cover` on real photos: the network comes into the manifest, the same from the same seed, and is measured.

mod support;

use std::{fs, path::Path, process::Command, time::Duration};

use bonafide::{
    face::Face,
    frame::Frame,
    pipeline::Pipeline,
    weights::{COVER, Manifest},
};
use burn::tensor::Device;
use trainer::picture::photo::Photo;

/// The weights that ship, with a manifest that was changed.
fn pipeline(change: impl FnOnce(&mut Manifest)) -> Pipeline {
    let weights = Path::new(env!("CARGO_MANIFEST_DIR")).join("../pkg/weights");
    let mut manifest = Manifest::parse(&fs::read_to_string(weights.join("manifest.json")).unwrap()).unwrap();
    change(&mut manifest);
    let manifest = serde_json::to_string(&manifest).unwrap();
    Pipeline::load(&manifest, |file| fs::read(weights.join(file)).ok(), &Device::flex()).unwrap()
}

/// A colour over so much of a face: from and to, in distances between the eyes from the middle between them, right and down.
fn painted(photo: &Photo, face: &Face, [from, to]: [[f32; 2]; 2], colour: [u8; 3]) -> Photo {
    let frame = photo.frame();
    let [right, left] = [face.landmarks[0], face.landmarks[1]];
    let middle = [(right[0] + left[0]) / 2.0, (right[1] + left[1]) / 2.0];
    let across = [left[0] - right[0], left[1] - right[1]];
    let unit = across[0].hypot(across[1]);
    let mut rgba = frame.rgba().to_vec();
    for (at, pixel) in rgba.chunks_exact_mut(4).enumerate() {
        let [dx, dy] =
            [(at % frame.width() as usize) as f32 - middle[0], (at / frame.width() as usize) as f32 - middle[1]];
        let place = [(dx * across[0] + dy * across[1]) / unit / unit, (dy * across[0] - dx * across[1]) / unit / unit];
        if (0..2).all(|axis| place[axis] > from[axis] && place[axis] < to[axis]) {
            pixel[..3].copy_from_slice(&colour);
        }
    }
    Photo::from_rgba(rgba, frame.width(), frame.height()).unwrap()
}

#[test]
fn the_network_that_ships_tells_covered_faces_from_others() {
    let pipeline = pipeline(|_| {});
    let covered = |frame: &Frame<'_>, face: &Face| {
        pollster::block_on(pipeline.covered(frame, &face.bounds)).unwrap().expect("it ships")
    };
    for number in 1..=6 {
        let photo = Photo::read(&support::demo().join(format!("sample{number}.jpg"))).unwrap();
        let face = pollster::block_on(pipeline.detect(&photo.frame())).unwrap()[0];
        let plain = covered(&photo.frame(), &face);
        assert!(plain < 0.0, "sample{number}: {plain}");
        let mask = painted(&photo, &face, [[-0.85, 0.5], [0.85, 1.75]], [150, 190, 215]);
        let glasses = painted(&photo, &face, [[-0.95, -0.3], [0.95, 0.3]], [20, 20, 22]);
        for (name, cover) in [("mask", mask), ("glasses", glasses)] {
            let odds = covered(&cover.frame(), &face);
            assert!(odds > 0.0, "sample{number}, {name}: {odds}");
        }
    }
}

#[test]
fn weights_without_it_look_for_no_cover() {
    let pipeline = pipeline(|manifest| drop(manifest.networks.remove(COVER)));
    let photo = Photo::read(&support::demo().join("sample1.jpg")).unwrap();
    let look = pollster::block_on(pipeline.look(&photo.frame(), 0)).unwrap();
    let face = look.face.unwrap();
    assert_eq!(pollster::block_on(pipeline.covered(&photo.frame(), &face.bounds)).unwrap(), None);
    assert_eq!(look.quality.face.unwrap().covered, None);
}

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
        // Some columns fewer are other pixels: each counts as a person.
        let photo = image::open(support::demo().join(format!("sample{}.jpg", 1 + person % 6))).unwrap();
        let left = person as u32 / 6;
        let photo = photo.crop_imm(left, 0, photo.width() - left, photo.height());
        photo.save(folder.join(format!("photos/{person}.jpg"))).unwrap();
    }
}

#[test]
fn a_network_is_learnt_written_and_measured_and_comes_out_the_same_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    prepared(path, 24);
    let options = ["cover", "--data", "photos", "--weights", "weights", "--out", "weights"];
    support::refuses_because(path, &[&options[..], &["--measure"]].concat(), "names no cover");
    fs::write(path.join("worn.txt"), "held photos/0\nunclear photos/1\n").unwrap();
    let options = [&options[..], &["--worn", "worn.txt"]].concat();
    support::refuses_because(path, &options, "name one with --run");
    let learn = [&options[..], &["--epochs", "2", "--run", "run"]].concat();
    let report = support::succeeds(path, &learn);
    for row in ["| as photographed |", "| dark glasses |", "| photos |", "Photographed covers, held out: "] {
        assert!(report.contains(row), "{row}: {report}");
    }
    let manifest = || Manifest::parse(&fs::read_to_string(path.join("weights/manifest.json")).unwrap()).unwrap();
    let first = manifest();
    assert!(first.bytes(COVER, |file| fs::read(path.join("weights").join(file)).ok()).is_ok());
    support::refuses_because(path, &learn, "already holds a run");
    // The same again, killed after an epoch, if it lasts so long, and resumed.
    let again = [&options[..], &["--epochs", "2", "--run", "again"]].concat();
    let mut killed = Command::new(env!("CARGO_BIN_EXE_trainer")).current_dir(path).args(&again).spawn().unwrap();
    let checkpoints = || fs::read_dir(path.join("again/checkpoints")).into_iter().flatten().flatten();
    let learnt_one = || checkpoints().any(|entry| entry.file_name().to_string_lossy().starts_with("epoch-0001"));
    while killed.try_wait().unwrap().is_none() && !learnt_one() {
        std::thread::sleep(Duration::from_millis(5));
    }
    // Its end may come first: then there is nothing to kill.
    let _ = killed.kill();
    killed.wait().unwrap();
    support::succeeds(path, &[&again[..], &["--resume"]].concat());
    assert_eq!(manifest(), first);
    let again = support::succeeds(path, &[&options[..], &["--measure"]].concat());
    assert_eq!(again, report);
    support::refuses_because(path, &["cover", "--data", "weights", "--weights", "weights"], "no photo");
}
