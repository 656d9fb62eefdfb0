//! What `evaluation.json` says, field by field.
//!
//! A threshold that a product uses is chosen on the development split and held on the test split; only `paper` chooses on
//! the test split itself, as the paper does, and is optimistic for that.

use std::{collections::BTreeMap, fs};

use anyhow::{Context, Result};
use bonafide::score::OperatingPoint;
use serde::{Deserialize, Serialize};

use super::{
    calibration::Calibrated,
    intervals::{Bootstrap, Figure, Interval},
    labelled::{Labelled, Unscored},
    metrics::{Rates, share},
};
use crate::run::RunFolder;

/// The APCERs at which BPCER is reported (ISO/IEC 30107-3's BPCER100, BPCER20 and BPCER10).
pub const APCER_TARGETS: [f64; 3] = [0.01, 0.05, 0.1];

/// The operating points that ship, and the worst species' APCER that the development split allows each.
pub const OPERATING_POINTS: [(&str, f64); 3] =
    [("low_friction", APCER_TARGETS[2]), (BALANCED, APCER_TARGETS[1]), ("strict", APCER_TARGETS[0])];

/// The operating point that a page uses unless it says otherwise, and conditions are measured at.
pub const BALANCED: &str = "balanced";

/// What `evaluation.json` in the run folder says, and `trainer export` puts into the manifest. Rates are shares in
/// `[0, 1]` of the presentations that got a score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// What was measured on.
    pub data: String,
    /// Bona fide presentations in the test split.
    pub bona_fide: usize,
    /// Attacks in the test split.
    pub attacks: usize,
    /// People in the test split.
    pub subjects: usize,
    /// How the network's scores were calibrated on the development split; `None` where they are its own.
    pub calibration: Option<Calibrated>,
    /// The threshold with the best ACER on the development split.
    pub threshold: f32,
    /// Worst species' APCER on the test split at that threshold.
    pub apcer: f64,
    /// BPCER on the test split at that threshold.
    pub bpcer: f64,
    /// All rates on the test split at that threshold.
    pub held: Rates,
    /// All rates at the test split's own best threshold, as the paper reports them: optimistic.
    pub paper: Rates,
    /// Area under the ROC curve on the test split.
    pub auc: f64,
    /// Equal error rate on the test split.
    pub eer: f64,
    /// 95 % intervals of the figures above.
    pub intervals: Intervals,
    /// BPCER where the development split's worst APCER is at most 1, 5 and 10 %.
    pub at_apcer: Vec<AtApcer>,
    /// The test split by attack species, at `threshold`.
    pub species: BTreeMap<String, Species>,
    /// Named parts of the test split, at `threshold`; a presentation may be in several.
    pub slices: BTreeMap<String, Slice>,
    /// Other presentations, by what was done to them, at the balanced operating point.
    pub conditions: BTreeMap<String, Condition>,
    /// Presentations of the test split without a score.
    pub non_response: NonResponse,
}

impl Evaluation {
    /// What `trainer evaluate` wrote into a run folder.
    ///
    /// # Errors
    /// If the run was not evaluated, or by another release.
    pub fn load(folder: &RunFolder) -> Result<Self> {
        let text = fs::read_to_string(folder.file("evaluation.json"))
            .context("the run was not evaluated: run `trainer evaluate` on it first")?;
        serde_json::from_str(&text).context("evaluation.json is of another release: run `trainer evaluate` again")
    }

    /// The calibration: what ships has one.
    ///
    /// # Errors
    /// If it was evaluated without.
    pub fn calibrated(&self) -> Result<&Calibrated> {
        self.calibration
            .as_ref()
            .context("the run was evaluated with --uncalibrated: run `trainer evaluate` on it without")
    }

    /// The operating points that ship: thresholds from the development split, rates as measured on the test split.
    pub fn operating_points(&self) -> BTreeMap<String, OperatingPoint> {
        let point = |(name, target): (&str, f64)| {
            let at = self.at(target);
            let (apcer, bpcer) = (at.apcer.value as f32, at.bpcer.value as f32);
            (name.to_owned(), OperatingPoint::new(at.threshold, apcer, bpcer))
        };
        OPERATING_POINTS.map(point).into()
    }

    /// The balanced operating point's threshold.
    pub fn balanced(&self) -> f32 {
        self.operating_points()[BALANCED].threshold
    }

