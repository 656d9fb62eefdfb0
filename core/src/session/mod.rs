//! Frames over time -> [`Verdict`]: bona fide, attack, or inconclusive with reasons, at a named operating point.
//!
//! ```text
//! Observation -> presence (same face?) -> evidence (fused score) ┐
//!             -> gate -> guide (what to show)                    ├-> Verdict -> recording
//!             -> course (the challenge's prompts answered?)      ┘
//! ```
//!
//! A [`Session`] is a function of its [`Setup`], its [`Observation`]s and what a server [reveals](reveal) between them: it has
//! no clock, no random source, no pixels and no networks, and computes to the same bit everywhere, so a [`Recording`] replays
//! to the same verdict.
//!
//! What it does: frames that the gate refuses never count. A presence that breaks (face lost, jumped or changed, several
//! faces, or nobody looking, see [`presence`]) drops all evidence and all steps done, so that no verdict mixes two faces.
//! The verdict rests on the last window, all of which must hold; clear scores end it early, and doubtful ones end it
//! `inconclusive` (see [`evidence`]). A challenge must be done as well, though a clear attack need not wait for it.
//!
//! What it cannot know: whether frames come from a camera at all. Injected video passes every rule here.

pub mod challenge;
pub mod course;
pub mod evidence;
mod first;
pub mod guide;
mod judge;
mod odds;
pub mod parallax;
pub mod presence;
pub mod prompt;
mod random;
pub mod recording;
pub mod reveal;
pub(crate) mod setup;
pub mod verdict;

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    quality::{Hint, Quality},
    score::Score,
};
use evidence::Finding;

pub use challenge::{Challenge, Notice, Step};
pub use recording::Recording;
pub use reveal::Reveal;
pub use setup::{MAX_PASSIVE_SECONDS, Setup};
pub use verdict::{Outcome, Progress, Reason, Update, Verdict};

/// A passive session ends after this, milliseconds: time to find better light. Each step of a challenge adds its timeout.
pub const TIME_LIMIT_MS: f64 = 20_000.0;
/// Breaks of the presence that are forgiven; the next one ends the session. Otherwise someone could exchange faces until
/// one passes.
pub const MAX_LOSSES: u32 = 3;
/// A hint becomes a reason if it stood in this share of the frames.
pub const DOMINANT: f64 = 0.2;
/// Observations of one session: 120 a second for longer than any may last. The session ends there, too.
pub const MAX_OBSERVATIONS: usize = 16_384;
/// Largest time on either side of 0, milliseconds; clocks that count from 1970 reach it in 2096.
pub const MAX_TIME_MS: f64 = 4e12;
/// Longest name of an operating point, bytes.
pub const MAX_NAME: usize = 64;

/// One frame, as the session sees it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Observation {
    /// When the frame was taken, milliseconds on any clock that does not go backwards. Kept to the microsecond, relative to
    /// the first observation.
    pub time_ms: f64,
    /// How it was taken.
    pub quality: Quality,
    /// P(bona fide) of its face. May be left out where [`Quality::hint`] names a hint: it would not count.
    pub score: Option<Score>,
    /// How much the face changed since the last scored frame: cosine distance of the classifier's embeddings, 0 to 2; `None`
    /// for the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<f32>,
}

impl Observation {
    /// # Errors
    /// [`Error::is_invalid_input`] for measures that are none, and for a change that is no cosine distance.
    fn check(&self) -> Result<()> {
        self.quality.check()?;
        match self.change {
            Some(change) if !(0.0..=2.0).contains(&change) => {
                Err(Error::invalid_input(format!("a change of {change}: changes are cosine distances, 0 to 2")))
            }
            _ => Ok(()),
        }
    }
}

/// Many frames of one person in front of one camera, until a verdict.
#[derive(Debug, Clone)]
pub struct Session {
    /// Of the rules that it follows, as [`recording::VERSION`].
    version: u32,
    setup: Setup,
    /// The caller's times of the first and the last observation.
    clock: Option<(f64, f64)>,
    observations: Vec<Observation>,
    /// Each with the time since when it was waited for.
    reveals: Vec<(Reveal, f64)>,
    /// When this presence counted first.
    since: Option<f64>,
    presence: presence::Presence,
    evidence: judge::Judge,
    /// Frames that counted, of all presences.
    counted: usize,
    course: Option<course::Course>,
    guide: guide::Guide,
    /// Frames by their hint, in the order of [`Hint::ALL`].
    hinted: [u32; Hint::ALL.len()],
    losses: u32,
    stalls: u32,
    verdict: Option<Verdict>,
}

