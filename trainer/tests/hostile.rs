//! Data and disks that mean harm, or just break: an error in words, nothing lost, nothing run.

mod support;

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use bonafide::network::WIDTH;
use burn::tensor::Device;
use trainer::{
    picture::photo::Photo,
    run::config::{Head, Model},
    train::init::{self, InitArgs},
};

/// A PNG of a few bytes that claims to be of this size: gray, 8 bits, its rows missing.
fn claims(width: u32, height: u32) -> Vec<u8> {
    let mut header = b"IHDR".to_vec();
    header.extend([width.to_be_bytes(), height.to_be_bytes()].concat());
    header.extend([8, 0, 0, 0, 0]);
    // ISO 3309.
    let sum = !header.iter().fold(!0_u32, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xedb8_8320 & (sum & 1).wrapping_neg()))
    });
    let length = u32::try_from(header.len() - 4).unwrap().to_be_bytes();
    [&b"\x89PNG\r\n\x1a\n"[..], &length, &header, &sum.to_be_bytes(), &[0, 0, 0, 0], b"IDAT"].concat()
}

#[test]
fn pictures_that_claim_too_much_are_refused_before_they_are_unpacked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    for (width, height, says) in
        [(60_000, 60_000, "not an image"), (16_000, 16_000, "256 megapixels"), (0, 9, "not an image")]
    {
        fs::write(&path, claims(width, height)).unwrap();
        let error = format!("{:#}", Photo::read(&path).unwrap_err());
        assert!(error.contains("a.png") && error.contains(says), "{width} x {height}: {error}");
    }
    for bytes in [&b""[..], b"GIF89a", b"\xff\xd8\xff\xe0", &[0; 4_096]] {
        fs::write(&path, bytes).unwrap();
        assert!(format!("{:#}", Photo::read(&path).unwrap_err()).contains("a.png"));
    }
}

#[test]
fn a_checkpoint_that_names_a_function_does_not_get_it_called() {
    let folder = tempfile::tempdir().unwrap();
    let proof = folder.path().join("called");
    // What Python would unpickle as os.system("touch ..."), in the protocols that PyTorch has written.
    let called = format!("cos\nsystem\n(S'touch {}'\ntR.", proof.display());
    for (name, bytes) in
        [("a.pth", called.clone().into_bytes()), ("b.pt", [&b"\x80\x02"[..], called.as_bytes()].concat())]
    {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let args = InitArgs { init: Some(path) };
        let error = init::encoder(&args, &Model { width: WIDTH, head: Head::Single }, &Device::flex()).unwrap_err();
        assert!(format!("{error:#}").contains(name), "{error:#}");
        assert!(!proof.exists());
    }
}

/// Runs the trainer where no file may grow beyond some kilobytes, as on a disk that is full.
fn on_a_full_disk(folder: &Path, args: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_trainer");
    let script = format!("trap '' XFSZ; ulimit -f 64; exec '{program}' \"$@\"");
    Command::new("sh").current_dir(folder).args(["-c", &script, "trainer"]).args(args).output().unwrap()
}

#[test]
fn a_run_that_finds_the_disk_full_says_so_and_goes_on_later() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    support::prepared(&path.join("data"), "balls", [4, 2, 2], false);
    support::config(
        &path.join("config.toml"),
        &[("epochs = 10", "epochs = 1"), ("baseline_epochs = 16", "baseline_epochs = 1"), ("batch = 16", "batch = 4")],
    );
    let run = ["finetune", "--data", "data", "--config", "config.toml", "--run", "run"];
    let full = on_a_full_disk(path, &run);
    let said = String::from_utf8_lossy(&full.stderr).into_owned();
    assert_eq!(full.status.code(), Some(2), "{said}");
    assert!(said.contains("File too large") && said.contains("checkpoint"), "{said}");
    let resumed =
        Command::new(env!("CARGO_BIN_EXE_trainer")).current_dir(path).args(run).arg("--resume").output().unwrap();
    assert!(resumed.status.success(), "{}", String::from_utf8_lossy(&resumed.stderr));
    let left: Vec<String> = fs::read_dir(path.join("run/checkpoints"))
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(left.len(), 1, "{left:?}");
}
