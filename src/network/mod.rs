//! The liveness networks: face crop `[B, 3, 224, 224]` in `[0, 1]` -> pseudo-depth or liveness logit.
//!
//! [`encoder`] is the backbone that both share; [`generator`] adds the [`decoder`] (pretraining), [`classifier`] adds a
//! head (what ships). [`minifasnet`] is the second opinion: two networks that others trained. [`cover`] tells no liveness: it
//! sees whether something hides the face. They know tensors only: no pixels, no thresholds, no scores.

mod blocks;
pub mod classifier;
pub mod cover;
pub mod decoder;
pub mod encoder;
pub mod generator;
pub mod kernels;
pub mod minifasnet;

pub use blocks::{ConvNorm, ResidualDown};
pub use classifier::Classifier;
pub use cover::Cover;
pub use decoder::Decoder;
pub use encoder::Encoder;
pub use generator::Generator;
pub use minifasnet::MiniFasNet;

/// Width of the networks over that of ResNet-18 (paper: a quarter, about 0.71 M parameters with the head).
pub const WIDTH: f64 = 0.25;
