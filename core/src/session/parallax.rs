//! How far a turn moved what lies deep in a head against what lies in the plane of its face.
//!
//! Yaw is the nose tip's way from the middle of the eyes, and a sheet that is bent or folded gives it, too: two halves of a
//! print that are foreshortened differently move the nose aside. What no sheet does is bring out the ear. A head that turns
//! to its left shows more of its right side: the right ear, which lies behind the eyes, moves away from them. A sheet that
//! turns is foreshortened, and everything on it comes nearer to its middle.
//!
//! So the measure is the way of that ear from the middle of the eyes, along their line, in heights from eyes to mouth, which
//! a turn leaves as they are. It needs a few additions and products, which are the same bits on every machine.
//!
//! It was chosen on rendered turns of 66 people that yaw alone took (211 of heads, 120 of sheets): its area under the curve was
//! 0.93, that of the nose's way 0.84, that of what an affine map of the frontal landmarks leaves over 0.83 and of what a
//! homography does 0.71; all landmarks weighed by a logistic regression came to 0.95. More than that BlazeFace does not know:
//! it looks at 128 pixels, and sees in a narrow face a head that is turned. `trainer turns` measures the rule.

/// [`FaceQuality::landmarks`](crate::quality::FaceQuality::landmarks) of one frame, in any unit.
pub type Landmarks = [[f32; 2]; 6];

/// Least parallax of a turn that answers, heights from eyes to mouth: more than nine of ten rendered heads' turns that yaw takes
/// show as much, on the half of the people that chose it (`trainer turns`).
pub const LEAST: f64 = 0.38;
/// Frames of a turn whose median is compared, the last ones.
pub const HELD_FRAMES: usize = 3;
/// Frames that look ahead whose median they are compared with, the last ones: half a second at 30 a second.
pub const AHEAD_FRAMES: usize = 15;

/// Whether a turn shows a head's depth: [`parallax`] of the last [`HELD_FRAMES`] is at least [`LEAST`]. A recording made before
/// there were landmarks cannot be asked, and answers yes.
pub(super) fn is_deep(ahead: &[Landmarks], turned: &[Landmarks], side: f64) -> bool {
    if turned.is_empty() {
        return true;
    }
    turned.last_chunk::<HELD_FRAMES>().and_then(|held| parallax(ahead, held, side)).is_some_and(|most| most >= LEAST)
}

