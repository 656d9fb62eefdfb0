#![no_main]

// The trainer's file alone: the rest of it would be compiled for nothing.
#[path = "../../trainer/src/weights/tflite.rs"]
#[allow(dead_code)]
mod tflite;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(error) = tflite::layers(bytes) {
        assert!(error.is_weights(), "{error:?}");
    }
});
