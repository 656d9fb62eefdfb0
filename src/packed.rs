//! Convolutions whose weights are packed once, for networks that only infer on the CPU.
//!
//! burn's own convolution lays out weights and image anew on every call, and is slow where channels are few. A layer keeps a
//! [`Packed`] beside its burn module: empty, it runs burn's operations, as in training and on a GPU; filled by
//! [`Packed::pack`], the kernels of `bonafide-kernels`. Between such layers images lie with their channels last, as views.

use std::sync::Arc;

use bonafide_kernels::{
    conv::{self, Conv, Plan},
    depthwise::Depthwise,
    finish::{Activation, finish},
    pool::MaxPool,
};
use burn::{
    nn::{PRelu, PaddingConfig2d, conv::Conv2d, pool::MaxPool2d},
    tensor::{DType, Device, Tensor, TensorData, activation},
};

/// A convolution in the form that the CPU runs best, or nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Packed(Option<Arc<Layer>>);

#[derive(Debug)]
struct Layer {
    window: Window,
    /// Added to every pixel; a depthwise window's sums begin with its own, and these are zeros.
    bias: Vec<f32>,
    /// Of the PReLU behind it, if it was packed with one.
    slopes: Vec<f32>,
}

#[derive(Debug)]
enum Window {
    Full { conv: Conv, weights: conv::Packed },
    Depthwise(Depthwise),
}

/// What follows a convolution.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Then<'a> {
    Nothing,
    Relu,
    /// The one that the layer was packed with.
    PRelu(&'a PRelu),
}

impl Then<'_> {
    fn forward(self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Nothing => x,
            Self::Relu => activation::relu(x),
            Self::PRelu(slopes) => slopes.forward(x),
        }
    }
}

/// An image `[B, C, H, W]` as numbers with the channels last.
struct Image {
    data: TensorData,
    /// Batch, height, width, channels.
    dims: [usize; 4],
}

impl Packed {
    /// Packs the layer's weights, which must not change any more; nothing unless they lie on the CPU. Kernel and stride are
    /// square and the padding is explicit, as all of this crate's are.
    pub(crate) fn pack(layer: &Conv2d) -> Self {
        Self::pack_before(layer, None)
    }

    /// The same of a layer with a PReLU behind it.
    pub(crate) fn pack_prelu(layer: &Conv2d, slopes: &PRelu) -> Self {
        Self::pack_before(layer, Some(slopes))
    }

    fn pack_before(layer: &Conv2d, slopes: Option<&PRelu>) -> Self {
        let weight = layer.weight.val();
        let device = weight.device();
        let on_cpu = device == Device::flex() && !device.is_autodiff() && weight.dtype() == DType::F32;
        let (Some((kernel, stride, padding)), true) = (square(layer), on_cpu) else { return Self::default() };
        let [output, per_group, _, _] = weight.dims();
        let weights = numbers(weight);
        let zeros = vec![0.0; output];
        let bias = layer.bias.as_ref().map_or_else(|| zeros.clone(), |bias| numbers(bias.val()));
        let slopes = slopes.map_or_else(Vec::new, |slopes| numbers(slopes.alpha.val()));
        let (window, bias) = match layer.groups {
            1 => {
                let conv = Conv { size: [0, 0], channels: [per_group, output], kernel, stride, padding };
                let weights = conv::Packed::new(conv.channels, kernel, &weights);
                (Window::Full { conv, weights }, bias)
            }
            groups if groups == output && per_group == 1 => {
                (Window::Depthwise(Depthwise::new(kernel, stride, padding, &weights, &bias)), zeros)
            }
            _ => return Self::default(),
        };
        Self(Some(Arc::new(Layer { window, bias, slopes })))
    }

    /// The convolution of `x`, plus `add` whose missing channels are zero, and what follows. `layer` is what was packed.
    pub(crate) fn forward(&self, layer: &Conv2d, x: Tensor<4>, add: Option<Tensor<4>>, then: Then<'_>) -> Tensor<4> {
        let Some(packed) = &self.0 else {
            let y = layer.forward(x);
            return then.forward(match add {
                Some(add) => y + widen(add, layer.weight.dims()[0]),
                None => y,
            });
        };
        let device = x.device();
        packed.run(&Image::of(x), add.map(Image::of).as_ref(), then).into_tensor(&device)
    }

