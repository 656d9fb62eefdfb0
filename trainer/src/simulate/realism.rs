//! Simulated recaptures beside measured ones: does the simulator cover what real prints and screens did before real cameras?
//!
//! The measured file holds, for some sources, the [`Summary`] of bona fide crops and of attacks, each source one camera. A
//! simulated *session* is the same: one camera, one instrument, some people. What a source's attack shifts, each figure's
//! median from bona fide to attack, should lie within what simulated sessions shift, and the middle session near the middle
//! source.

use std::{collections::BTreeMap, fmt::Write as _, path::Path};

use anyhow::{Context, Result, ensure};
use bonafide::frame::Frame;
use clap::ValueEnum;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::audit;
use crate::{
    data::{dataset::Sample, prepared::Cut, scene::scene},
    faces::FaceArgs,
    picture::{
        features::{Features, NAMES, Summary, quantile, quantiles},
        photo::Photo,
    },
    recapture::{Camera, Instrument, PaiSpecies, Picture, Scene, Simulator, witness},
    run::{self, terminal::progress},
};

/// Simulated sessions, and people in each.
const SESSIONS: u64 = 96;
const PEOPLE: usize = 12;

/// Measured sources, by name.
#[derive(Debug, Deserialize)]
pub struct Measurements {
    sources: BTreeMap<String, Source>,
}

/// What one camera saw.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Source {
    bona_fide: Summary,
    /// By the instrument's name; a name with "print" in it is one of paper, any other is a screen.
    #[serde(flatten)]
    attacks: BTreeMap<String, Summary>,
}

/// A simulated face.
#[derive(Debug, Clone)]
struct Shot {
    features: Features,
    /// Side of the face before anything is resized, in pixels of the camera's frame.
    side: f64,
}

/// A camera and an instrument: the species, faces of people, and their attacks.
struct Session {
    species: PaiSpecies,
    live: Vec<Shot>,
    attack: Vec<Shot>,
}

/// What an attack does to a figure's median: a difference, or log10 of a ratio where the figure spans decades.
fn shift(live: &Summary, attack: &Summary, name: &str) -> f64 {
    if name == DETAIL {
        return detail(attack) - detail(live);
    }
    let (before, after) = (live.median(name), attack.median(name));
    if spans_decades(name) { (after / before).log10() } else { after - before }
}

const DETAIL: &str = "power above a quarter of Nyquist";

/// Mean log10 power above a quarter of Nyquist.
fn detail(summary: &Summary) -> f64 {
    let rings = &summary.log10_radial_power[summary.log10_radial_power.len() / 4..];
    rings.iter().sum::<f64>() / rings.len() as f64
}

fn summary<'a>(shots: impl Iterator<Item = &'a Shot>) -> Summary {
    Summary::of(&shots.map(|shot| shot.features.clone()).collect::<Vec<_>>())
}

fn spans_decades(name: &str) -> bool {
    matches!(name, "laplacian_variance" | "residual_std" | "colour_count_5bit")
}

fn title(name: &str) -> String {
    if spans_decades(name) || name == DETAIL { format!("{name} (log10)") } else { name.to_owned() }
}

fn species(name: &str) -> PaiSpecies {
    if name.contains("print") { PaiSpecies::Print } else { PaiSpecies::Replay }
}

impl Measurements {
    /// Reads files; the sources of all are put together.
    ///
    /// # Errors
    /// If one is none, or two name the same source.
    pub fn read(paths: &[impl AsRef<Path>]) -> Result<Self> {
        let mut sources = BTreeMap::new();
        for path in paths {
            let path = path.as_ref();
            let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            let all: Self = serde_json::from_str(&text)
                .with_context(|| format!("{} holds no statistics of presentations", path.display()))?;
            ensure!(!all.sources.is_empty(), "{} holds no source", path.display());
            for (name, source) in all.sources {
                ensure!(sources.insert(name.clone(), source).is_none(), "two of the files have a source {name}");
            }
        }
        Ok(Self { sources })
    }

    /// Quantiles 5, 25, 50, 75 and 95 % of a figure of each class that has it: source, instrument (`None` is bona fide).
    pub fn quantiles(&self, name: &str) -> Vec<(&str, Option<&str>, [f64; 5])> {
        let of = |summary: &Summary| summary.quantiles.get(name).copied();
        self.sources
            .iter()
            .flat_map(|(source, pair)| {
                let live = of(&pair.bona_fide).map(|all| (source.as_str(), None, all));
                let attacks = pair
                    .attacks
                    .iter()
                    .filter_map(move |(name, one)| Some((source.as_str(), Some(name.as_str()), of(one)?)));
                live.into_iter().chain(attacks)
            })
            .collect()
    }

    /// The report, in Markdown, on sessions simulated from the photos of some samples.
    ///
    /// # Errors
    /// If too few of the photos show a face, or the weights do not serve.
    pub fn report(&self, samples: &[Sample], face: &FaceArgs, seed: u64) -> Result<String> {
        let scenes = scenes(samples, face)?;
        let sessions = sessions(&scenes, seed);
        let mut text = String::new();
        for species in [PaiSpecies::Print, PaiSpecies::Replay] {
            let of: Vec<&Session> = sessions.iter().filter(|session| session.species == species).collect();
            self.write_shifts(species, &of, &mut text);
        }
        self.write_quantiles(&sessions, &mut text);
        Ok(text)
    }

