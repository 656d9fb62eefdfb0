//! Where the report's embeddings come from: the encoder of whatever a run trained.

use std::path::Path;

use bonafide::network::{Encoder, Generator, WIDTH};
use burn::tensor::{Device, Distribution, Tensor};
use trainer::{
    evaluate::figures::load_encoder,
    run::{self, About, Place, RunFolder, config::Config},
    train::liveness::Liveness,
};

fn checkpoint(folder: &Path, stage: &str, save: impl FnOnce(&Path) -> anyhow::Result<()>) {
    let word = || "test".to_owned();
    let about = About {
        stage: stage.into(),
        backbone: word(),
        data: word(),
        margin: 1.5,
        types: vec![],
        device: word(),
        commit: word(),
    };
    let config = Config::load("small").unwrap();
    let run = RunFolder::open(folder, &config, &about, false).unwrap();
    let second = RunFolder::open(folder, &config, &about, true).unwrap_err().to_string();
    assert!(second.contains("is being written by another command"), "{second}");
    run.checkpoint(&Place { epoch: 1, ..Place::default() }, save).unwrap();
}

#[test]
fn the_encoder_of_any_run_is_the_one_that_it_trained() {
    let device = Device::flex();
    let x = Tensor::random([2, 3, 224, 224], Distribution::Uniform(0.0, 1.0), &device);
    let of = |encoder: &Encoder| run::values(encoder.forward(x.clone()));
    let scratch = tempfile::tempdir().unwrap();
    let folder = |name: &str| scratch.path().join(name);

    let encoder = Encoder::new(WIDTH, &device);
    checkpoint(&folder("a"), "pretrain-imagenet", |path| run::save_module(path, "encoder", &encoder));
    assert_eq!(of(&load_encoder(&folder("a"), &device).unwrap()), of(&encoder));

    let generator = Generator::new(WIDTH, &device);
    checkpoint(&folder("b"), "pretrain", |path| run::save_module(path, "generator", &generator));
    assert_eq!(of(&load_encoder(&folder("b"), &device).unwrap()), of(&generator.encoder));

    let network = Liveness::new(&Config::load("small").unwrap().model, Encoder::new(WIDTH, &device), 0, &device);
    checkpoint(&folder("c"), "finetune", |path| run::save_module(path, "classifier", &network));
    assert_eq!(of(&load_encoder(&folder("c"), &device).unwrap()), of(network.encoder()));

    checkpoint(&folder("d"), "other", |_| Ok(()));
    let refusal = load_encoder(&folder("d"), &device).unwrap_err().to_string();
    assert!(refusal.contains("unknown stage"), "{refusal}");
}
