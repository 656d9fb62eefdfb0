//! Probability <-> log-odds, to the same bit on every machine.
//!
//! The logarithm of the C library differs in its last bit between systems, and a verdict that a browser reached must come
//! out of its recording anywhere. Addition, multiplication and division are exact by IEEE 754, so these are made of them.

use std::f64::consts::{LN_2, SQRT_2};

/// Closest that a probability comes to 0 or 1: the last step of an `f32` below 1.
const LEAST: f64 = 1.0 / 16_777_216.0;

/// Log-odds of a probability in `[0, 1]`, within about 16.6 of 0.
pub(super) fn logit(probability: f32) -> f64 {
    let p = f64::from(probability).clamp(LEAST, 1.0 - LEAST);
    ln(p) - ln(1.0 - p)
}

/// Probability of log-odds that are at most 40 from 0.
pub(super) fn logistic(logit: f64) -> f32 {
    (1.0 / (1.0 + exp(-logit))) as f32
}

/// Natural logarithm of a positive normal number: exponent and mantissa apart, then 2 atanh((m - 1) / (m + 1)).
fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let mut exponent = (bits >> 52) as i32 - 1023;
    let mut mantissa = f64::from_bits(bits & ((1 << 52) - 1) | 1023 << 52);
    if mantissa > SQRT_2 {
        (mantissa, exponent) = (mantissa / 2.0, exponent + 1);
    }
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let series = (0..=10).rev().fold(0.0, |sum, k| sum * s * s + 1.0 / f64::from(2 * k + 1));
    2.0 * s * series + f64::from(exponent) * LN_2
}

/// e to a power within 700 of 0: powers of two apart, then Taylor's series.
fn exp(x: f64) -> f64 {
    let twos = (x / LN_2).round();
    let rest = x - twos * LN_2;
    let series = (1..=15).rev().fold(1.0, |sum, k| 1.0 + sum * rest / f64::from(k));
    series * f64::from_bits(((twos as i64 + 1023) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_good_as_the_library() {
        for i in 1..4_000 {
            let x = f64::from(i) * 0.001;
            assert!((ln(x) - x.ln()).abs() < 1e-14, "ln {x}");
            let y = f64::from(i - 2_000) * 0.02;
            assert!((exp(y) / y.exp() - 1.0).abs() < 1e-13, "exp {y}");
        }
    }

    #[test]
    fn certainties_are_finite_and_round_trips_close() {
        assert!((logit(1.0) - 16.635).abs() < 1e-3 && logit(0.0) == -logit(1.0) && logit(0.5) == 0.0);
        for p in [0.001f32, 0.3, 0.5, 0.986, 0.9999] {
            assert!((logistic(logit(p)) - p).abs() < 1e-6);
        }
    }
}
