//! 896 rows of (logit, 16 numbers) -> faces: SSD anchors, thresholding and non-maximum suppression, MediaPipe's way.

use super::{Face, FaceBox, blazeface::INPUT_SIZE};
use crate::region::Region;

/// Lowest confidence of a face (MediaPipe's default).
const MIN_CONFIDENCE: f32 = 0.5;
/// Boxes that overlap more than this (intersection over union) are one face.
const MAX_OVERLAP: f32 = 0.3;
/// Numbers per anchor: logit, centre, size, six landmarks.
const ROW: usize = 17;
/// Maps that are read: side in cells, anchors per cell.
const MAPS: [(usize, usize); 2] = [(16, 2), (8, 6)];

/// Number of anchors.
pub const COUNT: usize = 16 * 16 * 2 + 8 * 8 * 6;

/// Centres of the anchors in `[0, 1]`, in the order of the network's rows.
fn centres() -> impl Iterator<Item = (f32, f32)> {
    MAPS.into_iter().flat_map(|(side, per_cell)| {
        (0..side * side).flat_map(move |cell| {
            let centre = |index: usize| (index as f32 + 0.5) / side as f32;
            std::iter::repeat_n((centre(cell % side), centre(cell / side)), per_cell)
        })
    })
}

/// Decodes the network's rows (`COUNT` x 17) for the letterboxed `region` into faces in frame pixels, best first.
///
/// # Panics
/// If there are not `COUNT` rows.
pub fn decode(rows: &[f32], region: &Region) -> Vec<Face> {
    assert_eq!(rows.len(), COUNT * ROW, "the detector's output has another size than its anchors");
    let mut candidates: Vec<Face> =
        rows.chunks_exact(ROW).zip(centres()).filter_map(|(row, centre)| candidate(row, centre, region)).collect();
    candidates.sort_by(|a, b| b.bounds.confidence.total_cmp(&a.bounds.confidence));

    // Weighted suppression: a face is the mean of its overlapping boxes, which trembles less from frame to frame.
    let mut faces = Vec::new();
    while !candidates.is_empty() {
        let best = candidates.remove(0);
        let (mut same, rest): (Vec<_>, Vec<_>) =
            candidates.into_iter().partition(|other| best.bounds.overlap(&other.bounds) > MAX_OVERLAP);
        // Put in rather than found by its overlap with itself, which rounding can lose: the loop must end.
        same.insert(0, best);
        faces.push(mean(&same, best));
        candidates = rest;
    }
    faces
}

fn candidate(row: &[f32], (cx, cy): (f32, f32), region: &Region) -> Option<Face> {
    let confidence = 1.0 / (1.0 + (-row[0].clamp(-100.0, 100.0)).exp());
    let size = INPUT_SIZE as f32;
    let (width, height) = (row[3] / size * region.side, row[4] / size * region.side);
    // A broken row is no face. NaN fails the comparisons.
    if !(confidence >= MIN_CONFIDENCE && width > 0.0 && height > 0.0 && row.iter().all(|value| value.is_finite())) {
        return None;
    }
    let place = |x: f32, y: f32| region.to_frame(cx + x / size, cy + y / size);
    let (x, y) = place(row[1], row[2]);
    let landmarks = std::array::from_fn(|point| {
        let (x, y) = place(row[5 + 2 * point], row[6 + 2 * point]);
        [x, y]
    });
    Some(Face { bounds: FaceBox { x: x - width / 2.0, y: y - height / 2.0, width, height, confidence }, landmarks })
}

/// Mean of boxes and landmarks, weighted by confidence; the confidence is the best one's.
fn mean(faces: &[Face], best: Face) -> Face {
    let total: f32 = faces.iter().map(|face| face.bounds.confidence).sum();
    let blend = |value: &dyn Fn(&Face) -> f32| {
        faces.iter().map(|face| face.bounds.confidence * value(face)).sum::<f32>() / total
    };
    Face {
        bounds: FaceBox {
            x: blend(&|face| face.bounds.x),
            y: blend(&|face| face.bounds.y),
            width: blend(&|face| face.bounds.width),
            height: blend(&|face| face.bounds.height),
            confidence: best.bounds.confidence,
        },
        landmarks: std::array::from_fn(|point| {
            std::array::from_fn(|axis| blend(&|face: &Face| face.landmarks[point][axis]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGION: Region = Region { cx: 64.0, cy: 64.0, side: 128.0, angle: 0.0 };

    fn rows(found: &[(usize, f32, f32)]) -> Vec<f32> {
        let mut rows = vec![0.0; COUNT * ROW];
        rows.iter_mut().step_by(ROW).for_each(|logit| *logit = -100.0);
        for &(anchor, logit, size) in found {
            rows[anchor * ROW] = logit;
            rows[anchor * ROW + 3] = size;
            rows[anchor * ROW + 4] = size;
        }
        rows
    }

    #[test]
    fn no_confident_anchor_is_no_face() {
        assert!(decode(&rows(&[]), &REGION).is_empty());
        assert!(decode(&rows(&[(3, -0.1, 40.0)]), &REGION).is_empty());
        assert!(decode(&rows(&[(3, f32::NAN, 40.0), (5, 9.0, f32::NAN), (7, 9.0, -4.0)]), &REGION).is_empty());
        assert!(decode(&rows(&[(3, f32::INFINITY, 40.0), (5, 9.0, f32::INFINITY)]), &REGION).is_empty());
    }

    #[test]
    fn anchors_follow_the_networks_rows() {
        let centres: Vec<_> = centres().collect();
        assert_eq!(centres.len(), COUNT);
        assert_eq!((centres[0], centres[1]), ((0.03125, 0.03125), (0.03125, 0.03125)));
        assert_eq!((centres[2], centres[32]), ((0.09375, 0.03125), (0.03125, 0.09375)));
        assert_eq!((centres[512], centres[517], centres[895]), ((0.0625, 0.0625), (0.0625, 0.0625), (0.9375, 0.9375)));
    }

    #[test]
    fn boxes_too_small_to_have_an_area_still_end_the_loop() {
        assert_eq!(decode(&rows(&[(0, 2.0, 1e-30), (1, 1.0, 1e-30)]), &REGION).len(), 2);
    }

    #[test]
    fn overlapping_boxes_merge_and_distant_ones_stay() {
        // Anchors 0 and 1 share a cell; 511 is the opposite corner's.
        let faces = decode(&rows(&[(0, 2.0, 40.0), (1, 1.0, 40.0), (511, 3.0, 40.0)]), &REGION);
        assert_eq!(faces.len(), 2);
        assert!(faces[0].bounds.confidence > faces[1].bounds.confidence);
        // The first cell's centre is pixel 4.
        assert!((faces[1].bounds.x - (4.0 - 20.0)).abs() < 1e-4);
    }
}
