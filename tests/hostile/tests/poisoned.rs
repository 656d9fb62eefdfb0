//! Weights that pass every check and hold no numbers, as a broken GPU might compute them: an error, not a panic.

use bonafide::{
    frame::Frame,
    pipeline::Pipeline,
    weights::{CLASSIFIER, DETECTOR, Manifest, NetworkFile},
};
use bonafide_hostile::holds::{MANIFEST, WEIGHTS};
use burn::tensor::Device;
use serde_json::Value;

const CLASSIFIER_WEIGHTS: &[u8] = include_bytes!("../../../pkg/weights/classifier.safetensors");

/// The pipeline with these bytes as one of its networks, described by a manifest that fits them.
fn pipeline(network: &str, bytes: &[u8]) -> bonafide::Result<Pipeline> {
    let mut manifest = Manifest::parse(MANIFEST).unwrap();
    manifest.networks.insert(network.into(), NetworkFile::describe("poisoned.safetensors", bytes));
    let fetch = |file: &str| match file {
        "poisoned.safetensors" => Some(bytes.to_vec()),
        "detector.safetensors" => Some(WEIGHTS.to_vec()),
        _ => Some(CLASSIFIER_WEIGHTS.to_vec()),
    };
    Pipeline::load(&serde_json::to_string(&manifest).unwrap(), fetch, &Device::flex())
}

/// `weights` once for each tensor in floats, with that tensor's bits all set: not a number, in f16 and in f32.
fn poisoned(weights: &[u8]) -> Vec<Vec<u8>> {
    let header = 8 + u64::from_le_bytes(*weights.first_chunk().unwrap()) as usize;
    let tensors: Value = serde_json::from_slice(&weights[8..header]).unwrap();
    let floats = tensors
        .as_object()
        .unwrap()
        .values()
        .filter(|tensor| ["F16", "F32"].map(Value::from).contains(&tensor["dtype"]));
    let poison = |tensor: &Value| {
        let [from, to] = [0, 1].map(|end| header + tensor["data_offsets"][end].as_u64().unwrap() as usize);
        let mut bytes = weights.to_vec();
        bytes[from..to].fill(0xff);
        bytes
    };
    floats.map(poison).collect()
}

#[test]
fn weights_that_are_no_numbers_end_in_an_error() {
    let pixels: Vec<u8> = (0..96 * 96 * 4).map(|i| (i * 7 % 251) as u8).collect();
    let frame = Frame::new(&pixels, 96, 96).unwrap();
    let mut refused = 0;
    for bytes in poisoned(CLASSIFIER_WEIGHTS) {
        match pipeline(CLASSIFIER, &bytes) {
            // Scales of kernels in 8 bits are looked at.
            Err(error) => assert!(error.is_weights(), "{error:?}"),
            // A ReLU makes 0 of what is no number, so not all come through to the score.
            Ok(pipeline) => match pollster::block_on(pipeline.score_whole(&frame)) {
                Ok(score) => assert!((0.0..=1.0).contains(&score.value())),
                Err(error) => {
                    assert_eq!(error.code(), "GPU_DEVICE_LOST", "{error}");
                    refused += 1;
                }
            },
        }
    }
    assert!(refused > 0);
    for bytes in poisoned(WEIGHTS) {
        let look = pollster::block_on(pipeline(DETECTOR, &bytes).unwrap().look(&frame)).unwrap();
        assert!(look.score.is_none(), "a face was found by what computes no numbers");
    }
}
