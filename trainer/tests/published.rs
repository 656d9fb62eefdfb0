//! The networks whose published weights are not here, against independent PyTorch implementations with computed weights.
//!
//! `tests/golden/retinaface.py` and `tests/golden/prnet.py` made the golden vectors; `tests/golden/formula.py` says how the
//! weights are computed. They come in through checkpoints with the published names, so that the renaming is tested too.

use std::{collections::BTreeMap, fs, path::PathBuf};

use burn::tensor::{Device, Tensor, TensorData};
use safetensors::{Dtype, tensor::TensorView};
use serde_json::Value;
use trainer::detect::retinaface::RetinaFace;

/// Largest difference that is allowed, relative to the output's largest value.
const TOLERANCE: f32 = 1e-4;

fn golden(name: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/golden").join(format!("{name}.json"));
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The formula's tensor as little-endian bytes.
fn tensor(name: &str, shape: &[usize]) -> Vec<u8> {
    let seed: i64 = name.bytes().map(i64::from).sum();
    let fan_in: usize = shape[1..].iter().product();
    (0..shape.iter().product::<usize>() as i64)
        .flat_map(|i| {
            let w = ((i * 7919 + seed) % 2003) as f64 / 2003.0 - 0.5;
            let w = if name.ends_with("running_var") {
                1.0 + 0.8 * w
            } else if name.ends_with("running_mean") || name.ends_with("bias") {
                0.2 * w
            } else if shape.len() == 1 {
                1.0 + 0.4 * w
            } else {
                2.0 * w * (3.0 / fan_in as f64).sqrt()
            };
            (w as f32).to_le_bytes()
        })
        .collect()
}

/// A checkpoint of computed tensors with the golden file's names and shapes, without those that `left_out` names.
fn checkpoint(golden: &Value, left_out: &str) -> tempfile::NamedTempFile {
    let tensors: BTreeMap<&str, (Vec<usize>, Vec<u8>)> = golden["shapes"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| left_out.is_empty() || !name.contains(left_out))
        .map(|(name, shape)| {
            let shape: Vec<usize> = shape.as_array().unwrap().iter().map(|side| side.as_u64().unwrap() as usize).collect();
            let bytes = tensor(name, &shape);
            (name.as_str(), (shape, bytes))
        })
        .collect();
    let views = tensors.iter().map(|(name, (shape, bytes))| (name, TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap()));
    let file = tempfile::Builder::new().suffix(".safetensors").tempfile().unwrap();
    fs::write(file.path(), safetensors::serialize(views, None).unwrap()).unwrap();
    file
}

/// The formula's picture, `[1, 3, size, size]`, in `[low, high]`.
fn picture(size: usize, low: f32, high: f32) -> Tensor<4> {
    let values: Vec<f32> = (0..3 * size * size)
        .map(|i| {
            let (x, y, channel) = (i % size, i / size % size, i / size / size);
            let value = ((x * 7 + y * 13 + channel * 29 + x * y % 11) % 64) as f64 / 63.0;
            (value as f32) * (high - low) + low
        })
        .collect();
    Tensor::from_data(TensorData::new(values, [1, 3, size, size]), &Device::flex())
}

fn compare<const D: usize>(golden: &Value, output: &str, actual: Tensor<D>) {
    let golden = &golden["outputs"][output];
    let actual = actual.into_data().try_into_vec::<f32>().unwrap();
    assert_eq!(actual.len() as u64, golden["length"].as_u64().unwrap(), "{output}");
    let expected: Vec<f32> = golden["values"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap() as f32).collect();
    let largest = expected.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
    let kept: Vec<f32> = actual.iter().copied().step_by(golden["stride"].as_u64().unwrap() as usize).collect();
    assert_eq!(kept.len(), expected.len(), "{output}");
    let apart = kept.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0f32, f32::max) / largest;
    println!("{output}: largest relative difference {apart:e}");
    assert!(apart < TOLERANCE, "{output} differs by {apart}");
    assert!(actual.iter().all(|value| value.is_finite()), "{output}");
}

#[test]
fn retinaface_equals_pytorch() {
    let golden = golden("retinaface");
    let network = RetinaFace::load(checkpoint(&golden, "").path(), &Device::flex()).unwrap();
    let output = network.forward(picture(64, -2.0, 2.0));
    compare(&golden, "classes", output.classes);
    compare(&golden, "boxes", output.boxes);
    compare(&golden, "landmarks", output.landmarks);
}

#[test]
fn what_is_no_checkpoint_ends_in_a_sentence() {
    let golden = golden("retinaface");
    let sentence = |path: &std::path::Path| format!("{:#}", RetinaFace::load(path, &Device::flex()).unwrap_err());
    let partial = checkpoint(&golden, "ssh2.conv7x7_3.0");
    let error = sentence(partial.path());
    assert!(error.contains("no checkpoint of RetinaFace") && error.contains("lacks context.1.seven.1.conv.weight"), "{error}");

    let folder = tempfile::tempdir().unwrap();
    let nonesuch = sentence(&folder.path().join("nonesuch.pth"));
    assert!(nonesuch.contains("cannot read"), "{nonesuch}");
    for (name, bytes) in [("a.pth", &b""[..]), ("b.pth", b"garbage"), ("c.pth", &[0x80; 4096]), ("d.onnx", b"onnx"), ("e.safetensors", b"no")] {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let error = sentence(&path);
        println!("{error}");
        assert!(error.contains(name) && !error.contains('\n'), "{error}");
    }
}
