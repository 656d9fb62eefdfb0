//! What the kernels are to compute, as plain loops in `f64`: for their tests.

/// Numbers that follow from a seed, in `[-1, 1)`.
pub(crate) fn numbers(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_769).wrapping_add(1);
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    })
    .take(count)
    .collect()
}

/// All pairs of an output pixel and a tap on the image: rows and columns of output, tap and image.
pub(crate) fn taps(size: [usize; 2], out: [usize; 2], kernel: usize, stride: usize, before: usize) -> Vec<[usize; 6]> {
    let mut taps = Vec::new();
    for (row, column) in (0..out[0]).flat_map(|row| (0..out[1]).map(move |column| (row, column))) {
        for (ky, kx) in (0..kernel).flat_map(|ky| (0..kernel).map(move |kx| (ky, kx))) {
            let (y, x) = ((row * stride + ky).checked_sub(before), (column * stride + kx).checked_sub(before));
            if let (Some(y), Some(x)) = (y.filter(|y| *y < size[0]), x.filter(|x| *x < size[1])) {
                taps.push([row, column, ky, kx, y, x]);
            }
        }
    }
    taps
}

/// # Panics
/// If the numbers differ by more than what rounding in `f32` leaves of sums of this size.
pub(crate) fn assert_close(what: &str, got: &[f32], expected: &[f64]) {
    assert_eq!(got.len(), expected.len(), "{what}");
    let most = expected.iter().fold(1.0_f64, |most, value| most.max(value.abs()));
    for (at, (got, expected)) in got.iter().zip(expected).enumerate() {
        assert!((f64::from(*got) - expected).abs() <= 1e-5 * most, "{what}: {got}, not {expected}, at {at}");
    }
}
