//! What must hold for any bytes at all, one function for each parser. A broken rule panics; true: the bytes were accepted.
//!
//! `make test` calls these with valid input that was damaged (damage.rs), `make fuzz` with whatever reaches new code.

use std::sync::LazyLock;

use bonafide::{
    Error,
    crop::MARGINS,
    face::{Face, FaceBox, blazeface::BlazeFace},
    frame::{Frame, MAX_SIDE},
    network::{Decoder, MiniFasNet, minifasnet::Variant},
    quality::Quality,
    quantised,
    region::{Region, sample, sample_plain},
    session::{Recording, Session, Setup, Step},
    verify::{Entry, Rejection, Submission, Ticket, Verifier, Wish},
    views::{SCALES, VIEW_SIZE, view_region},
    weights::{Contract, DETECTOR, Manifest, load_safetensors},
};
use burn::tensor::Device;

/// The manifest that ships.
pub const MANIFEST: &str = include_str!("../../../pkg/weights/manifest.json");
/// The detector that ships, 209 KB, in f16.
pub const WEIGHTS: &[u8] = include_bytes!("../../../pkg/weights/detector.safetensors");
/// When [`ticket`]s are issued, milliseconds since 1970.
pub const ISSUED: u64 = 1_800_000_000_000;

#[path = "../../pipeline/page.rs"]
mod page;
use page::manifest as shipped;

/// The ticket that [`transcript`] is held against: the server's own, so nobody damaged it.
pub fn ticket() -> Ticket {
    issue(&Wish::at("strict"))
}

fn issue(wish: &Wish) -> Ticket {
    let random = std::array::from_fn(|i| (i * 37) as u8);
    Verifier::new(shipped()).ticket(wish, 600_000, random, ISSUED).expect("the shipped weights have this point")
}

/// An entry whose two steps were revealed, and the transcript that answers it.
pub fn told() -> &'static (Entry, String) {
    // Made once: it is held against ten thousand others.
    static TOLD: LazyLock<(Entry, String)> = LazyLock::new(tell);
    &TOLD
}

fn tell() -> (Entry, String) {
    let steps = vec![Step::TurnLeft, Step::TurnRight];
    let mut entry = Entry::new(issue(&Wish { steps, reveal: true, ..Wish::at("strict") }));
    let ticket = entry.ticket.clone();
    let text = page::revealed(&ticket, 0.9999, |known, time_ms| {
        entry.reveal(known, known as u64, ISSUED + 1_000 + time_ms as u64).expect("it is asked for in turn")
    });
    (entry, text)
}

/// A transcript that answers [`ticket`].
pub fn honest() -> String {
    page::transcript(&ticket(), 0.01, 50.0)
}

/// The decoder that ships with its kernels in 8 bits, as the classifier's are: 169 KB.
pub fn packed() -> Vec<u8> {
    quantised::pack(include_bytes!("../../../pkg/weights/decoder.safetensors")).expect("it ships")
}

fn said(error: &Error) {
    assert!(error.to_string().len() > 10, "an error that says nothing: {error:?}");
}

/// `Manifest::parse`, and what is done with a manifest that it took.
pub fn manifest(bytes: &[u8]) -> bool {
    let manifest = match Manifest::parse(&String::from_utf8_lossy(bytes)) {
        Ok(manifest) => manifest,
        Err(error) => {
            assert!(error.is_weights() || error.is_incompatible(), "{error:?}");
            said(&error);
            return false;
        }
    };
    // The margin is the weights' own.
    let margin = manifest.contract.margin;
    assert!(MARGINS.contains(&margin));
    assert_eq!(manifest.contract, Contract { margin, ..Contract::current(manifest.has_experts()) });
    assert_eq!(manifest.digest().len(), 64);
    for (name, point) in &manifest.operating_points {
        assert_eq!(manifest.operating_point(name).as_ref(), Ok(point));
        let setup = Setup {
            name: name.clone(),
            operating_point: *point,
            model_sha256: "0".repeat(64),
            challenge: None,
            revealed: None,
            passive_seconds: None,
            largest_change: manifest.largest_change,
        };
        // A name may still be longer than a session takes.
        assert!(Session::new(setup).is_ok() || name.is_empty() || name.len() > 64, "{name:?}: {point:?}");
    }
    for (network, file) in &manifest.networks {
        // Bytes pass only if they are the very file.
        match manifest.bytes(network, |_| Some(WEIGHTS.to_vec())) {
            Ok(_) => assert_eq!(file.sha256, shipped().networks[DETECTOR].sha256),
            Err(error) => assert!(error.is_weights(), "{error:?}"),
        }
    }
    true
}

