//! The networks whose published weights are not here, against independent implementations with computed weights.
//!
//! `tests/golden/retinaface.py`, `prnet.py` and `minifasnet.py` beside it made the golden vectors; `tests/golden/formula.py` says how the
//! weights are computed. They come in through checkpoints with the published names, so that the renaming is tested too.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use bonafide::{
    face::{Face, FaceBox},
    frame::Frame,
    network::minifasnet::Variant,
};
use burn::tensor::{Device, Tensor, TensorData};
use safetensors::{Dtype, tensor::TensorView};
use serde_json::Value;
use trainer::{
    faces::{
        depth::{DepthChoice, Reconstructor, position_map::prnet_region, prnet::Prnet},
        detect::{Detector, DetectorChoice, retinaface::RetinaFace},
    },
    weights::minifasnet,
};

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
            let shape: Vec<usize> =
                shape.as_array().unwrap().iter().map(|side| side.as_u64().unwrap() as usize).collect();
            let bytes = tensor(name, &shape);
            (name.as_str(), (shape, bytes))
        })
        .collect();
    let views =
        tensors.iter().map(|(name, (shape, bytes))| (name, TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap()));
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
fn prnet_equals_pytorch() {
    let golden = golden("prnet");
    let network = Prnet::load(checkpoint(&golden, "").path(), &Device::flex()).unwrap();
    compare(&golden, "positions", network.forward(picture(64, 0.0, 1.0)));
}

#[test]
fn minifasnets_equal_onnxruntime() {
    let golden = golden("minifasnet");
    for variant in Variant::ALL {
        let golden = &golden[variant.name()];
        let (read, network) = minifasnet::read(checkpoint(golden, "").path()).unwrap();
        assert_eq!(read, variant);
        compare(golden, "classes", network.forward(picture(80, 0.0, 255.0)));
        // Which of the two it is shows in its tensors; a torn one is neither.
        let torn = checkpoint(golden, "conv_5.model.1");
        let error = format!("{:#}", minifasnet::read(torn.path()).unwrap_err());
        assert!(error.contains("lack"), "{error}");
    }
}

/// Weights of no meaning give faces and surfaces of no meaning, but what is theirs must lie where the photo does.
#[test]
fn the_published_networks_run_on_a_frame() {
    let (retinaface, prnet) = (golden("retinaface"), golden("prnet"));
    let frame: Vec<u8> = (0..200 * 100 * 4).map(|i| (i * 7 % 251) as u8).collect();
    let frame = Frame::new(&frame, 200, 100).unwrap();
    let file = checkpoint(&retinaface, "");
    let detector = Detector::load(DetectorChoice::Retinaface, Path::new("."), Some(file.path())).unwrap();
    let faces = detector.detect(&frame).unwrap();
    assert!(faces.windows(2).all(|pair| pair[0].bounds.confidence >= pair[1].bounds.confidence));
    assert_eq!(faces, detector.detect(&frame).unwrap(), "the same pixels give the same faces");

    let uv = tempfile::tempdir().unwrap();
    fs::write(uv.path().join("face_ind.txt"), "0\n255\n65535\n").unwrap();
    fs::write(uv.path().join("triangles.txt"), "0 1 2\n").unwrap();
    let file = checkpoint(&prnet, "");
    let reconstructor = Reconstructor::load(DepthChoice::Prnet, Path::new("."), Some(file.path()), Some(uv.path()));
    let bounds = FaceBox { x: 50.0, y: 20.0, width: 40.0, height: 60.0, confidence: 0.9 };
    let face = Face { bounds, landmarks: [[0.0; 2]; 6] };
    let surface = reconstructor.unwrap().reconstruct(&frame, &face).unwrap().unwrap();
    let region = prnet_region(&bounds);
    assert_eq!((surface.points.len(), surface.triangles.len()), (3, 1));
    for [x, y, z] in surface.points {
        let (u, v) = region.from_frame(x, y);
        assert!((0.0..1.2).contains(&u) && (0.0..1.2).contains(&v) && z <= 0.0, "{x} {y} {z}");
    }
}

#[test]
fn a_missing_flag_ends_in_a_sentence() {
    let here = Path::new(".");
    let detector = Detector::load(DetectorChoice::Retinaface, here, None).unwrap_err();
    assert!(detector.to_string().contains("--retinaface FILE"), "{detector}");
    let checkpoint = Reconstructor::load(DepthChoice::Prnet, here, None, Some(here)).unwrap_err();
    assert!(checkpoint.to_string().contains("--prnet FILE"), "{checkpoint}");
    let uv = Reconstructor::load(DepthChoice::Prnet, here, Some(here), None).unwrap_err();
    assert!(uv.to_string().contains("--prnet-uv DIR"), "{uv}");
    let empty = tempfile::tempdir().unwrap();
    for error in [
        Detector::load(DetectorChoice::Blazeface, empty.path(), None).unwrap_err(),
        Reconstructor::load(DepthChoice::Facemesh, empty.path(), None, None).unwrap_err(),
    ] {
        assert!(format!("{error:#}").contains("trainer import mediapipe"), "{error:#}");
    }
}

#[test]
fn what_is_no_checkpoint_ends_in_a_sentence() {
    let golden = golden("retinaface");
    let sentence = |path: &Path| format!("{:#}", RetinaFace::load(path, &Device::flex()).unwrap_err());
    let partial = checkpoint(&golden, "ssh2.conv7x7_3.0");
    let error = sentence(partial.path());
    assert!(
        error.contains("no checkpoint of RetinaFace") && error.contains("lacks context.1.seven.1.conv.weight"),
        "{error}"
    );

    let mut misshapen = golden.clone();
    misshapen["shapes"]["body.stage1.0.0.weight"][0] = 4.into();
    let error = sentence(checkpoint(&misshapen, "").path());
    assert!(error.contains("stem.conv.weight") && !error.contains('\n'), "{error}");

    let folder = tempfile::tempdir().unwrap();
    let nonesuch = sentence(&folder.path().join("nonesuch.pth"));
    assert!(nonesuch.contains("cannot read"), "{nonesuch}");
    for (name, bytes) in [
        ("a.pth", &b""[..]),
        ("b.pth", b"garbage"),
        ("c.pth", &[0x80; 4096]),
        ("d.onnx", b"onnx"),
        ("e.safetensors", b"no"),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let error = sentence(&path);
        println!("{error}");
        assert!(error.contains(name) && !error.contains('\n'), "{error}");
    }
}
