//! Random draws that several stages share.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// A draw whose logarithm is uniform.
pub(super) fn log(rng: &mut ChaCha8Rng, low: f32, high: f32) -> f32 {
    rng.random_range(low.ln()..high.ln()).exp()
}

/// A draw of mean 0 and variance 1: the sum of four uniform draws is near enough to a normal one.
pub(crate) fn normal(rng: &mut ChaCha8Rng) -> f32 {
    (0..4).map(|_| rng.random_range(-0.866..0.866f32)).sum()
}
