//! A .tflite file -> its layers' constants in burn's layouts -> safetensors bytes.
//!
//! Knows the file format, not the networks: which layer is which is the caller's business. The schema comes from
//! `tract-tflite`, whose verifier checks every offset before anything is read, so that damaged bytes end in an error.
//! Values stay the f16 that the file holds: they are moved, never converted.

use std::collections::BTreeMap;

use bonafide::{Error, Result};
use safetensors::tensor::{Dtype, TensorView};
use tract_tflite::tflite::{BuiltinOperator, Model, Operator, SubGraph, TensorType, root_as_model};

/// An f16 tensor, little-endian, row-major.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constant {
    /// Sides, outermost first.
    pub shape: Vec<usize>,
    /// Two bytes a value.
    pub halves: Vec<[u8; 2]>,
}

/// The constants of one operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layer {
    /// A convolution of any kind: weight `[out, in / groups, height, width]` and bias `[out]`.
    Convolution {
        /// The kernel.
        weight: Constant,
        /// One value per output channel.
        bias: Constant,
    },
    /// A PReLU's slopes `[channels]`.
    Slopes(Constant),
}

/// The layers of a model that have constants, in the order in which the file runs them.
///
/// # Errors
/// [`Error::is_weights`] if the bytes are no .tflite model, or hold anything but f16 convolutions and PReLUs where a
/// constant is expected.
pub fn layers(file: &[u8]) -> Result<Vec<Layer>> {
    let model = root_as_model(file).map_err(|e| damaged(format!("it is no .tflite model ({e})")))?;
    let graph = model
        .subgraphs()
        .filter(|graphs| graphs.len() == 1)
        .map(|graphs| graphs.get(0))
        .ok_or_else(|| damaged("it has not exactly one graph"))?;
    let constants = Constants::new(model, graph)?;
    let mut layers = Vec::new();
    for operator in graph.operators().into_iter().flatten() {
        let layer = match kind(&model, &operator)? {
            // Output channels come first: [out, height, width, in] -> [out, in, height, width].
            BuiltinOperator::CONV_2D => constants.convolution(&operator, [0, 3, 1, 2])?,
            // A filter per channel, channels last: [1, height, width, channels] -> [channels, 1, height, width].
            BuiltinOperator::DEPTHWISE_CONV_2D => constants.convolution(&operator, [3, 0, 1, 2])?,
            BuiltinOperator::PRELU => {
                let mut slopes = constants.input(&operator, 1)?;
                slopes.shape = vec![slopes.halves.len()];
                Layer::Slopes(slopes)
            }
            _ => continue,
        };
        layers.push(layer);
    }
    Ok(layers)
}

/// Safetensors bytes of `layers` under `names`, their paths in our network, in the same order. The same layers give the
/// same bytes.
///
/// # Errors
/// [`Error::is_weights`] if there are more or fewer layers than names.
pub fn safetensors(names: &[String], layers: &[Layer]) -> Result<Vec<u8>> {
    if names.len() != layers.len() {
        return Err(damaged(format!("it has {} layers with weights, our network {}", layers.len(), names.len())));
    }
    let mut tensors = BTreeMap::new();
    for (name, layer) in names.iter().zip(layers) {
        match layer {
            Layer::Convolution { weight, bias } => {
                tensors.insert(format!("{name}.weight"), (weight, weight.halves.concat()));
                tensors.insert(format!("{name}.bias"), (bias, bias.halves.concat()));
            }
            Layer::Slopes(slopes) => {
                tensors.insert(format!("{name}.alpha"), (slopes, slopes.halves.concat()));
            }
        }
    }
    let views = tensors
        .iter()
        .map(|(name, (constant, bytes))| Ok((name, TensorView::new(Dtype::F16, constant.shape.clone(), bytes)?)))
        .collect::<std::result::Result<Vec<_>, safetensors::SafeTensorError>>();
    views.and_then(|views| safetensors::serialize(views, None)).map_err(|e| damaged(format!("{e}")))
}

fn damaged(what: impl std::fmt::Display) -> Error {
    Error::weights(format!("the model cannot be imported: {what}; install the package's pinned version again"))
}

