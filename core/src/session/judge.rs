//! The evidence by the version of the rules that a session follows.

use super::{
    evidence::{Evidence, Finding},
    first, recording,
};
use crate::score::{OperatingPoint, Score};

/// The evidence of one session.
#[derive(Debug, Clone)]
pub(super) enum Judge {
    /// Version 1.
    First(first::Evidence),
    /// The present version.
    Present(Evidence),
}

impl Judge {
    /// As `version` has it.
    pub(super) fn new(version: u32, point: &OperatingPoint) -> Self {
        match version {
            recording::FIRST => Self::First(first::Evidence::new(point)),
            _ => Self::Present(Evidence::new(point)),
        }
    }

    /// See [`Evidence::add`].
    pub(super) fn add(&mut self, now: f64, score: Score) -> bool {
        match self {
            Self::First(evidence) => evidence.add(now, score),
            Self::Present(evidence) => evidence.add(now, score),
        }
    }

    /// See [`Evidence::clear`].
    pub(super) fn clear(&mut self) {
        match self {
            Self::First(evidence) => evidence.clear(),
            Self::Present(evidence) => evidence.clear(),
        }
    }

    /// See [`Evidence::part`]; version 1 knew none.
    pub(super) fn part(&mut self) {
        if let Self::Present(evidence) = self {
            evidence.part();
        }
    }

    /// Whether the next step of a challenge may be asked for.
    pub(super) fn part_is_ready(&self) -> bool {
        match self {
            Self::First(_) => true,
            Self::Present(evidence) => evidence.part_is_ready(),
        }
    }

    /// Frames in the score.
    pub(super) fn count(&self) -> usize {
        match self {
            Self::First(evidence) => evidence.count(),
            Self::Present(evidence) => evidence.count(),
        }
    }

    /// See [`Evidence::score`].
    pub(super) fn score(&self) -> Option<Score> {
        match self {
            Self::First(evidence) => evidence.score(),
            Self::Present(evidence) => evidence.score(),
        }
    }

    /// See [`Evidence::decide`].
    pub(super) fn decide(&self, open: bool) -> Option<Finding> {
        match self {
            Self::First(evidence) => evidence.decide(open),
            Self::Present(evidence) => evidence.decide(open),
        }
    }

    /// See [`Evidence::fraction`].
    pub(super) fn fraction(&self) -> f64 {
        match self {
            Self::First(evidence) => evidence.fraction(),
            Self::Present(evidence) => evidence.fraction(),
        }
    }
}