/// A network's file behind the shipped manifest: nothing but the very file passes.
pub fn checksum(bytes: &[u8]) -> bool {
    let given = shipped().bytes(DETECTOR, |_| Some(bytes.to_vec()));
    match &given {
        Ok(given) => assert!(given == WEIGHTS, "another file has the same checksum"),
        Err(error) => assert!(error.is_weights(), "{error:?}"),
    }
    given.is_ok()
}

/// The parsers behind the checksum, as if a manifest described the damaged file.
pub fn weights(bytes: &[u8]) -> bool {
    let device = Device::flex();
    let loaded = [
        load_safetensors(BlazeFace::new(&device), bytes).map(drop),
        load_safetensors(Decoder::folded(&device), bytes).map(drop),
        load_safetensors(MiniFasNet::new(Variant::V1Se, &device), bytes).map(drop),
        quantised::pack(bytes).map(drop),
    ];
    for error in loaded.iter().filter_map(|loaded| loaded.as_ref().err()) {
        assert!(error.is_weights(), "{error:?}");
        said(error);
    }
    loaded[..3].iter().any(Result::is_ok)
}

/// `Recording::parse` and the replay of what it took.
pub fn recording(bytes: &[u8]) -> bool {
    match Recording::parse(&String::from_utf8_lossy(bytes)) {
        Ok(recording) => {
            assert!(recording.replay().is_ok(), "parsed, but does not replay");
            true
        }
        Err(error) => {
            assert!(error.is_invalid_input(), "{error:?}");
            said(&error);
            false
        }
    }
}

/// `Submission::nonce_in` and `parse`, `Entry::redeem` and `Verifier::verify`: what a server does with what anybody may send.
/// True: the server accepts it.
pub fn transcript(bytes: &[u8]) -> bool {
    answers(bytes, Entry::new(ticket()), ISSUED + 30_000)
}

/// The same, of a check whose steps were revealed one at a time.
pub fn told_transcript(bytes: &[u8]) -> bool {
    answers(bytes, told().0.clone(), ISSUED + 5_000)
}

fn answers(bytes: &[u8], mut entry: Entry, now_ms: u64) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let nonce = Submission::nonce_in(&text);
    let submission = match Submission::parse(&text) {
        // What is read whole has the nonce that was read first.
        Ok(submission) => {
            assert_eq!(nonce.as_deref(), Ok(submission.nonce()));
            submission
        }
        Err(rejection) => {
            assert!(matches!(&rejection, Rejection::Malformed(error) if error.is_invalid_input()), "{rejection:?}");
            assert!(rejection.to_string().len() > 10);
            return false;
        }
    };
    assert_eq!(entry.clone().redeem(&submission, Some("another"), now_ms), Err(Rejection::Replayed));
    assert_eq!(entry.redeem(&submission, None, now_ms), Ok(now_ms));
    let manifest = shipped();
    match Verifier::new(manifest.clone()).verify(&submission, &entry, now_ms) {
        Ok(verdict) => {
            // Read again by another way: it answers this ticket, with these weights, and says what its frames lead to.
            let value: serde_json::Value = serde_json::from_str(&text).expect("it was parsed");
            assert_eq!(value["nonce"], entry.ticket.nonce.as_str());
            let recording = Recording::parse(&value["recording"].to_string()).expect("it was parsed");
            assert_eq!(recording.setup.name, entry.ticket.operating_point);
            assert_eq!(recording.setup.operating_point, manifest.operating_points[&entry.ticket.operating_point]);
            assert_eq!(recording.setup.model_sha256, manifest.digest());
            assert_eq!(recording.setup.challenge, None);
            assert_eq!(recording.setup.passive_seconds, None);
            let steps = recording.reveals.iter().map(|reveal| reveal.step);
            assert!(steps.eq(entry.told.iter().map(|told| told.step)), "other steps than those that were told");
            assert_eq!(recording.replay().expect("it was parsed").as_ref(), Some(&verdict));
            true
        }
        Err(rejection) => {
            assert!(!rejection.code().is_empty() && rejection.to_string().len() > 10);
            false
        }
    }
}

