//! A fine-tuned classifier and bona fide crops -> what moves its logit: `trainer steadiness`.
//!
//! Tone should move it little, and a screen's grid or lost detail more: a network that reads tone is fooled by the next
//! camera. A box that jumps should not move it either: people see a live score flip within centimetres.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use bonafide::{
    crop::CROP_SIZE,
    region::{Region, sample},
};
use burn::tensor::{Device, Tensor, TensorData};
use clap::Args;
use rayon::prelude::*;
use serde::Serialize;

use super::calibrated;
use crate::{
    data::{
        examples::{Example, Examples, Split},
        retouch::Retouch,
    },
    measure::Evaluation,
    picture::{features::quantiles, photo::Photo},
    recapture::normal,
    run::{self, RunFolder, device::DeviceChoice, terminal::say, write_atomic},
    train::liveness::Liveness,
};

/// Boxes drawn around each face.
const BOXES: usize = 8;
/// Deviation of a box's place, over its side, and of the logarithm of its side.
const SHIFT: f32 = 0.03;
const SCALE: f32 = 0.05;
/// Brightness of a screen's grid that is lost, and its period in pixels.
const GRID: f32 = 0.4;
const PERIOD: f32 = 3.0;
/// Pixels that are left of a face where detail is lost.
const DETAIL: f32 = 60.0;

/// Options of `trainer steadiness`.
#[derive(Debug, Args)]
pub struct SteadinessArgs {
    /// Folder of the fine-tuning run, evaluated before.
    #[arg(long)]
    run: PathBuf,
    /// Prepared folders: bona fide crops of one split are changed.
    #[arg(long, required = true, num_args = 1..)]
    data: Vec<PathBuf>,
    /// Which split: development to choose by, test to report.
    #[arg(long, default_value = "test")]
    split: Split,
    /// At most so many crops, evenly spread.
    #[arg(long, default_value_t = 200)]
    crops: usize,
    /// Where to compute.
    #[arg(long, default_value = "cpu")]
    device: DeviceChoice,
}

/// What one change does to the logit.
#[derive(Debug, Clone, Serialize)]
struct Change {
    what: String,
    /// Quantiles 5, 25, 50, 75 and 95 % of the change.
    quantiles: [f64; 5],
    /// Median of its size.
    size: f64,
}

