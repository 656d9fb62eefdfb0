//! The pixels that covers are drawn onto, and how light falls there: a cover is lit as the face beneath it is.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::shape::{SIDE, Shape};

/// Pixels on each side that light is averaged over: wider than eyes and nostrils, narrower than a face.
const LIGHT: usize = 14;

/// SIDE x SIDE pixels, RGB in `[0, 1]`, and their light.
#[derive(Debug, Clone)]
pub(super) struct Canvas {
    pixels: Vec<[f32; 3]>,
    /// Luma without detail.
    light: Vec<f32>,
    /// Luma of what is white in this light.
    white: f32,
}

impl Canvas {
    /// From RGBA bytes.
    ///
    /// # Panics
    /// If they are not as many as the square has.
    pub(super) fn new(rgba: &[u8]) -> Self {
        let pixels: Vec<[f32; 3]> = rgba
            .as_chunks::<4>()
            .0
            .iter()
            .map(|[r, g, b, _]| [*r, *g, *b].map(|value| f32::from(value) / 255.0))
            .collect();
        assert_eq!(pixels.len(), SIDE * SIDE, "a canvas of another size");
        let luma: Vec<f32> = pixels.iter().map(|rgb| luma(*rgb)).collect();
        // Of the middle, where the face is: the ground may be a lamp or black.
        let mut face: Vec<f32> = (SIDE / 4..SIDE * 3 / 4)
            .flat_map(|y| luma[y * SIDE + SIDE / 4..y * SIDE + SIDE * 3 / 4].to_vec())
            .collect();
        face.sort_by(f32::total_cmp);
        let bright = face[face.len() * 9 / 10];
        let light = smooth(&smooth(&luma, LIGHT), LIGHT);
        Self { pixels, light, white: (1.25 * bright).clamp(0.15, 1.0) }
    }

    /// Mean colour around some places.
    pub(super) fn colour(&self, places: &[[f32; 2]]) -> [f32; 3] {
        let mut sum = [0.0; 3];
        for [x, y] in places {
            let of = self.pixels[index(*y) * SIDE + index(*x)];
            sum = [0, 1, 2].map(|channel| sum[channel] + of[channel] / places.len() as f32);
        }
        sum
    }

    /// A colour as it looks in this picture's light, given as it looks in white light.
    pub(super) fn lit(&self, colour: [f32; 3]) -> [f32; 3] {
        colour.map(|value| value * self.white)
    }

    /// How bright the light is at a pixel, about 1 on the face.
    fn shade(&self, at: usize, mean: f32) -> f32 {
        (self.light[at] / mean).clamp(0.45, 1.6)
    }

    /// Puts a shape on: `colour` of each pixel `(x, y)` as it is in even light. It is shaded as the face is, and what lies
    /// beside it gets a `shadow` of 0 to 1.
    pub(super) fn put(&mut self, shape: &Shape, shadow: f32, colour: impl Fn(f32, f32) -> [f32; 3]) {
        if shadow > 0.0 {
            let soft = smooth(&shape.alpha, 3);
            for at in 0..SIDE * SIDE {
                // From above: what lies below an edge is darker.
                let above = soft[at.saturating_sub(2 * SIDE)];
                let dark = 1.0 - shadow * above * (1.0 - shape.alpha[at]);
                self.pixels[at] = self.pixels[at].map(|value| value * dark);
            }
        }
        let mean = self.mean_light();
        for at in 0..SIDE * SIDE {
            let alpha = shape.alpha[at];
            if alpha > 0.0 {
                let shade = self.shade(at, mean);
                let new = colour((at % SIDE) as f32 + 0.5, (at / SIDE) as f32 + 0.5);
                self.pixels[at] = std::array::from_fn(|channel| {
                    let there = self.pixels[at][channel];
                    (there + alpha * (new[channel] * shade - there)).clamp(0.0, 1.0)
                });
            }
        }
    }

