//! Published MiniFASNet weights -> `minifasnet-v2.safetensors`, `minifasnet-v1se.safetensors`.
//!
//! Reads an ONNX file, or a state dict (PyTorch's or safetensors) under Minivision's names or yakhyo's. Batch norms are folded into the
//! convolutions before them; the last three layers (linear, batch norm, linear), which have nothing between them, become one.

use std::{collections::BTreeMap, fs, path::Path, path::PathBuf};

use anyhow::{Context, Result, bail, ensure};
use bonafide::{
    network::minifasnet::{CLASSES, MiniFasNet, Variant},
    quantised::{self, Floats},
    weights::load_safetensors,
};
use burn::{
    store::{ModuleStore, PytorchStore},
    tensor::{Device, TensorData},
};
use safetensors::{Dtype, tensor::TensorView};

use super::{
    onnx,
    store::{Precision, serialise},
    transposed,
};
use crate::run::{terminal::say, write_atomic};

/// PyTorch's default, with which both were trained.
const EPSILON: f32 = 1e-5;
/// Minivision's names of modules, and yakhyo's, which are used here.
const NAMES: [(&str, &str); 12] = [
    ("conv1", "stem"),
    ("conv2_dw", "stem_dw"),
    ("conv_23", "transition1"),
    ("conv_3", "stage2"),
    ("conv_34", "transition2"),
    ("conv_4", "stage3"),
    ("conv_45", "transition3"),
    ("conv_5", "stage4"),
    ("conv_6_sep", "final_expand"),
    ("conv_6_dw", "final_dw"),
    ("prob", "classifier"),
    ("se_module", "se"),
];

/// Runs `trainer import minifasnet`: writes each file's network into `out`.
///
/// # Errors
/// One sentence if a file cannot be read or is no MiniFASNetV2 or MiniFASNetV1SE, two hold the same one, or the disk
/// refuses. Nothing is written unless all can be read.
pub fn run(files: &[PathBuf], out: &Path, precision: Precision) -> Result<()> {
    let mut networks = BTreeMap::new();
    for path in files {
        let (variant, network) = read(path).with_context(|| format!("{} cannot be imported", path.display()))?;
        ensure!(
            networks.insert(variant, serialise(&network, precision)?).is_none(),
            "two of the files hold {}",
            variant.name()
        );
    }
    fs::create_dir_all(out).with_context(|| format!("cannot create {}", out.display()))?;
    let mut said = String::new();
    for (variant, bytes) in &networks {
        let file = file_name(*variant);
        write_atomic(&out.join(&file), bytes)?;
        said += &format!("{file}: {} bytes\n", bytes.len());
    }
    say(said + "`trainer fuse` or `trainer export --experts` makes them part of the weights")
}

/// What a network's file is called in a weights folder.
pub fn file_name(variant: Variant) -> String {
    format!("{}.safetensors", variant.name())
}

/// The network in a file and which of the two it is, in full precision.
///
/// # Errors
/// One sentence if it cannot be read or holds another network.
pub fn read(path: &Path) -> Result<(Variant, MiniFasNet)> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    let tensors = match ending.as_str() {
        "onnx" => onnx::tensors(&fs::read(path).context("it cannot be read")?)?,
        "safetensors" => {
            let tensors = quantised::unpack(&fs::read(path).context("it cannot be read")?)?;
            tensors.into_iter().map(|tensor| (tensor.name.clone(), tensor)).collect()
        }
        "pth" | "pt" | "bin" => state_dict(path)?,
        _ => bail!("its name must end in .onnx, .safetensors, .pth, .pt or .bin"),
    };
    let source = Source(tensors.into_iter().map(|(name, tensor)| (renamed(&name), tensor)).collect());
    let variant = match source.0.keys().any(|name| name.contains(".se.")) {
        true => Variant::V1Se,
        false => Variant::V2,
    };
    let network = load_safetensors(MiniFasNet::new(variant, &Device::flex()), &source.folded()?)
        .with_context(|| format!("it is not {}", variant.name()))?;
    Ok((variant, network))
}

/// A PyTorch file's tensors. Nothing that it names is ever called, see [`super::pytorch`].
fn state_dict(path: &Path) -> Result<BTreeMap<String, Floats>> {
    ensure!(fs::metadata(path).is_ok_and(|kind| kind.is_file()), "it cannot be read");
    let mut store = PytorchStore::from_file(path).map_indices_contiguous(false);
    let tensors = store.get_all_tensors().map_err(|error| anyhow::anyhow!("{error}"))?;
    let mut floats = BTreeMap::new();
    for (name, tensor) in tensors.iter().filter(|(name, _)| !name.ends_with("num_batches_tracked")) {
        let unreadable = |error: &dyn std::fmt::Debug| anyhow::anyhow!("its tensor {name} cannot be read: {error:?}");
        let bytes = tensor.to_bytes().map_err(|error| unreadable(&error))?;
        let data = TensorData::from_bytes(bytes, tensor.shape.clone(), tensor.dtype);
        let shape = data.shape().to_vec();
        let values = data.convert::<f32>().try_into_vec().map_err(|error| unreadable(&error))?;
        floats.insert(name.clone(), Floats { name: name.clone(), shape, values });
    }
    Ok(floats)
}

