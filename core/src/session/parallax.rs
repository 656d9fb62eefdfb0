//! How far a turn moved what lies deep in a head against what lies in the plane of its face.
//!
//! Yaw is the nose tip's way from the middle of the eyes, and a sheet that is bent or folded gives it, too: two halves of a
//! print that are foreshortened differently move the nose aside. What no sheet does is bring out the ear. A head that turns
//! to its left shows more of its right side: the right ear, which lies behind the eyes, moves away from them. A sheet that
//! turns is foreshortened, and everything on it comes nearer to its middle.
//!
//! So the measure is the way of that ear from the middle of the eyes, along their line, in heights from eyes to mouth, which
//! a turn leaves as they are. It needs a few additions and square roots, which are the same bits on every machine. On rendered
//! heads and sheets it told more than the nose's way, than all six landmarks beside what an affine map or a homography of
//! the frontal ones explains, and about as much as the best weighing of all of them (`trainer turns`).

/// [`crate::quality::FaceQuality::landmarks`].
pub(super) type Landmarks = [[f32; 2]; 6];

/// Least parallax of a turn that answers, heights from eyes to mouth. Measured, see `trainer turns`.
pub const LEAST: f64 = 0.33;

/// The parallax of a turn, in heights from eyes to mouth: above 0 for a head that turned to its left (`side` 1) or right
/// (`side` -1). Each landmark is its median over the frames. `None` without frames of both; NaN for landmarks that coincide.
pub(super) fn parallax(ahead: &[Landmarks], turned: &[Landmarks], side: f64) -> Option<f64> {
    // The ear that comes to see: the right one of a head that turns to its left.
    let ear = if side > 0.0 { 4 } else { 5 };
    Some(side * (aside(&median(ahead)?, ear) - aside(&median(turned)?, ear)))
}

/// Each coordinate's median, the lower one of two.
fn median(frames: &[Landmarks]) -> Option<[[f64; 2]; 6]> {
    let middle = frames.len().checked_sub(1)? / 2;
    let of = |point: usize, axis: usize| {
        let mut values: Vec<f32> = frames.iter().map(|frame| frame[point][axis]).collect();
        values.sort_by(f32::total_cmp);
        f64::from(values[middle])
    };
    Some(std::array::from_fn(|point| [of(point, 0), of(point, 1)]))
}

/// How far a point lies from the middle of the eyes towards the person's left, in heights from eyes to mouth.
fn aside(landmarks: &[[f64; 2]; 6], point: usize) -> f64 {
    let [right, left, _, mouth, ..] = landmarks;
    // The eyes' line as it is; its length cancels out.
    let line = [left[0] - right[0], left[1] - right[1]];
    let from = |[x, y]: [f64; 2]| [x - (right[0] + left[0]) / 2.0, y - (right[1] + left[1]) / 2.0];
    let (point, mouth) = (from(landmarks[point]), from(*mouth));
    (point[0] * line[0] + point[1] * line[1]) / (mouth[1] * line[0] - mouth[0] * line[1])
}
