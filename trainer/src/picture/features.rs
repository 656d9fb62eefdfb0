//! A tight face crop -> a dozen figures that describe how it was taken, and its radial power spectrum.
//!
//! They tell what a simulator should reproduce of real recaptures, and what must not give a class away. Nothing here knows
//! networks or how a crop was made.

use std::{collections::BTreeMap, sync::LazyLock};

use rustfft::{Fft, FftPlanner, num_complex::Complex};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Side of the crops in pixels.
pub const SIDE: usize = 128;

/// Rings of the power spectrum, from DC to Nyquist.
const RINGS: usize = 24;

/// The names of [`Features::values`], in their order. Luma and colours are in `[0, 1]`; the Laplacian's variance is of
/// 8-bit luma.
pub const NAMES: [&str; 12] = [
    "luma_mean",
    "luma_std",
    "black_p1",
    "white_p99",
    "clipped_share",
    "saturation_mean",
    "cr_mean",
    "cb_mean",
    "blue_over_red",
    "laplacian_variance",
    "residual_std",
    "colour_count_5bit",
];

/// The figures that are colour's alone: on real cameras their shift changes sign from one to the next.
pub const COLOURS: [&str; 4] = ["saturation_mean", "cr_mean", "cb_mean", "blue_over_red"];

/// What one crop measures.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    /// One for each of [`NAMES`].
    pub values: [f64; NAMES.len()],
    /// Log10 of the mean power in each ring; luma of unit variance, Hann window.
    pub power: [f64; RINGS],
}

/// What many crops measure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// How many crops.
    pub count: usize,
    /// Mean over crops of [`Features::power`].
    pub log10_radial_power: Vec<f64>,
    /// Quantiles 5, 25, 50, 75 and 95 % of each figure.
    #[serde(flatten)]
    pub quantiles: BTreeMap<String, [f64; 5]>,
}

impl Summary {
    /// Summarises crops.
    ///
    /// # Panics
    /// If there is none.
    pub fn of(crops: &[Features]) -> Self {
        assert!(!crops.is_empty(), "a summary of something");
        let quantiles = NAMES
            .iter()
            .enumerate()
            .map(|(at, name)| ((*name).to_owned(), quantiles(crops.iter().map(|crop| crop.values[at]).collect())))
            .collect();
        let power = (0..RINGS).map(|ring| crops.iter().map(|crop| crop.power[ring]).sum::<f64>() / crops.len() as f64);
        Self { count: crops.len(), log10_radial_power: power.collect(), quantiles }
    }

    /// The median of a figure.
    ///
    /// # Panics
    /// If there is no such figure.
    pub fn median(&self, name: &str) -> f64 {
        self.quantiles[name][2]
    }
}

/// Quantiles 5, 25, 50, 75 and 95 %.
pub fn quantiles(mut values: Vec<f64>) -> [f64; 5] {
    values.sort_by(f64::total_cmp);
    [0.05, 0.25, 0.5, 0.75, 0.95].map(|share| quantile(&values, share))
}

/// The value below which a share of the sorted values lies, with linear interpolation.
pub fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (low, high) = (place.floor() as usize, place.ceil() as usize);
    sorted[low] + (place - low as f64) * (sorted[high] - sorted[low])
}

/// Measures a crop, planar RGB `[3, SIDE, SIDE]` in `[0, 1]`.
///
/// # Panics
/// If it has another size.
pub fn measure(planes: &[f32]) -> Features {
    const AREA: usize = SIDE * SIDE;
    assert_eq!(planes.len(), 3 * AREA, "a crop of {SIDE} x {SIDE} pixels");
    let count = AREA as f64;
    let rgb = |at: usize| [0, 1, 2].map(|channel| f64::from(planes[channel * AREA + at]));
    let luma: Vec<f64> = (0..AREA).map(|at| luma(rgb(at))).collect();
    let mean = luma.iter().sum::<f64>() / count;
    let deviation = (luma.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / count).sqrt();
    let mut sorted = luma.clone();
    sorted.sort_by(f64::total_cmp);

    let [mut saturation, mut cr, mut cb, mut red, mut blue] = [0.0; 5];
    let mut colours = vec![false; 1 << 15];
    for (at, y) in luma.iter().enumerate() {
        let pixel = rgb(at);
        let (high, low) = (pixel.into_iter().fold(0.0, f64::max), pixel.into_iter().fold(1.0, f64::min));
        saturation += if high > 0.0 { (high - low) / high } else { 0.0 };
        // ITU-R BT.601 colour differences.
        cr += 0.5 + 0.713 * (pixel[0] - y);
        cb += 0.5 + 0.564 * (pixel[2] - y);
        red += pixel[0];
        blue += pixel[2];
        let [r, g, b] = pixel.map(|value| (value * 255.0).round() as usize >> 3);
        colours[r << 10 | g << 5 | b] = true;
    }

    let (mut laplacian, mut residual) = (Vec::with_capacity(AREA), Vec::with_capacity(AREA));
    for y in 1..SIDE - 1 {
        for x in 1..SIDE - 1 {
            let at = |dx: usize, dy: usize| luma[(y + dy - 1) * SIDE + x + dx - 1];
            let beside = at(0, 1) + at(2, 1) + at(1, 0) + at(1, 2);
            let corners = at(0, 0) + at(2, 0) + at(0, 2) + at(2, 2);
            laplacian.push(255.0 * (beside - 4.0 * at(1, 1)));
            residual.push(at(1, 1) - (4.0 * at(1, 1) + 2.0 * beside + corners) / 16.0);
        }
    }
    Features {
        values: [
            mean,
            deviation,
            quantile(&sorted, 0.01),
            quantile(&sorted, 0.99),
            luma.iter().filter(|y| **y >= 0.98).count() as f64 / count,
            saturation / count,
            cr / count,
            cb / count,
            blue / red.max(1e-9),
            variance(&laplacian),
            variance(&residual).sqrt(),
            colours.iter().filter(|seen| **seen).count() as f64,
        ],
        power: power(&luma, mean, deviation),
    }
}