/// Yakhyo's name of a tensor: without what training in parallel puts before it, and Minivision's modules called as there.
fn renamed(name: &str) -> String {
    let name = name.strip_prefix("module.").unwrap_or(name);
    let part = |part| NAMES.iter().find_map(|(theirs, ours)| (*theirs == part).then_some(*ours)).unwrap_or(part);
    name.split('.').map(part).collect::<Vec<_>>().join(".")
}

/// Tensors by yakhyo's names.
struct Source(BTreeMap<String, Floats>);

impl Source {
    /// Safetensors bytes under the names of [`MiniFasNet`].
    fn folded(&self) -> Result<Vec<u8>> {
        let mut ours = BTreeMap::new();
        let mut window = |to: &str, from: &str, prelu: bool| -> Result<()> {
            let (weight, bias) = self.convolution(&format!("{from}.conv"), &format!("{from}.bn"))?;
            ours.insert(format!("{to}.conv.weight"), weight);
            ours.insert(format!("{to}.conv.bias"), bias);
            if prelu {
                ours.insert(format!("{to}.slopes.alpha"), self.get(&format!("{from}.prelu.weight"))?.clone());
            }
            Ok(())
        };
        window("stem", "stem", true)?;
        window("stem_depthwise", "stem_dw", true)?;
        window("expand", "final_expand", true)?;
        window("sum", "final_dw", false)?;
        let bottlenecks: Vec<String> = self.bottlenecks();
        for (number, from) in bottlenecks.iter().enumerate() {
            window(&format!("bottlenecks.{number}.expand"), &format!("{from}.conv"), true)?;
            window(&format!("bottlenecks.{number}.depthwise"), &format!("{from}.conv_dw"), true)?;
            window(&format!("bottlenecks.{number}.project"), &format!("{from}.project"), false)?;
        }
        for (number, from) in bottlenecks.iter().enumerate() {
            if !self.0.contains_key(&format!("{from}.se.fc1.weight")) {
                continue;
            }
            for (ours_is, theirs, norm) in [("reduce", "fc1", "bn1"), ("restore", "fc2", "bn2")] {
                let (weight, bias) = self.convolution(&format!("{from}.se.{theirs}"), &format!("{from}.se.{norm}"))?;
                let to = format!("bottlenecks.{number}.squeeze.{ours_is}");
                // `[out, in, 1, 1]` -> `[in, out]`, as burn keeps a linear layer.
                let (out, input) = (bias.values.len(), weight.values.len() / bias.values.len());
                let values = transposed([out, input], &weight.values);
                ours.insert(format!("{to}.weight"), Floats { name: String::new(), shape: vec![input, out], values });
                ours.insert(format!("{to}.bias"), bias);
            }
        }
        let (weight, bias) = self.head()?;
        ours.insert("head.weight".into(), weight);
        ours.insert("head.bias".into(), bias);
        let bytes: Vec<(String, Vec<usize>, Vec<u8>)> = ours
            .into_iter()
            .map(|(name, tensor)| (name, tensor.shape, tensor.values.iter().flat_map(|v| v.to_le_bytes()).collect()))
            .collect();
        let views = bytes.iter().map(|(name, shape, data)| {
            Ok((name, TensorView::new(Dtype::F32, shape.clone(), data).context("a tensor of another length")?))
        });
        safetensors::serialize(views.collect::<Result<Vec<_>>>()?, None).context("the tensors cannot be written")
    }

    /// Paths of the bottlenecks in the order in which they are run.
    fn bottlenecks(&self) -> Vec<String> {
        let mut paths = Vec::new();
        for stage in 2..=4 {
            paths.push(format!("transition{}", stage - 1));
            let place = |number| format!("stage{stage}.model.{number}");
            let there = |path: &String| self.0.contains_key(&format!("{path}.project.conv.weight"));
            paths.extend((0..).map(place).take_while(there));
        }
        paths
    }

    fn get(&self, name: &str) -> Result<&Floats> {
        self.0.get(name).with_context(|| format!("it lacks {name}"))
    }

