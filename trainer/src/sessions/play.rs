//! A presentation's frames -> its tries, each through the session that the product runs, gate included.

use anyhow::Result;
use bonafide::{
    pipeline::Pipeline,
    quality::Hint,
    session::{Outcome, Reason, Session, Setup, Update, Verdict},
    watch::Watch,
};

use super::{
    presentation::{Playing, Presentation},
    track::Track,
};

/// A person tries so often, and so does an attacker.
pub const TRIES: usize = 3;

/// One try.
#[derive(Debug, Clone, PartialEq)]
pub struct Try {
    /// `None`: the video ended before a verdict.
    pub outcome: Option<Outcome>,
    /// Why not bona fide; of a try without a verdict the hint that most of its frames got, if that is most of them.
    pub reasons: Vec<Reason>,
    /// From its first frame to the verdict, milliseconds.
    pub elapsed_ms: f64,
}

/// Plays a presentation: up to [`TRIES`] tries, the last of them the first that ends bona fide. A try goes on where the one
/// before ended in the video, or from the start of the next video. What is left of a video after a verdict, and ends before
/// another one, is no try.
///
/// The first video's frames are kept in `track` too, for as long as it takes them.
///
/// # Errors
/// If a video cannot be read, or the device fails.
pub fn play(
    presentation: &Presentation,
    pipeline: &Pipeline,
    setup: &Setup,
    playing: &Playing,
    mut track: Option<&mut Track>,
) -> Result<Vec<Try>> {
    let mut tries = Vec::new();
    for video in &presentation.videos {
        let before = tries.len();
        let mut watch = None;
        for (number, photo) in video.frames(pipeline, playing)?.enumerate() {
            let (photo, time_ms) = (photo?, number as f64 * 1_000.0 / playing.rate);
            let tracks = match track.as_deref_mut() {
                Some(track) => track.watch(pipeline, &photo.frame(), time_ms)?,
                None => false,
            };
            if !is_over(&tries) {
                let now = match watch.take() {
                    Some(watch) => watch,
                    None => Watch::new(Session::new(setup.clone())?),
                };
                match pollster::block_on(now.observe(pipeline, &photo.frame(), time_ms))?.1 {
                    Update::Verdict(verdict) => tries.push(Try::ended(verdict)),
                    Update::Progress(_) => watch = Some(now),
                }
            } else if !tracks {
                break;
            }
        }
        track = None;
        if let Some(watch) = watch.filter(|_| tries.len() == before) {
            tries.push(Try::unanswered(&watch));
        }
        if is_over(&tries) {
            break;
        }
    }
    Ok(tries)
}

fn is_over(tries: &[Try]) -> bool {
    tries.len() >= TRIES || tries.last().is_some_and(|last| last.outcome == Some(Outcome::BonaFide))
}

impl Try {
    fn ended(verdict: Verdict) -> Self {
        let Verdict { outcome, reasons, elapsed_ms, .. } = verdict;
        Self { outcome: Some(outcome), reasons, elapsed_ms }
    }

    fn unanswered(watch: &Watch) -> Self {
        let seen = watch.recording().observations;
        let elapsed_ms = seen.last().map_or(0.0, |last| last.time_ms);
        let hints: Vec<Option<Hint>> = seen.iter().map(|observation| observation.quality.hint()).collect();
        let count = |hint: Hint| hints.iter().filter(|of| **of == Some(hint)).count();
        let stood = Hint::ALL.into_iter().filter(|hint| 2 * count(*hint) > hints.len());
        Self { outcome: None, reasons: stood.map(Reason::Hint).collect(), elapsed_ms }
    }
}