    /// The measured attacks of a species, each beside its source's bona fide.
    fn attacks(&self, of: PaiSpecies) -> Vec<(String, &Summary, &Summary)> {
        let all = self.sources.iter().flat_map(|(source, pair)| {
            pair.attacks
                .iter()
                .map(move |(name, attack)| (format!("{source} {name}"), &pair.bona_fide, attack, species(name)))
        });
        all.filter(|(.., species)| *species == of).map(|(name, live, attack, _)| (name, live, attack)).collect()
    }

    fn write_shifts(&self, species: PaiSpecies, sessions: &[&Session], text: &mut String) {
        let measured = self.attacks(species);
        if measured.is_empty() {
            return;
        }
        let pairs: Vec<(Summary, Summary)> =
            sessions.iter().map(|one| (summary(one.live.iter()), summary(one.attack.iter()))).collect();
        let names: Vec<&str> = measured.iter().map(|(name, ..)| name.as_str()).collect();
        let _ = writeln!(
            text,
            "Shift of the median, bona fide to {species} (log10 of the ratio where marked). Measured: {}.\n",
            names.join(", ")
        );
        text.push_str(
            "| figure | measured | simulated sessions: lowest, median, highest | inside | median off | measured apart |\n\
             |---|---|---|---|---:|---:|\n",
        );
        for name in NAMES.into_iter().chain([DETAIL]) {
            let real: Vec<f64> = measured.iter().map(|(_, live, attack)| shift(live, attack, name)).collect();
            let simulated = sorted(pairs.iter().map(|(live, attack)| shift(live, attack, name)).collect());
            let (low, high) = (simulated[0], simulated[simulated.len() - 1]);
            let inside = real.iter().filter(|value| (low..=high).contains(*value)).count();
            let list = real.iter().map(|value| format!("{value:.3}")).collect::<Vec<_>>().join(", ");
            let (middle, real) = (quantile(&simulated, 0.5), sorted(real));
            // How far the simulated middle is from the measured one, and how far the measured ones are from each other.
            let (off, apart) = ((middle - quantile(&real, 0.5)).abs(), real[real.len() - 1] - real[0]);
            let _ = writeln!(
                text,
                "| {} | {list} | {low:.3}, {middle:.3}, {high:.3} | {inside} of {} | {off:.3} | {apart:.3} |",
                title(name),
                real.len()
            );
        }
        text.push('\n');
    }

    fn write_quantiles(&self, sessions: &[Session], text: &mut String) {
        text.push_str(
            "Medians of the sources, lowest and highest, and quantiles 5 / 50 / 95 % of all simulated sessions:\n\n",
        );
        text.push_str("| figure | bona fide, measured | simulated | print, measured | simulated | replay, measured | simulated |\n");
        text.push_str("|---|---|---|---|---|---|---|\n");
        let of = |species| sessions.iter().filter(move |one: &&Session| one.species == species);
        let simulated = [
            summary(sessions.iter().flat_map(|one| &one.live)),
            summary(of(PaiSpecies::Print).flat_map(|one| &one.attack)),
            summary(of(PaiSpecies::Replay).flat_map(|one| &one.attack)),
        ];
        for name in NAMES {
            let medians = |of: Vec<&Summary>| {
                let medians = sorted(of.into_iter().map(|one| one.median(name)).collect());
                medians
                    .first()
                    .map_or_else(String::new, |low| format!("{} to {}", short(*low), short(medians[medians.len() - 1])))
            };
            let attacks = |species| medians(self.attacks(species).into_iter().map(|(_, _, attack)| attack).collect());
            let measured = [
                medians(self.sources.values().map(|source| &source.bona_fide).collect()),
                attacks(PaiSpecies::Print),
                attacks(PaiSpecies::Replay),
            ];
            let cells: Vec<String> = measured
                .into_iter()
                .zip(&simulated)
                .map(|(measured, summary)| {
                    let [low, _, middle, _, high] = summary.quantiles[name];
                    format!("{measured} | {}", [low, middle, high].map(short).join(" / "))
                })
                .collect();
            let _ = writeln!(text, "| {name} | {} |", cells.join(" | "));
        }
        let sides = quantiles(sessions.iter().flat_map(|one| &one.live).map(|shot| shot.side).collect());
        let _ = writeln!(text, "\nSides of simulated faces: {} pixels.", sides.map(short).join(" / "));
    }
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
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

/// The faces of each session, the instruments in turn.
fn sessions(scenes: &[Scene], seed: u64) -> Vec<Session> {
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

fn session_of(scenes: &[Scene], session: u64, seed: u64) -> Session {
    let instruments = Instrument::value_variants();
    let instrument = instruments[session as usize % instruments.len()];
    let people = (0..PEOPLE).map(|person| &scenes[(session as usize * PEOPLE + person) % scenes.len()]);
    let (live, attack) = people
        .map(|scene| {
            // The same draws for everyone: one camera, one take for each class, one instrument.
            let rng = |purpose: &str| run::rng(seed, purpose, session);
            let camera = Camera::draw(scene, &mut rng("session/camera"));
            let live = camera.again(scene, &mut rng("session/live"));
            let shown = camera.again(scene, &mut rng("session/attack"));
            let attack = Simulator::default().present(scene, instrument, &shown, &mut rng("session/instrument"));
            (tight(&witness(scene, &live, &mut rng("session/shot"))), tight(&attack))
        })
        .unzip();
    Session { species: instrument.species(), live, attack }
}

/// A picture's face.
fn tight(picture: &Picture) -> Shot {
    let rgba = picture.rgba();
    let frame = Frame::new(&rgba, picture.size as u32, picture.size as u32).expect("four bytes a pixel");
    let face = Cut::default().middle(picture.size as f32);
    Shot { features: audit::face(&frame, face), side: f64::from(face[2]) }
}
