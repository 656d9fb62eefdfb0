//! What follows a convolution: bias, an image added, ReLU.

/// Adds `bias`, and `add` with its number of channels if there is one, to every pixel; then a ReLU if asked. Where `add` has
/// fewer channels than `out`, its missing ones are zero.
///
/// # Panics
/// If `add` has more channels than `bias`, or another number of pixels than `out`.
pub fn finish(out: &mut [f32], bias: &[f32], add: Option<(&[f32], usize)>, relu: bool) {
    match (add, relu) {
        (None, false) => each(out, bias, |value| value),
        (None, true) => each(out, bias, positive),
        (Some((add, channels)), _) => {
            assert!(channels <= bias.len() && add.len() * bias.len() == out.len() * channels, "images that do not fit");
            let last = if relu { positive } else { |value| value };
            for (pixel, add) in out.chunks_exact_mut(bias.len()).zip(add.chunks_exact(channels)) {
                let (both, alone) = pixel.split_at_mut(channels);
                let (first, second) = bias.split_at(channels);
                for ((value, bias), add) in both.iter_mut().zip(first).zip(add) {
                    *value = last(*value + bias + add);
                }
                for (value, bias) in alone.iter_mut().zip(second) {
                    *value = last(*value + bias);
                }
            }
        }
    }
}

fn each(out: &mut [f32], bias: &[f32], last: impl Fn(f32) -> f32) {
    for pixel in out.chunks_exact_mut(bias.len()) {
        for (value, bias) in pixel.iter_mut().zip(bias) {
            *value = last(*value + bias);
        }
    }
}

/// NaN stays, so that a broken run is seen.
#[inline(always)]
fn positive(value: f32) -> f32 {
    if value < 0.0 { 0.0 } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bias_addition_and_relu() {
        let mut out = vec![1.0, -2.0, 3.0, -4.0, 5.0, f32::NAN];
        finish(&mut out, &[0.5, 0.5, 0.5], Some((&[10.0, 1.0, -10.0, 1.0], 2)), true);
        assert_eq!(out[..5], [11.5, 0.0, 3.5, 0.0, 6.5]);
        assert!(out[5].is_nan());
        let mut out = vec![-1.0, 2.0];
        finish(&mut out, &[0.5, 0.0], None, false);
        assert_eq!(out, [-0.5, 2.0]);
    }
}
