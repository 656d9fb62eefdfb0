//! RetinaFace with MobileNetV1 x 0.25: the network, and the names of its published weights.
//!
//! Deng et al. 2019, "RetinaFace: Single-stage Dense Face Localisation in the Wild", in the form of
//! biubug6/Pytorch_Retinaface (`cfg_mnet`, MIT licence), whose checkpoint [`RetinaFace::load`] reads.

use std::path::Path;

use anyhow::{Context, Result};
use burn::{
    module::Module,
    nn::{
        BatchNorm, BatchNormConfig, PaddingConfig2d,
        conv::{Conv2d, Conv2dConfig},
        interpolate::Interpolate2dConfig,
    },
    tensor::{
        Device, Tensor,
        activation::{leaky_relu, relu, softmax},
    },
};

use crate::weights::pytorch::load_pytorch;

/// Anchors per cell of each map.
pub const ANCHORS_PER_CELL: usize = 2;
/// Channels that all three maps are brought to.
const CHANNELS: usize = 64;
/// Slope of the leaky ReLU beneath 0.
const SLOPE: f64 = 0.1;
/// Output channels and stride of the body's blocks; the first reads the stem's 8 channels.
const BLOCKS: [(usize, usize); 13] = [
    (16, 1),
    (32, 2),
    (32, 1),
    (64, 2),
    (64, 1),
    (128, 2),
    (128, 1),
    (128, 1),
    (128, 1),
    (128, 1),
    (128, 1),
    (256, 2),
    (256, 1),
];
/// The blocks whose outputs are read, and their channels: strides 8, 16 and 32.
const MAPS: [(usize, usize); 3] = [(4, 64), (10, 128), (12, 256)];

/// Convolution without bias, and batch norm.
#[derive(Module, Debug)]
struct Layer {
    conv: Conv2d,
    norm: BatchNorm,
}

impl Layer {
    fn new(channels: [usize; 2], kernel: usize, stride: usize, groups: usize, device: &Device) -> Self {
        let padding = kernel / 2;
        Self {
            conv: Conv2dConfig::new(channels, [kernel, kernel])
                .with_stride([stride, stride])
                .with_groups(groups)
                .with_padding(PaddingConfig2d::Explicit(padding, padding, padding, padding))
                .with_bias(false)
                .init(device),
            norm: BatchNormConfig::new(channels[1]).init(device),
        }
    }

    fn linear(&self, x: Tensor<4>) -> Tensor<4> {
        self.norm.forward(self.conv.forward(x))
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        leaky_relu(self.linear(x), SLOPE)
    }
}

/// Depthwise 3 x 3, then pointwise 1 x 1.
#[derive(Module, Debug)]
struct Separable {
    depthwise: Layer,
    pointwise: Layer,
}

/// RetinaFace's context module: 3 x 3, 5 x 5 and 7 x 7 fields of view beside each other, the larger ones stacked of 3 x 3.
#[derive(Module, Debug)]
struct Context3 {
    three: Layer,
    five: Vec<Layer>,
    seven: Vec<Layer>,
}

impl Context3 {
    fn new(device: &Device) -> Self {
        let layer = |input: usize, output: usize| Layer::new([input, output], 3, 1, 1, device);
        let quarter = CHANNELS / 4;
        Self {
            three: layer(CHANNELS, CHANNELS / 2),
            five: vec![layer(CHANNELS, quarter), layer(quarter, quarter)],
            seven: vec![layer(quarter, quarter), layer(quarter, quarter)],
        }
    }

    /// `[B, 64, H, W]` -> `[B, 64, H, W]`.
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let three = self.three.linear(x.clone());
        let shared = self.five[0].forward(x);
        let five = self.five[1].linear(shared.clone());
        let seven = self.seven[1].linear(self.seven[0].forward(shared));
        relu(Tensor::cat(vec![three, five, seven], 1))
    }
}

/// The network.
#[derive(Module, Debug)]
pub struct RetinaFace {
    stem: Layer,
    blocks: Vec<Separable>,
    lateral: Vec<Layer>,
    merge: Vec<Layer>,
    context: Vec<Context3>,
    classes: Vec<Conv2d>,
    boxes: Vec<Conv2d>,
    landmarks: Vec<Conv2d>,
}

/// What the network says of every anchor, smallest stride first, in each map row by row, at each cell the smaller first.
#[derive(Debug)]
pub struct Output {
    /// Background and face, `[B, anchors, 2]`, in `[0, 1]`, summing to 1.
    pub classes: Tensor<3>,
    /// Offsets of centre and size, `[B, anchors, 4]`.
    pub boxes: Tensor<3>,
    /// Offsets of five points, x before y, `[B, anchors, 10]`.
    pub landmarks: Tensor<3>,
}