    /// A max-pool beside the layer.
    pub(crate) fn pool(&self, pool: &MaxPool2d, x: Tensor<4>) -> Tensor<4> {
        let (Some(_), Some(padding)) = (&self.0, explicit(&pool.padding)) else { return pool.forward(x) };
        let device = x.device();
        let image = Image::of(x);
        let [batch, height, width, channels] = image.dims;
        let [kernel, stride] = [pool.kernel_size[0], pool.stride[0]];
        let pool = MaxPool { size: [height, width], channels, kernel, stride, padding };
        let [rows, columns] = pool.out_size();
        let out = image.each(|x| pool.run(x));
        Image::new(out, [batch, rows, columns, channels]).into_tensor(&device)
    }
}

impl Layer {
    fn run(&self, x: &Image, add: Option<&Image>, then: Then<'_>) -> Image {
        let [batch, height, width, _] = x.dims;
        let ([rows, columns], mut out) = match &self.window {
            Window::Full { conv, weights } => {
                let conv = Conv { size: [height, width], ..*conv };
                let plan = Plan::packed(&conv, weights);
                let mut out = vec![0.0; batch * conv.outputs()];
                let mut buffer = Vec::new();
                for (x, out) in x.images().zip(out.chunks_exact_mut(conv.outputs())) {
                    plan.run(plan.pad(x, &mut buffer), out);
                }
                (conv.out_size(), out)
            }
            Window::Depthwise(depthwise) => {
                (depthwise.out_size([height, width]), x.each(|x| depthwise.run([height, width], x)))
            }
        };
        let done = matches!((&self.window, add, then), (Window::Depthwise(_), None, Then::Nothing));
        if !done {
            let last = match then {
                Then::Nothing => Activation::Identity,
                Then::Relu => Activation::Relu,
                Then::PRelu(_) => Activation::PRelu(&self.slopes),
            };
            finish(&mut out, &self.bias, add.map(|add| (add.numbers(), add.dims[3])), last);
        }
        Image::new(out, [batch, rows, columns, self.bias.len()])
    }
}

impl Image {
    fn new(numbers: Vec<f32>, dims: [usize; 4]) -> Self {
        Self { data: TensorData::new(numbers, dims), dims }
    }

    /// Copies nothing if the channels lie last already and no other tensor shares the numbers.
    fn of(x: Tensor<4>) -> Self {
        let x = x.permute([0, 2, 3, 1]);
        Self { dims: x.dims(), data: x.into_data() }
    }

    fn into_tensor(self, device: &Device) -> Tensor<4> {
        Tensor::from_data(self.data, device).permute([0, 3, 1, 2])
    }

    fn numbers(&self) -> &[f32] {
        self.data.as_slice().expect("packed layers compute in f32")
    }

    fn images(&self) -> impl Iterator<Item = &[f32]> {
        self.numbers().chunks_exact(self.dims[1] * self.dims[2] * self.dims[3])
    }

    /// What `run` makes of each image, one behind the other.
    fn each(&self, mut run: impl FnMut(&[f32]) -> Vec<f32>) -> Vec<f32> {
        let mut images = self.images();
        let mut all = images.next().map(&mut run).unwrap_or_default();
        images.for_each(|x| all.extend(run(x)));
        all
    }
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().expect("packed layers hold f32")
}

/// Kernel, stride and padding before and after, if both axes have the same.
fn square(layer: &Conv2d) -> Option<(usize, usize, [usize; 2])> {
    let same = |[a, b]: [usize; 2]| (a == b).then_some(a);
    if layer.dilation != [1, 1] {
        return None;
    }
    Some((same(layer.kernel_size)?, same(layer.stride)?, explicit(&layer.padding)?))
}

fn explicit(padding: &PaddingConfig2d) -> Option<[usize; 2]> {
    match *padding {
        PaddingConfig2d::Explicit(top, left, bottom, right) => {
            (top == left && bottom == right).then_some([top, bottom])
        }
        PaddingConfig2d::Valid => Some([0, 0]),
        PaddingConfig2d::Same => None,
    }
}

