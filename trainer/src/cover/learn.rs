//! Sitters -> the network, trained: drawn anew in every epoch, on the CPU, in minutes.

use std::{sync::mpsc, thread};

use anyhow::Result;
use bonafide::{crop::COVER_SIZE, network::Cover};
use burn::{
    module::Module,
    optim::{AdamConfig, GradientsParams},
    tensor::{Device, Tensor, TensorData},
};
use rand::seq::SliceRandom;
use rayon::prelude::*;

use super::{
    example::{any_kind, changed},
    kind::Kind,
    sitter::Sitter,
    worn::Worn,
};
use crate::{
    run::{self, terminal::progress},
    train::losses::binary_cross_entropy,
};

/// Pictures of a person in an epoch.
const EACH: usize = 8;
const BATCH: usize = 32;
/// At the start; it falls to zero with a cosine.
const RATE: f64 = 3e-3;

/// Pixels `[B, 3, 64, 64]`, and whether each hides its eyes and its mouth, `[B, 2]`, 0 or 1.
type Numbers = (Vec<f32>, Vec<f32>);

/// Trains for so many epochs; the seed fixes all that is drawn.
///
/// # Errors
/// If the loss is no longer finite.
pub(super) fn learn(sitters: &[&Sitter], epochs: usize, seed: u64) -> Result<Cover> {
    let device = Device::flex();
    device.seed(seed);
    let recording = run::recording(&device);
    let mut network = Cover::new(&recording);
    run::initialise(&network);
    let mut optimizer = AdamConfig::new().with_epsilon(1e-8).init();
    let batches = sitters.len() * EACH / BATCH;
    let bar = progress(epochs * batches, "cover");
    thread::scope(|scope| {
        let (send, receive) = mpsc::sync_channel(2);
        scope.spawn(move || {
            for epoch in 0..epochs {
                let mut order: Vec<usize> = (0..sitters.len() * EACH).collect();
                order.shuffle(&mut run::rng(seed, "order", epoch as u64));
                for chosen in order.chunks_exact(BATCH) {
                    if send.send(batch(sitters, chosen, epoch, seed)).is_err() {
                        return;
                    }
                }
            }
        });
        let (mut sum, total) = (0.0, (epochs * batches) as f64);
        for (step, (images, hidden)) in receive.into_iter().enumerate() {
            let count = hidden.len() / 2;
            let images = TensorData::new(images, [count, 3, COVER_SIZE, COVER_SIZE]);
            let targets = Tensor::from_data(TensorData::new(hidden, [2 * count]), &recording);
            let loss = binary_cross_entropy(
                network.parts(Tensor::from_data(images, &recording)).reshape([2 * count]),
                targets,
            );
            sum += run::finite("cross-entropy", loss.clone().inner())?;
            let rate = RATE * (1.0 + (std::f64::consts::PI * step as f64 / total).cos()) / 2.0;
            let gradients = GradientsParams::from_grads(loss.backward(), &network);
            network = optimizer.step(rate, network, gradients);
            bar.inc(1);
            if (step + 1) % batches == 0 {
                eprintln!("epoch {} of {epochs}: cross-entropy {:.4}", (step + 1) / batches, sum / batches as f32);
                sum = 0.0;
            }
        }
        bar.finish_and_clear();
        Ok(network.valid())
    })
}

fn batch(sitters: &[&Sitter], chosen: &[usize], epoch: usize, seed: u64) -> Numbers {
    let examples: Vec<(Vec<f32>, [bool; 2])> = chosen
        .par_iter()
        .map(|number| {
            let sitter = sitters[number / EACH];
            let mut rng = run::rng(seed, &format!("{}/{epoch}", sitter.subject), (number % EACH) as u64);
            // Who wears something gets nothing else.
            let (kind, hides) = match sitter.worn {
                Some(Worn::Hides(hides)) => (Kind::Bare, hides),
                _ => {
                    let kind = any_kind(&mut rng);
                    (kind, kind.hides())
                }
            };
            let drawn = kind.draw(sitter, &mut rng);
            (changed(sitter, &drawn, &mut rng), hides)
        })
        .collect();
    let hidden = examples.iter().flat_map(|(_, hidden)| hidden.map(|hidden| f32::from(u8::from(hidden)))).collect();
    (examples.into_iter().flat_map(|(planes, _)| planes).collect(), hidden)
}

/// Log-odds of one picture `[3, 64, 64]`.
pub(super) fn log_odds(network: &Cover, planes: Vec<f32>) -> f32 {
    let image = TensorData::new(planes, [1, 3, COVER_SIZE, COVER_SIZE]);
    network.forward(Tensor::from_data(image, &Device::flex())).into_scalar::<f32>()
}
