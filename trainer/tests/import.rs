//! The imported networks against an independent run of the same .tflite files, and damaged packages.
//!
//! `tests/golden/mediapipe.py` made the golden vectors with LiteRT, another parser and another runtime than ours.

use std::{fs, path::PathBuf};

use bonafide::{
    face::{blazeface::BlazeFace, mesh::FaceMesh},
    weights::load_safetensors,
};
use burn::tensor::{Device, Tensor, TensorData};
use serde_json::Value;
use trainer::weights::{mediapipe, tflite};

/// Largest absolute difference of a raw output that is allowed.
const TOLERANCE: f32 = 1e-3;

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn weights(name: &str) -> Vec<u8> {
    let path = repository().join("pkg/weights").join(name);
    fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The package's assets, if it is installed (`make test` installs it).
fn assets() -> Vec<u8> {
    ["", "tests"]
        .into_iter()
        .map(|folder| repository().join(folder).join("node_modules/@mediapipe/face_mesh").join(mediapipe::ASSETS))
        .find_map(|path| fs::read(path).ok())
        .expect("the npm package @mediapipe/face_mesh is missing: run `make test`, which installs it")
}

/// The golden script's drawn face as `[1, 3, size, size]`, number for number.
fn image(size: i64, low: f64, high: f64) -> Tensor<4> {
    let mut planes = vec![0.0f32; 3 * (size * size) as usize];
    for y in 0..size {
        for x in 0..size {
            let (u, v) = ((2 * x + 1) * 500 / size, (2 * y + 1) * 500 / size);
            let inside = |cu: i64, cv: i64, ru: i64, rv: i64| {
                (u - cu).pow(2) * rv * rv + (v - cv).pow(2) * ru * ru <= ru * ru * rv * rv
            };
            let mut colour = [60 + u * 60 / 1000, 80 + v * 80 / 1000, 120];
            if inside(500, 500, 260, 360) {
                let shade = ((u - 480).abs() + (v - 480).abs() / 2) * 70 / 360;
                colour = [225 - shade, 175 - shade, 150 - shade];
            }
            if inside(400, 420, 50, 24) || inside(600, 420, 50, 24) {
                colour = [240, 240, 240];
            }
            if inside(400, 420, 22, 22) || inside(600, 420, 22, 22) {
                colour = [40, 25, 20];
            }
            if inside(400, 365, 65, 14) || inside(600, 365, 65, 14) {
                colour = [70, 45, 35];
            }
            if inside(500, 560, 45, 22) {
                colour = [170, 120, 100];
            }
            if inside(500, 690, 100, 30) {
                colour = [165, 70, 75];
            }
            let texture = (x * 7 + y * 13 + x * y % 11) % 9 - 4;
            for (channel, value) in colour.into_iter().enumerate() {
                let value = (value + texture).clamp(0, 255) as f64 / 255.0 * (high - low) + low;
                planes[channel * (size * size) as usize + (y * size + x) as usize] = value as f32;
            }
        }
    }
    Tensor::from_data(TensorData::new(planes, [1, 3, size as usize, size as usize]), &Device::flex())
}

/// Compares an output with its golden values, of which every `stride`-th is stored.
fn compare(golden: &Value, model: &str, output: &str, actual: &[f32]) {
    let golden = &golden["models"][model]["outputs"][output];
    let stride = golden["stride"].as_u64().unwrap() as usize;
    let expected: Vec<f32> = golden["values"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap() as f32).collect();
    assert_eq!(actual.len() as u64, golden["length"].as_u64().unwrap(), "{model} {output}");
    assert_eq!(expected.len(), actual.len().div_ceil(stride), "{model} {output}");
    let difference =
        actual.iter().step_by(stride).zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0f32, |a, b| a.max(b));
    println!("{model} {output}: largest absolute difference {difference:e}");
    assert!(difference < TOLERANCE, "{model} {output} differs by {difference}");
    assert!(!actual.iter().any(|value| value.is_nan()), "{model} {output}");
}

