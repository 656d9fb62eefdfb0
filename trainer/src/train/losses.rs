//! Logits and depth maps -> the scalar losses of the paper's objectives, each to be minimised.

use burn::tensor::{Int, Tensor, activation::log_sigmoid};

use super::critic::Opinion;
use crate::run::config::Pretrain;

/// Mean binary cross-entropy of logits `[B]` against targets `[B]` in `{0, 1}`, stable for large logits.
pub fn binary_cross_entropy(logits: Tensor<1>, targets: Tensor<1>) -> Tensor<1> {
    binary_cross_entropies(logits, targets).mean()
}

/// As [`binary_cross_entropy`], of each, `[B]`.
pub fn binary_cross_entropies(logits: Tensor<1>, targets: Tensor<1>) -> Tensor<1> {
    // -(t log s(x) + (1 - t) log s(-x))
    let positive = log_sigmoid(logits.clone()) * targets.clone();
    let negative = log_sigmoid(-logits) * (targets * -1.0 + 1.0);
    -(positive + negative)
}

/// Variance, over the attack types of a batch, of each type's mean loss (V-REx). `losses` `[B]`; `types` `[B]`, 0 bona fide.
pub fn variance_over_types(losses: Tensor<1>, types: Tensor<1, Int>) -> Tensor<1> {
    let count = losses.dims()[0];
    // Two at least, also of a batch without attacks: burn refuses to tell one class apart.
    let most = 2.max(1 + types.clone().max().into_scalar::<i32>() as usize);
    let member = types.one_hot(most).float();
    let crops = member.clone().sum_dim(0).reshape([most]);
    let sums = (member * losses.reshape([count, 1])).sum_dim(0).reshape([most]);
    let attacks = Tensor::<1, Int>::arange(0..most as i64, &sums.device()).greater_elem(0).float();
    let present = crops.clone().greater_elem(0.5).float() * attacks;
    let risks = sums / crops.clamp_min(1.0);
    let types = present.clone().sum().clamp_min(1.0);
    let mean = (risks.clone() * present.clone()).sum() / types.clone();
    ((risks - mean).powi_scalar(2) * present).sum() / types
}

/// Huber losses, delta 1, of differences, each one's.
pub fn hubers<const D: usize>(of: Tensor<D>) -> Tensor<D> {
    let away = of.abs();
    let near = away.clone().clamp_max(1.0);
    // 0.5 d^2 up to 1, d - 0.5 beyond.
    near.clone() * (away - near * 0.5)
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

    #[test]
    fn the_variance_is_over_the_attack_types_that_are_there() {
        let device = Device::flex();
        let losses = Tensor::<1>::from_floats([9.0, 1.0, 3.0, 4.0], &device);
        // Type 1: mean 2; type 3: 4; bona fide and the absent type 2 do not count.
        let types = Tensor::<1, Int>::from_ints([0, 1, 1, 3], &device);
        let variance = variance_over_types(losses, types).into_scalar::<f32>();
        assert!((variance - 1.0).abs() < 1e-5, "{variance}");
        let alone = Tensor::<1>::from_floats([9.0, 1.0], &device);
        let none = variance_over_types(alone, Tensor::from_ints([0, 0], &device)).into_scalar::<f32>();
        assert_eq!(none, 0.0);
    }

    #[test]
    fn huber_is_square_near_and_straight_far() {
        let device = Device::flex();
        let of = |distance: f32| {
            let one = Tensor::<2>::from_floats([[distance]], &device);
            hubers(one).into_scalar::<f32>()
        };
        assert!((of(0.5) - 0.125).abs() < 1e-6 && (of(-3.0) - 2.5).abs() < 1e-6);
    }
}
