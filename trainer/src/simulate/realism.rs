//! Simulated recaptures beside measured ones: does the simulator cover what real screens did to real cameras?
//!
//! The measured file holds, for some sources, the [`Summary`] of bona fide crops and of screen replays, each source one
//! camera. A simulated *session* is the same: one camera, one screen, some people. What a source's replay shifts, each
//! figure's median from bona fide to replay, should lie within what simulated sessions shift.

use std::{collections::BTreeMap, fmt::Write as _, path::Path};

use anyhow::{Context, Result, ensure};
use bonafide::frame::Frame;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::audit;
use crate::{
    data::{dataset::Sample, prepare::scene, prepared::Cut},
    faces::FaceArgs,
    picture::{
        features::{Features, NAMES, Summary, quantiles},
        photo::Photo,
    },
    recapture::{Camera, Instrument, Picture, Scene, Simulator, witness},
    run::{self, terminal::progress},
};

/// Simulated sessions, and people in each.
const SESSIONS: u64 = 120;
const PEOPLE: usize = 12;

/// Measured sources, by name.
#[derive(Debug, Deserialize)]
pub struct Measurements {
    sources: BTreeMap<String, Pair>,
    pooled: Pair,
}

/// The two classes of a source.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Pair {
    bona_fide: Summary,
    screen_replay: Summary,
}

/// Name of [`Shot::side`] in the measured file.
const SHORT_SIDE: &str = "short_side_px";

/// A simulated face.
#[derive(Debug, Clone)]
struct Shot {
    features: Features,
    /// Side of the face before anything is resized, in pixels of the camera's frame.
    side: f64,
}

impl Pair {
    /// Of some sessions together, one or all.
    fn of(sessions: &[(Vec<Shot>, Vec<Shot>)]) -> Self {
        Self {
            bona_fide: summary(sessions.iter().flat_map(|session| &session.0)),
            screen_replay: summary(sessions.iter().flat_map(|session| &session.1)),
        }
    }

    /// What the replay does to a figure's median: a difference, or log10 of a ratio where the figure spans decades.
    fn shift(&self, name: &str) -> f64 {
        let (before, after) = (self.bona_fide.median(name), self.screen_replay.median(name));
        if spans_decades(name) { (after / before).log10() } else { after - before }
    }

    /// Mean change of log10 power above a quarter of Nyquist.
    fn detail(&self) -> f64 {
        let high = |summary: &Summary| {
            let rings = &summary.log10_radial_power[summary.log10_radial_power.len() / 4..];
            rings.iter().sum::<f64>() / rings.len() as f64
        };
        high(&self.screen_replay) - high(&self.bona_fide)
    }
}

fn summary<'a>(shots: impl Iterator<Item = &'a Shot>) -> Summary {
    let (features, sides): (Vec<Features>, Vec<f64>) = shots.map(|shot| (shot.features.clone(), shot.side)).unzip();
    let mut of = Summary::of(&features);
    of.quantiles.insert(SHORT_SIDE.into(), quantiles(sides));
    of
}

fn spans_decades(name: &str) -> bool {
    matches!(name, "laplacian_variance" | "residual_std" | "colour_count_5bit")
}

