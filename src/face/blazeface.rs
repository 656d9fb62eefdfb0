//! Letterboxed frame `[B, 3, 128, 128]` in `[-1, 1]` -> a score and a box for each of 896 anchors.
//!
//! BlazeFace, short range (Bazarevsky et al. 2019, "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs"),
//! as MediaPipe ships it.

use burn::{
    module::Module,
    nn::conv::Conv2d,
    tensor::{Device, Tensor, activation::relu},
};

use super::blocks::{Block, convolution};

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
        }
    }

    /// `[B, 3, 128, 128]` in `[-1, 1]` -> logits `[B, 896]` and boxes `[B, 896, 16]` in input pixels, relative to the
    /// anchors: centre, size, six landmarks.
    pub fn forward(&self, x: Tensor<4>) -> (Tensor<2>, Tensor<3>) {
        let mut x = relu(self.stem.forward(x));
        let (fine, coarse) = self.blocks.split_at(FINE);
        for block in fine {
            x = block.forward(x);
        }
        let map = x.clone();
        for block in coarse {
            x = block.forward(x);
        }
        let scores = Tensor::cat(
            vec![rows::<1>(self.fine_scores.forward(map.clone())), rows::<1>(self.coarse_scores.forward(x.clone()))],
            1,
        );
        let boxes =
            Tensor::cat(vec![rows::<16>(self.fine_boxes.forward(map)), rows::<16>(self.coarse_boxes.forward(x))], 1);
        (scores.squeeze_dim(2), boxes)
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