/// A ticket as it comes out of a server's store: read, checked, asked for its next steps, and redeemed by an honest
/// transcript.
pub fn entry(bytes: &[u8]) -> bool {
    let Ok(mut entry) = serde_json::from_slice::<Entry>(bytes) else { return false };
    let checked = entry.ticket.check();
    if let Err(error) = &checked {
        assert!(error.is_invalid_input(), "{error:?}");
        said(error);
    }
    for known in [0, 1, entry.told.len(), usize::MAX] {
        let before = entry.told.clone();
        match entry.reveal(known, u64::MAX, ISSUED) {
            Ok(step) => {
                assert_eq!(entry.reveal(known, 0, ISSUED), Ok(step), "the same step as often as it is asked for")
            }
            Err(rejection) => assert!(entry.told == before && rejection.to_string().len() > 10),
        }
    }
    let honest = Submission::parse(&honest()).expect("it is honest");
    if let Ok(received) = entry.redeem(&honest, None, ISSUED) {
        assert_eq!(
            entry.redeem(&honest, None, u64::MAX),
            Ok(received),
            "the same answer comes as often as it is asked for"
        );
        let _ = Verifier::new(shipped()).verify(&honest, &entry, received);
    }
    checked.is_ok()
}

/// `Frame::new` and all that is done with a frame before a network sees it. Bytes: width, height and the length of the
/// pixels, little-endian; then twenty numbers of a face.
pub fn frame(bytes: &[u8]) -> bool {
    let (numbers, _) = bytes.as_chunks::<4>();
    let number = |at: usize| numbers.get(at).copied().unwrap_or_default();
    let [width, height, length] = [0, 1, 2].map(|at| u32::from_le_bytes(number(at)));
    // More is not kept: the length itself is what is tested.
    let pixels: Vec<u8> = bytes.iter().copied().cycle().take(length.min(1 << 16) as usize).collect();
    let frame = Frame::new(&pixels, width, height);
    let fits = (1..=MAX_SIDE).contains(&width)
        && (1..=MAX_SIDE).contains(&height)
        && u64::from(width) * u64::from(height) * 4 == pixels.len() as u64;
    assert_eq!(frame.is_ok(), fits, "{width} x {height} of {} bytes", pixels.len());
    let frame = match frame {
        Ok(frame) => frame,
        Err(error) => {
            assert!(error.is_invalid_input(), "{error:?}");
            said(&error);
            return false;
        }
    };
    let odd = |at: usize| f32::from_le_bytes(number(3 + at));
    let [cx, cy, side, angle] = [0, 1, 2, 3].map(odd);
    for region in [Region::whole(&frame), Region { cx, cy, side, angle }, Region { cx, cy, side, angle: 0.0 }] {
        assert_eq!(sample(&frame, &region, 2).len(), 3 * 2 * 2);
    }
    let bounds = FaceBox { x: odd(4), y: odd(5), width: odd(6), height: odd(7), confidence: 0.9 };
    let landmarks = std::array::from_fn(|point| [odd(8 + 2 * point), odd(9 + 2 * point)]);
    for scale in SCALES {
        let view = view_region(&frame, &bounds, scale);
        assert_eq!(sample_plain(&frame, &view, VIEW_SIZE).len(), 3 * VIEW_SIZE * VIEW_SIZE);
    }
    // Larger ones take long, for nothing: each pixel has at most 64 x 64 samples.
    let large = bounds.width.max(bounds.height) > 1_000.0;
    if !large {
        let _ = Quality::measure(&frame, &[Face { bounds, landmarks }; 2]).hint();
    }
    true
}
