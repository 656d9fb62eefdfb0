//! What needs an NVIDIA GPU: `make test-cuda`. Everywhere else this file is only type-checked (`make lint`).
#![cfg(feature = "cuda")]

use bonafide::network::{Generator, WIDTH};
use burn::{
    module::Module,
    tensor::{Device, DeviceType, Distribution, Tensor},
};
use trainer::{
    data::examples::Batch,
    run::{config::Config, device::DeviceChoice},
    train::{
        parallel::{self, Rank},
        pretrain::Trainee,
        steps::Trainee as _,
    },
};

const SIDE: usize = 64;
const STEPS: usize = 10;

fn trainee(device: &Device) -> Trainee {
    let config = Config::load("inter").unwrap().pretrain;
    // Weights are drawn on the CPU: the backends draw other numbers from the same seed.
    let cpu = Device::flex().autodiff();
    cpu.seed(1);
    let drawn = Trainee::new(&config, Generator::new(WIDTH, &cpu), &cpu);
    let recording = device.clone().autodiff();
    let mut trainee = Trainee::new(&config, Generator::new(WIDTH, &recording), &recording);
    trainee.generator = drawn.generator.valid().fork(device).train();
    trainee.critic = drawn.critic.valid().fork(device).train();
    trainee
}

/// Four crops and their depth, the same on every device, `times` over.
fn batch(times: usize, device: &Device) -> Batch {
    let cpu = Device::flex();
    cpu.seed(2);
    let draw = |channels| {
        let once = Tensor::<4>::random([4, channels, SIDE, SIDE], Distribution::Uniform(0.0, 1.0), &cpu);
        Tensor::cat(vec![once; times], 0).to_device(device)
    };
    let attack = Tensor::<1>::from_floats([0.0, 1.0, 0.0, 1.0], &cpu).repeat_dim(0, times).to_device(device);
    Batch {
        images: draw(3),
        depth: draw(1),
        types: attack.clone().int(),
        attack,
        experts: None,
        twins: None,
        semantics: None,
    }
}

/// The losses of some steps, the last half of them against the critic.
fn curve(trainee: &mut Trainee, batch: &Batch, rank: &Rank) -> Vec<f32> {
    (0..STEPS).map(|step| trainee.losses(batch, step >= STEPS / 2, step % 3 == 0, rank).unwrap().generator).collect()
}

fn close(what: &str, a: &[f32], b: &[f32], tolerance: f32) {
    for (step, (a, b)) in a.iter().zip(b).enumerate() {
        assert!((a - b).abs() <= tolerance * b.abs(), "{what}, step {step}: {a} and {b}");
    }
}

#[test]
fn cuda_learns_as_the_cpu_does() {
    let gpu = DeviceChoice::Cuda(vec![0]).first().unwrap();
    let on = |device: Device| {
        let recording = device.clone().autodiff();
        curve(&mut trainee(&device), &batch(1, &recording), &Rank::alone(device))
    };
    close("CUDA and CPU", &on(gpu), &on(Device::flex()), 1e-2);
}

/// Two devices with a batch each learn as one device with both, where both halves have the same batch statistics.
#[test]
fn two_devices_learn_as_one_with_the_doubled_batch() {
    let there = Device::enumerate(DeviceType::Cuda).len();
    if there < 2 {
        eprintln!("NOT RUN: this machine has {there} CUDA device, data parallel needs two");
        return;
    }
    let devices = DeviceChoice::Cuda(vec![0, 1]).open().unwrap();
    let one =
        curve(&mut trainee(&devices[0]), &batch(2, &devices[0].clone().autodiff()), &Rank::alone(devices[0].clone()));
    let start = trainee(&devices[0]);
    let two = parallel::run(&devices, |rank| {
        let mut trainee = start.clone().fork(&rank);
        Ok(curve(&mut trainee, &batch(1, &rank.device().clone().autodiff()), &rank))
    })
    .unwrap();
    close("two devices and one", &two, &one, 1e-3);
}
