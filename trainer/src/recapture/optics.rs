//! What the stages share: sRGB and linear light, blur, and resampling that averages over the area it reduces.

use super::Picture;

/// sRGB to linear light (IEC 61966-2-1).
pub(super) fn to_linear(picture: &Picture) -> Picture {
    let planes = picture
        .planes
        .iter()
        .map(|&v| if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) })
        .collect();
    Picture { size: picture.size, planes }
}

/// Linear light to sRGB, clipped to `[0, 1]`.
pub(super) fn to_srgb(picture: &Picture) -> Picture {
    let planes = picture
        .planes
        .iter()
        .map(|&v| {
            let v = v.clamp(0.0, 1.0);
            if v <= 0.003_130_8 { v * 12.92 } else { 1.055 * v.powf(1.0 / 2.4) - 0.055 }
        })
        .collect();
    Picture { size: picture.size, planes }
}

/// Gaussian blur with standard deviation `sigma` in pixels; the border repeats.
pub(super) fn blur(picture: &Picture, sigma: f32) -> Picture {
    if sigma < 0.1 {
        return picture.clone();
    }
    let radius = (3.0 * sigma).ceil() as i32;
    let weights: Vec<f32> = (-radius..=radius).map(|i| (-0.5 * (i as f32 / sigma).powi(2)).exp()).collect();
    let total: f32 = weights.iter().sum();
    let size = picture.size;
    let pass = |planes: &[f32], along: usize, across: usize| {
        let mut out = vec![0.0; planes.len()];
        for channel in 0..3 {
            let plane = channel * size * size;
            for line in 0..size {
                for at in 0..size {
                    let sum: f32 = weights
                        .iter()
                        .enumerate()
                        .map(|(i, weight)| {
                            let from = (at as i32 + i as i32 - radius).clamp(0, size as i32 - 1) as usize;
                            weight * planes[plane + line * across + from * along]
                        })
                        .sum();
                    out[plane + line * across + at * along] = sum / total;
                }
            }
        }
        out
    };
    let rows = pass(&picture.planes, 1, size);
    Picture { size, planes: pass(&rows, size, 1) }
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
