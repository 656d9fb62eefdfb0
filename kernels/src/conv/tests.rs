//! Each sum against plain loops: kernels, strides, paddings and numbers of channels that fill vectors or do not.

use super::*;
use crate::naive::{assert_close, numbers, taps};

/// The kinds that the networks hold, and some that they do not.
fn kinds() -> Vec<Conv> {
    let mut kinds = Vec::new();
    for (channels, kernel, stride, padding, size) in [
        ([3, 16], 7, 2, [3, 3], [15, 18]),
        ([1, 8], 7, 2, [3, 3], [16, 16]),
        ([16, 16], 3, 1, [1, 1], [7, 9]),
        ([16, 33], 3, 2, [1, 1], [9, 8]),
        ([3, 24], 5, 2, [1, 2], [12, 12]),
        ([9, 24], 1, 2, [0, 0], [7, 10]),
        ([40, 5], 1, 1, [0, 0], [7, 7]),
        ([4, 3], 5, 3, [2, 2], [11, 17]),
        ([2, 70], 3, 1, [0, 0], [3, 3]),
    ] {
        kinds.push(Conv { size, channels, kernel, stride, padding });
    }
    kinds
}

/// Where a tap's weight lies in `[out, in, kernel, kernel]`.
fn weight(conv: &Conv, [o, i, ky, kx]: [usize; 4]) -> usize {
    ((o * conv.channels[0] + i) * conv.kernel + ky) * conv.kernel + kx
}

/// What `each` is told of every product of the convolution: output, input and weight, by their places.
fn products(conv: &Conv, mut each: impl FnMut(usize, usize, usize)) {
    let ([inputs, outputs], out) = (conv.channels, conv.out_size());
    for [row, column, ky, kx, y, x] in taps(conv.size, out, conv.kernel, conv.stride, conv.padding[0]) {
        for (o, i) in (0..outputs).flat_map(|o| (0..inputs).map(move |i| (o, i))) {
            let output = (row * out[1] + column) * outputs + o;
            each(output, (y * conv.size[1] + x) * inputs + i, weight(conv, [o, i, ky, kx]));
        }
    }
}

fn weights(conv: &Conv) -> Vec<f32> {
    numbers(conv.channels[0] * conv.channels[1] * conv.kernel * conv.kernel, 2)
}

#[test]
fn outputs_are_those_of_plain_loops() {
    for conv in kinds() {
        let (x, weights) = (numbers(conv.inputs(), 1), weights(&conv));
        let mut expected = vec![0.0; conv.outputs()];
        products(&conv, |o, i, w| expected[o] += f64::from(x[i]) * f64::from(weights[w]));
        let plan = Plan::forward(&conv, &weights);
        // A buffer that held another image.
        let (mut buffer, mut out) = (vec![7.0; 5], vec![f32::NAN; conv.outputs()]);
        plan.run(plan.pad(&x, &mut buffer), &mut out);
        assert_close(&format!("{conv:?}"), &out, &expected);
        let packed = Plan::packed(&conv, &Packed::new(conv.channels, conv.kernel, &weights));
        let mut again = vec![f32::NAN; conv.outputs()];
        packed.run(packed.pad(&x, &mut buffer), &mut again);
        assert_eq!(out, again, "{conv:?}");
    }
}

#[test]
fn gradients_of_images_are_those_of_plain_loops() {
    for conv in kinds().into_iter().filter(|conv| conv.padding[0] == conv.padding[1]) {
        let (grad, weights) = (numbers(conv.outputs(), 3), weights(&conv));
        let mut expected = vec![0.0; conv.inputs()];
        products(&conv, |o, i, w| expected[i] += f64::from(grad[o]) * f64::from(weights[w]));
        let plan = Plan::backward(&conv, &weights);
        // What no window reaches is left as it was.
        let (mut buffer, mut out) = (Vec::new(), vec![0.0; conv.inputs()]);
        plan.run(plan.pad(&grad, &mut buffer), &mut out);
        assert_close(&format!("{conv:?}"), &out, &expected);
    }
}

#[test]
fn gradients_of_weights_are_those_of_plain_loops_and_add_up() {
    for conv in kinds() {
        let plan = Plan::forward(&conv, &weights(&conv));
        let mut sums = vec![0.0; plan.weights_len()];
        let mut expected = vec![0.0; weights(&conv).len()];
        let mut buffer = Vec::new();
        for seed in [4, 5] {
            let (x, grad) = (numbers(conv.inputs(), seed), numbers(conv.outputs(), seed + 2));
            products(&conv, |o, i, w| expected[w] += f64::from(x[i]) * f64::from(grad[o]));
            plan.weights(plan.pad(&x, &mut buffer), &whole_blocks(&grad, conv.channels[1]), &mut sums);
        }
        assert_close(&format!("{conv:?}"), &unpack(&conv, &sums), &expected);
    }
}
