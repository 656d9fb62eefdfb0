//! Crops as plain numbers, on their way from the reading thread -> the tensors of a training step.

use bonafide::crop::CROP_SIZE;
use burn::tensor::{Device, Int, Tensor, TensorData};

/// The side of AENet's depth and reflection maps.
const AENET_MAP: usize = 14;

/// What a training step sees.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Crops `[B, 3, 224, 224]` in `[0, 1]`.
    pub images: Tensor<4>,
    /// Pseudo-depth `[B, 1, 224, 224]` in `[0, 1]`, zeros for an attack.
    pub depth: Tensor<4>,
    /// `[B]`, 1 for an attack (paper: bona fide 0, attack 1).
    pub attack: Tensor<1>,
    /// `[B]`, 0 for bona fide, then the attack types in the order of their names.
    pub types: Tensor<1, Int>,
    /// What the experts say of each crop, `[B, 2]`: log-odds of bona fide, where they were asked.
    pub experts: Option<Tensor<2>>,
    /// The twins of some crops; where they are learnt from.
    pub twins: Option<Twins>,
    /// AENet's labels, where every example of the batch has them.
    pub semantics: Option<SemanticBatch>,
}

/// Crops that stand twice in a batch.
#[derive(Debug, Clone)]
pub struct Twins {
    /// The second ones, `[T, 3, 224, 224]`.
    pub images: Tensor<4>,
    /// Where the first ones are in the batch, `[T]`.
    pub places: Tensor<1, Int>,
    /// `[T]`, 1 where the second one is to score less, 0 where it is to score the same.
    pub lower: Tensor<1>,
}

/// CelebA-Spoof's labels of a batch.
#[derive(Debug, Clone)]
pub struct SemanticBatch {
    /// `[B, 40]`, 0 or 1.
    pub attributes: Tensor<2>,
    /// `[B]`, 0 to 10.
    pub spoof_type: Tensor<1, Int>,
    /// `[B]`, 0 to 4.
    pub illumination: Tensor<1, Int>,
}

/// A batch as plain numbers, on its way from the reading thread to the device.
#[derive(Debug)]
pub struct Numbers {
    pub(super) images: Vec<f32>,
    pub(super) depth: Vec<f32>,
    pub(super) attack: Vec<f32>,
    pub(super) types: Vec<i32>,
    pub(super) experts: Option<Vec<f32>>,
    pub(super) twins: Vec<f32>,
    pub(super) twinned: Vec<i32>,
    pub(super) lower: Vec<f32>,
    pub(super) semantics: Option<(Vec<f32>, Vec<i32>, Vec<i32>)>,
}

impl Batch {
    pub(super) fn new(numbers: Numbers, device: &Device) -> Self {
        let (batch, twins) = (numbers.attack.len(), numbers.twinned.len());
        let map = |values, batch, channels| {
            Tensor::from_data(TensorData::new(values, [batch, channels, CROP_SIZE, CROP_SIZE]), device)
        };
        let labels = |values: Vec<i32>| {
            let shape = [values.len()];
            Tensor::<1, Int>::from_data(TensorData::new(values, shape), device)
        };
        Self {
            images: map(numbers.images, batch, 3),
            depth: map(numbers.depth, batch, 1),
            attack: Tensor::from_data(TensorData::new(numbers.attack, [batch]), device),
            types: labels(numbers.types),
            experts: numbers.experts.map(|said| Tensor::from_data(TensorData::new(said, [batch, 2]), device)),
            twins: (twins > 0).then(|| Twins {
                images: map(numbers.twins, twins, 3),
                places: labels(numbers.twinned),
                lower: Tensor::from_data(TensorData::new(numbers.lower, [twins]), device),
            }),
            semantics: numbers.semantics.map(|(attributes, spoof_type, illumination)| SemanticBatch {
                attributes: Tensor::from_data(TensorData::new(attributes, [batch, 40]), device),
                spoof_type: labels(spoof_type),
                illumination: labels(illumination),
            }),
        }
    }

    /// Pseudo-depth `[B, 1, 14, 14]` in `[0, 1]`, the mean of each 16 x 16 pixels: AENet's size.
    pub fn small_depth(&self) -> Tensor<4> {
        let [batch, _, height, width] = self.depth.dims();
        let (down, across) = (height / AENET_MAP, width / AENET_MAP);
        self.depth
            .clone()
            .reshape([batch, AENET_MAP, down, AENET_MAP, across])
            .mean_dim(4)
            .mean_dim(2)
            .reshape([batch, 1, AENET_MAP, AENET_MAP])
    }
}