    /// What was measured at one of [`APCER_TARGETS`].
    ///
    /// # Panics
    /// If `target` is none of them.
    pub fn at(&self, target: f64) -> &AtApcer {
        self.at_apcer.iter().find(|at| at.target == target).expect("every target is measured")
    }
}

/// Intervals of the headline figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Intervals {
    /// Their confidence, 0.95.
    pub level: f64,
    /// How they were drawn.
    pub bootstrap: Bootstrap,
    /// Of `held`.
    pub held: RateIntervals,
    /// Of `paper`.
    pub paper: RateIntervals,
    /// Of `auc`.
    pub auc: Option<Interval>,
    /// Of `eer`.
    pub eer: Option<Interval>,
}

/// Intervals of [`Rates`], field by field.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RateIntervals {
    /// Of `bpcer`.
    pub bpcer: Option<Interval>,
    /// Of `apcer`.
    pub apcer: Option<Interval>,
    /// Of `apcer_max`.
    pub apcer_max: Option<Interval>,
    /// Of `acer`.
    pub acer: Option<Interval>,
    /// Of `f1`.
    pub f1: Option<Interval>,
}

/// A threshold set for an APCER on the development split, and what it gives on the test split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AtApcer {
    /// The worst species' APCER that the development split was allowed.
    pub target: f64,
    /// The lowest threshold that keeps it there.
    pub threshold: f32,
    /// The worst species' APCER on the test split: above the target where the splits differ.
    pub apcer: Figure,
    /// BPCER on the test split.
    pub bpcer: Figure,
}

/// One attack species.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Species {
    /// Attacks with a score.
    pub presentations: u64,
    /// Of which accepted.
    pub accepted: u64,
    /// People they show.
    pub subjects: usize,
    /// Their share.
    pub apcer: Figure,
}

/// A part of the presentations; a figure is `None` where the part lacks a class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    /// Bona fide presentations.
    pub bona_fide: u64,
    /// Attacks.
    pub attacks: u64,
    /// BPCER.
    pub bpcer: Option<Figure>,
    /// APCER, all species together.
    pub apcer: Option<Figure>,
    /// Area under the ROC curve.
    pub auc: Option<Figure>,
}

/// Presentations under a condition, such as other light, at a threshold that is held.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// Lowest score that counts as bona fide.
    pub threshold: f32,
    /// All of them.
    #[serde(flatten)]
    pub all: Slice,
    /// The worst species' APCER.
    pub apcer_max: Option<Figure>,
    /// By attack species.
    pub species: BTreeMap<String, Species>,
    /// Presentations without a score.
    pub non_response: NonResponse,
}

/// Non-response rates (ISO/IEC 30107-3): presentations in which no face was found, over all presentations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NonResponse {
    /// Bona fide presentations without a score.
    pub bona_fide: usize,
    /// BPNRR.
    pub bpnrr: f64,
    /// Attacks without a score.
    pub attacks: usize,
    /// APNRR, all species together; `None` if nobody presented an attack.
    pub apnrr: Option<f64>,
    /// APNRR by species.
    pub apnrr_by_species: BTreeMap<String, f64>,
}

impl NonResponse {
    pub(crate) fn new(test: &[Labelled], unscored: &[Unscored]) -> Self {
        let mut classes: BTreeMap<Option<&str>, (u64, u64)> = BTreeMap::new();
        for class in unscored.iter().map(|item| item.attack.as_deref()) {
            let (silent, all) = classes.entry(class).or_default();
            *silent += 1;
            *all += 1;
        }
        for class in test.iter().map(|item| item.attack.as_deref()) {
            classes.entry(class).or_default().1 += 1;
        }
        let (silent, all) = classes.remove(&None).unwrap_or_default();
        let attacks = classes.values().fold((0, 0), |sum, of| (sum.0 + of.0, sum.1 + of.1));
        Self {
            bona_fide: silent as usize,
            bpnrr: share(silent, all).unwrap_or(0.0),
            attacks: attacks.0 as usize,
            apnrr: share(attacks.0, attacks.1),
            apnrr_by_species: classes
                .into_iter()
                .filter_map(|(species, (silent, all))| Some((species?.to_owned(), share(silent, all)?)))
                .collect(),
        }
    }
}
