//! What the stages share: sRGB and linear light, blur, and resampling that averages over the area it reduces.

use std::sync::LazyLock;

use super::Picture;

/// Steps of the tables below: between them, curves are straight to a hundredth of an 8-bit step.
const STEPS: usize = 4096;

/// A curve over `[0, 1]` as a table.
struct Curve(Vec<f32>);

impl Curve {
    fn of(curve: impl Fn(f32) -> f32) -> Self {
        Self((0..=STEPS).map(|at| curve(at as f32 / STEPS as f32)).collect())
    }

    /// The curve at `value`, which is clipped to `[0, 1]`.
    fn at(&self, value: f32) -> f32 {
        let place = value.clamp(0.0, 1.0) * STEPS as f32;
        let left = (place as usize).min(STEPS - 1);
        let part = place - left as f32;
        self.0[left] * (1.0 - part) + self.0[left + 1] * part
    }
}

static LINEAR: LazyLock<Curve> =
    LazyLock::new(|| Curve::of(|v| if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }));

// Over the square root: the curve itself is too steep near black for a table.
static ENCODED: LazyLock<Curve> = LazyLock::new(|| {
    Curve::of(|root| {
        let v = root * root;
        if v <= 0.003_130_8 { v * 12.92 } else { 1.055 * v.powf(1.0 / 2.4) - 0.055 }
    })
});

/// sRGB to linear light (IEC 61966-2-1).
pub(super) fn linear(value: f32) -> f32 {
    LINEAR.at(value)
}

/// Linear light to sRGB (IEC 61966-2-1), clipped to `[0, 1]`.
pub(super) fn encoded(value: f32) -> f32 {
    ENCODED.at(value.max(0.0).sqrt())
}

/// Every value through `curve`.
pub(super) fn map(mut picture: Picture, curve: impl Fn(f32) -> f32) -> Picture {
    picture.planes.iter_mut().for_each(|value| *value = curve(*value));
    picture
}

/// Rec. 709 luma or luminance of a pixel.
pub(super) fn luma(rgb: [f32; 3]) -> f32 {
    0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]
}

impl Picture {
    /// The three values of pixel `at`.
    pub(super) fn rgb(&self, at: usize) -> [f32; 3] {
        let plane = self.size * self.size;
        [0, 1, 2].map(|channel| self.planes[channel * plane + at])
    }

    /// Sets the three values of pixel `at`.
    pub(super) fn set(&mut self, at: usize, rgb: [f32; 3]) {
        let plane = self.size * self.size;
        for (channel, value) in rgb.into_iter().enumerate() {
            self.planes[channel * plane + at] = value;
        }
    }

    /// Every pixel through `change`.
    pub(super) fn repaint(mut self, mut change: impl FnMut([f32; 3]) -> [f32; 3]) -> Self {
        for at in 0..self.size * self.size {
            let rgb = change(self.rgb(at));
            self.set(at, rgb);
        }
        self
    }

    /// The sample at `(u, v)`, each in `[0, 1]` from the top left corner, at least 0. Past the border the picture goes on
    /// mirrored, as the scene past its photo's does.
    ///
    /// Cubic convolution (Keys, 1981): turning a picture should not cost it the detail that is the cue.
    pub(super) fn cubic(&self, u: f32, v: f32) -> [f32; 3] {
        let place = |at: f32| {
            let at = at * self.size as f32 - 0.5;
            let first = at.floor();
            ([-1, 0, 1, 2].map(|step| mirrored(first as i32 + step, self.size)), keys(at - first))
        };
        let ((columns, across), (rows, down)) = (place(u), place(v));
        let plane = self.size * self.size;
        [0, 1, 2].map(|channel| {
            let mut sum = 0.0;
            for (row, weight) in rows.into_iter().zip(down) {
                let row = &self.planes[channel * plane + row * self.size..][..self.size];
                let line: f32 = columns.into_iter().zip(across).map(|(column, weight)| row[column] * weight).sum();
                sum += weight * line;
            }
            sum.max(0.0)
        })
    }
}

/// The pixel of `0..size` at a place on a line that goes on mirrored at both ends.
pub(crate) fn mirrored(at: i32, size: usize) -> usize {
    let size = size as i32;
    let place = at.rem_euclid(2 * size);
    (if place < size { place } else { 2 * size - 1 - place }) as usize
}

