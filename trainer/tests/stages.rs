//! Every stage from the command line, on crops that need no faces: starts, tables, and what bad options answer.

mod support;

use bonafide::network::{Encoder, WIDTH};
use burn::{
    store::{BurnToPyTorchAdapter, ModuleSnapshot, SafetensorsStore},
    tensor::Device,
};
use image::{Rgb, RgbImage};
use support::{QUICK, refuses, succeeds};
use trainer::{
    run::config::{Head, Model},
    train::init::{self, InitArgs},
};

#[test]
fn a_protocol_trains_each_row_once_and_prints_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    support::prepared(&path.join("one"), "one", [2, 2, 2], false);
    support::prepared(&path.join("other"), "other", [0, 0, 2], false);
    support::config(&path.join("quick.toml"), &QUICK);
    let mut command = vec!["protocol", "inter", "--data", "one", "--test", "other", "--config", "quick.toml"];
    command.extend(["--rows", "he,pdgan,pdgan-multihead", "--run", "runs"]);
    let table = succeeds(path, &command);
    for row in ["ResNet-18x0.25, He", "PDGAN backbone", "PDGAN backbone, multihead"] {
        assert!(table.lines().any(|line| line.contains(row)), "{table}");
    }
    // Both PDGAN rows started from one generator, and a second call trains nothing.
    assert!(path.join("runs/seed-1/pretrain").exists());
    let log = || std::fs::read_to_string(path.join("runs/seed-1/pdgan/log.jsonl")).unwrap();
    let before = log();
    let again = succeeds(path, &command);
    assert!(again.contains(&std::fs::read_to_string(path.join("runs/table.md")).unwrap()), "{again}");
    assert_eq!(before, log());
    // What nobody looked at is named, in the table too.
    for note in [
        "Not used: the test split of one (4 crops); nothing learns from it",
        "No custom set: --finetune-data was not given",
    ] {
        assert!(table.contains(note) && again.contains(note), "{note}: {table}");
    }
    assert!(!table.contains("split of other"), "{table}");
}

#[test]
fn a_protocols_rows_are_the_papers_and_those_left_out_have_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    support::prepared(&path.join("data"), "data", [2, 2, 2], false);
    support::config(&path.join("quick.toml"), &QUICK);
    let table = succeeds(path, &["protocol", "intra", "--data", "data", "--config", "quick.toml", "--run", "runs"]);
    for row in ["ResNet-18x0.25, He", "ResNet-18x0.25, He, multihead", "PDGAN backbone", "PDGAN backbone, multihead"] {
        assert!(table.contains(&format!("| {row} |")), "{row}: {table}");
    }
    for note in [
        "Row left out: AENet C, S, G, because AENet learns CelebA-Spoof's attributes",
        "Row left out: ResNet-18x0.25, ImageNet, because it starts from ImageNet",
        "Row left out: ResNet-18x0.25, ImageNet, multihead, because it starts from ImageNet",
    ] {
        assert!(table.contains(note), "{note}: {table}");
    }
}

/// Another program, that must succeed.
fn succeeds_in(folder: &std::path::Path, program: &str, args: &[&str]) {
    assert!(std::process::Command::new(program).current_dir(folder).args(args).status().unwrap().success());
}

#[test]
fn bad_options_answer_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    support::prepared(&path.join("data"), "data", [2, 1, 1], false);
    support::config(&path.join("quick.toml"), &QUICK);
    std::fs::write(path.join("misspelt.toml"), "sed = 1").unwrap();
    let finetune = |more: &[&'static str]| {
        let mut args = vec!["finetune", "--data", "data", "--run", "run"];
        args.extend(more);
        refuses(path, &args)
    };
    assert!(refuses(path, &["pretrain", "--data", "nonesuch", "--run", "run"]).contains("trainer prepare"));
    assert!(finetune(&["--config", "nonesuch"]).contains("intra, inter, small and shipped"));
    assert!(finetune(&["--config", "misspelt.toml"]).contains("unknown field"));
    assert!(finetune(&["--width", "0.3"]).contains("model.width is 0.3"));
    assert!(finetune(&["--head", "aenet"]).contains("no such labels"));
    assert!(finetune(&["--pretrained", "nonesuch"]).contains("not the folder of a run"));
    assert!(finetune(&["--init", "nonesuch.pth"]).contains("cannot read nonesuch.pth"));
    assert!(finetune(&["--resume"]).contains("no run to resume"));
    assert!(refuses(path, &["protocol", "inter", "--data", "data", "--run", "run"]).contains("--test"));
    assert!(refuses(path, &["evaluate", "--run", "run", "--data", "data"]).contains("not the folder of a run"));
    // The same folder twice, under another name, and as a copy.
    succeeds_in(path, "cp", &["-r", "data", "copy"]);
    for again in ["data", "./data", "copy"] {
        assert!(finetune(&["--data", again]).contains("hold the same sample, 0.jpg of data/0: it would count twice"));
    }
    // One kind of things a folder.
    assert!(
        refuses(path, &["finetune", "--data", "data", "--run", "data"]).contains("data holds a prepared set of crops")
    );
    assert!(!path.join("data/config.toml").exists());
    assert!(!path.join("run/config.toml").exists(), "a refused command must not leave a run");
}