/// The image with zeros as its missing channels.
fn widen(x: Tensor<4>, channels: usize) -> Tensor<4> {
    let [batch, has, height, width] = x.dims();
    if has == channels {
        return x;
    }
    let zeros = Tensor::zeros([batch, channels - has, height, width], &x.device());
    Tensor::cat(vec![x, zeros], 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::{
        nn::{PReluConfig, conv::Conv2dConfig, pool::MaxPool2dConfig},
        tensor::Distribution,
    };

    fn close(ours: Tensor<4>, burns: Tensor<4>, what: &str) {
        assert_eq!(ours.dims(), burns.dims(), "{what}");
        let size = burns.clone().abs().max().into_scalar::<f32>();
        let off = (ours - burns).abs().max().into_scalar::<f32>();
        assert!(off <= 1e-4 * size, "{what}: off by {off} of {size}");
    }

    #[test]
    fn packed_layers_equal_burns() {
        let device = Device::flex();
        let random = |dims| Tensor::<4>::random(dims, Distribution::Uniform(-1.0, 1.0), &device);
        // Channels that fill vectors and that do not, sides that windows do not divide, one-sided padding, a batch.
        for (input, output, kernel, stride, padding, groups) in [
            (3, 16, 7, 2, [3, 3], 1),
            (16, 16, 3, 1, [1, 1], 1),
            (16, 35, 3, 2, [1, 1], 1),
            (42, 7, 1, 1, [0, 0], 1),
            (24, 24, 3, 1, [1, 1], 24),
            (7, 7, 3, 2, [0, 1], 7),
            (3, 24, 5, 2, [1, 2], 1),
            (5, 2, 1, 2, [0, 0], 1),
        ] {
            let [before, after] = padding;
            let layer = Conv2dConfig::new([input, output], [kernel, kernel])
                .with_stride([stride, stride])
                .with_groups(groups)
                .with_padding(PaddingConfig2d::Explicit(before, before, after, after))
                .init(&device);
            let packed = Packed::pack(&layer);
            assert!(packed.0.is_some());
            let x = random([2, input, 21, 14]);
            let plain = layer.forward(x.clone());
            let [_, _, rows, columns] = plain.dims();
            let what = format!("{input} -> {output}, {kernel} / {stride}");
            close(packed.forward(&layer, x.clone(), None, Then::Nothing), plain, &what);
            let slopes = PReluConfig::new().with_num_parameters(output).init(&device);
            let sloped = Packed::pack_prelu(&layer, &slopes);
            let add = random([2, output.div_ceil(2), rows, columns]);
            for (packed, then) in [(&packed, Then::Relu), (&sloped, Then::PRelu(&slopes))] {
                let burns = Packed::default().forward(&layer, x.clone(), Some(add.clone()), then);
                let ours = packed.forward(&layer, x.clone(), Some(add.clone()), then);
                close(ours, burns, &format!("{what}, an addition and {then:?}"));
            }
        }
    }

    #[test]
    fn packed_pools_equal_burns() {
        let device = Device::flex();
        let layer = Conv2dConfig::new([1, 1], [1, 1]).with_padding(PaddingConfig2d::Valid).init(&device);
        let packed = Packed::pack(&layer);
        let x = Tensor::<4>::random([2, 5, 12, 9], Distribution::Uniform(-1.0, 1.0), &device);
        for (kernel, padding) in [(3, PaddingConfig2d::Explicit(1, 1, 1, 1)), (2, PaddingConfig2d::Valid)] {
            let pool = MaxPool2dConfig::new([kernel, kernel]).with_strides([2, 2]).with_padding(padding).init();
            close(packed.pool(&pool, x.clone()), pool.forward(x.clone()), &format!("pool of {kernel}"));
        }
    }

    #[test]
    fn nothing_is_packed_where_gradients_are_recorded() {
        let device = Device::flex().autodiff();
        let layer = Conv2dConfig::new([3, 4], [1, 1]).with_padding(PaddingConfig2d::Valid).init(&device);
        assert!(Packed::pack(&layer).0.is_none());
    }
}
