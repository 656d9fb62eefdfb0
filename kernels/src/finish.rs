//! What follows a convolution: bias, an image added, an activation.

/// What becomes of each number in the end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Activation<'a> {
    /// It stays.
    Identity,
    /// Below 0 it becomes 0.
    Relu,
    /// Below 0 it is multiplied by its channel's slope (He et al. 2015).
    PRelu(&'a [f32]),
}

/// Adds `bias`, and `add` with its number of channels if there is one, to every pixel; then the activation. Where `add` has
/// fewer channels than `out`, its missing ones are zero.
///
/// # Panics
/// If `add` has more channels than `bias`, or another number of pixels than `out`, or there is not one slope a channel.
pub fn finish(out: &mut [f32], bias: &[f32], add: Option<(&[f32], usize)>, last: Activation<'_>) {
    match last {
        Activation::Identity => sums(out, bias, add, bias, |sum, _| sum),
        Activation::Relu => sums(out, bias, add, bias, |sum, _| positive(sum)),
        Activation::PRelu(slopes) => {
            sums(out, bias, add, slopes, |sum, slope| if sum < 0.0 { sum * slope } else { sum });
        }
    }
}

/// `last` of every sum and its channel's slope.
#[inline(always)]
fn sums(out: &mut [f32], bias: &[f32], add: Option<(&[f32], usize)>, slopes: &[f32], last: impl Fn(f32, f32) -> f32) {
    assert_eq!(slopes.len(), bias.len(), "slopes that do not fit");
    let Some((add, channels)) = add else {
        for pixel in out.chunks_exact_mut(bias.len()) {
            for ((value, bias), slope) in pixel.iter_mut().zip(bias).zip(slopes) {
                *value = last(*value + bias, *slope);
            }
        }
        return;
    };
    assert!(channels <= bias.len() && add.len() * bias.len() == out.len() * channels, "images that do not fit");
    for (pixel, add) in out.chunks_exact_mut(bias.len()).zip(add.chunks_exact(channels)) {
        let (both, alone) = pixel.split_at_mut(channels);
        let (bias, alone_bias) = bias.split_at(channels);
        let (slopes, alone_slopes) = slopes.split_at(channels);
        for (((value, bias), add), slope) in both.iter_mut().zip(bias).zip(add).zip(slopes) {
            *value = last(*value + bias + add, *slope);
        }
        for ((value, bias), slope) in alone.iter_mut().zip(alone_bias).zip(alone_slopes) {
            *value = last(*value + bias, *slope);
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
        finish(&mut out, &[0.5, 0.5, 0.5], Some((&[10.0, 1.0, -10.0, 1.0], 2)), Activation::Relu);
        assert_eq!(out[..5], [11.5, 0.0, 3.5, 0.0, 6.5]);
        assert!(out[5].is_nan());
        let mut out = vec![-1.0, 2.0];
        finish(&mut out, &[0.5, 0.0], None, Activation::Identity);
        assert_eq!(out, [-0.5, 2.0]);
    }

    #[test]
    fn slopes_are_each_channels_own() {
        let mut out = vec![-1.0, -1.0, 3.0, f32::NAN];
        finish(&mut out, &[0.5, -1.0], None, Activation::PRelu(&[0.5, -2.0]));
        assert_eq!(out[..3], [-0.25, 4.0, 3.5]);
        assert!(out[3].is_nan());
    }
}