impl Session {
    /// A session that has seen nothing.
    ///
    /// # Errors
    /// [`Error::is_invalid_input`] for a setup with an empty or long name, rates outside `[0, 1]`, what is no sha-256, an
    /// empty or long challenge, or seconds or a largest change out of range.
    pub fn new(setup: Setup) -> Result<Self> {
        Self::of(recording::VERSION, setup)
    }

    /// A session by the rules of an earlier version.
    fn of(version: u32, setup: Setup) -> Result<Self> {
        setup.check()?;
        Ok(Self {
            version,
            clock: None,
            observations: Vec::new(),
            reveals: Vec::new(),
            since: None,
            presence: presence::Presence::new(setup.largest_change.unwrap_or(presence::MAX_CHANGE)),
            evidence: judge::Judge::new(version, &setup.operating_point),
            counted: 0,
            course: setup.course(),
            guide: guide::Guide::default(),
            hinted: [0; Hint::ALL.len()],
            losses: 0,
            stalls: 0,
            verdict: None,
            setup,
        })
    }

    /// Takes the next frame. The verdict comes once, as the answer to the observation that decides.
    ///
    /// # Errors
    /// [`Error::is_invalid_input`] if the time is not finite, absurd or before the last one, if the measures are none, or
    /// if the session has ended. The session is then as it was before.
    pub fn observe(&mut self, observation: Observation) -> Result<Update> {
        if self.verdict.is_some() {
            return Err(Error::invalid_input("the session has ended with a verdict: start a new one"));
        }
        let time = observation.time_ms;
        if !(-MAX_TIME_MS..=MAX_TIME_MS).contains(&time) {
            return Err(Error::invalid_input(format!("a frame cannot be taken at {time} ms")));
        }
        let (first, last) = self.clock.unwrap_or((time, time));
        if time < last {
            return Err(Error::invalid_input(format!("a frame at {time} ms came after one at {last} ms")));
        }
        if time - first > MAX_TIME_MS {
            return Err(Error::invalid_input(format!("a frame at {time} ms came too long after one at {first} ms")));
        }
        observation.check()?;
        self.clock = Some((first, time));
        let now = micros(time - first);
        self.observations.push(Observation { time_ms: now, ..observation });
        Ok(self.advance(now, &observation))
    }

    /// Which view of a face the next frame's experts are to have, see `bonafide::pipeline::Pipeline::look`:
    /// one more after each frame that counted.
    pub fn turn(&self) -> usize {
        self.counted
    }

    /// The verdict, once there is one.
    pub fn verdict(&self) -> Option<&Verdict> {
        self.verdict.as_ref()
    }

    /// All that went in, and the verdict if there is one. Holds measures and scores, no pixels.
    pub fn recording(&self) -> Recording {
        Recording {
            version: self.version,
            setup: self.setup.clone(),
            observations: self.observations.clone(),
            reveals: self.reveals.iter().map(|(reveal, _)| *reveal).collect(),
            verdict: self.verdict.clone(),
        }
    }

    fn advance(&mut self, now: f64, observation: &Observation) -> Update {
        let quality = &observation.quality;
        let hint = match self.version {
            recording::FIRST => quality.hint().map(recording::first_name),
            _ => self.guide.still(now, quality.hint()),
        };
        if let Some(hint) = hint {
            self.hinted[hint as usize] += 1;
        }
        if let Some(broken) = self.presence.watch(now, quality, observation.change) {
            self.restart(broken);
        }
        let score = observation.score.filter(|_| hint.is_none());
        if let Some(score) = score {
            self.counted += usize::from(self.evidence.add(now, score));
            self.since.get_or_insert(now);
        }
        let failed = self.course.as_mut().and_then(|course| {
            let done = course.done();
            let failed = course.watch(now, quality.single(), hint.is_none(), self.evidence.part_is_ready());
            if course.done() > done {
                self.evidence.part();
            }
            failed
        });
        if let Some((outcome, reasons)) = self.end(now, score.is_some(), failed) {
            let verdict = self.conclude(now, outcome, reasons);
            self.verdict = Some(verdict.clone());
            return Update::Verdict(verdict);
        }
        Update::Progress(self.progress(now, quality, hint))
    }

    /// Drops the evidence and the steps done. Only what loses something counts.
    fn restart(&mut self, broken: presence::Break) {
        if self.evidence.count() == 0 && self.course.as_ref().is_none_or(|course| !course.has_begun()) {
            return;
        }
        match broken {
            presence::Break::Lost | presence::Break::Jumped | presence::Break::Changed => self.losses += 1,
            presence::Break::Stalled => self.stalls += 1,
        }
        self.evidence.clear();
        self.since = None;
        if let Some(course) = &mut self.course {
            course.restart();
        }
    }

