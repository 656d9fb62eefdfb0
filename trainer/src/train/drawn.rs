//! Drawn pseudo-depth of a split against its ground truth: figures, and a sheet to look at.

use anyhow::Result;
use burn::tensor::{Device, Tensor};

use super::steps::Mean;
use crate::{
    data::examples::{Example, Examples, Split},
    picture::sheet::Sheet,
    run::{self, RunFolder},
};

/// Most crops of the development split that an epoch is measured on, evenly spread.
const WATCHED: usize = 2_000;

/// How drawn maps measured. Depth is in `[0, 1]`; every figure is a mean over pixels and crops.
#[derive(Debug, Default)]
pub struct Drawn {
    /// E||x - G(z)||_1 of all crops.
    pub l1: Mean,
    /// The same of bona fide crops alone.
    pub bona_fide_l1: Mean,
    /// Depth drawn for bona fide crops.
    pub bona_fide_depth: Mean,
    /// Depth drawn for attacks; nothing is right.
    pub attack_depth: Mean,
    /// Share of bona fide crops whose map is all zeros.
    pub bona_fide_zero: Mean,
}

/// The crops of the development split that [`measure`] is for.
///
/// # Errors
/// If there is none.
pub fn watched(examples: &Examples) -> Result<Vec<&Example>> {
    Ok(spread(examples.of(Split::Development)?, WATCHED))
}

/// At most `most` of them, evenly spread. The step is odd: crops of the two classes alternate, and an even one would keep
/// one class alone.
fn spread<T>(all: Vec<T>, most: usize) -> Vec<T> {
    let step = all.len().div_ceil(most).max(1) | 1;
    all.into_iter().step_by(step).collect()
}

/// Draws `development` by `draw` (`[B, 3, 224, 224]` -> `[B, 1, 224, 224]`) and writes a sheet of the first (input, ground
/// truth, drawn) into the run's samples, since figures alone do not show a collapse.
///
/// # Errors
/// If a crop has gone or is damaged, or the disk refuses.
pub fn measure(
    draw: impl Fn(Tensor<4>) -> Tensor<4>,
    examples: &Examples,
    development: &[&Example],
    device: &Device,
    folder: &RunFolder,
    epoch: usize,
) -> Result<Drawn> {
    let mut of = Drawn::default();
    let mut sheet = Sheet::new(9, bonafide::crop::CROP_SIZE);
    for (number, plan) in Example::in_order(development, 16).iter().enumerate() {
        let batch = examples.batch(plan, device)?;
        let (drawn, truth) = (run::values(draw(batch.images.clone())), run::values(batch.depth));
        let attacks = run::values(batch.attack);
        let plane = drawn.len() / attacks.len();
        let mean = |sum: f64| (sum / plane as f64) as f32;
        for ((map, truth), attack) in drawn.chunks(plane).zip(truth.chunks(plane)).zip(&attacks) {
            let l1 = mean(map.iter().zip(truth).map(|(a, b)| f64::from((a - b).abs())).sum());
            let depth = mean(map.iter().copied().map(f64::from).sum());
            of.l1.add(l1);
            if *attack == 0.0 {
                of.bona_fide_l1.add(l1);
                of.bona_fide_depth.add(depth);
                of.bona_fide_zero.add(f32::from(u8::from(map.iter().all(|depth| *depth < 0.05))));
            } else {
                of.attack_depth.add(depth);
            }
        }
        if number == 0 {
            let images = run::values(batch.images);
            for item in 0..attacks.len().min(12) {
                sheet.rgb(&images[item * 3 * plane..(item + 1) * 3 * plane]);
                sheet.gray(&truth[item * plane..(item + 1) * plane]);
                sheet.gray(&drawn[item * plane..(item + 1) * plane]);
            }
        }
    }
    std::fs::create_dir_all(folder.file("samples"))?;
    sheet.write(&folder.file("samples").join(format!("epoch-{epoch:04}.png")))?;
    Ok(of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_keeps_first_and_order_and_both_of_two_that_alternate() {
        assert_eq!(spread((0..10).collect(), 4), [0, 3, 6, 9]);
        assert_eq!(spread((0..3).collect(), 4), [0, 1, 2]);
        assert_eq!(spread((0..12).collect(), 6), [0, 3, 6, 9]);
    }
}
