//! Letterboxed frame `[B, 3, 128, 128]` in `[-1, 1]` -> a score and a box for each of 896 anchors.
//!
//! BlazeFace, short range (Bazarevsky et al. 2019, "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs"),
//! as MediaPipe ships it.

use burn::{
    module::Module,
    nn::conv::Conv2d,
    tensor::{Device, Tensor},
};

use super::blocks::{Block, convolution};
use crate::packed::{Packed, Then};

/// Side of the input in pixels.
pub const INPUT_SIZE: usize = 128;

/// Output channels and stride of each block; the first reads the stem's 24 channels.
const BLOCKS: [(usize, usize); 16] = [
    (24, 1),
    (28, 1),
    (32, 2),
    (36, 1),
    (42, 1),
    (48, 2),
    (56, 1),
    (64, 1),
    (72, 1),
    (80, 1),
    (88, 1),
    (96, 2),
    (96, 1),
    (96, 1),
    (96, 1),
    (96, 1),
];
/// Blocks before the 16 x 16 map that small faces are read from.
const FINE: usize = 11;

/// The detector network.
#[derive(Module, Debug)]
pub struct BlazeFace {
    stem: Conv2d,
    blocks: Vec<Block>,
    fine_scores: Conv2d,
    fine_boxes: Conv2d,
    coarse_scores: Conv2d,
    coarse_boxes: Conv2d,
    /// Of the convolutions above, in their order.
    #[module(skip)]
    packed: [Packed; 5],
}

impl BlazeFace {
    /// The network without weights: all zeros.
    pub fn new(device: &Device) -> Self {
        let mut input = 24;
        let blocks = BLOCKS
            .iter()
            .map(|&(output, stride)| Block::new([std::mem::replace(&mut input, output), output], stride, false, device))
            .collect();
        Self {
            stem: convolution([3, 24], 5, 2, 1, device),
            blocks,
            fine_scores: convolution([88, 2], 1, 1, 1, device),
            fine_boxes: convolution([88, 32], 1, 1, 1, device),
            coarse_scores: convolution([96, 6], 1, 1, 1, device),
            coarse_boxes: convolution([96, 96], 1, 1, 1, device),
            packed: Default::default(),
        }
    }

    /// The same function of weights that stay as they are: on the CPU, several times as fast.
    pub fn pack(self) -> Self {
        let convolutions = [&self.stem, &self.fine_scores, &self.fine_boxes, &self.coarse_scores, &self.coarse_boxes];
        let packed = convolutions.map(Packed::pack);
        Self { packed, blocks: self.blocks.into_iter().map(Block::pack).collect(), ..self }
    }

    /// `[B, 3, 128, 128]` in `[-1, 1]` -> logits `[B, 896]` and boxes `[B, 896, 16]` in input pixels, relative to the
    /// anchors: centre, size, six landmarks.
    pub fn forward(&self, x: Tensor<4>) -> (Tensor<2>, Tensor<3>) {
        let (fine_scores, coarse_scores, fine_boxes, coarse_boxes) = self.maps(x);
        let scores = Tensor::cat(vec![rows::<1>(fine_scores), rows::<1>(coarse_scores)], 1);
        let boxes = Tensor::cat(vec![rows::<16>(fine_boxes), rows::<16>(coarse_boxes)], 1);
        (scores.squeeze_dim(2), boxes)
    }

    /// As [`BlazeFace::forward`], still as maps: logits of the 16 x 16 and of the 8 x 8 map, then their boxes.
    pub fn maps(&self, x: Tensor<4>) -> (Tensor<4>, Tensor<4>, Tensor<4>, Tensor<4>) {
        let [stem, fine_scores, fine_boxes, coarse_scores, coarse_boxes] = &self.packed;
        let (fine, coarse) = self.blocks.split_at(FINE);
        let x = stem.forward(&self.stem, x, None, Then::Relu);
        let map = fine.iter().fold(x, |x, block| block.forward(x));
        let x = coarse.iter().fold(map.clone(), |x, block| block.forward(x));
        (
            fine_scores.forward(&self.fine_scores, map.clone(), None, Then::Nothing),
            coarse_scores.forward(&self.coarse_scores, x.clone(), None, Then::Nothing),
            fine_boxes.forward(&self.fine_boxes, map, None, Then::Nothing),
            coarse_boxes.forward(&self.coarse_boxes, x, None, Then::Nothing),
        )
    }

    pub(super) fn device(&self) -> Device {
        self.stem.weight.val().device()
    }
}

/// `[B, anchors * N, H, W]` -> `[B, H * W * anchors, N]`, the order of the anchors.
fn rows<const N: usize>(x: Tensor<4>) -> Tensor<3> {
    let [batch, channels, height, width] = x.dims();
    x.permute([0, 2, 3, 1]).reshape([batch, height * width * channels / N, N])
}
