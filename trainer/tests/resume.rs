//! A run that is killed in the middle and resumed ends in the same weights as one that was not.

mod support;

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use burn::tensor::Device;
use trainer::{
    run::recording,
    train::{depth_view, finetune, pretrain},
};

/// Two epochs of three steps, the second one against the critic, with a critic step in it.
const CHANGES: [(&str, &str); 6] = [
    ("epochs = 6 ", "epochs = 2 "),
    ("warmup_epochs = 3", "warmup_epochs = 1"),
    ("critic_every = 25", "critic_every = 2"),
    ("batch = 16", "batch = 4"),
    ("epochs = 10", "epochs = 2"),
    ("baseline_epochs = 16", "baseline_epochs = 2"),
];

fn trainer(stage: &str, folder: &Path, run: &str, more: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_trainer"))
        .current_dir(folder)
        .args([stage, "--data", "data", "--config", "config.toml", "--run", run, "--checkpoint-seconds", "0"])
        .args(more)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// Kills the run as soon as a checkpoint from within its second epoch is there; says whether it came in time.
fn kill_in_the_second_epoch(mut run: Child, folder: &Path) -> bool {
    let began = Instant::now();
    loop {
        let checkpoints = std::fs::read_dir(folder.join("checkpoints")).into_iter().flatten().flatten();
        let mut names = checkpoints.map(|entry| entry.file_name().to_string_lossy().into_owned());
        if names.any(|name| name.starts_with("epoch-0001-step-000000") && !name.ends_with('0')) {
            // SIGKILL: no destructor, no handler.
            run.kill().unwrap();
            run.wait().unwrap();
            return true;
        }
        if run.try_wait().unwrap().is_some() {
            return false;
        }
        assert!(began.elapsed() < Duration::from_secs(300), "the run makes no progress");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A set to learn from, and the settings.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    support::prepared(&folder.path().join("data"), "balls", [6, 2, 2], false);
    support::config(&folder.path().join("config.toml"), &CHANGES);
    folder
}

fn killed_and_resumed_is_unbroken(stage: &str, more: &[&str], weights: impl Fn(&Path) -> Vec<f32>) {
    killed_in(&folder(), stage, more, weights);
}

fn killed_in(folder: &tempfile::TempDir, stage: &str, more: &[&str], weights: impl Fn(&Path) -> Vec<f32>) {
    assert!(trainer(stage, folder.path(), "unbroken", more).wait().unwrap().success());
    let killed = kill_in_the_second_epoch(trainer(stage, folder.path(), "broken", more), &folder.path().join("broken"));
    assert!(killed, "the run ended before it could be killed");
    let resume = [more, &["--resume"]].concat();
    assert!(trainer(stage, folder.path(), "broken", &resume).wait().unwrap().success());
    let (unbroken, broken) = (weights(&folder.path().join("unbroken")), weights(&folder.path().join("broken")));
    assert!(unbroken.iter().all(|weight| weight.is_finite()) && unbroken.len() > 100_000);
    assert!(unbroken == broken, "the resumed run has other weights");
    let log = |run: &str| {
        let text = std::fs::read_to_string(folder.path().join(run).join("log.jsonl")).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        lines
            .map(|mut line| {
                for time in ["seconds", "waiting"] {
                    assert!(line.as_object_mut().unwrap().remove(time).unwrap().as_f64().unwrap() >= 0.0);
                }
                line
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(log("unbroken"), log("broken"));
}

#[test]
fn pretraining() {
    killed_and_resumed_is_unbroken("pretrain", &[], |run| {
        support::parameters(&pretrain::load_generator(run, &recording(&Device::flex())).unwrap())
    });
}

#[test]
fn fine_tuning_with_a_second_head() {
    killed_and_resumed_is_unbroken("finetune", &["--head", "multihead"], |run| {
        support::parameters(&finetune::load(run, &Device::flex()).unwrap())
    });
}

#[test]
fn the_depth_view() {
    let folder = folder();
    let path = folder.path();
    // Two epochs of warm-up are two of the depth view.
    let config = std::fs::read_to_string(path.join("config.toml")).unwrap();
    std::fs::write(path.join("config.toml"), config.replace("warmup_epochs = 1", "warmup_epochs = 2")).unwrap();
    assert!(trainer("pretrain", path, "first", &[]).wait().unwrap().success());
    assert!(trainer("finetune", path, "second", &["--pretrained", "first"]).wait().unwrap().success());
    let before = support::parameters(&finetune::load(&path.join("second"), &Device::flex()).unwrap());
    killed_in(&folder, "depth-view", &["--pretrained", "first", "--finetuned", "second"], |run| {
        support::parameters(&depth_view::load(run, &path.join("second"), &Device::flex()).unwrap())
    });
    // The classifier is as it was; the decoder is not.
    assert!(before == support::parameters(&finetune::load(&path.join("second"), &Device::flex()).unwrap()));
    let start = pretrain::load_generator(&path.join("first"), &recording(&Device::flex())).unwrap().decoder;
    let end = depth_view::load(&path.join("unbroken"), &path.join("second"), &Device::flex()).unwrap();
    assert!(support::parameters(&start) != support::parameters(&end));
}
