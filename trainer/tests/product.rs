//! From a trained run to what ships and what is said about it: evaluate, compare, export, card, on crops without faces.

mod support;

use std::{fs, path::Path};

use bonafide::{
    network::{Classifier, Decoder},
    pipeline::Pipeline,
    score::Score,
    weights::{DECODER, Manifest, load_safetensors},
};
use burn::tensor::Device;
use support::{refuses_because as refuses, succeeds};
use trainer::{
    data::examples::{Example, Examples, Split},
    measure::labelled::read_csv,
    run,
};

fn json(path: &Path) -> serde_json::Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn what_ships_is_calibrated_and_is_what_was_measured() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    support::prepared(&path.join("data"), "data", [12, 6, 6], false);
    support::prepared(&path.join("dusk"), "dusk", [0, 0, 2], false);
    let quick = [
        ("epochs = 6 ", "epochs = 1 "),
        ("warmup_epochs = 3", "warmup_epochs = 0"),
        ("batch = 16", "batch = 4"),
        ("epochs = 10", "epochs = 8"),
        // So few steps leave nothing to average.
        ("averaging = \"exponential\"", "averaging = \"none\""),
    ];
    support::config(&path.join("quick.toml"), &quick);
    let config = ["--data", "data", "--config", "quick.toml"];
    succeeds(path, &[&["pretrain", "--run", "first"][..], &config].concat());
    succeeds(path, &[&["finetune", "--run", "run", "--pretrained", "first"][..], &config].concat());
    fs::create_dir(path.join("weights")).unwrap();
    let detector = concat!(env!("CARGO_MANIFEST_DIR"), "/../pkg/weights/detector.safetensors");
    fs::copy(detector, path.join("weights/detector.safetensors")).unwrap();
    let (export, card) = (["export", "--run", "run", "--out", "weights"], ["card", "--run", "run", "--out", "card.md"]);
    refuses(path, &export, "not evaluated");

    let evaluate = ["evaluate", "--run", "run", "--data", "data"];
    succeeds(path, &[&evaluate[..], &["--uncalibrated"]].concat());
    refuses(path, &export, "--uncalibrated");
    refuses(path, &card, "--uncalibrated");
    refuses(path, &[&evaluate[..], &["--condition", "dusk"]].concat(), "NAME=PATH");
    succeeds(path, &[&evaluate[..], &["--condition", "low light=dusk"]].concat());
    let evaluation = json(&path.join("run/evaluation.json"));
    assert!(evaluation["calibration"]["scale"].as_f64().unwrap() > 0.0);
    assert!(evaluation["calibration"]["after"]["ece"].is_number());
    assert_eq!(evaluation["slices"]["source data"]["bona_fide"], 6);
    let dusk = &evaluation["conditions"]["low light"];
    assert_eq!((dusk["bona_fide"].as_u64(), dusk["attacks"].as_u64()), (Some(2), Some(2)));
    assert_eq!(evaluation["conditions"]["the test split itself"]["attacks"], 6);
    assert!(fs::read_to_string(path.join("run/report.html")).unwrap().contains("<th scope=\"row\">low light</th>"));

    let (about, text) = (path.join("run/run.json"), fs::read_to_string(path.join("run/run.json")).unwrap());
    assert!(text.contains("\"margin\": 1.5"), "{text}");
    fs::write(&about, text.replace("\"margin\": 1.5", "\"margin\": 2.7")).unwrap();
    refuses(path, &export, "face boxes wide");
    fs::write(&about, text).unwrap();
    succeeds(path, &export);
    let manifest = Manifest::parse(&fs::read_to_string(path.join("weights/manifest.json")).unwrap()).unwrap();
    let points = &manifest.operating_points;
    assert_eq!(points.keys().collect::<Vec<_>>(), ["balanced", "low_friction", "strict"]);
    assert_eq!(points["balanced"].threshold, dusk["threshold"].as_f64().unwrap() as f32);

    // With experts: their files first, and then the block decides what a score is.
    let repository = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
    let block = repository("trainer/configs/fusion.json");
    let with_experts = [&export[..], &["--experts", block.to_str().unwrap()]].concat();
    refuses(path, &with_experts, "trainer import minifasnet");
    for file in ["minifasnet-v2.safetensors", "minifasnet-v1se.safetensors"] {
        fs::copy(repository("pkg/weights").join(file), path.join("weights").join(file)).unwrap();
    }
    succeeds(path, &with_experts);
    let fused = Manifest::parse(&fs::read_to_string(path.join("weights/manifest.json")).unwrap()).unwrap();
    assert!(fused.has_experts() && fused.operating_points["balanced"].refuse == Some(0.5));
    assert_ne!(fused.digest(), manifest.digest());
    succeeds(path, &export);

    // Without a depth view the weights load, and say that they have none.
    let load = || {
        let manifest = fs::read_to_string(path.join("weights/manifest.json")).unwrap();
        Pipeline::load(&manifest, |file| fs::read(path.join("weights").join(file)).ok(), &Device::flex()).unwrap()
    };
    let error = load().load_decoder(|_| unreachable!()).unwrap_err();
    assert!(error.is_weights() && error.to_string().contains("no depth view"), "{error}");
    // With one, of this run alone, its file is what the decoder draws.
    let view = [&["depth-view", "--run", "view", "--pretrained", "first", "--finetuned", "run"][..], &config].concat();
    refuses(path, &[&view[..4], &["run", "--finetuned", "run"], &config].concat(), "not from finetune run");
    succeeds(path, &view);
    succeeds(path, &[&["finetune", "--run", "other", "--pretrained", "first", "--seed", "9"][..], &config].concat());
    succeeds(path, &["evaluate", "--run", "other", "--data", "data"]);
    refuses(
        path,
        &["export", "--run", "other", "--depth-view", "view", "--out", "weights"],
        "learnt to read finetune run",
    );
    refuses(path, &[&export[..], &["--depth-view", "first"]].concat(), "not one of `trainer depth-view`");
    succeeds(path, &[&export[..], &["--depth-view", "view"]].concat());
    let pipeline = load();
    let file = pipeline.manifest().networks[DECODER].file.clone();
    let bytes = fs::read(path.join("weights").join(&file)).unwrap();
    let mut damaged = bytes.clone();
    *damaged.last_mut().unwrap() ^= 1;
    assert!(pipeline.load_decoder(|_| Some(damaged)).unwrap_err().is_weights());
    let device = Device::flex();
    let features = pipeline.features(burn::tensor::Tensor::ones([1, 3, 224, 224], &device));
    let unloaded = pollster::block_on(pipeline.draw(features.clone())).unwrap_err();
    assert!(unloaded.is_invalid_input(), "{unloaded}");
    pipeline.load_decoder(|name| (name == file).then(|| bytes.clone())).unwrap();
    let drawn = pollster::block_on(pipeline.draw(features.clone())).unwrap();
    let decoder = load_safetensors(Decoder::folded(&device), &bytes).unwrap();
    assert_eq!(drawn, run::values(decoder.forward(features)));
    let log = fs::read_to_string(path.join("view/log.jsonl")).unwrap();
    let log: serde_json::Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
    assert!(
        log["dev_bona_fide_l1"].as_f64().unwrap() > 0.0 && log["dev_attack_depth"].as_f64().unwrap() > 0.0,
        "{log}"
    );
    assert!(path.join("view/samples/epoch-0001.png").exists());

    // The weights alone give the scores that thresholds were chosen on. In 16 bits: what 8 cost a network of some fifty steps is
    // more, and export's own limit.
    succeeds(path, &[&export[..], &["--precision", "half"]].concat());
    let bytes = fs::read(path.join("weights/classifier.safetensors")).unwrap();
    let shipped = load_safetensors(Classifier::folded(&device), &bytes).unwrap();
    let examples = Examples::load(&[path.join("data")]).unwrap();
    let plan = Example::in_order(&examples.of(Split::Test).unwrap(), 12).remove(0);
    let logits = run::values(shipped.forward(examples.batch(&plan, &device).unwrap().images));
    let measured = &read_csv(&path.join("run/scores.csv")).unwrap()["test"].0;
    assert_eq!(measured.len(), logits.len());
    for (item, logit) in measured.iter().zip(logits) {
        let score = Score::from_logit(logit).value();
        assert!((score - item.score).abs() < 0.01, "{score} {item:?}");
    }

    let scores = ["--scores", "ours=run/scores.csv", "--scores", "theirs=run/scores.csv"];
    succeeds(path, &[&["compare", "--out", "peers"][..], &scores].concat());
    assert_eq!(json(&path.join("peers/peers.json"))[1]["model"], "theirs");
    fs::write(path.join("left-out.md"), "| a | b |\n|---|---|\n| 1 | 2 |\n").unwrap();
    refuses(path, &card, "--pretrained");
    refuses(path, &[&card[..], &["--pretrained", "run"]].concat(), "not from finetune run");
    let card = [&card[..], &["--pretrained", "first"]].concat();
    refuses(path, &[&card[..], &["--depth-view", "first"]].concat(), "not one of");
    let card = [&card[..], &["--depth-view", "view"]].concat();
    succeeds(path, &[&card[..], &["--peers", "peers/peers.json", "--tests", "One left out=left-out.md"]].concat());
    let text = fs::read_to_string(path.join("card.md")).unwrap();
    for expected in [
        "712,465",
        "| `strict` | 1 % |",
        "| low light | 2 | 2 |",
        "| theirs |",
        "| depth view | pseudo-depth drawn from the same features",
        "| pretraining | generator",
        "## One left out\n\n| a | b |",
        "simulated",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert!(!text.contains("{{") && !text.contains("NaN") && !text.contains(&path.display().to_string()));
}
