//! Face -> the 468 points of MediaPipe's FaceMesh, with depth.
//!
//! FaceMesh (Kartynnik et al. 2019, "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs"). The trainer
//! draws pseudo-depth from it; in the browser it is not loaded yet.

use burn::{
    module::Module,
    nn::{PRelu, PReluConfig, conv::Conv2d},
    tensor::{Device, Tensor, TensorData},
};

use super::{
    Face,
    blocks::{Block, convolution},
};
use crate::{
    error::Result,
    frame::Frame,
    readback::read,
    region::{Region, sample},
};

/// Side of the input in pixels.
pub const INPUT_SIZE: usize = 192;
/// Points of the mesh.
pub const POINTS: usize = 468;

/// Side of the input over the longer side of the face box (MediaPipe's; the product's crop may differ).
const MARGIN: f32 = 1.5;

/// Output channels and stride of the blocks that both outputs share; the first reads the stem's 16 channels.
const SHARED: [(usize, usize); 14] = [
    (16, 1),
    (16, 1),
    (32, 2),
    (32, 1),
    (32, 1),
    (64, 2),
    (64, 1),
    (64, 1),
    (128, 2),
    (128, 1),
    (128, 1),
    (128, 2),
    (128, 1),
    (128, 1),
];

/// The mesh network.
#[derive(Module, Debug)]
pub struct FaceMesh {
    stem: Conv2d,
    stem_slopes: PRelu,
    shared: Vec<Block>,
    points: Branch,
    presence: Branch,
}

/// One output: blocks at 128 channels, a reduction to 32, a block, and a 3 x 3 convolution of the last 3 x 3 map.
#[derive(Module, Debug)]
struct Branch {
    wide: Vec<Block>,
    reduce: Conv2d,
    slopes: PRelu,
    narrow: Block,
    output: Conv2d,
}

impl Branch {
    fn new(wide: usize, outputs: usize, device: &Device) -> Self {
        Self {
            wide: (0..wide).map(|i| Block::new([128, 128], if i == 0 { 2 } else { 1 }, true, device)).collect(),
            reduce: convolution([128, 32], 1, 1, 1, device),
            slopes: PReluConfig::new().with_num_parameters(32).init(device),
            narrow: Block::new([32, 32], 1, true, device),
            output: convolution([32, outputs], 3, 3, 1, device),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let x = self.wide.iter().fold(x, |x, block| block.forward(x));
        let x = self.narrow.forward(self.slopes.forward(self.reduce.forward(x)));
        self.output.forward(x).flatten(1, 3)
    }
}

impl FaceMesh {
    /// The network without weights: all zeros.
    pub fn new(device: &Device) -> Self {
        let mut input = 16;
        Self {
            stem: convolution([3, 16], 3, 2, 1, device),
            stem_slopes: PReluConfig::new().with_num_parameters(16).init(device),
            shared: SHARED
                .iter()
                .map(|&(output, stride)| {
                    Block::new([std::mem::replace(&mut input, output), output], stride, true, device)
                })
                .collect(),
            points: Branch::new(3, 3 * POINTS, device),
            presence: Branch::new(1, 1, device),
        }
    }

    /// `[B, 3, 192, 192]` in `[0, 1]` -> points `[B, 468, 3]` in input pixels (z in x's scale, smaller is nearer) and the
    /// logit `[B, 1]` that there is a face.
    pub fn forward(&self, x: Tensor<4>) -> (Tensor<3>, Tensor<2>) {
        let x = self.stem_slopes.forward(self.stem.forward(x));
        let x = self.shared.iter().fold(x, |x, block| block.forward(x));
        let batch = x.dims()[0];
        (self.points.forward(x.clone()).reshape([batch, POINTS, 3]), self.presence.forward(x))
    }
}

/// The points of one face.
#[derive(Debug, Clone, PartialEq)]
pub struct Mesh {
    /// 468 points `[x, y, z]` in frame pixels; z has x's scale, its origin inside the head, smaller is nearer.
    pub points: Vec<[f32; 3]>,
    /// How sure the network is that it looks at a face, in `[0, 1]`.
    pub presence: f32,
}

/// The square that the network looks at: around the face box, turned so that the eyes are level.
pub fn mesh_region(face: &Face) -> Region {
    let [right, left] = [face.landmarks[0], face.landmarks[1]];
    Region { angle: (left[1] - right[1]).atan2(left[0] - right[0]), ..face.bounds.square(MARGIN) }
}

/// FaceMesh with its preprocessing and decoding.
#[derive(Debug)]
pub struct FaceMesher {
    network: FaceMesh,
}

impl FaceMesher {
    /// Wraps a filled network.
    pub fn new(network: FaceMesh) -> Self {
        Self { network }
    }

    /// The mesh of a detected face.
    ///
    /// # Errors
    /// [`crate::Error`] if the device fails.
    pub async fn mesh(&self, frame: &Frame<'_>, face: &Face) -> Result<Mesh> {
        let region = mesh_region(face);
        let pixels = sample(frame, &region, INPUT_SIZE);
        let device = self.network.stem.weight.val().device();
        let input = Tensor::from_data(TensorData::new(pixels, [1, 3, INPUT_SIZE, INPUT_SIZE]), &device);
        let (points, presence) = self.network.forward(input);
        let values = read(Tensor::cat(vec![points.reshape([1, 3 * POINTS]), presence], 1)).await?;
        let size = INPUT_SIZE as f32;
        let (points, presence) = values.split_at(3 * POINTS);
        let points = points
            .chunks_exact(3)
            .map(|point| {
                let (x, y) = region.to_frame(point[0] / size, point[1] / size);
                [x, y, point[2] * region.side / size]
            })
            .collect();
        Ok(Mesh { points, presence: 1.0 / (1.0 + (-presence[0]).exp()) })
    }
}
