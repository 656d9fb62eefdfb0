//! What training does to the networks: folding keeps the function, and both stages can fit eight samples.

use bonafide::network::{Classifier, Encoder, Generator, WIDTH};
use burn::{
    module::Module,
    tensor::{Device, Distribution, Tensor, TensorData},
};
use trainer::{
    data::examples::{Batch, SemanticBatch},
    run::config::{Config, Head, Model},
    train::{finetune, liveness::Liveness, parallel::Rank, pretrain, steps::Step},
};

/// Small crops: the networks are fully convolutional, and a test has two minutes.
const SIDE: usize = 64;

/// Any step: the rate of learning stays as it is.
const AT: Step = Step { epoch: 0, number: 0, of: 1 };

fn config() -> Config {
    Config::load("small").unwrap()
}

/// Four balls at different places with the depth of their front, and the same four flat (zero depth) with stripes.
fn eight_samples(device: &Device) -> Batch {
    samples(SIDE, device)
}

fn samples(side: usize, device: &Device) -> Batch {
    let (mut images, mut depth, mut attack) = (Vec::new(), Vec::new(), Vec::new());
    for sample in 0..8 {
        let (place, flat) = (sample % 4, sample >= 4);
        let (cx, cy) = (22.0 + 20.0 * (place % 2) as f32, 22.0 + 20.0 * (place / 2) as f32);
        let ball: Vec<f32> = (0..side * side)
            .map(|at| {
                let (x, y) = ((at % side) as f32 + 0.5 - cx, (at / side) as f32 + 0.5 - cy);
                (1.0 - (x * x + y * y) / 256.0).max(0.0).sqrt()
            })
            .collect();
        for channel in 0..3 {
            images.extend(ball.iter().enumerate().map(|(at, height)| {
                let stripe = if flat && at % 4 < 2 { 0.3 } else { 0.0 };
                0.1 + 0.2 * channel as f32 * height + 0.4 * height + stripe
            }));
        }
        depth.extend(if flat { vec![0.0; side * side] } else { ball });
        attack.push(f32::from(u8::from(flat)));
    }
    Batch {
        images: Tensor::from_data(TensorData::new(images, [8, 3, side, side]), device),
        depth: Tensor::from_data(TensorData::new(depth, [8, 1, side, side]), device),
        types: Tensor::<1>::from_floats(attack.as_slice(), device).int(),
        attack: Tensor::from_data(TensorData::new(attack, [8]), device),
        experts: None,
        twins: None,
        semantics: None,
    }
}

#[test]
fn folding_keeps_the_logit() {
    let device = Device::flex();
    let recording = device.clone().autodiff();
    device.seed(7);
    let classifier = Classifier::new(WIDTH, &recording);
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
    let config = trainer::run::config::Pretrain { generator_lr: 3e-3, ..config().pretrain };
    let batch = eight_samples(&device);
    let mut trainee = pretrain::Trainee::new(&config, Generator::new(WIDTH, &device), &device);
    let rank = Rank::alone(device);
    let mut l1 = f32::INFINITY;
    // With the critic in the last steps: it must not undo what L1 has drawn.
    for step in 0..300 {
        let adversarial = step >= 200;
        l1 = trainee.losses(&batch, adversarial, step % config.critic_every == 0, &rank).unwrap().l1;
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
    let mut trainee = finetune::Trainee::new(Liveness::Classifier(Classifier::new(WIDTH, &device)), &config(), &device);
    let rank = Rank::alone(device);
    let mut loss = f32::INFINITY;
    for _ in 0..200 {
        loss = trainee.learn(&batch, AT, &rank).unwrap();
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
    let mut trainee = finetune::Trainee::new(Liveness::Classifier(Classifier::new(WIDTH, &device)), &config(), &device);
    let stopped = trainee.learn(&batch, AT, &Rank::alone(device)).unwrap_err();
    assert!(stopped.to_string().contains("NaN"), "{stopped}");
}

/// Every head's loss falls when it is trained on the same eight samples.
#[test]
fn every_head_learns() {
    let device = Device::flex().autodiff();
    for head in [Head::Multihead, Head::Aenet] {
        device.seed(1);
        // AENet's maps divide the crop into 14 x 14.
        let batch = samples(112, &device);
        let labels =
            |of: fn(usize) -> i32| Tensor::from_data(TensorData::from([0, 1, 2, 3, 4, 5, 6, 7].map(of)), &device);
        let batch = Batch {
            semantics: Some(SemanticBatch {
                attributes: Tensor::from_data(
                    TensorData::new(
                        (0..320).map(|i| (i % 3) as f32 / 2.0).map(f32::round).collect::<Vec<_>>(),
                        [8, 40],
                    ),
                    &device,
                ),
                spoof_type: labels(|i| if i < 4 { 0 } else { i as i32 }),
                illumination: labels(|i| i as i32 % 5),
            }),
            ..batch
        };
        let model = Model { width: WIDTH, head };
        let network = Liveness::new(&model, Encoder::new(WIDTH, &device), 1, &device);
        let mut trainee = finetune::Trainee::new(network, &Config { model, ..config() }, &device);
        let rank = Rank::alone(device.clone());
        let first = trainee.learn(&batch, AT, &rank).unwrap();
        let last = (0..30).map(|_| trainee.learn(&batch, AT, &rank).unwrap()).last().unwrap();
        assert!(last < 0.5 * first, "{head:?}: {first} only fell to {last}");
    }
}
