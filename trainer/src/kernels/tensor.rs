//! burn's CPU tensors `[B, C, H, W]` <-> numbers with the channels last.

use burn::tensor::{DType, Shape};
use burn_flex::{FlexTensor, Layout};
use burn_std::Bytes;

/// Channels last, in order: the tensor itself where it lies so already, as all that the kernels return does.
pub(super) fn channels_last(tensor: &FlexTensor) -> FlexTensor {
    tensor.permute(&[0, 2, 3, 1]).to_contiguous()
}

/// The numbers of a tensor from [`channels_last`], or of one with a single axis.
pub(super) fn numbers(tensor: &FlexTensor) -> &[f32] {
    tensor.as_slice().expect("a contiguous tensor of f32")
}

/// `[B, C, H, W]` from numbers with the channels last.
pub(super) fn image(numbers: Vec<f32>, [batch, channels, height, width]: [usize; 4]) -> FlexTensor {
    of(numbers, Shape::new([batch, height, width, channels])).permute(&[0, 3, 1, 2])
}

/// A contiguous tensor.
pub(super) fn of(numbers: Vec<f32>, shape: Shape) -> FlexTensor {
    FlexTensor::new(Bytes::from_elems(numbers), Layout::contiguous(shape), DType::F32)
}
