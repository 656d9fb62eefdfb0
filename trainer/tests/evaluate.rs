//! Where the report's embeddings come from: the encoder of whatever a run trained.

use std::path::Path;

use bonafide::network::{Classifier, Encoder, Generator, WIDTH};
use burn::tensor::{Device, Distribution, Tensor};
use trainer::{
    config::Config,
    evaluate::figures::load_encoder,
    run::{self, RunFolder},
};

fn checkpoint(folder: &Path, save: impl FnOnce(&Path) -> anyhow::Result<()>) {
    let preset = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/first.toml");
    let run = RunFolder::open(folder, &Config::load(&preset).unwrap(), false).unwrap();
    run.checkpoint(1, save).unwrap();
}

#[test]
fn the_encoder_of_any_run_is_the_one_that_it_trained() {
    let device = Device::flex();
    let x = Tensor::random([2, 3, 224, 224], Distribution::Uniform(0.0, 1.0), &device);
    let of = |encoder: &Encoder| run::values(encoder.forward(x.clone()));
    let scratch = tempfile::tempdir().unwrap();
    let folder = |name: &str| scratch.path().join(name);

    let encoder = Encoder::new(WIDTH, &device);
    checkpoint(&folder("encoder"), |path| run::save_module(path, "encoder", &encoder));
    assert_eq!(of(&load_encoder(&folder("encoder"), &device).unwrap()), of(&encoder));

    let generator = Generator::new(WIDTH, &device);
    checkpoint(&folder("generator"), |path| run::save_module(path, "generator", &generator));
    assert_eq!(of(&load_encoder(&folder("generator"), &device).unwrap()), of(&generator.encoder));

    let classifier = Classifier::new(&device);
    checkpoint(&folder("classifier"), |path| run::save_module(path, "classifier", &classifier));
    assert_eq!(of(&load_encoder(&folder("classifier"), &device).unwrap()), of(&classifier.encoder));

    checkpoint(&folder("other"), |_| Ok(()));
    let refusal = load_encoder(&folder("other"), &device).unwrap_err().to_string();
    assert!(refusal.contains("no encoder, generator or classifier"), "{refusal}");
}