    fn end(&self, now: f64, scored: bool, failed: Option<Reason>) -> Option<(Outcome, Vec<Reason>)> {
        // Version 1 forgave every stall.
        let stalls = if self.version == recording::FIRST { 0 } else { self.stalls };
        if self.losses + stalls > MAX_LOSSES {
            let reason = if stalls > self.losses { Reason::FrameRateTooLow } else { Reason::FaceLost };
            return Some((Outcome::Inconclusive, vec![reason]));
        }
        // While prompts are open only a clear attack ends it: every look at doubtful scores is a chance to be wrong.
        // Nor does a frame that nobody scored: who stands there now is not known.
        let blind = !scored && self.version != recording::FIRST;
        let open = blind || self.watched(now) < 1.0 || self.course.as_ref().is_some_and(|course| !course.is_done());
        let finding = self.evidence.decide(open);
        if let Some(reason) = failed.filter(|_| finding != Some(Finding::Attack)) {
            return Some((Outcome::Inconclusive, vec![reason]));
        }
        match finding {
            Some(Finding::BonaFide) => return Some((Outcome::BonaFide, Vec::new())),
            Some(Finding::Attack) => return Some((Outcome::Attack, vec![Reason::ScoreBelowThreshold])),
            Some(Finding::Doubtful) => return Some((Outcome::Inconclusive, vec![Reason::Doubtful])),
            None => {}
        }
        let over = now >= self.setup.time_limit() || self.observations.len() >= MAX_OBSERVATIONS;
        over.then(|| (Outcome::Inconclusive, self.hindrances(now)))
    }

    /// How much of the time for which this presence is to be watched at least is over; 1 or more: all.
    fn watched(&self, now: f64) -> f64 {
        let Some(seconds) = self.setup.passive_seconds else { return 1.0 };
        self.since.map_or(0.0, |since| (now - since) / (f64::from(seconds) * 1_000.0))
    }

    /// Why the time ended without a verdict: hints that stood for long, most frequent first, and the frame rate where not
    /// they but too few frames kept the evidence thin.
    fn hindrances(&self, now: f64) -> Vec<Reason> {
        let seen = self.observations.len() as f64;
        let mut hints: Vec<(u32, Hint)> = self.hinted.into_iter().zip(Hint::ALL).collect();
        hints.retain(|(count, _)| f64::from(*count) >= DOMINANT * seen);
        hints.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        let mut reasons: Vec<_> = hints.into_iter().map(|(_, hint)| Reason::Hint(hint)).collect();
        let least = evidence::WINDOW_FRAMES as f64 / evidence::WINDOW_MS;
        let scored = self.observations.iter().filter(|o| o.score.is_some() || o.quality.hint().is_some()).count();
        if self.stalls > MAX_LOSSES || (scored as f64) < least * now {
            reasons.push(Reason::FrameRateTooLow);
        }
        if self.losses > 0 && reasons.is_empty() {
            reasons.push(Reason::FaceLost);
        }
        if reasons.is_empty() {
            reasons.push(Reason::TimeLimit);
        }
        reasons
    }

    fn conclude(&self, now: f64, outcome: Outcome, reasons: Vec<Reason>) -> Verdict {
        Verdict {
            outcome,
            reasons,
            operating_point: self.setup.name.clone(),
            score: self.evidence.score(),
            frames_counted: self.evidence.count() as u32,
            frames_seen: self.observations.len() as u32,
            restarts: self.losses + self.stalls,
            elapsed_ms: now,
        }
    }

    fn progress(&mut self, now: f64, quality: &Quality, hint: Option<Hint>) -> Progress {
        let waits = |course: &course::Course| quality.single().is_some_and(|face| course.waits_for(face));
        // A step that is being done turns the head away on purpose.
        let answer = match &self.course {
            Some(course) if course.prompt().is_some() && answers_look_like(hint) => None,
            Some(course) if hint.is_none() && waits(course) => Some(Hint::TurnToCamera),
            _ => hint,
        };
        let course = self.course.as_ref();
        let parts = course.map_or(0.0, |course| course.fraction());
        let share = self.evidence.fraction().min(self.watched(now));
        Progress {
            hint: self.guide.show(now, answer),
            fraction: if course.is_some() { (share + parts) / 2.0 } else { share } as f32,
            prompt: course.and_then(course::Course::prompt),
            notice: course.and_then(course::Course::notice),
            waits_for_step: self.waiting_since().is_some(),
        }
    }
}

/// Milliseconds as a session keeps them: whole microseconds are written and read back as JSON without a change.
pub(crate) fn micros(ms: f64) -> f64 {
    (ms * 1_000.0).round() / 1_000.0
}

/// Hints that answering a prompt itself gives rise to.
fn answers_look_like(hint: Option<Hint>) -> bool {
    matches!(hint, Some(Hint::Straighten | Hint::TurnToCamera | Hint::TooClose | Hint::HoldStill))
}

#[cfg(test)]
mod tests;