    /// Lets a part of the light through a shape, of each channel of each pixel `(x, y)`.
    pub(super) fn tint(&mut self, shape: &Shape, part: impl Fn(f32, f32) -> [f32; 3]) {
        for (at, alpha) in shape.alpha.iter().enumerate().filter(|(_, alpha)| **alpha > 0.0) {
            let part = part((at % SIDE) as f32 + 0.5, (at / SIDE) as f32 + 0.5);
            let there = self.pixels[at];
            self.pixels[at] = std::array::from_fn(|channel| there[channel] * (1.0 + alpha * (part[channel] - 1.0)));
        }
    }

    fn mean_light(&self) -> f32 {
        let rows = SIDE * 3 / 8..SIDE * 3 / 4;
        let count = (rows.len() * SIDE / 2) as f32;
        let sum: f32 = rows.map(|y| self.light[y * SIDE + SIDE / 4..y * SIDE + SIDE * 3 / 4].iter().sum::<f32>()).sum();
        (sum / count).max(0.02)
    }

    /// RGBA bytes.
    pub(super) fn rgba(&self) -> Vec<u8> {
        let byte = |value: f32| (255.0 * value).round() as u8;
        self.pixels.iter().flat_map(|[r, g, b]| [byte(*r), byte(*g), byte(*b), 255]).collect()
    }
}

/// ITU-R BT.601.
fn luma([r, g, b]: [f32; 3]) -> f32 {
    0.299 * r + 0.587 * g + 0.114 * b
}

fn index(at: f32) -> usize {
    at.clamp(0.0, SIDE as f32 - 1.0) as usize
}

/// The mean of `2 * reach + 1` pixels in each direction.
fn smooth(values: &[f32], reach: usize) -> Vec<f32> {
    let along = |values: &[f32], next: usize, line: usize| {
        let mut out = vec![0.0; SIDE * SIDE];
        for first in (0..SIDE).map(|at| at * line) {
            let mut sums = vec![0.0; SIDE + 1];
            for at in 0..SIDE {
                sums[at + 1] = sums[at] + values[first + at * next];
            }
            for at in 0..SIDE {
                let (from, to) = (at.saturating_sub(reach), (at + reach + 1).min(SIDE));
                out[first + at * next] = (sums[to] - sums[from]) / (to - from) as f32;
            }
        }
        out
    };
    along(&along(values, 1, SIDE), SIDE, 1)
}

/// Values around 0, about 1 in size, that change over `grain` pixels: what cloth and skin are uneven by.
#[derive(Debug)]
pub(super) struct Uneven {
    cells: Vec<f32>,
    grain: f32,
}

impl Uneven {
    const CELLS: usize = 64;

    pub(super) fn draw(grain: f32, rng: &mut ChaCha8Rng) -> Self {
        Self { cells: (0..Self::CELLS * Self::CELLS).map(|_| rng.random_range(-1.0..1.0f32)).collect(), grain }
    }

    pub(super) fn at(&self, x: f32, y: f32) -> f32 {
        let (x, y) = (x / self.grain, y / self.grain);
        let (column, row) = (x.floor(), y.floor());
        let cell = |dx: i32, dy: i32| {
            let of = |at: f32, more: i32| (at as i32 + more).rem_euclid(Self::CELLS as i32) as usize;
            self.cells[of(row, dy) * Self::CELLS + of(column, dx)]
        };
        let (u, v) = (x - column, y - row);
        (cell(0, 0) * (1.0 - u) + cell(1, 0) * u) * (1.0 - v) + (cell(0, 1) * (1.0 - u) + cell(1, 1) * u) * v
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cover_is_lit_as_the_face_beneath_it() {
        let rgba: Vec<u8> = (0..SIDE * SIDE)
            .flat_map(|at| [[40, 40, 40, 255], [160, 160, 160, 255]][usize::from(at % SIDE > SIDE / 2)])
            .collect();
        let mut canvas = Canvas::new(&rgba);
        canvas.put(&Shape::full(), 0.0, |_, _| [0.5; 3]);
        let row = &canvas.rgba()[SIDE / 2 * SIDE * 4..][..SIDE * 4];
        assert!(row[4 * 20] < 100 && row[4 * (SIDE - 20)] > 150, "{} {}", row[4 * 20], row[4 * (SIDE - 20)]);
    }
}