/// Weights of the four neighbours of a place between the second and the third.
fn keys(part: f32) -> [f32; 4] {
    let (square, cube) = (part * part, part * part * part);
    [
        -0.5 * part + square - 0.5 * cube,
        1.0 - 2.5 * square + 1.5 * cube,
        0.5 * part + 2.0 * square - 1.5 * cube,
        -0.5 * square + 0.5 * cube,
    ]
}

/// Gaussian blur with standard deviation `sigma` in pixels; the border repeats.
pub(super) fn blur(picture: &Picture, sigma: f32) -> Picture {
    if sigma < 0.1 {
        return picture.clone();
    }
    let radius = (3.0 * sigma).ceil() as i32;
    let weights: Vec<f32> = (-radius..=radius).map(|i| (-0.5 * (i as f32 / sigma).powi(2)).exp()).collect();
    let total: f32 = weights.iter().sum();
    let weights: Vec<f32> = weights.iter().map(|weight| weight / total).collect();
    let (size, radius) = (picture.size, radius as usize);
    let mut planes = vec![0.0; picture.planes.len()];
    let mut row = Vec::with_capacity(size + 2 * radius);
    let mut rows = vec![0.0; size * size];
    for (plane, out) in picture.planes.chunks_exact(size * size).zip(planes.chunks_exact_mut(size * size)) {
        for (line, blurred) in plane.chunks_exact(size).zip(rows.chunks_exact_mut(size)) {
            row.clear();
            row.extend(std::iter::repeat_n(line[0], radius));
            row.extend_from_slice(line);
            row.extend(std::iter::repeat_n(line[size - 1], radius));
            blurred.fill(0.0);
            for (shift, weight) in weights.iter().enumerate() {
                add(blurred, &row[shift..shift + size], *weight);
            }
        }
        for (y, blurred) in out.chunks_exact_mut(size).enumerate() {
            for (shift, weight) in weights.iter().enumerate() {
                let from = (y + shift).saturating_sub(radius).min(size - 1);
                add(blurred, &rows[from * size..][..size], *weight);
            }
        }
    }
    Picture { size, planes }
}

/// Adds a weighted row to another of the same length.
fn add(to: &mut [f32], row: &[f32], weight: f32) {
    for (to, value) in to.iter_mut().zip(row) {
        *to += weight * value;
    }
}

/// The picture at another size: each new pixel is the mean of the area that it covers (reduction) or linear (enlargement).
pub(super) fn resize(picture: &Picture, size: usize) -> Picture {
    if size == picture.size {
        return picture.clone();
    }
    let weights = footprints(picture.size, size);
    let old = picture.size;
    let mut rows = vec![0.0; 3 * old * size];
    for line in 0..3 * old {
        for (x, taps) in weights.iter().enumerate() {
            rows[line * size + x] = taps.iter().map(|(from, weight)| weight * picture.planes[line * old + from]).sum();
        }
    }
    let mut planes = vec![0.0; 3 * size * size];
    for channel in 0..3 {
        for (y, taps) in weights.iter().enumerate() {
            for x in 0..size {
                planes[(channel * size + y) * size + x] =
                    taps.iter().map(|(from, weight)| weight * rows[(channel * old + from) * size + x]).sum();
            }
        }
    }
    Picture { size, planes }
}

/// For each new pixel the old ones it reads and their weights: a triangle as wide as the larger of both pixels.
fn footprints(old: usize, new: usize) -> Vec<Vec<(usize, f32)>> {
    let ratio = old as f32 / new as f32;
    let reach = ratio.max(1.0);
    (0..new)
        .map(|at| {
            let centre = (at as f32 + 0.5) * ratio - 0.5;
            let (first, last) = ((centre - reach).ceil() as i32, (centre + reach).floor() as i32);
            let taps: Vec<(usize, f32)> = (first..=last)
                .map(|i| (i.clamp(0, old as i32 - 1) as usize, (1.0 - (i as f32 - centre).abs() / reach).max(0.0)))
                .collect();
            let total: f32 = taps.iter().map(|tap| tap.1).sum();
            taps.into_iter().map(|(from, weight)| (from, weight / total)).collect()
        })
        .collect()
}
