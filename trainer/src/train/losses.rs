//! Logits and depth maps -> the scalar losses of the paper's objectives, each to be minimised.

use burn::tensor::{Tensor, activation::log_sigmoid};

use super::critic::Opinion;
use crate::run::config::Pretrain;

/// Mean binary cross-entropy of logits `[B]` against targets `[B]` in `{0, 1}`, stable for large logits.
pub fn binary_cross_entropy(logits: Tensor<1>, targets: Tensor<1>) -> Tensor<1> {
    // -(t log s(x) + (1 - t) log s(-x))
    let positive = log_sigmoid(logits.clone()) * targets.clone();
    let negative = log_sigmoid(-logits) * (targets * -1.0 + 1.0);
    -(positive + negative).mean()
}

/// As [`binary_cross_entropy`] for several outputs `[B, K]`, over the entries whose mask is 1; 0 if none is.
pub fn masked_binary_cross_entropy(logits: Tensor<2>, targets: Tensor<2>, mask: Tensor<2>) -> Tensor<1> {
    let positive = log_sigmoid(logits.clone()) * targets.clone();
    let negative = log_sigmoid(-logits) * (targets * -1.0 + 1.0);
    -((positive + negative) * mask.clone()).sum() / (mask.sum() + 1e-6)
}

/// E||x - G(z)||_1 as a mean over pixels, of two `[B, 1, H, W]` maps.
pub fn l1(truth: Tensor<4>, generated: Tensor<4>) -> Tensor<1> {
    (truth - generated).abs().mean()
}

/// L_D = lambda_d L_d + lambda_cd L_cd, negated (paper, objectives). `attack` `[B]` is 1 for an attack.
pub fn critic(config: &Pretrain, truth: Opinion, generated: Opinion, attack: Tensor<1>) -> Tensor<1> {
    let one = attack.ones_like();
    let zero = attack.zeros_like();
    let origin = binary_cross_entropy(truth.truth, one) + binary_cross_entropy(generated.truth, zero);
    let class = binary_cross_entropy(truth.attack, attack.clone()) + binary_cross_entropy(generated.attack, attack);
    origin * config.lambda_d + class * config.lambda_cd
}

/// The adversarial part of L_G: lambda_g E[log D(G(z))] + lambda_cg E[log P(c | G(z))], negated.
pub fn generator_adversarial(config: &Pretrain, generated: Opinion, attack: Tensor<1>) -> Tensor<1> {
    let one = attack.ones_like();
    binary_cross_entropy(generated.truth, one) * config.lambda_g
        + binary_cross_entropy(generated.attack, attack) * config.lambda_cg
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn cross_entropy_of_known_logits() {
        let device = Device::flex();
        let logits = Tensor::<1>::from_floats([0.0, 2.0, -40.0, 40.0], &device);
        let targets = Tensor::<1>::from_floats([1.0, 0.0, 0.0, 1.0], &device);
        // ln 2, ln(1 + e^2), and nearly nothing twice.
        let expected = (2f32.ln() + (1.0 + 2f32.exp()).ln()) / 4.0;
        let loss = binary_cross_entropy(logits, targets).into_scalar::<f32>();
        assert!((loss - expected).abs() < 1e-5, "{loss} for {expected}");
    }
}
