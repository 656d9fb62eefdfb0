//! Probability <-> log-odds, to the same bit on every machine.
//!
//! The logarithm of the C library differs in its last bit between systems, and a verdict that a browser reached must come
//! out of its recording anywhere. `libm` is plain Rust: addition, multiplication and division, exact by IEEE 754, in one
//! order everywhere.

use libm::{exp, log};

/// Closest that a probability comes to 0 or 1: the last step of an `f32` below 1.
const LEAST: f64 = 1.0 / 16_777_216.0;

/// Log-odds of a probability in `[0, 1]`, within about 16.6 of 0.
pub(super) fn logit(probability: f32) -> f64 {
    let p = f64::from(probability).clamp(LEAST, 1.0 - LEAST);
    log(p) - log(1.0 - p)
}

/// Probability of log-odds.
pub(super) fn logistic(logit: f64) -> f32 {
    (1.0 / (1.0 + exp(-logit))) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bits_are_these_on_every_machine() {
        let odds = [0.001_f32, 0.3, 0.832_018_4, 0.986, 1.0].map(|p| logit(p).to_bits());
        let bits = [
            0xc01b_a084_4fee_550d,
            0xbfeb_1d10_4890_c700,
            0x3ff9_9999_86e5_fc95,
            0x4011_04b5_a24c_02bc,
            0x4030_a2b2_3e3b_ab72,
        ];
        assert_eq!(odds, bits);
        let shares = [-9.5, -0.25, 0.0, 1.6, 12.0].map(|odds| logistic(odds).to_bits());
        assert_eq!(shares, [0x389c_f6c3, 0x3ee0_2a67, 0x3f00_0000, 0x3f54_ff28, 0x3f7f_ff99]);
    }

    #[test]
    fn certainties_are_finite_and_round_trips_close() {
        assert!((logit(1.0) - 16.635).abs() < 1e-3 && logit(0.0) == -logit(1.0) && logit(0.5) == 0.0);
        for p in [0.001f32, 0.3, 0.5, 0.986, 0.9999] {
            assert!((logistic(logit(p)) - p).abs() < 1e-6);
        }
    }
}
