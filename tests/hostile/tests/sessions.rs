//! Any numbers as observations: refused without a trace, or recorded so that the verdict comes out again.

use bonafide::{
    quality::{FaceQuality, Quality},
    score::OperatingPoint,
    session::{Challenge, Observation, Recording, Session, Setup, Step, Update},
};
use bonafide_hostile::run;
use proptest::{array::uniform6, collection::vec, option, prelude::*, sample::select};

/// Good values mostly, so that sessions get somewhere; of the others any.
fn number(good: std::ops::Range<f32>) -> impl Strategy<Value = f32> {
    prop_oneof![30 => good, 1 => any::<f32>(), 1 => select(vec![0.0, -0.0, f32::NAN, f32::INFINITY, f32::MIN_POSITIVE, f32::MAX])]
}

fn face() -> impl Strategy<Value = FaceQuality> {
    let place = (number(0.45..0.5), number(200.0..250.0), number(-0.1..0.1), number(-0.1..0.1));
    let pose = (number(-45.0..45.0), number(-10.0..10.0), number(-10.0..10.0));
    let light = (number(0.3..0.6), number(0.1..0.3), number(20.0..400.0));
    let landmarks = option::weighted(0.7, uniform6((number(-0.5..0.5), number(-0.5..0.5)).prop_map(|(x, y)| [x, y])));
    let covered = option::weighted(0.7, number(0.0..0.6));
    (place, pose, light, landmarks, covered).prop_map(
        |((size, pixels, x, y), (yaw, pitch, roll), (brightness, contrast, sharpness), landmarks, covered)| {
            let offset = [x, y];
            FaceQuality { size, pixels, offset, yaw, pitch, roll, brightness, contrast, sharpness, landmarks, covered }
        },
    )
}

/// Milliseconds since the frame before, faces, the face, its score, how much it changed.
type Seen = (f64, u32, Option<FaceQuality>, Option<f32>, Option<f32>);

fn frame() -> impl Strategy<Value = Seen> {
    let step = prop_oneof![30 => 0.0..200.0, 1 => any::<f64>(), 1 => select(vec![-1.0, 1e13, f64::NAN, f64::INFINITY])];
    let faces = prop_oneof![30 => Just(1u32), 1 => any::<u32>(), 1 => Just(0)];
    let (score, change) = (option::weighted(0.95, number(0.0..1.0)), option::weighted(0.9, number(0.0..0.04)));
    (step, faces, option::weighted(0.95, face()), score, change)
}

fn setup() -> impl Strategy<Value = Setup> {
    let steps = option::weighted(0.5, (any::<u64>(), vec(select(Step::ALL.to_vec()), 0..10)));
    let revealed = option::weighted(0.3, 0u32..10);
    let passive_seconds = option::weighted(0.1, prop_oneof![5 => 1u32..4, 1 => any::<u32>()]);
    let largest = option::weighted(0.5, number(0.0..2.0));
    let parts = (number(0.0..1.0), steps, revealed, passive_seconds, largest);
    parts.prop_map(|(threshold, steps, revealed, passive_seconds, largest_change)| Setup {
        name: "strict".into(),
        operating_point: OperatingPoint::new(threshold, 0.1, 0.1),
        model_sha256: "0f".repeat(32),
        challenge: steps
            .filter(|_| revealed.is_none_or(|count| count == 9))
            .map(|(seed, steps)| Challenge { seed, steps }),
        revealed,
        passive_seconds,
        largest_change,
    })
}

fn holds(setup: Setup, frames: &[Seen]) -> bool {
    let mut session = match Session::new(setup) {
        Ok(session) => session,
        Err(error) => {
            assert!(error.is_invalid_input());
            return false;
        }
    };
    let (mut time_ms, mut waits) = (0.0, false);
    for (at, (step, faces, face, score, change)) in frames.iter().enumerate() {
        let Ok(score) = score.map(TryInto::try_into).transpose() else { continue };
        let quality = Quality { faces: *faces, face: *face };
        let observation = Observation { time_ms: time_ms + step, quality, score, change: *change };
        // Now and then a step: taken if one is waited for.
        if at % 3 == 0 {
            let before = session.recording().reveals;
            let told = session.reveal(Step::ALL[at % 2]);
            assert_eq!(told.is_ok(), waits, "{told:?}");
            assert!(waits || session.recording().reveals == before);
            waits = false;
        }
        let before = session.recording();
        match session.observe(observation) {
            Ok(Update::Verdict(verdict)) => {
                assert_eq!(session.verdict(), Some(&verdict));
                waits = false;
            }
            Ok(Update::Progress(progress)) => {
                assert!((0.0..=1.0).contains(&progress.fraction), "{progress:?}");
                assert!(!progress.waits_for_step || progress.prompt.is_none(), "{progress:?}");
                waits = progress.waits_for_step;
            }
            Err(error) => {
                assert!(error.is_invalid_input(), "{error:?}");
                // As it was before; as text, since a number that is none equals nothing.
                assert_eq!(session.recording().to_json(), before.to_json());
                continue;
            }
        }
        time_ms += step;
    }
    let recording = session.recording();
    let read = Recording::parse(&recording.to_json()).expect("what a session recorded is a recording");
    assert_eq!(read.replay().unwrap(), recording.verdict);
    recording.verdict.is_some()
}

#[test]
fn sessions() {
    let ended = run(10_000, &(setup(), vec(frame(), 0..80)), |(setup, frames)| holds(setup, &frames));
    assert!((100..9_900).contains(&ended), "{ended} ended with a verdict");
}
