//! The shipped face detector on real photos, and on frames without a face.

mod support;

use std::{fs, path::PathBuf};

use bonafide::{
    face::{Face, FaceDetector, blazeface::BlazeFace},
    frame::Frame,
    weights::load_safetensors,
};
use burn::tensor::Device;
use trainer::picture::photo::Photo;

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn detector() -> FaceDetector {
    let bytes = fs::read(repository().join("pkg/weights/detector.safetensors")).unwrap();
    FaceDetector::new(load_safetensors(BlazeFace::new(&Device::flex()), &bytes).unwrap())
}

/// `demo/` of the npm package @vladmandic/face-api, or the folder that BONAFIDE_TEST_PHOTOS names.
fn samples() -> Vec<PathBuf> {
    let folder = std::env::var_os("BONAFIDE_TEST_PHOTOS").map_or_else(support::demo, PathBuf::from);
    (1..=6).map(|number| folder.join(format!("sample{number}.jpg"))).collect()
}

fn detect(detector: &FaceDetector, frame: &Frame) -> Vec<Face> {
    pollster::block_on(detector.detect(frame)).unwrap()
}

#[test]
fn every_sample_shows_a_face() {
    let detector = detector();
    for path in samples() {
        let photo = Photo::read(&path).unwrap();
        let faces = detect(&detector, &photo.frame());
        let face = faces.first().unwrap_or_else(|| panic!("no face in {}", path.display()));
        println!("{}: {} faces, best {:?}", path.display(), faces.len(), face.bounds);
        assert!((0.5..=1.0).contains(&face.bounds.confidence));
        assert!(faces.windows(2).all(|pair| pair[0].bounds.confidence >= pair[1].bounds.confidence));
        assert_eq!(faces, detect(&detector, &photo.frame()), "the same pixels give the same faces");

        let bounds = &face.bounds;
        for [x, y] in &face.landmarks[..4] {
            assert!(
                (bounds.x..bounds.x + bounds.width).contains(x) && (bounds.y..bounds.y + bounds.height).contains(y)
            );
        }
        let [right_eye, left_eye, nose, mouth, ..] = face.landmarks;
        assert!(right_eye[0] < left_eye[0], "the person's right eye is on the picture's left");
        assert!(right_eye[1].max(left_eye[1]) < mouth[1] && nose[1] < mouth[1]);
    }
}

/// One face, cut out and put at several places of a larger frame: the box and the landmarks move with it.
#[test]
fn a_face_is_found_where_it_is() {
    let detector = detector();
    let photo = Photo::read(&samples()[2]).unwrap();
    let frame = photo.frame();
    let bounds = detect(&detector, &frame)[0].bounds;
    let side = (2.0 * bounds.width) as usize;
    let cut = [bounds.x - bounds.width / 2.0, bounds.y - bounds.height / 2.0].map(|edge| edge.max(0.0) as usize);
    let canvas = side * 2;
    let place = |left: usize, top: usize| -> Face {
        let mut pixels = vec![128; canvas * canvas * 4];
        for row in 0..side {
            let from = ((cut[1] + row) * frame.width() as usize + cut[0]) * 4;
            let to = ((top + row) * canvas + left) * 4;
            pixels[to..to + side * 4].copy_from_slice(&frame.rgba()[from..from + side * 4]);
        }
        let faces = detect(&detector, &Frame::new(&pixels, canvas as u32, canvas as u32).unwrap());
        assert_eq!(faces.len(), 1);
        faces[0]
    };
    let still = place(0, 0);
    for (left, top) in [(side / 2, side / 3), (side, 0), (side, side)] {
        let moved = place(left, top);
        let pairs = [
            (moved.bounds.x - left as f32, still.bounds.x),
            (moved.bounds.y - top as f32, still.bounds.y),
            (moved.bounds.width, still.bounds.width),
            (moved.landmarks[2][0] - left as f32, still.landmarks[2][0]),
            (moved.landmarks[2][1] - top as f32, still.landmarks[2][1]),
        ];
        for (found, expected) in pairs {
            // The network sees this face some 30 pixels wide, and its boxes tremble by a few.
            assert!((found - expected).abs() < 0.1 * still.bounds.width, "{found}, not {expected} ({left}, {top})");
        }
    }
}

#[test]
fn frames_without_a_face_are_empty_whatever_their_shape() {
    let detector = detector();
    for (width, height) in [(1, 1), (1, 3000), (3000, 1), (127, 129), (640, 480)] {
        for value in [0, 128, 255] {
            let pixels = vec![value; (width * height * 4) as usize];
            assert!(detect(&detector, &Frame::new(&pixels, width, height).unwrap()).is_empty(), "{width} x {height}");
        }
    }
    // Noise.
    let mut state = 7u64;
    let noise: Vec<u8> = (0..320 * 240 * 4)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        })
        .collect();
    assert!(detect(&detector, &Frame::new(&noise, 320, 240).unwrap()).is_empty());
}