impl Measurements {
    /// Reads the file.
    ///
    /// # Errors
    /// If it is none.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let all: Self =
            serde_json::from_str(&text).with_context(|| format!("{} holds no replay statistics", path.display()))?;
        ensure!(!all.sources.is_empty(), "{} holds no source", path.display());
        Ok(all)
    }

    /// The report, in Markdown, on sessions simulated from the photos of some samples.
    ///
    /// # Errors
    /// If too few of the photos show a face, or the weights do not serve.
    pub fn report(&self, samples: &[Sample], face: &FaceArgs, seed: u64) -> Result<String> {
        let scenes = scenes(samples, face)?;
        let sessions = sessions(&scenes, seed);
        let pooled = Pair::of(&sessions);
        let pairs: Vec<Pair> = sessions.chunks(1).map(Pair::of).collect();
        let mut text = String::new();
        self.write_shifts(&pairs, &mut text);
        self.write_quantiles(&pooled, &mut text);
        self.write_power(&pooled, &mut text);
        Ok(text)
    }

    fn write_shifts(&self, simulated: &[Pair], text: &mut String) {
        text.push_str("Shift of the median, bona fide to screen replay (log10 of the ratio where marked):\n\n");
        text.push_str(
            "| figure | measured, each source | simulated sessions, lowest to highest | inside |\n|---|---|---|---|\n",
        );
        let mut row = |name: &str, shift: &dyn Fn(&Pair) -> f64| {
            let measured: Vec<f64> = self.sources.values().map(shift).collect();
            let range = simulated
                .iter()
                .map(shift)
                .fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
            let inside = measured.iter().filter(|value| (range.0..=range.1).contains(*value)).count();
            let list = measured.iter().map(|value| format!("{value:.3}")).collect::<Vec<_>>().join(", ");
            let _ = writeln!(
                text,
                "| {name} | {list} | {:.3} to {:.3} | {inside} of {} |",
                range.0,
                range.1,
                measured.len()
            );
        };
        for name in NAMES {
            let title = if spans_decades(name) { format!("{name} (log10)") } else { name.to_owned() };
            row(&title, &|pair| pair.shift(name));
        }
        row("power above a quarter of Nyquist (log10)", &Pair::detail);
    }

    fn write_quantiles(&self, simulated: &Pair, text: &mut String) {
        text.push_str("\nQuantiles 5 / 25 / 50 / 75 / 95 %, all sources and all sessions together:\n\n");
        text.push_str(
            "| figure | bona fide, measured | simulated | replay, measured | simulated |\n|---|---|---|---|---|\n",
        );
        for name in NAMES.into_iter().chain([SHORT_SIDE]) {
            let cells =
                [&self.pooled.bona_fide, &simulated.bona_fide, &self.pooled.screen_replay, &simulated.screen_replay]
                    .map(|summary| summary.quantiles[name].map(short).join(" / "));
            let _ = writeln!(text, "| {name} | {} |", cells.join(" | "));
        }
    }

    fn write_power(&self, simulated: &Pair, text: &mut String) {
        text.push_str("\nLog10 radial power, 24 rings from DC to Nyquist:\n\n| class | | rings |\n|---|---|---|\n");
        let rows = [
            ("bona fide", "measured", &self.pooled.bona_fide),
            ("bona fide", "simulated", &simulated.bona_fide),
            ("replay", "measured", &self.pooled.screen_replay),
            ("replay", "simulated", &simulated.screen_replay),
        ];
        for (class, origin, summary) in rows {
            let rings = summary.log10_radial_power.iter().map(|ring| format!("{ring:.2}")).collect::<Vec<_>>();
            let _ = writeln!(text, "| {class} | {origin} | {} |", rings.join(" "));
        }
    }
}

fn short(value: f64) -> String {
    if value.abs() >= 10.0 { format!("{value:.0}") } else { format!("{value:.3}") }
}

/// The scenes of the first photos that show a face, in turn from each source, so that none prevails.
fn scenes(samples: &[Sample], face: &FaceArgs) -> Result<Vec<Scene>> {
    let mut by_source: BTreeMap<&str, Vec<&Sample>> = BTreeMap::new();
    for sample in samples {
        by_source.entry(&sample.source).or_default().push(sample);
    }
    let longest = by_source.values().map(Vec::len).max().unwrap_or(0);
    let in_turn = (0..longest).flat_map(|at| by_source.values().filter_map(move |of| of.get(at)));
    let finder = face.open()?;
    let mut scenes = Vec::new();
    for sample in in_turn {
        let photo = Photo::read(sample.media.path())?;
        let frame = photo.frame();
        if let Some(face) = finder.detector.detect(&frame)?.into_iter().next() {
            scenes.push(scene(&frame, &face.bounds, &Cut::default()));
        }
        if scenes.len() == 5 * PEOPLE {
            break;
        }
    }
    ensure!(scenes.len() >= PEOPLE, "{} photos show a face, the report needs {PEOPLE}", scenes.len());
    Ok(scenes)
}

/// Bona fide and replay faces of each session.
fn sessions(scenes: &[Scene], seed: u64) -> Vec<(Vec<Shot>, Vec<Shot>)> {
    let bar = progress(SESSIONS as usize, "sessions");
    let sessions = (0..SESSIONS)
        .into_par_iter()
        .map(|session| {
            let one = session_of(scenes, session, seed);
            bar.inc(1);
            one
        })
        .collect();
    bar.finish_and_clear();
    sessions
}

fn session_of(scenes: &[Scene], session: u64, seed: u64) -> (Vec<Shot>, Vec<Shot>) {
    let instrument = if session.is_multiple_of(2) { Instrument::Stripes } else { Instrument::Pentile };
    let people = (0..PEOPLE).map(|person| &scenes[(session as usize * PEOPLE + person) % scenes.len()]);
    people
        .map(|scene| {
            // The same draws for everyone: one camera, one take for each class, one screen.
            let rng = |purpose: &str| run::rng(seed, purpose, session);
            let camera = Camera::draw(scene, &mut rng("session/camera"));
            let live = camera.again(scene, &mut rng("session/live"));
            let replayed = camera.again(scene, &mut rng("session/replay"));
            let replay =
                Simulator::default().present(scene, instrument, &replayed, replayed.sensor, &mut rng("session/screen"));
            (tight(&witness(scene, &live, live.sensor, &mut rng("session/shot"))), tight(&replay))
        })
        .unzip()
}

/// A picture's face.
fn tight(picture: &Picture) -> Shot {
    let rgba = picture.rgba();
    let frame = Frame::new(&rgba, picture.size as u32, picture.size as u32).expect("four bytes a pixel");
    let cut = Cut::default();
    Shot { features: audit::face(&frame, cut), side: picture.size as f64 / f64::from(cut.margin * cut.reach) }
}
