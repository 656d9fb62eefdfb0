//! ResNet's max-pool and the decoder's doubling, channels last, as differentiable operations of burn's CPU backend.

use burn::backend::Flex;
use burn_autodiff::{
    checkpoint::{base::Checkpointer, strategy::NoCheckpointing},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn_flex::FlexTensor;
use pulp::Arch;
use rayon::prelude::*;

use super::{
    conv_norm::Recorded,
    tensor::{channels_last, image, numbers},
};

/// Height, width and channels of an image.
type Size = [usize; 3];

/// Numbers in an image.
fn count([height, width, channels]: Size) -> usize {
    height * width * channels
}

/// Maxima of 3 x 3 windows with stride 2 and padding 1: `[B, C, H, W]` -> half of each side, rounded up.
pub(super) fn max_pool(x: &Recorded) -> Recorded {
    let input = channels_last(x.primitive());
    let [batch, height, width, channels] = input.layout().shape().dims();
    let (from, to) = ([height, width, channels], [height.div_ceil(2), width.div_ceil(2), channels]);
    let mut output = vec![0.0; batch * count(to)];
    let mut taps = vec![0u8; output.len()];
    output
        .par_chunks_exact_mut(count(to))
        .zip(taps.par_chunks_exact_mut(count(to)))
        .zip(numbers(&input).par_chunks_exact(count(from)))
        .for_each(|((output, taps), input)| pool_image(from, input, output, taps));
    let output = image(output, [batch, channels, to[0], to[1]]);
    let saved = Pooled { from, taps: taps.into() };
    match MaxPool.prepare::<NoCheckpointing>([x.node()]).compute_bound().stateful() {
        OpsKind::Tracked(prepared) => prepared.finish(saved, output),
        OpsKind::UnTracked(prepared) => prepared.finish(output),
    }
}

/// Every pixel twice in each direction: `[B, C, H, W]` -> `[B, C, 2 H, 2 W]`.
pub(super) fn double(x: &Recorded) -> Recorded {
    let input = channels_last(x.primitive());
    let [batch, height, width, channels] = input.layout().shape().dims();
    let from = [height, width, channels];
    let mut output = vec![0.0; 4 * batch * count(from)];
    output
        .par_chunks_exact_mut(4 * count(from))
        .zip(numbers(&input).par_chunks_exact(count(from)))
        .for_each(|(output, input)| double_image(from, input, output));
    let output = image(output, [batch, channels, 2 * height, 2 * width]);
    match Double.prepare::<NoCheckpointing>([x.node()]).compute_bound().stateful() {
        OpsKind::Tracked(prepared) => prepared.finish(from, output),
        OpsKind::UnTracked(prepared) => prepared.finish(output),
    }
}

/// Which of its nine numbers each maximum was, the first of equals.
#[derive(Debug, Clone)]
struct Pooled {
    from: Size,
    taps: std::sync::Arc<[u8]>,
}

#[derive(Debug)]
struct MaxPool;

impl Backward<Flex, 1> for MaxPool {
    type State = Pooled;

    fn backward(self, ops: Ops<Pooled, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = channels_last(&grads.consume::<Flex>(&ops.node));
        let Pooled { from, taps } = ops.state;
        let to = count([from[0].div_ceil(2), from[1].div_ceil(2), from[2]]);
        let gradient = each_image(&grad, to, count(from), |number, grad, out| {
            unpool_image(from, grad, &taps[number * to..(number + 1) * to], out);
        });
        if let Some(x) = &ops.parents[0] {
            let batch = taps.len() / to;
            grads.register::<Flex>(x.id, image(gradient, [batch, from[2], from[0], from[1]]));
        }
    }
}

#[derive(Debug)]
struct Double;

impl Backward<Flex, 1> for Double {
    type State = Size;

    fn backward(self, ops: Ops<Size, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = channels_last(&grads.consume::<Flex>(&ops.node));
        let from = ops.state;
        let gradient = each_image(&grad, 4 * count(from), count(from), |_, grad, out| halve_image(from, grad, out));
        if let Some(x) = &ops.parents[0] {
            let batch = gradient.len() / count(from);
            grads.register::<Flex>(x.id, image(gradient, [batch, from[2], from[0], from[1]]));
        }
    }
}

/// Runs `work` on each image of `grad`, of `from` numbers, and its result, of `to`.
fn each_image(grad: &FlexTensor, from: usize, to: usize, work: impl Fn(usize, &[f32], &mut [f32]) + Sync) -> Vec<f32> {
    let grad = numbers(grad);
    let mut all = vec![0.0; grad.len() / from * to];
    all.par_chunks_exact_mut(to)
        .zip(grad.par_chunks_exact(from))
        .enumerate()
        .for_each(|(number, (out, grad))| work(number, grad, out));
    all
}

/// The window of an output pixel: each tap's number, and where its channels begin.
fn window([height, width, channels]: Size, row: usize, column: usize) -> impl Iterator<Item = (u8, usize)> {
    (0..9u8).filter_map(move |tap| {
        let y = (2 * row + usize::from(tap / 3)).checked_sub(1).filter(|y| *y < height)?;
        let x = (2 * column + usize::from(tap % 3)).checked_sub(1).filter(|x| *x < width)?;
        Some((tap, (y * width + x) * channels))
    })
}

fn pool_image(from: Size, input: &[f32], output: &mut [f32], taps: &mut [u8]) {
    let (columns, channels) = (from[1].div_ceil(2), from[2]);
    Arch::new().dispatch(|| {
        let pixels = output.chunks_exact_mut(channels).zip(taps.chunks_exact_mut(channels));
        for (pixel, (output, taps)) in pixels.enumerate() {
            output.fill(f32::NEG_INFINITY);
            for (tap, start) in window(from, pixel / columns, pixel % columns) {
                for ((value, most), chosen) in input[start..start + channels].iter().zip(&mut *output).zip(&mut *taps) {
                    // NaN stays, so that a broken run is seen.
                    let larger = *value > *most || value.is_nan();
                    *most = if larger { *value } else { *most };
                    *chosen = if larger { tap } else { *chosen };
                }
            }
        }
    });
}

fn unpool_image(from: Size, grad: &[f32], taps: &[u8], out: &mut [f32]) {
    let (columns, channels) = (from[1].div_ceil(2), from[2]);
    Arch::new().dispatch(|| {
        for (pixel, (grad, taps)) in grad.chunks_exact(channels).zip(taps.chunks_exact(channels)).enumerate() {
            for (tap, start) in window(from, pixel / columns, pixel % columns) {
                for ((out, grad), chosen) in out[start..start + channels].iter_mut().zip(grad).zip(taps) {
                    *out += if *chosen == tap { *grad } else { 0.0 };
                }
            }
        }
    });
}

fn double_image([_, width, channels]: Size, input: &[f32], output: &mut [f32]) {
    let line = 2 * width * channels;
    for (rows, input) in output.chunks_exact_mut(2 * line).zip(input.chunks_exact(width * channels)) {
        let (first, second) = rows.split_at_mut(line);
        for (pair, pixel) in first.chunks_exact_mut(2 * channels).zip(input.chunks_exact(channels)) {
            let (left, right) = pair.split_at_mut(channels);
            left.copy_from_slice(pixel);
            right.copy_from_slice(pixel);
        }
        second.copy_from_slice(first);
    }
}

fn halve_image([_, width, channels]: Size, grad: &[f32], out: &mut [f32]) {
    let line = 2 * width * channels;
    Arch::new().dispatch(|| {
        for (rows, out) in grad.chunks_exact(2 * line).zip(out.chunks_exact_mut(width * channels)) {
            let (first, second) = rows.split_at(line);
            let pairs = first.chunks_exact(2 * channels).zip(second.chunks_exact(2 * channels));
            for ((above, below), out) in pairs.zip(out.chunks_exact_mut(channels)) {
                for channel in 0..channels {
                    out[channel] =
                        above[channel] + above[channels + channel] + below[channel] + below[channels + channel];
                }
            }
        }
    });
}
