//! An ONNX file that PyTorch exported -> its layers' tensors under PyTorch's names and in PyTorch's layouts.
//!
//! Knows the file format, not the networks. The few messages that are read are declared here and decoded by `prost`; whatever
//! else a file holds is skipped.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use bonafide::quantised::Floats;
use prost::Message;

use super::transposed;

/// `ModelProto`.
#[derive(Clone, PartialEq, Message)]
struct Model {
    #[prost(message, optional, tag = "7")]
    graph: Option<Graph>,
}

/// `GraphProto`.
#[derive(Clone, PartialEq, Message)]
struct Graph {
    #[prost(message, repeated, tag = "1")]
    node: Vec<Node>,
    #[prost(message, repeated, tag = "5")]
    initializer: Vec<Constant>,
}

/// `NodeProto`.
#[derive(Clone, PartialEq, Message)]
struct Node {
    #[prost(string, repeated, tag = "1")]
    input: Vec<String>,
    /// `/stage2/model/model.0/conv/Conv`: the module's path and the operator.
    #[prost(string, tag = "3")]
    name: String,
    #[prost(string, tag = "4")]
    op_type: String,
}

/// `TensorProto`.
#[derive(Clone, PartialEq, Message)]
struct Constant {
    #[prost(int64, repeated, tag = "1")]
    dims: Vec<i64>,
    #[prost(int32, tag = "2")]
    data_type: i32,
    #[prost(float, repeated, tag = "4")]
    float_data: Vec<f32>,
    #[prost(string, tag = "8")]
    name: String,
    #[prost(bytes = "vec", tag = "9")]
    raw_data: Vec<u8>,
}

/// `TensorProto.DataType.FLOAT`.
const FLOAT: i32 = 1;

/// The constants of an ONNX file's layers by PyTorch's names: `stem.conv.weight` for what the node `/stem/conv/Conv` reads.
///
/// # Errors
/// One sentence if the bytes are no ONNX model, a constant is not in f32 or not as long as its shape says, or a layer that
/// has constants is of a kind that is not read: other than convolutions, PReLUs, batch norms and matrix products.
pub fn tensors(file: &[u8]) -> Result<BTreeMap<String, Floats>> {
    let graph = Model::decode(file).context("it is no ONNX model")?.graph.context("it holds no graph")?;
    let constants: BTreeMap<String, Constant> =
        graph.initializer.into_iter().map(|constant| (constant.name.clone(), constant)).collect();
    let mut tensors = BTreeMap::new();
    for node in &graph.node {
        let given: Vec<Option<&Constant>> = node.input.iter().map(|input| constants.get(input)).collect();
        if given.iter().all(Option::is_none) {
            continue;
        }
        let names: &[&str] = match node.op_type.as_str() {
            "Conv" => &["weight", "bias"],
            "PRelu" | "MatMul" => &["weight"],
            "BatchNormalization" => &["weight", "bias", "running_mean", "running_var"],
            other => bail!("its layer {} is of the kind {other}, which is not read", node.name),
        };
        let path = path(&node.name);
        for (name, constant) in names.iter().zip(given.iter().skip(1)) {
            let constant = constant.with_context(|| format!("its layer {} has no constant {name}", node.name))?;
            let Floats { shape, values, .. } = constant.floats()?;
            let (shape, values) = match node.op_type.as_str() {
                // ONNX multiplies by [in, out], PyTorch keeps [out, in].
                "MatMul" => {
                    let &[rows, columns] = &shape[..] else { bail!("{} is no matrix", node.name) };
                    (vec![columns, rows], transposed([rows, columns], &values))
                }
                "PRelu" => (vec![values.len()], values),
                _ => (shape, values),
            };
            let name = format!("{path}.{name}");
            tensors.insert(name.clone(), Floats { name, shape, values });
        }
    }
    ensure!(!tensors.is_empty(), "it holds no layer");
    Ok(tensors)
}

/// `/stage2/model/model.0/conv/Conv` -> `stage2.model.0.conv`: PyTorch repeats a list's name before its number.
fn path(node: &str) -> String {
    let parts: Vec<&str> = node.split('/').filter(|part| !part.is_empty()).collect();
    let mut path: Vec<&str> = Vec::new();
    for part in &parts[..parts.len().saturating_sub(1)] {
        let number = path.last().and_then(|list| part.strip_prefix(list)?.strip_prefix('.'));
        path.push(number.unwrap_or(part));
    }
    path.join(".")
}

impl Constant {
    fn floats(&self) -> Result<Floats> {
        ensure!(self.data_type == FLOAT, "its constant {} is not in f32", self.name);
        let shape: Vec<usize> =
            self.dims.iter().map(|side| usize::try_from(*side)).collect::<Result<_, _>>().context("a side below 0")?;
        let (fours, rest) = self.raw_data.as_chunks::<4>();
        let values: Vec<f32> = match fours.is_empty() {
            true => self.float_data.clone(),
            false => fours.iter().map(|four| f32::from_le_bytes(*four)).collect(),
        };
        let expected = shape.iter().try_fold(1_usize, |all, side| all.checked_mul(*side));
        ensure!(
            rest.is_empty() && expected == Some(values.len()),
            "its constant {} has other than the values of its shape {shape:?}",
            self.name
        );
        Ok(Floats { name: self.name.clone(), shape, values })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constant(name: &str, dims: &[i64], values: &[f32]) -> Constant {
        Constant {
            dims: dims.to_vec(),
            data_type: FLOAT,
            float_data: Vec::new(),
            name: name.into(),
            raw_data: values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        }
    }

    fn file(op_type: &str, constants: Vec<Constant>) -> Vec<u8> {
        let input = std::iter::once("x".to_owned()).chain(constants.iter().map(|c| c.name.clone())).collect();
        let node = Node { input, name: "/a/model/model.3/b/Op".into(), op_type: op_type.into() };
        Model { graph: Some(Graph { node: vec![node], initializer: constants }) }.encode_to_vec()
    }

    #[test]
    fn layers_have_pytorchs_names_and_layouts() {
        let read = tensors(&file("MatMul", vec![constant("w", &[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])])).unwrap();
        let weight = &read["a.model.3.b.weight"];
        assert_eq!((&weight.shape[..], &weight.values[..]), (&[3, 2][..], &[1.0, 4.0, 2.0, 5.0, 3.0, 6.0][..]));
        let slopes = tensors(&file("PRelu", vec![constant("s", &[2, 1, 1], &[0.5, 0.25])])).unwrap();
        assert_eq!(slopes["a.model.3.b.weight"].shape, [2]);
        let conv = [constant("w", &[1, 1, 1, 1], &[2.0]), constant("b", &[1], &[3.0])];
        assert_eq!(tensors(&file("Conv", conv.into())).unwrap()["a.model.3.b.bias"].values, [3.0]);
    }

    #[test]
    fn what_is_not_read_is_named() {
        let refused = |bytes: &[u8]| format!("{:#}", tensors(bytes).unwrap_err());
        assert!(refused(b"not a model at all").contains("no ONNX model"));
        assert!(refused(&file("Gemm", vec![constant("w", &[1], &[1.0])])).contains("Gemm"));
        assert!(refused(&file("Conv", vec![constant("w", &[2], &[1.0])])).contains("its shape [2]"));
        let half = Constant { data_type: 10, ..constant("w", &[1], &[1.0]) };
        assert!(refused(&file("Conv", vec![half])).contains("not in f32"));
    }
}
