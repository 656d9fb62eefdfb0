//! Weights that hold no numbers, and networks that compute none, as on a broken GPU: an error, not a panic.

use bonafide::{
    face::FaceBox,
    frame::Frame,
    pipeline::Pipeline,
    weights::{CLASSIFIER, COVER, DETECTOR, Manifest, NetworkFile},
};
use bonafide_hostile::holds::{MANIFEST, WEIGHTS};
use burn::tensor::Device;
use serde_json::Value;

const CLASSIFIER_WEIGHTS: &[u8] = include_bytes!("../../../pkg/weights/classifier.safetensors");
const COVER_WEIGHTS: &[u8] = include_bytes!("../../../pkg/weights/cover.safetensors");
const EXPERTS: [(&str, &[u8]); 2] = [
    ("minifasnet-v2", include_bytes!("../../../pkg/weights/minifasnet-v2.safetensors")),
    ("minifasnet-v1se", include_bytes!("../../../pkg/weights/minifasnet-v1se.safetensors")),
];

/// The pipeline with these bytes as one of its networks, described by a manifest that fits them.
fn pipeline(network: &str, bytes: &[u8]) -> bonafide::Result<Pipeline> {
    let mut manifest = Manifest::parse(MANIFEST).unwrap();
    manifest.networks.insert(network.into(), NetworkFile::describe("poisoned.safetensors", bytes));
    let fetch = |file: &str| match file {
        "poisoned.safetensors" => Some(bytes.to_vec()),
        "detector.safetensors" => Some(WEIGHTS.to_vec()),
        "cover.safetensors" => Some(COVER_WEIGHTS.to_vec()),
        "minifasnet-v2.safetensors" => Some(EXPERTS[0].1.to_vec()),
        "minifasnet-v1se.safetensors" => Some(EXPERTS[1].1.to_vec()),
        _ => Some(CLASSIFIER_WEIGHTS.to_vec()),
    };
    Pipeline::load(&serde_json::to_string(&manifest).unwrap(), fetch, &Device::flex())
}

/// Where the tensors in floats lie.
fn floats(weights: &[u8]) -> Vec<std::ops::Range<usize>> {
    let header = 8 + u64::from_le_bytes(*weights.first_chunk().unwrap()) as usize;
    let tensors: Value = serde_json::from_slice(&weights[8..header]).unwrap();
    let tensors = tensors.as_object().unwrap().values();
    tensors
        .filter(|tensor| ["F16", "F32"].map(Value::from).contains(&tensor["dtype"]))
        .map(|tensor| {
            let [from, to] = [0, 1].map(|end| header + tensor["data_offsets"][end].as_u64().unwrap() as usize);
            from..to
        })
        .collect()
}

#[test]
fn weights_that_are_no_numbers_are_refused() {
    for (network, weights) in
        [(CLASSIFIER, CLASSIFIER_WEIGHTS), (COVER, COVER_WEIGHTS), (DETECTOR, WEIGHTS)].into_iter().chain(EXPERTS)
    {
        for tensor in floats(weights) {
            let mut bytes = weights.to_vec();
            // Not a number, in f16 and in f32.
            bytes[tensor].fill(0xff);
            assert!(pipeline(network, &bytes).is_err_and(|error| error.is_weights()), "{network}");
        }
    }
}

#[test]
fn networks_that_compute_no_numbers_end_in_an_error() {
    let pixels: Vec<u8> = (0..96 * 96 * 4).map(|i| (i * 7 % 251) as u8).collect();
    let frame = Frame::new(&pixels, 96, 96).unwrap();
    // Numbers, 57344 in f16 and 7e35 in f32, whose products are none.
    let overflowing = |weights: &[u8]| {
        let mut bytes = weights.to_vec();
        for tensor in floats(weights) {
            bytes[tensor].chunks_exact_mut(2).for_each(|half| half.copy_from_slice(&[0x00, 0x7b]));
        }
        bytes
    };
    for (network, weights) in [(CLASSIFIER, CLASSIFIER_WEIGHTS)].into_iter().chain(EXPERTS) {
        let broken = pipeline(network, &overflowing(weights)).unwrap();
        let error = pollster::block_on(broken.score_whole(&frame)).unwrap_err();
        assert_eq!(error.code(), "GPU_DEVICE_LOST", "{network}: {error}");
    }
    let cover = pipeline(COVER, &overflowing(COVER_WEIGHTS)).unwrap();
    let face = FaceBox { x: 20.0, y: 20.0, width: 50.0, height: 50.0, confidence: 1.0 };
    let error = pollster::block_on(cover.covered(&frame, &face)).unwrap_err();
    assert_eq!(error.code(), "GPU_DEVICE_LOST", "{error}");
    let detector = pipeline(DETECTOR, &overflowing(WEIGHTS)).unwrap();
    let look = pollster::block_on(detector.look(&frame, 0)).unwrap();
    assert!(look.score.is_none(), "a face was found by what computes no numbers");
}
