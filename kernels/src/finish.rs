//! What follows a convolution: bias, an image added, an activation.

use pulp::{Arch, Simd, WithSimd};

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
/// fewer channels than `out`, its missing ones are zero. NaN stays, so that a broken run is seen.
///
/// # Panics
/// If `add` has more channels than `bias`, or another number of pixels than `out`, or there is not one slope a channel.
pub fn finish(out: &mut [f32], bias: &[f32], add: Option<(&[f32], usize)>, last: Activation<'_>) {
    if let Activation::PRelu(slopes) = last {
        assert_eq!(slopes.len(), bias.len(), "slopes that do not fit");
    }
    if let Some((add, channels)) = add {
        assert!(channels <= bias.len() && add.len() * bias.len() == out.len() * channels, "images that do not fit");
    }
    Arch::new().dispatch(Finish { out, bias, add, last });
}

struct Finish<'a> {
    out: &'a mut [f32],
    bias: &'a [f32],
    add: Option<(&'a [f32], usize)>,
    last: Activation<'a>,
}

impl WithSimd for Finish<'_> {
    type Output = ();

    // As vectors, by hand: a browser's compiler takes a branch a number otherwise, and mistakes half of them.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { out, bias, add, last } = self;
        let zero = simd.splat_f32s(0.0);
        let below = |sum, otherwise| simd.select_f32s(simd.less_than_f32s(sum, zero), otherwise, sum);
        match last {
            Activation::Identity => run(simd, out, bias, add, bias, |sum, _| sum),
            Activation::Relu => run(simd, out, bias, add, bias, |sum, _| below(sum, zero)),
            Activation::PRelu(slopes) => {
                run(simd, out, bias, add, slopes, |sum, slope| below(sum, simd.mul_f32s(sum, slope)));
            }
        }
    }
}

/// `last` of every sum and its channel's slope.
#[inline(always)]
fn run<S: Simd>(
    simd: S,
    out: &mut [f32],
    bias: &[f32],
    add: Option<(&[f32], usize)>,
    slopes: &[f32],
    last: impl Fn(S::f32s, S::f32s) -> S::f32s,
) {
    let Some((add, channels)) = add else {
        for pixel in out.chunks_exact_mut(bias.len()) {
            vectors(simd, pixel, [bias, slopes, bias], |value, [bias, slope, _]| {
                last(simd.add_f32s(value, bias), slope)
            });
        }
        return;
    };
    let ((bias, bias_alone), (slopes, slopes_alone)) = (bias.split_at(channels), slopes.split_at(channels));
    for (pixel, add) in out.chunks_exact_mut(channels + bias_alone.len()).zip(add.chunks_exact(channels)) {
        let (both, alone) = pixel.split_at_mut(channels);
        vectors(simd, both, [bias, slopes, add], |value, [bias, slope, add]| {
            last(simd.add_f32s(simd.add_f32s(value, bias), add), slope)
        });
        vectors(simd, alone, [bias_alone, slopes_alone, bias_alone], |value, [bias, slope, _]| {
            last(simd.add_f32s(value, bias), slope)
        });
    }
}

/// Replaces `out` by what `of` makes of it and of the numbers beside it, a vector at a time.
#[inline(always)]
fn vectors<S: Simd>(simd: S, out: &mut [f32], beside: [&[f32]; 3], of: impl Fn(S::f32s, [S::f32s; 3]) -> S::f32s) {
    let (vectors, rest) = S::as_mut_simd_f32s(out);
    let [(a, a_rest), (b, b_rest), (c, c_rest)] = beside.map(S::as_simd_f32s);
    for (((value, a), b), c) in vectors.iter_mut().zip(a).zip(b).zip(c) {
        *value = of(*value, [*a, *b, *c]);
    }
    if !rest.is_empty() {
        let [a, b, c] = [a_rest, b_rest, c_rest].map(|rest| simd.partial_load_f32s(rest));
        let value = of(simd.partial_load_f32s(rest), [a, b, c]);
        simd.partial_store_f32s(rest, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::naive::numbers;

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
    #[test]
    fn numbers_are_those_of_plain_loops() {
        // Channels for whole vectors and for a rest, of which all, some or none are added to.
        for (channels, added) in [(1, None), (8, Some(8)), (19, Some(19)), (45, Some(20)), (24, None)] {
            let (x, bias, slopes) = (numbers(6 * channels, 1), numbers(channels, 2), numbers(channels, 3));
            let add = numbers(6 * added.unwrap_or(0), 4);
            for last in [Activation::Identity, Activation::Relu, Activation::PRelu(&slopes)] {
                let mut out = x.clone();
                finish(&mut out, &bias, added.map(|added| (&add[..], added)), last);
                for (at, (out, x)) in out.iter().zip(&x).enumerate() {
                    let (pixel, channel) = (at / channels, at % channels);
                    let more = added.filter(|added| channel < *added).map(|added| add[pixel * added + channel]);
                    let sum = x + bias[channel] + more.unwrap_or(0.0);
                    let expected = match last {
                        Activation::Identity => sum,
                        Activation::Relu => sum.max(0.0),
                        Activation::PRelu(slopes) => {
                            if sum < 0.0 {
                                sum * slopes[channel]
                            } else {
                                sum
                            }
                        }
                    };
                    assert_eq!(*out, expected, "{channels} {added:?} {last:?}, {at}");
                }
            }
        }
    }
}
