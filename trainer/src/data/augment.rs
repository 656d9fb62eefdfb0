//! Training-only changes (paper, augmentation): geometry on the face box, which the depth target follows, and colour on
//! the crop alone, since depth must not depend on it. And, beyond the paper, the frame's edges near the face: the product's
//! crop is black past them.

use bonafide::region::Region;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// One draw of every change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Augmentation {
    scale: f32,
    shift: [f32; 2],
    angle: f32,
    /// How far the frame reaches from the face's centre to the left, top, right and bottom, in sides of the product's crop.
    reaches: [f32; 4],
    /// Mirror left and right.
    pub flip: bool,
    /// Colour change: new RGB = matrix times RGB.
    matrix: [[f32; 3]; 3],
}

impl Augmentation {
    /// Largest side that a changed region needs, over the unchanged one's, with its shift and turn.
    pub const REACH: f32 = 1.3;

    /// Draws the changes.
    pub fn draw(rng: &mut ChaCha8Rng) -> Self {
        let brightness: f32 = rng.random_range(0.75..1.25);
        let saturation: f32 = rng.random_range(0.5..1.4);
        let hue: f32 = rng.random_range(-0.12..0.12);
        let temperature: f32 = rng.random_range(0.88..1.14);
        Self {
            // Down to the face box itself: detectors differ in what they call a face.
            scale: rng.random_range(0.64..1.12),
            shift: [rng.random_range(-0.04..0.04), rng.random_range(-0.04..0.04)],
            angle: rng.random_range(-0.12..0.12),
            reaches: reaches(rng),
            flip: rng.random(),
            matrix: colour(brightness, saturation, hue, temperature),
        }
    }

    /// The changed face region.
    pub fn region(&self, region: Region) -> Region {
        Region {
            cx: region.cx + self.shift[0] * region.side,
            cy: region.cy + self.shift[1] * region.side,
            side: region.side * self.scale,
            angle: region.angle + self.angle,
        }
    }

    /// What the frame holds of the scene around an unchanged face region: left, top, right and bottom edge, in pixels of the
    /// frame.
    pub fn frame(&self, product: &Region) -> [f32; 4] {
        let [left, top, right, bottom] = self.reaches.map(|reach| reach * product.side);
        [product.cx - left, product.cy - top, product.cx + right, product.cy + bottom]
    }

    /// Changes the colours of a crop, planar `[3, N]`, in place; values stay in `[0, 1]`.
    pub fn recolour(&self, planes: &mut [f32]) {
        let plane = planes.len() / 3;
        for at in 0..plane {
            let rgb = [planes[at], planes[plane + at], planes[2 * plane + at]];
            for (channel, row) in self.matrix.iter().enumerate() {
                let value = row[0] * rgb[0] + row[1] * rgb[1] + row[2] * rgb[2];
                planes[channel * plane + at] = value.clamp(0.0, 1.0);
            }
        }
    }
}

/// A picture that is hardly more than the face, one with the face at an edge, or, mostly, one whose edges are far.
fn reaches(rng: &mut ChaCha8Rng) -> [f32; 4] {
    let chance = if rng.random_bool(0.3) { 1.0 } else { 0.06 };
    // A third of the product's crop is half a face box.
    std::array::from_fn(|_| if rng.random_bool(chance) { rng.random_range(0.28..0.52) } else { f32::INFINITY })
}

/// Mirrors rows of `width` values in place.
pub fn mirror(rows: &mut [f32], width: usize) {
    for row in rows.chunks_exact_mut(width) {
        row.reverse();
    }
}

/// Brightness, saturation, hue (radians) and temperature (red over neutral) as one matrix: a turn and a stretch of the
/// chroma around the luma axis.
fn colour(brightness: f32, saturation: f32, hue: f32, temperature: f32) -> [[f32; 3]; 3] {
    // Rodrigues' rotation around (1, 1, 1) / sqrt 3.
    let (sin, cos) = hue.sin_cos();
    let (third, root) = ((1.0 - cos) / 3.0, sin / 3f32.sqrt());
    let turn = [
        [cos + third, third - root, third + root],
        [third + root, cos + third, third - root],
        [third - root, third + root, cos + third],
    ];
    let tint = [temperature, 1.0, 1.0 / temperature];
    let luma = [0.299, 0.587, 0.114];
    std::array::from_fn(|to| {
        std::array::from_fn(|from| {
            let gray: f32 = luma[from] * (1.0 - saturation);
            brightness * tint[to] * (gray + saturation * turn[to][from])
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::rng;

    #[test]
    fn no_change_of_colour_is_the_identity() {
        let matrix = colour(1.0, 1.0, 0.0, 1.0);
        for (to, row) in matrix.iter().enumerate() {
            for (from, value) in row.iter().enumerate() {
                assert!((value - f32::from(u8::from(to == from))).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn about_half_of_the_faces_have_the_frames_edge_in_the_crop_and_none_loses_its_middle() {
        let region = Region { cx: 100.0, cy: 100.0, side: 100.0, angle: 0.0 };
        let mut rng = rng(0, "test", 0);
        let frames: Vec<_> = (0..1000).map(|_| Augmentation::draw(&mut rng).frame(&region)).collect();
        let cut =
            frames.iter().filter(|[left, top, right, bottom]| left.max(*top) > 50.0 || right.min(*bottom) < 150.0);
        assert!((350..550).contains(&cut.count()));
        assert!(frames.iter().all(|[left, top, right, bottom]| left.max(*top) <= 72.0 && right.min(*bottom) >= 128.0));
    }

    #[test]
    fn regions_stay_within_reach() {
        let region = Region { cx: 0.0, cy: 0.0, side: 1.0, angle: 0.0 };
        let mut rng = rng(0, "test", 0);
        for _ in 0..1000 {
            let changed = Augmentation::draw(&mut rng).region(region);
            for (u, v) in [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)] {
                let (x, y) = changed.to_frame(u, v);
                let reach = x.abs().max(y.abs()) * 2.0;
                assert!(reach <= Augmentation::REACH + 0.12, "{reach}");
            }
        }
    }
}
