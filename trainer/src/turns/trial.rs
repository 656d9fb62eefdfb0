//! A solid and a turn -> its frames -> what the detector and the challenge's rule make of them.

use anyhow::Result;
use bonafide::{
    quality::{FaceQuality, Quality},
    score::{OperatingPoint, Score},
    session::{
        Challenge, Observation, Session, Setup, Step, Update,
        course::NEUTRAL_YAW,
        parallax::{AHEAD_FRAMES, HELD_FRAMES, Landmarks, parallax},
        prompt::TURN_YAW,
    },
};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{
    scene::{Stand, film},
    solid::Solid,
};
use crate::{faces::detect::Detector, picture::photo::Photo};

/// Frames that look ahead before the turn: until the prompt, with the third that counts, and then longer than a reaction takes.
const AHEAD: usize = 13;
/// Where the turn is first seen, and degrees a frame from there on: 150 a second.
const FIRST_YAW: f32 = 20.0;
const STEP: f32 = 5.0;
/// Frames that stay at the end of the turn.
const STAYS: usize = 6;
/// Degrees and centimetres by which a frame is off, either way: nobody stays still.
const JITTER: f32 = 1.5;
/// Milliseconds from frame to frame.
const FRAME_MS: f64 = 1000.0 / 30.0;

/// How a solid is turned.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn {
    /// How far, degrees.
    pub peak: f32,
    /// Raised by so many degrees at the end.
    pub pitch: f32,
    /// To the person's left.
    pub left: bool,
    /// See [`Stand`].
    pub distance: f32,
    /// See [`Stand`].
    pub axis: f32,
}

/// What became of a turn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Trial {
    /// Frames, and those in which the detector saw no single face.
    pub frames: [usize; 2],
    /// The session prompted at all: the first frames were worth scoring.
    pub prompted: bool,
    /// The rule without landmarks answers: yaw alone.
    pub by_yaw: bool,
    /// The rule answers.
    pub answered: bool,
    /// The largest limit at which it would; `None` where no frames were turned far enough.
    pub parallax: Option<f64>,
}

/// Films a turn and judges it.
///
/// # Errors
/// If the device fails.
pub(super) fn judge(
    detector: &Detector,
    solid: &Solid,
    photo: &Photo,
    ground: [f32; 3],
    turn: &Turn,
    rng: &mut ChaCha8Rng,
) -> Result<Trial> {
    let steps = ((turn.peak - FIRST_YAW) / STEP).round() as usize;
    let way = (0..steps).map(|step| FIRST_YAW + step as f32 * STEP);
    let yaws = std::iter::repeat_n(0.0, AHEAD).chain(way).chain(std::iter::repeat_n(turn.peak, STAYS));
    let side = if turn.left { 1.0 } else { -1.0 };
    let mut seen = Vec::new();
    for yaw in yaws {
        let mut off = || rng.random_range(-JITTER..JITTER);
        let stand = Stand {
            yaw: side * yaw + off(),
            pitch: turn.pitch * yaw / turn.peak + off(),
            distance: turn.distance,
            axis: turn.axis,
            shift: [off(), off()],
        };
        let shot = film(solid, photo, &stand, ground);
        seen.push(Quality::measure(&shot.frame(), &detector.detect(&shot.frame())?));
    }
    let unmarked = |face: FaceQuality| FaceQuality { landmarks: None, ..face };
    let blind = seen.iter().map(|quality| Quality { face: quality.face.map(unmarked), ..*quality });
    let [prompted, by_yaw] = answers(blind, turn.left);
    let [_, answered] = answers(seen.iter().copied(), turn.left);
    let missed = seen.iter().filter(|quality| quality.single().is_none()).count();
    Ok(Trial { frames: [seen.len(), missed], prompted, by_yaw, answered, parallax: most(&seen, f64::from(side)) })
}

/// Whether a session that asks for the turn prompts, and whether that is answered.
fn answers(seen: impl Iterator<Item = Quality>, left: bool) -> [bool; 2] {
    let mut session = Session::new(Setup {
        name: "turns".into(),
        operating_point: OperatingPoint::new(0.5, 0.0, 0.0),
        model_sha256: "0".repeat(64),
        challenge: Some(Challenge { seed: 0, steps: vec![if left { Step::TurnLeft } else { Step::TurnRight }] }),
        revealed: None,
        passive_seconds: None,
        largest_change: None,
    })
    .expect("a setup that sessions take");
    let mut said = [false; 2];
    for (number, quality) in seen.enumerate() {
        // In less than a second the evidence is a third of what it needs: half of the fraction is the challenge's.
        let score = Some(Score::from_logit(4.0));
        let observation = Observation { time_ms: FRAME_MS * number as f64, quality, score, change: None };
        match session.observe(observation) {
            Ok(Update::Progress(progress)) => {
                said[0] |= progress.prompt.is_some();
                said[1] |= progress.fraction >= 0.5;
            }
            Ok(Update::Verdict(_)) | Err(_) => break,
        }
    }
    said
}

/// The largest parallax of frames that follow each other and are turned far enough.
fn most(seen: &[Quality], side: f64) -> Option<f64> {
    let marked = |keep: &dyn Fn(f64) -> bool| -> Vec<Landmarks> {
        let faces = seen.iter().filter_map(Quality::single).filter(|face| keep(side * f64::from(face.yaw)));
        faces.filter_map(|face| face.landmarks).collect()
    };
    let ahead = marked(&|yaw| yaw.abs() <= f64::from(NEUTRAL_YAW));
    let ahead = &ahead[ahead.len().saturating_sub(AHEAD_FRAMES)..];
    let turned = marked(&|yaw| yaw >= f64::from(TURN_YAW));
    turned.windows(HELD_FRAMES).filter_map(|held| parallax(ahead, held, side)).max_by(f64::total_cmp)
}
