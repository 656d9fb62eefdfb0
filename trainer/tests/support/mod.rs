//! The trainer's command line, and prepared folders without faces for tests of what comes after preparation.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use burn::{
    module::{Module, ModuleVisitor, Param},
    tensor::Tensor,
};
use image::{DynamicImage, GrayImage, Luma, Rgb, RgbImage};
use trainer::{
    data::{
        dataset::{Attack, Semantics, Split},
        prepared::{Crop, Cut, Outcome, Record, Writer, file_name},
    },
    recapture::PaiSpecies,
};

/// One epoch of everything, in batches of four: for [`config`].
pub(crate) const QUICK: [(&str, &str); 5] = [
    ("epochs = 6 ", "epochs = 1 "),
    ("warmup_epochs = 3", "warmup_epochs = 0"),
    ("batch = 16", "batch = 4"),
    ("epochs = 10", "epochs = 1"),
    ("baseline_epochs = 16", "baseline_epochs = 1"),
];

/// `demo/` of the npm package @vladmandic/face-api: six real photos of faces, sample1.jpg to sample6.jpg.
pub(crate) fn demo() -> PathBuf {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    ["", "tests"]
        .into_iter()
        .map(|folder| repository.join(folder).join("node_modules/@vladmandic/face-api/demo"))
        .find(|folder| folder.is_dir())
        .expect("the npm package @vladmandic/face-api is missing: run `make test`, which installs it")
}

/// What a command of the trainer did, run in a folder.
pub(crate) fn trainer(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trainer")).current_dir(folder).args(args).output().unwrap()
}

/// What a command prints that must succeed.
pub(crate) fn succeeds(folder: &Path, args: &[&str]) -> String {
    let output = trainer(folder, args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The one sentence that a command fails with.
pub(crate) fn refuses(folder: &Path, args: &[&str]) -> String {
    let output = trainer(folder, args);
    assert_eq!(output.status.code(), Some(2), "{args:?}");
    let sentence = String::from_utf8(output.stderr).unwrap();
    assert_eq!(sentence.trim_end().lines().count(), 1, "{sentence}");
    sentence
}

/// A command that fails and says why.
pub(crate) fn refuses_because(folder: &Path, args: &[&str], why: &str) {
    let output = trainer(folder, args);
    let sentence = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && sentence.contains(why), "{args:?}: {sentence}");
}

/// Side of the stored crops.
const SIZE: u32 = 314;
/// Side of the face in their middle: the networks' crop is 224 pixels of it.
const FACE: f32 = 224.0 / 1.5;

/// A prepared folder of so many people in each split, each with a bona fide crop (a smooth ball, and its depth) and an attack
/// (the same with a print's dots or a screen's stripes).
pub(crate) fn prepared(folder: &Path, source: &str, people: [usize; 3], labelled: bool) {
    let splits = [Split::Train, Split::Development, Split::Test];
    let total: usize = people.iter().sum();
    let (mut writer, _) =
        Writer::open(folder, Cut::default(), total, serde_json::json!({ "made": "by a test" })).unwrap();
    let mut number = 0;
    for (split, people) in splits.into_iter().zip(people) {
        for _ in 0..people {
            let species = if number % 2 == 0 { PaiSpecies::Print } else { PaiSpecies::Replay };
            let crops = [None, Some(Attack { species, instrument: None })]
                .into_iter()
                .enumerate()
                .map(|(variant, attack)| crop(folder, number, variant, attack, labelled))
                .collect();
            let record = Record {
                number,
                source: source.into(),
                subject: format!("{source}/{number}"),
                split,
                attack: None,
                file: format!("{number}.jpg"),
                frame: None,
                picture: None,
                tone: None,
                faceless: Vec::new(),
                outcome: Outcome::Crops(crops),
            };
            writer.append(&record).unwrap();
            number += 1;
        }
    }
    writer.finish().unwrap();
}

fn crop(folder: &Path, number: usize, variant: usize, attack: Option<Attack>, labelled: bool) -> Crop {
    let place = |n: usize| SIZE as f32 * (0.42 + 0.16 * (n % 3) as f32 / 2.0);
    let (cx, cy) = (place(number), place(number / 3));
    let height = |x: u32, y: u32| {
        let (x, y) = ((x as f32 - cx) / 90.0, (y as f32 - cy) / 90.0);
        (1.0 - x * x - y * y).max(0.0).sqrt()
    };
    let image = RgbImage::from_fn(SIZE, SIZE, |x, y| {
        let pattern = match &attack {
            None => 0.0,
            Some(Attack { species: PaiSpecies::Print, .. }) => f32::from(u8::from(x / 4 % 2 == y / 4 % 2)) * 60.0,
            Some(_) => f32::from(u8::from(x / 3 % 2 == 0)) * 60.0,
        };
        Rgb([60.0, 45.0, 35.0].map(|base| (base + 110.0 * height(x, y) + pattern) as u8))
    });
    let save = |name: String, image: DynamicImage| {
        let path = folder.join(&name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        image.save(path).unwrap();
        name
    };
    let depth = attack.is_none().then(|| {
        let map = GrayImage::from_fn(SIZE, SIZE, |x, y| Luma([(255.0 * height(x, y)) as u8]));
        save(file_name("depth", number, variant), map.into())
    });
    let labels = labelled.then(|| Semantics {
        attributes: 0x37_1359_af24 >> (number % 8),
        spoof_type: attack.as_ref().map_or(0, |attack| if attack.species == PaiSpecies::Print { 1 } else { 9 }),
        illumination: (number % 5) as u8,
    });
    Crop {
        image: save(file_name("crops", number, variant), image.into()),
        depth,
        attack,
        labels,
        reconstructed: true,
        face: [(SIZE as f32 - FACE) / 2.0, (SIZE as f32 - FACE) / 2.0, FACE, FACE],
        take: None,
    }
}

/// The preset `small` with other numbers, as a config file.
pub(crate) fn config(path: &Path, changes: &[(&str, &str)]) {
    let mut text = trainer::run::preset::PRESETS[2].1.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "the preset has no {from}");
        text = text.replace(from, to);
    }
    std::fs::write(path, text).unwrap();
}

/// Every trainable number of a network, in order.
pub(crate) fn parameters<M: Module>(module: &M) -> Vec<f32> {
    struct Collect(Vec<f32>);
    impl ModuleVisitor for Collect {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.extend(param.val().into_data().try_into_vec::<f32>().unwrap());
        }
    }
    let mut all = Collect(Vec::new());
    module.visit(&mut all);
    all.0
}