/// Runs `trainer steadiness`: prints a table, and writes it into the run as steadiness.md and .json.
///
/// # Errors
/// If run or data do not serve, or the disk refuses.
pub fn run(args: &SteadinessArgs) -> Result<()> {
    let (folder, _) = RunFolder::existing(&args.run)?;
    let device = args.device.first()?;
    let network = Liveness::Classifier(calibrated(&args.run, &Evaluation::load(&folder)?, &device)?);
    let examples = Examples::load(&args.data)?.seen(folder.about()?.margin)?;
    let live: Vec<&Example> = examples.of(args.split)?.into_iter().filter(|example| example.attack.is_none()).collect();
    ensure!(!live.is_empty(), "the split has no bona fide crop");
    let live: Vec<&Example> =
        live.iter().step_by(live.len().div_ceil(args.crops).max(1)).copied().take(args.crops).collect();
    let photos: Vec<Photo> = live.par_iter().map(|example| Photo::read(&example.image)).collect::<Result<_>>()?;

    let crop = |at: usize, region: &Region| sample(&photos[at].frame(), region, CROP_SIZE);
    let region = |at: usize| live[at].cut.networks(live[at].face);
    let plain: Vec<Vec<f32>> = (0..live.len()).into_par_iter().map(|at| crop(at, &region(at))).collect();
    let before = logits(&network, &plain, &device);
    let changed = |what: String, change: &(dyn Fn(usize, Vec<f32>) -> Vec<f32> + Sync)| {
        let crops: Vec<Vec<f32>> = plain.par_iter().enumerate().map(|(at, crop)| change(at, crop.clone())).collect();
        let moved: Vec<f64> =
            logits(&network, &crops, &device).iter().zip(&before).map(|(new, old)| f64::from(new - old)).collect();
        let size = quantiles(moved.iter().map(|by| by.abs()).collect())[2];
        Change { what, quantiles: quantiles(moved), size }
    };
    let retouched = |what: &str, retouch: Retouch| changed(what.into(), &|_, crop| retouch.applied(crop, CROP_SIZE));
    let mut changes = vec![retouched("a veil of 5 % light", Retouch::veil(0.05))];
    for contrast in [0.6, 1.5] {
        changes.push(retouched(&format!("contrast x {contrast}"), Retouch::contrast(contrast)));
    }
    let grid = format!("an RGB grid of {PERIOD:.0} pixels, {:.0} %", 100.0 * GRID);
    changes.push(retouched(&grid, Retouch::NONE.gridded(GRID, PERIOD)));
    changes.push(changed(format!("detail of a face of {DETAIL:.0} pixels"), &|at, crop| {
        Retouch::reduced(DETAIL * live[at].cut.margin / CROP_SIZE as f32).applied(crop, CROP_SIZE)
    }));

    let deviations: Vec<f64> = {
        let boxes: Vec<Vec<f32>> = (0..live.len() * BOXES)
            .into_par_iter()
            .map(|number| {
                let (at, mut rng) = (number / BOXES, run::rng(1, "steadiness", number as u64));
                let Region { cx, cy, side, angle } = region(at);
                let face = side / live[at].cut.margin;
                let jumped = Region {
                    cx: cx + SHIFT * face * normal(&mut rng),
                    cy: cy + SHIFT * face * normal(&mut rng),
                    side: side * (SCALE * normal(&mut rng)).exp(),
                    angle,
                };
                crop(at, &jumped)
            })
            .collect();
        logits(&network, &boxes, &device).chunks_exact(BOXES).map(deviation).collect()
    };
    let jitter = quantiles(deviations);
    let text = table(&changes, &jitter, live.len(), args.split);
    write_atomic(&folder.file("steadiness.md"), text.as_bytes())?;
    let json = serde_json::json!({ "changes": changes, "box_jitter_deviation": jitter, "crops": live.len() });
    write_atomic(&folder.file("steadiness.json"), serde_json::to_string_pretty(&json)?.as_bytes())?;
    say(&text)
}

fn logits(network: &Liveness, crops: &[Vec<f32>], device: &Device) -> Vec<f32> {
    crops
        .chunks(32)
        .flat_map(|batch| {
            let values = TensorData::new(batch.concat(), [batch.len(), 3, CROP_SIZE, CROP_SIZE]);
            run::values(network.logits(Tensor::from_data(values, device)))
        })
        .collect()
}

fn deviation(logits: &[f32]) -> f64 {
    let count = logits.len() as f64;
    let mean = logits.iter().map(|logit| f64::from(*logit)).sum::<f64>() / count;
    (logits.iter().map(|logit| (f64::from(*logit) - mean).powi(2)).sum::<f64>() / (count - 1.0)).sqrt()
}

fn table(changes: &[Change], jitter: &[f64; 5], crops: usize, split: Split) -> String {
    let short = |values: &[f64; 5]| values.map(|value| format!("{value:+.2}")).join(" / ");
    let mut text = format!(
        "Change of the calibrated logit on {crops} bona fide crops of the {split} split (`trainer steadiness`):\n\n\
         | change | quantiles 5 / 25 / 50 / 75 / 95 % | median of its size |\n|---|---|---:|\n"
    );
    for change in changes {
        text.push_str(&format!("| {} | {} | {:.2} |\n", change.what, short(&change.quantiles), change.size));
    }
    text.push_str(&format!(
        "| the box jumps: {:.0} % in place, {:.0} % in size ({BOXES} boxes, their deviation) | {} | {:.2} |\n",
        100.0 * SHIFT,
        100.0 * SCALE,
        jitter.map(|value| format!("{value:.2}")).join(" / "),
        jitter[2]
    ));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deviation_is_the_samples() {
        assert!((deviation(&[1.0, 3.0]) - std::f64::consts::SQRT_2).abs() < 1e-12);
    }
}
