//! Layers of convolutional networks on a CPU: numbers in, numbers out, images with their channels last.
//!
//! They know no tensors: the root crate runs its packed networks on them (`src/packed.rs`), the trainer makes differentiable
//! operations of them (`trainer/src/kernels`). Sums run in a fixed order, so the same image gives the same numbers.

pub mod conv;
pub mod depthwise;
pub mod finish;
#[cfg(test)]
mod naive;
pub mod pool;

/// Side of an output: windows of `kernel`, `stride` apart, over `side` pixels with `padding` zeros before and after.
pub(crate) fn windows(side: usize, kernel: usize, stride: usize, [before, after]: [usize; 2]) -> usize {
    (side + before + after - kernel) / stride + 1
}

/// The taps of the window of output pixel `at` that lie on the image: the window's first tap that does, the pixel under
/// it, and how many do.
pub(crate) fn reach(at: usize, side: usize, kernel: usize, stride: usize, before: usize) -> [usize; 3] {
    let start = at * stride;
    let first = before.saturating_sub(start);
    let end = kernel.min((side + before).saturating_sub(start));
    [first, start + first - before, end.saturating_sub(first)]
}
