//! BlazeFace's six landmarks -> yaw, pitch and roll in degrees, roughly.
//!
//! Eyes, nose tip and mouth of MediaPipe's canonical head, seen from far away (weak perspective), would have to be turned
//! this much to show these ratios. What six points of one picture can and cannot tell:
//!
//! - Roll is the slope of the eyes' line and as good as the landmarks.
//! - Yaw is the nose tip's way from the middle of the eyes. Its sign is sure beyond about ten degrees; its size depends on
//!   how far a nose stands out, so 30 degrees may be 25 or 35. In 813 official portraits 90 % lie within 13 degrees.
//! - Pitch is how far down from the eyes to the mouth the nose tip lies. Faces differ in just that: its zero is off by
//!   some ten degrees either way from person to person, and an open mouth reads as looking up.
//! - A flat picture that is turned shrinks eyes and nose alike and keeps its ratios: turning a printed portrait reads as
//!   no yaw. A bent print, a mask and a video of a head that turns read like a head: **pose is no evidence of life.** What a
//!   challenge asks beside it is in [`crate::session::parallax`].

/// The canonical head (MediaPipe's mesh: eyes' corners and lids, vertex 1, lips), in distances between the eyes' centres.
mod head {
    /// Nose tip in front of the eyes.
    pub(super) const NOSE_FORWARD: f32 = 0.605;
    /// Nose tip below the eyes. With this point the median pitch of 813 portraits is 0; vertex 4, the other candidate for the
    /// tip, puts it at -12 degrees. 90 % of them lie within 12 degrees of it.
    pub(super) const NOSE_DOWN: f32 = 0.593;
    /// Mouth in front of the eyes.
    pub(super) const MOUTH_FORWARD: f32 = 0.263;
    /// Mouth below the eyes.
    pub(super) const MOUTH_DOWN: f32 = 1.09;
}

/// How a head is turned, in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pose {
    /// Above 0: to the person's left.
    pub yaw: f32,
    /// Above 0: up.
    pub pitch: f32,
    /// Above 0: the eyes' line falls towards the person's left, clockwise in the picture.
    pub roll: f32,
}

impl Pose {
    /// From [`crate::face::Face::landmarks`]. Landmarks that coincide give some finite pose.
    pub fn of(landmarks: &[[f32; 2]; 6]) -> Self {
        let [right, left, nose, mouth, ..] = *landmarks;
        let (dx, dy) = (left[0] - right[0], left[1] - right[1]);
        let distance = (dx * dx + dy * dy).sqrt();
        // The eyes' line as the x axis; its length, not the landmarks', is 1 below.
        let (cos, sin) = if distance > 0.0 { (dx / distance, dy / distance) } else { (1.0, 0.0) };
        let level = |point: [f32; 2]| {
            let (x, y) = (point[0] - (right[0] + left[0]) / 2.0, point[1] - (right[1] + left[1]) / 2.0);
            (x * cos + y * sin, y * cos - x * sin)
        };
        let ((nose_x, nose_y), (_, mouth_y)) = (level(nose), level(mouth));
        // Turned by yaw, the nose lies NOSE_FORWARD * sin(yaw) aside, and the eyes cos(yaw) apart.
        let yaw = nose_x.atan2(head::NOSE_FORWARD * distance);
        // nose_y / mouth_y = (NOSE_DOWN - NOSE_FORWARD * t) / (MOUTH_DOWN - MOUTH_FORWARD * t), t = tan(pitch).
        let up = head::NOSE_DOWN * mouth_y - head::MOUTH_DOWN * nose_y;
        let pitch = up.atan2(head::NOSE_FORWARD * mouth_y - head::MOUTH_FORWARD * nose_y);
        Self { yaw: yaw.to_degrees(), pitch: pitch.to_degrees(), roll: dy.atan2(dx).to_degrees() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Landmarks of the canonical head, turned up by `pitch`, then to its left by `yaw`, then by `roll`; 80 px between
    /// the eyes.
    fn landmarks(yaw: f32, pitch: f32, roll: f32) -> [[f32; 2]; 6] {
        let [yaw, pitch, roll] = [yaw, pitch, roll].map(f32::to_radians);
        [
            [-0.5, 0.0, 0.0],
            [0.5, 0.0, 0.0],
            [0.0, head::NOSE_DOWN, head::NOSE_FORWARD],
            [0.0, head::MOUTH_DOWN, head::MOUTH_FORWARD],
            [-1.2, 0.3, -1.0],
            [1.2, 0.3, -1.0],
        ]
        .map(|[x, y, z]: [f32; 3]| {
            let (y, z) = (y * pitch.cos() - z * pitch.sin(), y * pitch.sin() + z * pitch.cos());
            let x = x * yaw.cos() + z * yaw.sin();
            [300.0 + 80.0 * (x * roll.cos() - y * roll.sin()), 200.0 + 80.0 * (x * roll.sin() + y * roll.cos())]
        })
    }

    #[test]
    fn the_canonical_heads_angles_come_back() {
        for (yaw, pitch, roll) in [(0.0, 0.0, 0.0), (30.0, 0.0, 0.0), (-30.0, 0.0, 15.0), (0.0, 20.0, -10.0)] {
            let pose = Pose::of(&landmarks(yaw, pitch, roll));
            let off = [pose.yaw - yaw, pose.pitch - pitch, pose.roll - roll];
            assert!(off.iter().all(|difference| difference.abs() < 0.1), "{pose:?} is not {yaw}, {pitch}, {roll}");
        }
    }

    #[test]
    fn the_persons_left_is_the_pictures_right() {
        // The nose of a head turned to its own left moves to larger x, because frames are not mirrored.
        let turned = landmarks(25.0, 0.0, 0.0);
        assert!(turned[2][0] > (turned[0][0] + turned[1][0]) / 2.0);
        assert!(Pose::of(&turned).yaw > 20.0);
    }

    #[test]
    fn a_flat_picture_that_is_turned_shows_no_yaw() {
        let flat = landmarks(0.0, 0.0, 0.0).map(|[x, y]| [300.0 + (x - 300.0) * 60.0f32.to_radians().cos(), y]);
        assert!(Pose::of(&flat).yaw.abs() < 0.1);
    }

    #[test]
    fn landmarks_that_coincide_are_finite() {
        let pose = Pose::of(&[[7.0, 7.0]; 6]);
        assert!(pose.yaw.is_finite() && pose.pitch.is_finite() && pose.roll.is_finite());
    }
}