#[test]
fn a_run_is_not_overwritten_nor_resumed_as_another() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    support::prepared(&path.join("data"), "data", [2, 1, 1], false);
    support::prepared(&path.join("more"), "more", [2, 1, 1], false);
    support::config(&path.join("quick.toml"), &QUICK);
    let run = ["finetune", "--data", "data", "--config", "quick.toml", "--run", "run"];
    succeeds(path, &run);
    assert!(refuses(path, &run).contains("--resume"));
    let resume = |more: &[&'static str]| refuses(path, &[&run[..], &["--resume"], more].concat());
    assert!(resume(&["--seed", "7"]).contains("another config"));
    assert!(resume(&["--data", "more"]).contains("another data"));
    assert!(resume(&["--margin", "1.6"]).contains("another margin"));
    succeeds(path, &[&run[..], &["--resume"]].concat());
}

#[test]
fn a_run_goes_on_from_another_with_other_data_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    support::prepared(&path.join("data"), "data", [2, 1, 1], false);
    support::prepared(&path.join("more"), "more", [2, 1, 1], false);
    // No step changes a weight, and no mean rounds one: what comes out is what went in.
    let still = [("lr = 1e-3", "lr = 1e-30"), ("averaging = \"exponential\"", "averaging = \"none\"")];
    support::config(&path.join("quick.toml"), &[&QUICK[..], &still].concat());
    let finetune = ["finetune", "--config", "quick.toml"];
    succeeds(path, &[&finetune[..], &["--data", "data", "--run", "early"]].concat());
    let on = ["--data", "data", "more", "--finetuned", "early"];
    assert!(
        refuses(path, &[&finetune[..], &on, &["--run", "no", "--width", "0.5"]].concat()).contains("another network")
    );
    succeeds(path, &[&finetune[..], &on, &["--run", "late"]].concat());
    let about = std::fs::read_to_string(path.join("late/run.json")).unwrap();
    assert!(about.contains("he; then finetune early for 1 epochs at commit "), "{about}");
    // The stem: batch norms measure anew.
    let stem = |run: &str| {
        let network = trainer::train::finetune::load(&path.join(run), &Device::flex()).unwrap();
        support::parameters(&network)[..2_352].to_vec()
    };
    assert!(stem("late") == stem("early"));
}

#[test]
fn a_torchvision_checkpoint_fills_the_encoder_and_a_wrong_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let device = Device::flex();
    device.seed(3);
    let encoder = Encoder::new(WIDTH, &device);
    let path = folder.path().join("resnet.safetensors");
    let mut store = SafetensorsStore::from_file(&path).with_to_adapter(BurnToPyTorchAdapter);
    for (from, to) in [
        (r"^stem\.conv\.", "conv1."),
        (r"^stem\.norm\.", "bn1."),
        (r"\.first\.conv\.", ".conv1."),
        (r"\.first\.norm\.", ".bn1."),
        (r"\.second\.conv\.", ".conv2."),
        (r"\.second\.norm\.", ".bn2."),
        (r"\.shortcut\.conv\.", ".downsample.0."),
        (r"\.shortcut\.norm\.", ".downsample.1."),
        (r"^stages\.0\.", "layer1.0."),
        (r"^stages\.1\.", "layer1.1."),
        (r"^stages\.2\.", "layer2.0."),
        (r"^stages\.3\.", "layer2.1."),
        (r"^stages\.4\.", "layer3.0."),
        (r"^stages\.5\.", "layer3.1."),
        (r"^stages\.6\.", "layer4.0."),
        (r"^stages\.7\.", "layer4.1."),
    ] {
        store = store.with_key_remapping(from, to);
    }
    encoder.save_into(&mut store).unwrap();
    let args = InitArgs { init: Some(path.clone()) };
    let model = |width| Model { width, head: Head::Single };
    let loaded = init::encoder(&args, &model(WIDTH), &device).unwrap();
    assert!(support::parameters(&loaded) == support::parameters(&encoder));
    assert!(args.describe().unwrap().starts_with("checkpoint resnet.safetensors"));

    let other_width = init::encoder(&args, &model(0.5), &device).unwrap_err();
    assert!(format!("{other_width:#}").contains("width 0.5"), "{other_width:#}");
    std::fs::write(&path, b"no checkpoint").unwrap();
    assert!(init::encoder(&args, &model(WIDTH), &device).is_err());
}

#[test]
fn an_image_folder_teaches_its_classes_and_a_run_starts_from_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    for (split, images) in [("train", 8), ("val", 2)] {
        for (class, period) in [("coarse", 24), ("fine", 4)] {
            let to = path.join("images").join(split).join(class);
            std::fs::create_dir_all(&to).unwrap();
            for number in 0..images {
                let image = RgbImage::from_fn(96 + number * 8, 96, |x, _| {
                    if x / period % 2 == 0 { Rgb([200, 180, 90 + number as u8]) } else { Rgb([30, 60, 90]) }
                });
                image.save(to.join(format!("{number}.png"))).unwrap();
            }
        }
    }
    support::config(
        &path.join("quick.toml"),
        &[&QUICK[..], &[("epochs = 30\nbatch = 64\nlr = 0.05", "epochs = 20\nbatch = 4\nlr = 0.02")]].concat(),
    );
    let log = succeeds(path, &["pretrain-imagenet", "--data", "images", "--config", "quick.toml", "--run", "backbone"]);
    let last: serde_json::Value = log.lines().rev().find_map(|line| serde_json::from_str(line).ok()).unwrap();
    assert!(last["val_top1"].as_f64().unwrap() > 0.7, "{log}");

    support::prepared(&path.join("data"), "data", [2, 1, 1], false);
    succeeds(path, &["finetune", "--data", "data", "--config", "quick.toml", "--init", "backbone", "--run", "run"]);
    let about = std::fs::read_to_string(path.join("run/run.json")).unwrap();
    assert!(about.contains("pretrain-imagenet backbone"), "{about}");
    assert!(refuses(path, &["pretrain-imagenet", "--data", "data", "--run", "x"]).contains("ImageNet's layout"));
}
