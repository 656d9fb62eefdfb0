//! RetinaFace's rows -> faces: anchors, decoding, thresholding and non-maximum suppression, Pytorch_Retinaface's way.

use bonafide::{
    face::{Face, FaceBox},
    region::Region,
};

use super::retinaface::ANCHORS_PER_CELL;

/// Lowest confidence of a face (`vis_thres` of Pytorch_Retinaface's `detect.py`).
pub const MIN_CONFIDENCE: f32 = 0.6;
/// Boxes that overlap more than this (intersection over union) are one face.
const MAX_OVERLAP: f32 = 0.4;
/// Pixels per cell of each map, and the sides of its anchors in pixels.
const MAPS: [(usize, [f32; ANCHORS_PER_CELL]); 3] = [(8, [16.0, 32.0]), (16, [64.0, 128.0]), (32, [256.0, 512.0])];
/// What the offsets of places are in units of: a tenth of the anchor's side. Those of sizes are exponents' fifths.
const VARIANCE: [f32; 2] = [0.1, 0.2];
/// Numbers per anchor: confidence, centre, size, five landmarks.
pub const ROW: usize = 15;

/// A square that the network measures from, in pixels of its input.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Anchor {
    /// Centre, x.
    pub cx: f32,
    /// Centre, y.
    pub cy: f32,
    /// Side.
    pub side: f32,
}

/// The anchors of an input of `size` x `size` pixels, in the order of the network's rows.
pub fn anchors(size: usize) -> Vec<Anchor> {
    let of_map = |(step, sides): (usize, [f32; ANCHORS_PER_CELL])| {
        let cells = size.div_ceil(step);
        (0..cells * cells).flat_map(move |cell| {
            let centre = |index: usize| (index as f32 + 0.5) * step as f32;
            sides.map(|side| Anchor { cx: centre(cell % cells), cy: centre(cell / cells), side })
        })
    };
    MAPS.into_iter().flat_map(of_map).collect()
}

/// Decodes the network's rows ([`anchors`] x [`ROW`]) for an input of `size` x `size` pixels cut from `region` into faces
/// in frame pixels, most confident first.
///
/// # Panics
/// If there is not one row for each anchor.
pub fn decode(rows: &[f32], size: usize, region: &Region) -> Vec<Face> {
    let anchors = anchors(size);
    assert_eq!(rows.len(), anchors.len() * ROW, "the detector's output has another size than its anchors");
    let faces = rows.chunks_exact(ROW).zip(anchors).filter_map(|(row, anchor)| candidate(row, anchor, size, region));
    suppress(faces.collect())
}

/// Most confident first, without those that overlap a more confident one.
fn suppress(mut candidates: Vec<Face>) -> Vec<Face> {
    candidates.sort_by(|a, b| b.bounds.confidence.total_cmp(&a.bounds.confidence));
    let mut faces: Vec<Face> = Vec::new();
    for candidate in candidates {
        if faces.iter().all(|face| face.bounds.overlap(&candidate.bounds) <= MAX_OVERLAP) {
            faces.push(candidate);
        }
    }
    faces
}

fn candidate(row: &[f32], anchor: Anchor, size: usize, region: &Region) -> Option<Face> {
    let confidence = row[0];
    let scale = region.side / size as f32;
    let [width, height] = [row[3], row[4]].map(|offset| anchor.side * (VARIANCE[1] * offset).exp() * scale);
    // A broken row is no face. NaN fails the comparisons.
    if !(confidence >= MIN_CONFIDENCE && width > 0.0 && height > 0.0 && (width * height).is_finite())
        || row.iter().any(|value| !value.is_finite())
    {
        return None;
    }
    let place = |at: usize| {
        let reach = VARIANCE[0] * anchor.side;
        let (u, v) = (anchor.cx + row[at] * reach, anchor.cy + row[at + 1] * reach);
        let (x, y) = region.to_frame(u / size as f32, v / size as f32);
        [x, y]
    };
    let [x, y] = place(1);
    let bounds = FaceBox { x: x - width / 2.0, y: y - height / 2.0, width, height, confidence };
    Some(Face { landmarks: six(&bounds, std::array::from_fn(|point| place(5 + 2 * point))), bounds })
}

