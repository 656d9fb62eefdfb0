#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    bonafide_hostile::holds::told_transcript(bytes);
});