/// ITU-R BT.601.
fn luma([red, green, blue]: [f64; 3]) -> f64 {
    0.299 * red + 0.587 * green + 0.114 * blue
}

fn variance(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64
}

fn power(luma: &[f64], mean: f64, deviation: f64) -> [f64; RINGS] {
    static FORWARD: LazyLock<Arc<dyn Fft<f64>>> = LazyLock::new(|| FftPlanner::new().plan_fft_forward(SIDE));
    let window = |at: usize| 0.5 - 0.5 * (std::f64::consts::TAU * at as f64 / (SIDE - 1) as f64).cos();
    let mut field: Vec<Complex<f64>> = luma
        .iter()
        .enumerate()
        .map(|(at, y)| {
            let weight = window(at % SIDE) * window(at / SIDE);
            Complex::new(weight * (y - mean) / deviation.max(1e-6), 0.0)
        })
        .collect();
    // Rows, then columns, which are the rows of the transpose; the spectrum's rings do not mind the transpose.
    for _ in 0..2 {
        FORWARD.process(&mut field);
        field = (0..SIDE * SIDE).map(|at| field[at % SIDE * SIDE + at / SIDE]).collect();
    }
    let (mut sums, mut counts) = ([0.0; RINGS], [0usize; RINGS]);
    let half = (SIDE / 2) as f64;
    let frequency = |at: usize| if at < SIDE / 2 { at as f64 } else { at as f64 - SIDE as f64 };
    for (at, value) in field.iter().enumerate() {
        let radius = frequency(at % SIDE).hypot(frequency(at / SIDE));
        let ring = (radius / half * RINGS as f64) as usize;
        if ring < RINGS {
            sums[ring] += value.norm_sqr();
            counts[ring] += 1;
        }
    }
    std::array::from_fn(|ring| (sums[ring] / counts[ring] as f64).max(1e-12).log10())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(paint: impl Fn(usize, usize) -> [f32; 3]) -> Features {
        let area = SIDE * SIDE;
        let mut planes = vec![0.0; 3 * area];
        for at in 0..area {
            for (channel, value) in paint(at % SIDE, at / SIDE).into_iter().enumerate() {
                planes[channel * area + at] = value;
            }
        }
        measure(&planes)
    }

    fn value(features: &Features, name: &str) -> f64 {
        features.values[NAMES.iter().position(|known| *known == name).unwrap()]
    }

    #[test]
    fn a_flat_blue_picture_has_the_figures_of_blue() {
        let blue = of(|_, _| [0.0, 0.0, 1.0]);
        assert!((value(&blue, "luma_mean") - 0.114).abs() < 1e-6);
        assert_eq!(value(&blue, "saturation_mean"), 1.0);
        assert_eq!(value(&blue, "colour_count_5bit"), 1.0);
        assert!(value(&blue, "laplacian_variance") < 1e-9);
        assert!(value(&blue, "cb_mean") > 0.99);
    }

    #[test]
    fn a_wave_lies_in_the_ring_of_its_frequency() {
        // 32 cycles across 128 pixels: half of Nyquist, ring 12 of 24.
        let wave = of(|x, _| [0.5 + 0.4 * (std::f32::consts::TAU * x as f32 / 4.0).cos(); 3]);
        let highest = (0..RINGS).max_by(|a, b| wave.power[*a].total_cmp(&wave.power[*b])).unwrap();
        assert_eq!(highest, 12);
    }

    #[test]
    fn quantiles_interpolate() {
        assert_eq!(quantile(&[0.0, 1.0, 2.0], 0.5), 1.0);
        assert_eq!(quantile(&[0.0, 1.0], 0.25), 0.25);
    }
}