/// RetinaFace's five points (right eye, left eye, nose tip, right and left corner of the mouth) as a [`Face`]'s six.
///
/// The mouth is the middle of its corners. RetinaFace knows no ears: theirs are the places where the box's sides meet the
/// line through the eyes' mean height, no better than the box.
fn six(bounds: &FaceBox, [right_eye, left_eye, nose, right_corner, left_corner]: [[f32; 2]; 5]) -> [[f32; 2]; 6] {
    let middle = |a: [f32; 2], b: [f32; 2]| [(a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0];
    let eye_height = middle(right_eye, left_eye)[1];
    [
        right_eye,
        left_eye,
        nose,
        middle(right_corner, left_corner),
        [bounds.x, eye_height],
        [bounds.x + bounds.width, eye_height],
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGION: Region = Region { cx: 640.0, cy: 640.0, side: 1280.0, angle: 0.0 };

    #[test]
    fn anchors_lie_on_three_grids() {
        let all = anchors(640);
        assert_eq!(all.len(), 2 * (80 * 80 + 40 * 40 + 20 * 20));
        assert_eq!(all[0], Anchor { cx: 4.0, cy: 4.0, side: 16.0 });
        assert_eq!(all[3], Anchor { cx: 12.0, cy: 4.0, side: 32.0 });
        assert_eq!(all[160], Anchor { cx: 4.0, cy: 12.0, side: 16.0 });
        assert_eq!(all[12_800], Anchor { cx: 8.0, cy: 8.0, side: 64.0 });
        assert_eq!(all[16_799], Anchor { cx: 624.0, cy: 624.0, side: 512.0 });
    }

    /// Rows of silence but for one anchor's.
    fn rows(at: usize, row: [f32; ROW]) -> Vec<f32> {
        let mut rows = vec![0.0; anchors(640).len() * ROW];
        rows[at * ROW..(at + 1) * ROW].copy_from_slice(&row);
        rows
    }

    #[test]
    fn a_row_is_measured_from_its_anchor() {
        // The anchor at (4, 4) of side 32, shifted by a tenth of it right and two tenths down, twice as wide.
        let row = [0.9, 1.0, 2.0, 2f32.ln() / 0.2, 0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0, -1.0, 2.0, 3.0, 4.0];
        let faces = decode(&rows(1, row), 640, &REGION);
        assert_eq!(faces.len(), 1);
        let Face { bounds, landmarks } = faces[0];
        let close = |a: f32, b: f32| assert!((a - b).abs() < 1e-3, "{a}, not {b}");
        // A pixel of the input is two of the frame.
        close(bounds.width, 128.0);
        close(bounds.height, 64.0);
        close(bounds.x, 2.0 * 7.2 - 64.0);
        close(bounds.y, 2.0 * 10.4 - 32.0);
        close(landmarks[0][0], 2.0 * 0.8);
        close(landmarks[2][1], 8.0);
        close(landmarks[3][0], 2.0 * (4.0 + 3.2));
        close(landmarks[3][1], 2.0 * (4.0 + 9.6));
        assert_eq!(landmarks[4], [bounds.x, 8.0]);
        close(landmarks[5][0], bounds.x + 128.0);
    }

    #[test]
    fn broken_and_unsure_rows_are_no_faces() {
        let mut row = [0.0; ROW];
        row[0] = 0.59;
        assert!(decode(&rows(0, row), 640, &REGION).is_empty());
        row[0] = 1.0;
        assert_eq!(decode(&rows(0, row), 640, &REGION).len(), 1);
        for (at, value) in [(0, f32::NAN), (3, 1e9), (4, f32::NEG_INFINITY), (14, f32::INFINITY)] {
            let mut broken = row;
            broken[at] = value;
            assert!(decode(&rows(0, broken), 640, &REGION).is_empty());
        }
    }

    #[test]
    fn the_most_confident_of_overlapping_boxes_stays() {
        let face = |x: f32, confidence: f32| Face {
            bounds: FaceBox { x, y: 0.0, width: 10.0, height: 10.0, confidence },
            landmarks: [[0.0; 2]; 6],
        };
        // 0 and 4 share 6 / 14 of their union; 4 and 9 only 5 / 15; 0 and 9 next to nothing.
        let kept = suppress(vec![face(9.0, 0.7), face(4.0, 0.8), face(0.0, 0.9)]);
        assert_eq!(kept.iter().map(|face| face.bounds.x).collect::<Vec<_>>(), [0.0, 9.0]);
    }
}