fn kind(model: &Model, operator: &Operator) -> Result<BuiltinOperator> {
    let codes = model.operator_codes().ok_or_else(|| damaged("it lists no operators"))?;
    let index = operator.opcode_index() as usize;
    if index >= codes.len() {
        return Err(damaged("an operator is of no listed kind"));
    }
    let code = codes.get(index);
    // Codes below 127 were first written in the older field, and the newer one is then 0.
    Ok(BuiltinOperator(code.builtin_code().0.max(i32::from(code.deprecated_builtin_code()))))
}

/// The graph's f16 tensors, by the number of the tensor that operators read.
struct Constants {
    by_tensor: BTreeMap<i32, Constant>,
}

impl Constants {
    fn new(model: Model, graph: SubGraph) -> Result<Self> {
        let tensors = graph.tensors().ok_or_else(|| damaged("its graph has no tensors"))?;
        let buffers = model.buffers().ok_or_else(|| damaged("it has no buffers"))?;
        let mut by_tensor = BTreeMap::new();
        for (number, tensor) in (0i32..).zip(tensors) {
            let buffer = tensor.buffer() as usize;
            if buffer >= buffers.len() {
                return Err(damaged(format!("tensor {number} lies outside the file")));
            }
            let (Some(data), TensorType::FLOAT16) = (buffers.get(buffer).data(), tensor.type_()) else { continue };
            let shape: Vec<usize> =
                tensor.shape().into_iter().flatten().map(|side| usize::try_from(side).unwrap_or(0)).collect();
            let (halves, rest) = data.bytes().as_chunks::<2>();
            let values = shape.iter().try_fold(1usize, |product, side| product.checked_mul(*side));
            if values != Some(halves.len()) || !rest.is_empty() {
                return Err(damaged(format!("tensor {number} has another size than its data")));
            }
            // All exponent bits set: infinite or not a number.
            if halves.iter().any(|half| half[1] & 0x7c == 0x7c) {
                return Err(damaged(format!("tensor {number} holds a value that is not finite")));
            }
            by_tensor.insert(number, Constant { shape, halves: halves.to_vec() });
        }
        // Operators read f32: a Dequantize stands between each constant and its reader.
        for operator in graph.operators().into_iter().flatten() {
            if kind(&model, &operator)? == BuiltinOperator::DEQUANTIZE
                && let (Some(from), Some(to)) = (first(operator.inputs()), first(operator.outputs()))
                && let Some(constant) = by_tensor.get(&from).cloned()
            {
                by_tensor.insert(to, constant);
            }
        }
        Ok(Self { by_tensor })
    }

    fn input(&self, operator: &Operator, position: usize) -> Result<Constant> {
        operator
            .inputs()
            .and_then(|inputs| inputs.iter().nth(position))
            .and_then(|tensor| self.by_tensor.get(&tensor).cloned())
            .ok_or_else(|| damaged("a layer's weights are not f16 constants"))
    }

    fn convolution(&self, operator: &Operator, order: [usize; 4]) -> Result<Layer> {
        let weight = permute(&self.input(operator, 1)?, order)?;
        Ok(Layer::Convolution { weight, bias: self.input(operator, 2)? })
    }
}

fn first<'a>(vector: Option<impl IntoIterator<Item = i32> + 'a>) -> Option<i32> {
    vector?.into_iter().next()
}

/// Axis `k` of the result is axis `order[k]` of `constant`.
fn permute(constant: &Constant, order: [usize; 4]) -> Result<Constant> {
    let Ok(sides) = <[usize; 4]>::try_from(constant.shape.as_slice()) else {
        return Err(damaged("a kernel has not four axes"));
    };
    let strides = [sides[1] * sides[2] * sides[3], sides[2] * sides[3], sides[3], 1];
    let (shape, step) = (order.map(|axis| sides[axis]), order.map(|axis| strides[axis]));
    let mut halves = Vec::with_capacity(constant.halves.len());
    for a in 0..shape[0] {
        for b in 0..shape[1] {
            for c in 0..shape[2] {
                for d in 0..shape[3] {
                    halves.push(constant.halves[a * step[0] + b * step[1] + c * step[2] + d * step[3]]);
                }
            }
        }
    }
    Ok(Constant { shape: shape.to_vec(), halves })
}