impl RetinaFace {
    /// The network with random weights.
    pub fn new(device: &Device) -> Self {
        let mut input = 8;
        let head = |values: usize| -> Vec<Conv2d> {
            MAPS.iter().map(|_| Conv2dConfig::new([CHANNELS, ANCHORS_PER_CELL * values], [1, 1]).init(device)).collect()
        };
        Self {
            stem: Layer::new([3, 8], 3, 2, 1, device),
            blocks: BLOCKS
                .iter()
                .map(|&(output, stride)| {
                    let input = std::mem::replace(&mut input, output);
                    Separable {
                        depthwise: Layer::new([input, input], 3, stride, input, device),
                        pointwise: Layer::new([input, output], 1, 1, 1, device),
                    }
                })
                .collect(),
            lateral: MAPS.iter().map(|&(_, input)| Layer::new([input, CHANNELS], 1, 1, 1, device)).collect(),
            merge: (0..2).map(|_| Layer::new([CHANNELS, CHANNELS], 3, 1, 1, device)).collect(),
            context: MAPS.iter().map(|_| Context3::new(device)).collect(),
            classes: head(2),
            boxes: head(4),
            landmarks: head(10),
        }
    }

    /// The network with the weights of a Pytorch_Retinaface checkpoint of `cfg_mnet`.
    ///
    /// # Errors
    /// One sentence if the file is missing, no checkpoint, or one of another network.
    pub fn load(path: &Path, device: &Device) -> Result<Self> {
        load_pytorch(path, Self::new(device), &names())
            .with_context(|| format!("{} is no checkpoint of RetinaFace-MobileNet0.25", path.display()))
    }

    /// `[B, 3, H, W]`: blue, green, red in 0..255, less 104, 117 and 123.
    pub fn forward(&self, x: Tensor<4>) -> Output {
        let mut x = self.stem.forward(x);
        let mut maps = Vec::new();
        for (number, block) in self.blocks.iter().enumerate() {
            x = block.pointwise.forward(block.depthwise.forward(x));
            if let Some(map) = MAPS.iter().position(|&(read, _)| read == number) {
                maps.push(self.lateral[map].forward(x.clone()));
            }
        }
        // From the coarsest to the finest: the coarser one is added to the finer one.
        for map in (0..2).rev() {
            let [_, _, height, width] = maps[map].dims();
            let enlarge = Interpolate2dConfig::new().with_output_size(Some([height, width])).init();
            let sum = maps[map].clone() + enlarge.forward(maps[map + 1].clone());
            maps[map] = self.merge[map].forward(sum);
        }
        let maps: Vec<_> = maps.into_iter().zip(&self.context).map(|(map, context)| context.forward(map)).collect();
        let read = |heads: &[Conv2d], values: usize| {
            let rows = maps.iter().zip(heads).map(|(map, head)| {
                let [batch, _, height, width] = map.dims();
                let rows = head.forward(map.clone()).permute([0, 2, 3, 1]);
                rows.reshape([batch, height * width * ANCHORS_PER_CELL, values])
            });
            Tensor::cat(rows.collect(), 1)
        };
        Output {
            classes: softmax(read(&self.classes, 2), 2),
            boxes: read(&self.boxes, 4),
            landmarks: read(&self.landmarks, 10),
        }
    }
}

/// Pytorch_Retinaface's names -> ours.
fn names() -> Vec<(String, String)> {
    let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    let mut names = vec![
        pair(r"^module\.", ""),
        pair(r"^body\.stage1\.0\.0\.", "stem.conv."),
        pair(r"^body\.stage1\.0\.1\.", "stem.norm."),
    ];
    // The body's stages hold 5 (after the stem), 6 and 2 blocks; ours are numbered through.
    let places = (1..=5).map(|i| (1, i)).chain((0..6).map(|i| (2, i))).chain((0..2).map(|i| (3, i)));
    for (number, (stage, index)) in places.enumerate() {
        for (layer, name) in
            [(0, "depthwise.conv"), (1, "depthwise.norm"), (3, "pointwise.conv"), (4, "pointwise.norm")]
        {
            names.push((format!(r"^body\.stage{stage}\.{index}\.{layer}\."), format!("blocks.{number}.{name}.")));
        }
    }
    for number in 0..3 {
        names.push((format!(r"^fpn\.output{}\.", number + 1), format!("lateral.{number}.")));
        names.push((format!(r"^fpn\.merge{}\.", number + 1), format!("merge.{number}.")));
        names.push((format!(r"^ssh{}\.", number + 1), format!("context.{number}.")));
    }
    names.extend([
        pair(r"^(context\.\d)\.conv3X3\.", "$1.three."),
        pair(r"^(context\.\d)\.conv5X5_1\.", "$1.five.0."),
        pair(r"^(context\.\d)\.conv5X5_2\.", "$1.five.1."),
        pair(r"^(context\.\d)\.conv7X7_2\.", "$1.seven.0."),
        // The small x is the checkpoint's.
        pair(r"^(context\.\d)\.conv7x7_3\.", "$1.seven.1."),
        pair(r"^(lateral\.\d|merge\.\d|context\.\d\.\w+(?:\.\d)?)\.0\.(\w+)$", "$1.conv.$2"),
        pair(r"^(lateral\.\d|merge\.\d|context\.\d\.\w+(?:\.\d)?)\.1\.(\w+)$", "$1.norm.$2"),
        pair(r"^ClassHead\.(\d)\.conv1x1\.", "classes.$1."),
        pair(r"^BboxHead\.(\d)\.conv1x1\.", "boxes.$1."),
        pair(r"^LandmarkHead\.(\d)\.conv1x1\.", "landmarks.$1."),
    ]);
    names
}