    /// A convolution's weight and bias, with the norm behind it folded in where it has one.
    fn convolution(&self, path: &str, norm: &str) -> Result<(Floats, Floats)> {
        let mut weight = self.get(&format!("{path}.weight"))?.clone();
        let channels = *weight.shape.first().with_context(|| format!("its {path} has no shape"))?;
        let bias = match self.0.get(&format!("{path}.bias")) {
            Some(bias) => bias.values.clone(),
            None => vec![0.0; channels],
        };
        let (scale, offset) = self.norm(norm)?.unwrap_or_else(|| (vec![1.0; channels], vec![0.0; channels]));
        ensure!(
            channels > 0 && [&bias, &scale, &offset].iter().all(|values| values.len() == channels),
            "its {path} and the norm behind it have other numbers of channels"
        );
        let per_channel = weight.values.len() / channels;
        for (values, scale) in weight.values.chunks_mut(per_channel.max(1)).zip(&scale) {
            values.iter_mut().for_each(|value| *value *= scale);
        }
        let bias = bias.iter().zip(&scale).zip(&offset).map(|((bias, scale), offset)| bias * scale + offset).collect();
        Ok((weight, Floats { name: String::new(), shape: vec![channels], values: bias }))
    }

    /// What a batch norm multiplies by and adds; `None` where there is none any more.
    fn norm(&self, path: &str) -> Result<Option<(Vec<f32>, Vec<f32>)>> {
        if !self.0.contains_key(&format!("{path}.running_var")) {
            return Ok(None);
        }
        let part = |name: &str| self.get(&format!("{path}.{name}")).map(|tensor| tensor.values.as_slice());
        let (gamma, beta, mean, variance) =
            (part("weight")?, part("bias")?, part("running_mean")?, part("running_var")?);
        let scale: Vec<f32> = gamma.iter().zip(variance).map(|(g, v)| g / (v + EPSILON).sqrt()).collect();
        let offset = beta.iter().zip(mean).zip(&scale).map(|((b, m), s)| b - m * s).collect();
        Ok(Some((scale, offset)))
    }

    /// `classifier(bn(linear(x)))`: weight `[in, classes]`, as burn keeps it, and bias.
    fn head(&self) -> Result<(Floats, Floats)> {
        let (linear, offset) = self.convolution("linear", "bn")?;
        let classes = self.get("classifier.weight")?;
        let (&[middle, input], &[count, reads]) = (&linear.shape[..], &classes.shape[..]) else {
            bail!("its last layers are no matrices")
        };
        ensure!(count == CLASSES && reads == middle, "its last layer gives {count} classes of {reads} features");
        let product = |row: &[f32], of: &dyn Fn(usize) -> f32| -> f32 {
            row.iter().enumerate().map(|(at, weight)| f64::from(*weight) * f64::from(of(at))).sum::<f64>() as f32
        };
        let rows: Vec<&[f32]> = classes.values.chunks_exact(middle).collect();
        let weight = (0..input)
            .flat_map(|x| rows.iter().map(move |row| (x, *row)))
            .map(|(x, row)| product(row, &|at| linear.values[at * input + x]))
            .collect();
        let given = self.0.get("classifier.bias").map(|bias| bias.values.clone()).unwrap_or(vec![0.0; CLASSES]);
        let bias = rows.iter().zip(given).map(|(row, given)| product(row, &|at| offset.values[at]) + given).collect();
        let floats = |shape: Vec<usize>, values| Floats { name: String::new(), shape, values };
        Ok((floats(vec![input, CLASSES], weight), floats(vec![CLASSES], bias)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_publications_names_lead_to_one() {
        for (theirs, ours) in [
            ("module.conv_3.model.0.conv_dw.bn.running_var", "stage2.model.0.conv_dw.bn.running_var"),
            ("module.conv_6_sep.prelu.weight", "final_expand.prelu.weight"),
            ("conv_4.model.5.se_module.fc1.weight", "stage3.model.5.se.fc1.weight"),
            ("module.prob.weight", "classifier.weight"),
            ("stage4.model.1.project.conv.weight", "stage4.model.1.project.conv.weight"),
        ] {
            assert_eq!(renamed(theirs), ours);
        }
    }

    #[test]
    fn norms_are_folded_into_what_precedes_them() {
        let tensor = |shape: &[usize], values: &[f32]| Floats {
            name: String::new(),
            shape: shape.into(),
            values: values.into(),
        };
        let source = Source(
            [
                ("a.conv.weight", tensor(&[2, 1, 1, 1], &[1.0, 2.0])),
                ("a.bn.weight", tensor(&[2], &[3.0, 4.0])),
                ("a.bn.bias", tensor(&[2], &[0.5, 0.25])),
                ("a.bn.running_mean", tensor(&[2], &[1.0, -1.0])),
                ("a.bn.running_var", tensor(&[2], &[1.0 - EPSILON, 4.0 - EPSILON])),
            ]
            .map(|(name, tensor)| (name.to_owned(), tensor))
            .into(),
        );
        let (weight, bias) = source.convolution("a.conv", "a.bn").unwrap();
        assert_eq!((weight.values, bias.values), (vec![3.0, 4.0], vec![-2.5, 2.25]));
        // Without a norm the layer stays as it is.
        let (weight, bias) = source.convolution("a.conv", "none").unwrap();
        assert_eq!((weight.values, bias.values), (vec![1.0, 2.0], vec![0.0, 0.0]));
    }
}
