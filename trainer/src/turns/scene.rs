//! A solid, how it is turned and how far away it is -> the frame that a webcam takes of it.

use super::solid::Solid;
use crate::picture::photo::Photo;

/// The frame's sides in pixels: what webcams give.
const WIDTH: usize = 640;
const HEIGHT: usize = 480;
/// Focal length in pixels: 60 degrees across.
const FOCAL: f32 = 554.0;
/// Samples a pixel, along a side.
const SAMPLES: usize = 2;

/// How a solid stands before the camera.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stand {
    /// Turned about the vertical, degrees, above 0 to the person's left.
    pub yaw: f32,
    /// Turned up, degrees.
    pub pitch: f32,
    /// From the camera to where the eyes are while nothing is turned, centimetres.
    pub distance: f32,
    /// Where the axis of the turn lies behind the eyes, centimetres: a neck, or the sheet itself.
    pub axis: f32,
    /// Aside and down, centimetres.
    pub shift: [f32; 2],
}

impl Stand {
    /// A point, as it lies before the camera.
    fn place(&self, [x, y, z]: [f32; 3]) -> [f32; 3] {
        let ((sin, cos), (up, level)) = (self.yaw.to_radians().sin_cos(), self.pitch.to_radians().sin_cos());
        let z = z - self.axis;
        let (y, z) = (y * level + z * up, z * level - y * up);
        let (x, z) = (x * cos - z * sin, x * sin + z * cos);
        [x + self.shift[0], y + self.shift[1], z + self.axis + self.distance]
    }
}

/// The frame, on an even ground of the given colour.
pub(super) fn film(solid: &Solid, photo: &Photo, stand: &Stand, ground: [f32; 3]) -> Photo {
    let (width, height) = (WIDTH * SAMPLES, HEIGHT * SAMPLES);
    let mut canvas = vec![ground; width * height];
    let mut nearest = vec![0.0_f32; width * height];
    let focal = FOCAL * SAMPLES as f32;
    let corners: Vec<Corner> = solid
        .points
        .iter()
        .zip(&solid.photo)
        .map(|(point, pixel)| {
            let [x, y, z] = stand.place(*point);
            let near = 1.0 / z.max(1.0);
            let at = [width as f32 / 2.0 + focal * x * near, height as f32 / 2.0 + focal * y * near];
            // Perspective keeps straight lines of the place over z, and of 1 / z.
            Corner { at, near, pixel: [pixel[0] * near, pixel[1] * near] }
        })
        .collect();
    for triangle in &solid.triangles {
        draw(&mut canvas, &mut nearest, width, triangle.map(|corner| corners[corner as usize]), photo);
    }
    let mut rgba = Vec::with_capacity(WIDTH * HEIGHT * 4);
    for pixel in 0..WIDTH * HEIGHT {
        let first = pixel / WIDTH * SAMPLES * width + pixel % WIDTH * SAMPLES;
        let samples = (0..SAMPLES).flat_map(|row| &canvas[first + row * width..][..SAMPLES]);
        let sum = samples.fold([0.0; 3], |sum: [f32; 3], sample| std::array::from_fn(|at| sum[at] + sample[at]));
        rgba.extend(sum.map(|sum| (sum / (SAMPLES * SAMPLES) as f32).round() as u8));
        rgba.push(255);
    }
    Photo::from_rgba(rgba, WIDTH as u32, HEIGHT as u32).expect("as many pixels as the frame has")
}

/// A corner on the canvas: its place, 1 / z, and its place in the photo over z.
#[derive(Debug, Clone, Copy)]
struct Corner {
    at: [f32; 2],
    near: f32,
    pixel: [f32; 2],
}

fn draw(canvas: &mut [[f32; 3]], nearest: &mut [f32], width: usize, corners: [Corner; 3], photo: &Photo) {
    let [a, b, c] = corners.map(|corner| corner.at);
    let edge = |p: [f32; 2], q: [f32; 2], x: f32, y: f32| (q[0] - p[0]) * (y - p[1]) - (q[1] - p[1]) * (x - p[0]);
    let area = edge(a, b, c[0], c[1]);
    if area == 0.0 || !area.is_finite() {
        return;
    }
    let span = |axis: usize, end: usize| {
        let low = a[axis].min(b[axis]).min(c[axis]).floor().clamp(0.0, end as f32);
        let high = a[axis].max(b[axis]).max(c[axis]).ceil().clamp(0.0, end as f32);
        low as usize..high as usize
    };
    for row in span(1, canvas.len() / width) {
        for column in span(0, width) {
            let (x, y) = (column as f32 + 0.5, row as f32 + 0.5);
            let (wa, wb) = (edge(b, c, x, y) / area, edge(c, a, x, y) / area);
            let shares = [wa, wb, 1.0 - wa - wb];
            if shares.iter().any(|share| *share < 0.0) {
                continue;
            }
            let mix = |of: &dyn Fn(&Corner) -> f32| shares.iter().zip(&corners).map(|(w, corner)| w * of(corner)).sum();
            let near: f32 = mix(&|corner| corner.near);
            let cell = row * width + column;
            if near > nearest[cell] {
                nearest[cell] = near;
                let [u, v]: [f32; 2] = [0, 1].map(|axis| mix(&|corner| corner.pixel[axis]) / near);
                canvas[cell] = colour(photo, u, v);
            }
        }
    }
}