/// The parallax of a turn, in heights from eyes to mouth: above 0 for a head that turned to its left (`side` 1) or right
/// (`side` -1). Each landmark is its median over the frames. `None` without frames of both; NaN for landmarks that coincide.
pub fn parallax(ahead: &[Landmarks], turned: &[Landmarks], side: f64) -> Option<f64> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        quality::{FaceQuality, gate::tests::GOOD},
        session::{Challenge, Notice, Reason, Step, course::Course},
    };

    /// Eyes, nose, mouth and ears of MediaPipe's canonical head or, without `depth`, of a sheet, turned to its left by
    /// `yaw` degrees, in units of a face box.
    fn landmarks(yaw: f32, depth: f32) -> Landmarks {
        let (sin, cos) = yaw.to_radians().sin_cos();
        [[-0.5, 0.0, 0.0], [0.5, 0.0, 0.0], [0.0, 0.6, 0.6], [0.0, 1.1, 0.26], [-1.1, 0.3, -1.4], [1.1, 0.3, -1.4]]
            .map(|[x, y, z]: [f32; 3]| [0.35 * (x * cos + depth * z * sin), 0.35 * (y - 0.5)])
    }

    fn turn(yaw: f32, depth: f32, side: f64) -> f64 {
        parallax(&[landmarks(0.0, depth)], &[landmarks(yaw, depth)], side).unwrap()
    }

    #[test]
    fn a_head_shows_an_ear_and_a_sheet_does_not() {
        for yaw in [30.0f32, 35.0, 40.0, 45.0] {
            // The ear's depth times the sine, less what the head's width loses; heights are 1.1 distances of eyes.
            let (sin, cos) = f64::from(yaw).to_radians().sin_cos();
            let expected = (1.4 * sin - 1.1 * (1.0 - cos)) / 1.1;
            assert!((turn(yaw, 1.0, 1.0) - expected).abs() < 1e-5, "{yaw}");
            assert!((turn(-yaw, 1.0, -1.0) - expected).abs() < 1e-5, "{yaw}");
            assert!(turn(yaw, 0.0, 1.0) < -0.1 && turn(-yaw, 0.0, -1.0) < -0.1, "{yaw}");
        }
        // To the other side the other ear is hidden.
        assert!(turn(35.0, 1.0, -1.0) < 0.0);
    }

    #[test]
    fn neither_place_nor_size_nor_roll_matters() {
        let moved =
            |frame: Landmarks| frame.map(|[x, y]| [3.0 + 40.0 * (0.9 * x - 0.4 * y), 7.0 + 40.0 * (0.9 * y + 0.4 * x)]);
        let there = parallax(&[landmarks(0.0, 1.0)], &[moved(landmarks(35.0, 1.0))], 1.0).unwrap();
        assert!((there - turn(35.0, 1.0, 1.0)).abs() < 1e-5);
    }

    #[test]
    fn one_misread_frame_changes_nothing() {
        let (ahead, turned) = (landmarks(0.0, 1.0), landmarks(35.0, 1.0));
        let odd = parallax(&[ahead, [[9.0; 2]; 6], ahead], &[turned, turned, [[-9.0; 2]; 6]], 1.0);
        assert_eq!(odd, parallax(&[ahead], &[turned], 1.0));
    }

    #[test]
    fn what_cannot_be_measured_is_not_deep() {
        let head = landmarks(35.0, 1.0);
        for odd in [[[0.0; 2]; 6], [[f32::MAX, f32::MIN]; 6], [[f32::MIN_POSITIVE; 2]; 6]] {
            assert!(!is_deep(&[landmarks(0.0, 1.0)], &[odd; HELD_FRAMES], 1.0), "{odd:?}");
            assert!(!is_deep(&[odd], &[head; HELD_FRAMES], 1.0), "{odd:?}");
        }
        assert!(!is_deep(&[], &[head; HELD_FRAMES], 1.0) && !is_deep(&[landmarks(0.0, 1.0)], &[head; 2], 1.0));
    }

    /// Feeds a course for one turn to the left yaws 50 ms apart, with these landmarks.
    fn feed(course: &mut Course, start: f64, yaws: &[f32], depth: f32) -> Vec<Option<Reason>> {
        let frames = yaws.iter().enumerate().map(|(i, yaw)| {
            let face = FaceQuality { yaw: *yaw, landmarks: Some(landmarks(*yaw, depth)), ..GOOD };
            course.watch(start + 50.0 * i as f64, Some(&face), yaw.abs() <= 20.0, true)
        });
        frames.collect()
    }

    fn course() -> Course {
        Course::new(&Challenge { seed: 5, steps: vec![Step::TurnLeft] })
    }

    #[test]
    fn a_head_answers_and_a_sheet_is_told_at_its_return() {
        let there_and_back = [0.0, 0.0, 1.0, 2.0, 12.0, 22.0, 33.0, 34.0, 35.0, 36.0, 20.0, 5.0];
        let mut head = course();
        feed(&mut head, 0.0, &there_and_back, 1.0);
        assert!(head.is_done() && head.notice().is_none());
        let mut sheet = course();
        let early = feed(&mut sheet, 0.0, &there_and_back[..11], 0.3);
        assert!(early.iter().all(Option::is_none) && sheet.notice().is_none());
        feed(&mut sheet, 550.0, &there_and_back[11..], 0.3);
        assert_eq!((sheet.is_done(), sheet.notice()), (false, Some(Notice::Flat)));
        feed(&mut sheet, 1_000.0, &there_and_back, 0.3);
        assert!(feed(&mut sheet, 2_000.0, &there_and_back, 0.3).contains(&Some(Reason::FlatTurn)));
    }

    #[test]
    fn who_turns_further_shows_more() {
        let mut course = course();
        feed(&mut course, 0.0, &[0.0, 0.0, 1.0, 2.0, 12.0, 22.0, 31.0, 31.0, 31.0, 31.0], 0.77);
        assert!(!course.is_done() && course.notice().is_none());
        feed(&mut course, 500.0, &[44.0; 5], 0.77);
        assert!(course.is_done());
    }
}
