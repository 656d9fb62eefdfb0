//! What training does to the networks: folding keeps the function, and both stages can fit eight samples.

use bonafide::network::Classifier;
use burn::{
    module::Module,
    tensor::{Device, Distribution, Tensor, TensorData},
};
use trainer::{config::Config, examples::Batch, finetune, pretrain};

/// Small crops: the networks are fully convolutional, and a test has two minutes.
const SIDE: usize = 64;

fn config() -> Config {
    Config::load(concat!(env!("CARGO_MANIFEST_DIR"), "/configs/first.toml").as_ref()).unwrap()
}

/// Four balls at different places with the depth of their front, and the same four flat (zero depth) with stripes.
fn eight_samples(device: &Device) -> Batch {
    let (mut images, mut depth, mut attack) = (Vec::new(), Vec::new(), Vec::new());
    for sample in 0..8 {
        let (place, flat) = (sample % 4, sample >= 4);
        let (cx, cy) = (22.0 + 20.0 * (place % 2) as f32, 22.0 + 20.0 * (place / 2) as f32);
        let ball: Vec<f32> = (0..SIDE * SIDE)
            .map(|at| {
                let (x, y) = ((at % SIDE) as f32 + 0.5 - cx, (at / SIDE) as f32 + 0.5 - cy);
                (1.0 - (x * x + y * y) / 256.0).max(0.0).sqrt()
            })
            .collect();
        for channel in 0..3 {
            images.extend(ball.iter().enumerate().map(|(at, height)| {
                let stripe = if flat && at % 4 < 2 { 0.3 } else { 0.0 };
                0.1 + 0.2 * channel as f32 * height + 0.4 * height + stripe
            }));
        }
        depth.extend(if flat { vec![0.0; SIDE * SIDE] } else { ball });
        attack.push(f32::from(u8::from(flat)));
    }
    Batch {
        images: Tensor::from_data(TensorData::new(images, [8, 3, SIDE, SIDE]), device),
        depth: Tensor::from_data(TensorData::new(depth, [8, 1, SIDE, SIDE]), device),
        attack: Tensor::from_data(TensorData::new(attack, [8]), device),
    }
}

#[test]
fn folding_keeps_the_logit() {
    let device = Device::flex();
    let recording = device.clone().autodiff();
    device.seed(7);
    let classifier = Classifier::new(&recording);
    // Training passes move the running statistics away from 0 and 1.
    for _ in 0..3 {
        let x = Tensor::random([4, 3, SIDE, SIDE], Distribution::Uniform(0.0, 1.0), &recording);
        let _ = classifier.forward(x);
    }
    let classifier = classifier.valid();
    let x = Tensor::random([2, 3, SIDE, SIDE], Distribution::Uniform(0.0, 1.0), &device);
    let before: Vec<f32> = classifier.forward(x.clone()).into_data().try_into_vec().unwrap();
    let after: Vec<f32> = classifier.fold().forward(x).into_data().try_into_vec().unwrap();
    for (before, after) in before.iter().zip(&after) {
        assert!((before - after).abs() < 1e-4, "{before} became {after}");
    }
}

#[test]
fn the_generator_fits_eight_samples() {
    let device = Device::flex().autodiff();
    device.seed(1);
    let config = trainer::config::Pretrain { generator_lr: 3e-3, ..config().pretrain };
    let batch = eight_samples(&device);
    let mut trainee = pretrain::Trainee::new(&device);
    let mut l1 = f32::INFINITY;
    // With the critic in the last steps: it must not undo what L1 has drawn.
    for step in 0..300 {
        let adversarial = step >= 200;
        l1 = trainee.step(&config, &batch, adversarial, step % config.critic_every == 0).unwrap().l1;
        if adversarial && l1 < 0.02 {
            break;
        }
    }
    assert!(l1 < 0.02, "L1 {l1}");
}

#[test]
fn the_classifier_fits_eight_samples() {
    let device = Device::flex().autodiff();
    device.seed(1);
    let batch = eight_samples(&device);
    let mut trainee = finetune::Trainee::new(Classifier::new(&device));
    let mut loss = f32::INFINITY;
    for _ in 0..200 {
        loss = trainee.step(1e-3, &batch).unwrap();
        if loss < 0.05 {
            break;
        }
    }
    assert!(loss < 0.05, "loss {loss}");
}

#[test]
fn a_loss_that_is_no_number_stops_the_run() {
    let device = Device::flex().autodiff();
    let batch = eight_samples(&device);
    let batch = Batch { images: batch.images * f32::NAN, ..batch };
    let stopped = finetune::Trainee::new(Classifier::new(&device)).step(1e-3, &batch).unwrap_err();
    assert!(stopped.to_string().contains("NaN"), "{stopped}");
}
