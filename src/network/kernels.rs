//! A seam beneath the layers, for whoever trains: a faster form of a layer in place of burn's operations, same results.
//!
//! The networks are defined once. Without [`install`], as in a browser, and wherever the installed kernels do not
//! [serve](Kernels::serve), they run on burn's own operations.

use std::{fmt::Debug, sync::OnceLock};

use burn::tensor::Tensor;

/// A convolution with a batch norm behind it, in training.
#[derive(Debug)]
pub struct Layer {
    /// `[out, in, kernel, kernel]`; the padding is `kernel / 2`.
    pub weight: Tensor<4>,
    /// Step between windows.
    pub stride: usize,
    /// The norm's scale, `[out]`.
    pub gamma: Tensor<1>,
    /// The norm's offset, `[out]`.
    pub beta: Tensor<1>,
    /// The norm's guard against division by zero.
    pub epsilon: f64,
    /// Whether a ReLU follows.
    pub relu: bool,
}

/// What a [`Layer`] gives.
#[derive(Debug)]
pub struct Normed {
    /// `[B, out, H / stride, W / stride]`.
    pub output: Tensor<4>,
    /// The batch's mean of each channel, `[out]`, without gradient.
    pub mean: Tensor<1>,
    /// The batch's biased variance of each channel, `[out]`, without gradient.
    pub variance: Tensor<1>,
}

/// Layers in a faster form, for training.
pub trait Kernels: Debug + Send + Sync {
    /// Whether they can be used on this input; else burn's operations are.
    fn serve(&self, x: &Tensor<4>) -> bool;

    /// Convolution, normalised over the batch, plus `add`, and the ReLU if the layer has one.
    fn conv_norm(&self, layer: &Layer, x: Tensor<4>, add: Option<Tensor<4>>) -> Normed;

    /// Convolution with stride 1, and a bias; the padding is `kernel / 2`.
    fn conv(&self, weight: &Tensor<4>, bias: &Tensor<1>, x: Tensor<4>) -> Tensor<4>;

    /// Maxima of 3 x 3 windows with stride 2 and padding 1.
    fn max_pool(&self, x: Tensor<4>) -> Tensor<4>;

    /// `[B, C, H, W]` -> `[B, C, 2 H, 2 W]`, every pixel twice in each direction.
    fn double(&self, x: Tensor<4>) -> Tensor<4>;
}

static KERNELS: OnceLock<&'static dyn Kernels> = OnceLock::new();

/// Puts kernels beneath all networks of this process. The first call counts.
pub fn install(kernels: &'static dyn Kernels) {
    KERNELS.get_or_init(|| kernels);
}

/// The installed kernels if they serve.
pub(super) fn of(x: &Tensor<4>) -> Option<&'static dyn Kernels> {
    KERNELS.get().copied().filter(|kernels| kernels.serve(x))
}
