//! What happens to a whole picture on its way through a camera: shake, demosaicing, sharpening.

use super::{Picture, light::blur};

/// Averages along a straight shake.
pub(super) fn shaken(picture: &Picture, (length, angle): (f32, f32)) -> Picture {
    if length < 0.5 {
        return picture.clone();
    }
    let n = picture.size as i32;
    let taps = length.ceil() as i32 + 1;
    let steps: Vec<(i32, i32)> = (0..taps)
        .map(|tap| {
            let along = (tap as f32 / (taps - 1) as f32 - 0.5) * length;
            ((along * angle.cos()).round() as i32, (along * angle.sin()).round() as i32)
        })
        .collect();
    let mut out = Picture { size: picture.size, planes: vec![0.0; picture.planes.len()] };
    for (at, value) in out.planes.iter_mut().enumerate() {
        let (line, x) = (at as i32 / n, at as i32 % n);
        let (channel, y) = (line / n, line % n);
        for (dx, dy) in &steps {
            let (x, y) = ((x + dx).clamp(0, n - 1), (y + dy).clamp(0, n - 1));
            *value += picture.planes[((channel * n + y) * n + x) as usize];
        }
        *value /= taps as f32;
    }
    out
}

/// Keeps of each photosite the colour of its filter (Bayer, US patent 3,971,065: RGGB), and puts the missing ones back by
/// bilinear interpolation of colour differences to green.
pub(super) fn demosaic(sensor: &Picture) -> Picture {
    let n = sensor.size;
    let plane = n * n;
    let filter = |x: usize, y: usize| match (x % 2, y % 2) {
        (0, 0) => 0,
        (1, 1) => 2,
        _ => 1,
    };
    let raw: Vec<f32> = (0..plane).map(|at| sensor.planes[filter(at % n, at / n) * plane + at]).collect();
    let within = |at: isize| at.clamp(0, n as isize - 1) as usize;
    let mut green = vec![0.0; plane];
    for y in 0..n {
        for x in 0..n {
            let at = |dx: isize, dy: isize| raw[within(y as isize + dy) * n + within(x as isize + dx)];
            green[y * n + x] =
                if filter(x, y) == 1 { raw[y * n + x] } else { (at(-1, 0) + at(1, 0) + at(0, -1) + at(0, 1)) / 4.0 };
        }
    }
    let mut out = Picture { size: n, planes: vec![0.0; 3 * plane] };
    out.planes[plane..2 * plane].copy_from_slice(&green);
    for channel in [0, 2] {
        for y in 0..n {
            for x in 0..n {
                let (mut sum, mut count) = (0.0, 0.0);
                for dy in -1..=1 {
                    for dx in -1..=1 {
                        let (to_x, to_y) = (x as isize + dx, y as isize + dy);
                        if to_x < 0 || to_y < 0 || to_x >= n as isize || to_y >= n as isize {
                            continue;
                        }
                        let (to_x, to_y) = (to_x as usize, to_y as usize);
                        if filter(to_x, to_y) == channel {
                            let weight = if dx == 0 || dy == 0 { 1.0 } else { 0.5 };
                            sum += weight * (raw[to_y * n + to_x] - green[to_y * n + to_x]);
                            count += weight;
                        }
                    }
                }
                let own = filter(x, y) == channel;
                let difference = if own { raw[y * n + x] - green[y * n + x] } else { sum / count };
                out.planes[channel * plane + y * n + x] = green[y * n + x] + difference;
            }
        }
    }
    out
}

pub(super) fn unsharp(picture: Picture, (strength, sigma): (f32, f32)) -> Picture {
    if strength < 0.05 {
        return picture;
    }
    let soft = blur(&picture, sigma);
    let mut out = picture;
    for (value, soft) in out.planes.iter_mut().zip(soft.planes) {
        *value = (*value + strength * (*value - soft)).clamp(0.0, 1.0);
    }
    out
}