/// The photo's colour at a place, between its nearest four pixels.
fn colour(photo: &Photo, x: f32, y: f32) -> [f32; 3] {
    let frame = photo.frame();
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    let (x, y) = ((x - 0.5).clamp(0.0, (width - 1) as f32), (y - 0.5).clamp(0.0, (height - 1) as f32));
    let (left, top) = (x as usize, y as usize);
    let (right, bottom) = ((left + 1).min(width - 1), (top + 1).min(height - 1));
    let (u, v) = (x - left as f32, y - top as f32);
    let at = |x: usize, y: usize, channel: usize| f32::from(frame.rgba()[(y * width + x) * 4 + channel]);
    std::array::from_fn(|channel| {
        let upper = at(left, top, channel) * (1.0 - u) + at(right, top, channel) * u;
        let lower = at(left, bottom, channel) * (1.0 - u) + at(right, bottom, channel) * u;
        upper * (1.0 - v) + lower * v
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const AHEAD: Stand = Stand { yaw: 0.0, pitch: 0.0, distance: 40.0, axis: 0.0, shift: [0.0; 2] };

    /// Squares of 8 cm whose left half is red and whose right half is blue, each so far behind the eyes.
    fn squares(depths: &[f32]) -> (Solid, Photo) {
        let corners = [[-4.0, -4.0], [4.0, -4.0], [4.0, 4.0], [-4.0, 4.0]];
        let points = depths.iter().flat_map(|z| corners.map(|[x, y]| [x, y, *z])).collect();
        let photo = depths.iter().flat_map(|_| corners.map(|[x, y]| [x + 4.0, y + 4.0])).collect();
        let triangles =
            (0..depths.len() as u32).flat_map(|at| [[0, 1, 2], [0, 2, 3]].map(|of| of.map(|corner| 4 * at + corner)));
        let rgba = (0..64).flat_map(|pixel| if pixel % 8 < 4 { [255, 0, 0, 255] } else { [0, 0, 255, 255] }).collect();
        (Solid { points, photo, triangles: triangles.collect() }, Photo::from_rgba(rgba, 8, 8).unwrap())
    }

    /// Columns of the middle row that are red, and that are blue.
    fn columns(solid: &Solid, photo: &Photo, stand: &Stand) -> [usize; 2] {
        let shot = film(solid, photo, stand, [0.0, 255.0, 0.0]);
        let row = &shot.frame().rgba()[HEIGHT / 2 * WIDTH * 4..][..WIDTH * 4];
        [0, 2].map(|channel| row.chunks_exact(4).filter(|pixel| pixel[channel] > 127).count())
    }

    #[test]
    fn a_length_is_as_many_pixels_as_the_lens_makes_of_it() {
        let (solid, photo) = squares(&[0.0]);
        let half = (4.0 * FOCAL / AHEAD.distance) as usize;
        for count in columns(&solid, &photo, &AHEAD) {
            assert!(count.abs_diff(half) <= 3, "{count}, not {half}");
        }
    }

    #[test]
    fn the_half_that_comes_nearer_is_larger() {
        let (solid, photo) = squares(&[0.0]);
        // Turned to the person's left, the picture's right, the right half goes away from the camera.
        let [left, right] = columns(&solid, &photo, &Stand { yaw: 40.0, ..AHEAD });
        assert!(left > right + 4 && left + right < 100, "{left} {right}");
    }

    #[test]
    fn what_is_nearer_hides_the_rest() {
        let (far, near) = (squares(&[12.0]), squares(&[0.0]));
        let both = squares(&[0.0, 12.0]);
        let seen = columns(&both.0, &both.1, &AHEAD);
        assert_eq!(seen, columns(&near.0, &near.1, &AHEAD));
        assert!(columns(&far.0, &far.1, &AHEAD)[0] < seen[0]);
    }
}