#[test]
fn raw_outputs_equal_litert() {
    let golden: Value =
        serde_json::from_str(&fs::read_to_string(repository().join("tests/golden/mediapipe.json")).unwrap())
            .expect("tests/golden/mediapipe.py writes it");
    let device = Device::flex();

    let detector = load_safetensors(BlazeFace::new(&device), &weights("detector.safetensors")).unwrap();
    let (scores, boxes) = detector.forward(image(128, -1.0, 1.0));
    assert_eq!((scores.dims(), boxes.dims()), ([1, 896], [1, 896, 16]));
    compare(&golden, "detector", "classificators", &scores.into_data().try_into_vec::<f32>().unwrap());
    compare(&golden, "detector", "regressors", &boxes.into_data().try_into_vec::<f32>().unwrap());

    let mesh = load_safetensors(FaceMesh::new(&device), &weights("mesh.safetensors")).unwrap();
    let (points, presence) = mesh.forward(image(192, 0.0, 1.0));
    assert_eq!((points.dims(), presence.dims()), ([1, 468, 3], [1, 1]));
    compare(&golden, "mesh", "conv2d_21", &points.into_data().try_into_vec::<f32>().unwrap());
    compare(&golden, "mesh", "conv2d_31", &presence.into_data().try_into_vec::<f32>().unwrap());
}

#[test]
fn the_package_gives_the_shipped_weights_byte_for_byte() {
    let imported = mediapipe::convert(&assets()).unwrap();
    assert!(imported.detector == weights("detector.safetensors"), "the detector differs");
    assert!(imported.mesh == weights("mesh.safetensors"), "the mesh differs");
    assert_eq!(imported.canonical, mediapipe::CanonicalMesh::parse(&weights("canonical_mesh.json")).unwrap());
}

#[test]
fn another_version_or_a_cut_download_is_refused() {
    let whole = assets();
    let mut flipped = whole.clone();
    flipped[3_000_000] ^= 1;
    for damaged in [&[][..], &whole[..1000], &whole[..whole.len() - 1], &flipped] {
        let error = mediapipe::convert(damaged).unwrap_err();
        assert!(error.is_weights());
        assert!(error.to_string().contains("0.4.1657299874"), "{error}");
    }
    assert!(mediapipe::run(&repository().join("nonesuch"), &repository().join("nonesuch")).is_err());
}

/// A checksum guards the pinned version; the parsers behind it must stand on their own too.
#[test]
fn damaged_models_end_in_an_error_never_in_a_panic() {
    let assets = assets();
    let model = &assets[3_757_224..3_986_256];
    assert_eq!(tflite::layers(model).unwrap().len(), 37);
    for bytes in [&[][..], b"TFL3", &[0xff; 64], &[0; 4096], &model[..model.len() / 2], &model[1..]] {
        assert!(tflite::layers(bytes).unwrap_err().is_weights());
    }
    // The tables lie at the end, the weights before them.
    let mut state = 1u64;
    for _ in 0..3000 {
        let mut damaged = model.to_vec();
        for _ in 0..4 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let place = (state >> 33) as usize;
            let at = if place.is_multiple_of(4) { place % 4096 } else { damaged.len() - 1 - place % 24_000 };
            damaged[at] = (state >> 24) as u8;
        }
        if let Err(error) = tflite::layers(&damaged) {
            assert!(error.is_weights());
        }
    }
}

#[test]
fn damaged_geometry_ends_in_an_error() {
    let assets = assets();
    let metadata = &assets[3_737_848..3_757_224];
    assert!(mediapipe::canonical_mesh(metadata).is_ok());
    for cut in (0..metadata.len() - 400).step_by(97) {
        assert!(mediapipe::canonical_mesh(&metadata[..cut]).unwrap_err().is_weights(), "{cut}");
    }
    for at in (0..metadata.len()).step_by(13) {
        let mut damaged = metadata.to_vec();
        damaged[at] ^= 0xa5;
        if let Err(error) = mediapipe::canonical_mesh(&damaged) {
            assert!(error.is_weights());
        }
    }
    for json in [&b""[..], b"{}", b"{\"vertices\":[],\"triangles\":[]}"] {
        assert!(mediapipe::CanonicalMesh::parse(json).unwrap_err().is_weights());
    }
}

#[test]
fn layers_that_do_not_match_the_network_are_refused() {
    let layers = tflite::layers(&assets()[3_757_224..3_986_256]).unwrap();
    assert!(tflite::safetensors(&["stem".to_owned()], &layers).unwrap_err().is_weights());
}
