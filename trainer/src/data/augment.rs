//! Training-only changes: geometry on the face box, which the depth target follows (paper, augmentation), the frame's edges
//! near the face, past which the product's crop is black, and what happens to the pixels ([`retouch`](super::retouch)), which
//! depth must not depend on. The config switches each; none knows the class.

use bonafide::{crop::CROP_SIZE, region::Region};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::retouch::Retouch;
use crate::{recapture::normal, run::config::Augment};

/// One draw of every change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Augmentation {
    scale: f32,
    shift: [f32; 2],
    angle: f32,
    /// How far the frame reaches from the face's centre to the left, top, right and bottom, in sides of the product's crop.
    reaches: [f32; 4],
    /// The place of a patch of the camera's own pixels within the changed region, -1 to 1 from edge to edge; `None` shows it whole.
    patch: Option<[f32; 2]>,
    /// Mirror left and right.
    pub flip: bool,
    /// What happens to the pixels.
    pub retouch: Retouch,
}

/// Where the patches of scoring lie: between the eyes, and on either cheek.
pub const PATCHES: [[f32; 2]; 3] = [[0.0, -0.35], [-0.35, 0.25], [0.35, 0.25]];

impl Augmentation {
    const NONE: Self = Self {
        scale: 1.0,
        shift: [0.0; 2],
        angle: 0.0,
        reaches: [f32::INFINITY; 4],
        patch: None,
        flip: false,
        retouch: Retouch::NONE,
    };

    /// Largest side that a changed region needs, over the unchanged one's, with its shift.
    pub const REACH: f32 = 1.4;

    /// Draws the changes that a config asks for.
    pub fn draw(of: &Augment, rng: &mut ChaCha8Rng) -> Self {
        // Detectors differ in what they call a face, and boxes jump: e^(+-0.22) in size, 8 % in place.
        let scale = rng.random_range(-0.22..0.22f32).exp();
        let shift = [rng.random_range(-0.08..0.08), rng.random_range(-0.08..0.08)];
        let angle = rng.random_range(-0.12..0.12);
        let (flip, far) = (rng.random(), [f32::INFINITY; 4]);
        let reaches = reaches(rng);
        Self {
            scale: if of.boxes { scale } else { 1.0 },
            shift: if of.boxes { shift } else { [0.0; 2] },
            angle: if of.rotation { angle } else { 0.0 },
            reaches: if of.edges { reaches } else { far },
            patch: None,
            flip: of.flip && flip,
            retouch: Retouch::draw(of, rng),
        }
    }

    /// The same crop as another camera and another look of the detector would give it: another tone, often fewer pixels, and a
    /// box that jumped.
    #[must_use]
    pub fn twin(self, rng: &mut ChaCha8Rng) -> Self {
        let shift = self.shift.map(|along| (along + 0.03 * normal(rng)).clamp(-0.08, 0.08));
        let scale = (self.scale * (0.05 * normal(rng)).exp()).clamp((-0.22f32).exp(), 0.22f32.exp());
        Self { shift, scale, retouch: self.retouch.retaken(rng), ..self }
    }

    /// The same crop without its fine detail, as if enlarged from a face of 45 to 65 pixels, `margin` face boxes wide.
    #[must_use]
    pub fn coarse(self, margin: f32, rng: &mut ChaCha8Rng) -> Self {
        let part = rng.random_range(45.0..65.0) * margin / CROP_SIZE as f32;
        Self { retouch: self.retouch.coarse(part), ..self }
    }

    /// The same crop behind a screen's grid of 2 to 6 pixels.
    #[must_use]
    pub fn gridded(self, rng: &mut ChaCha8Rng) -> Self {
        Self { retouch: self.retouch.gridded(rng.random_range(0.2..0.5), rng.random_range(2.0..6.0)), ..self }
    }

    /// No change but the view: the patch of scoring at one of [`PATCHES`].
    pub fn view(patch: [f32; 2]) -> Self {
        Self { patch: Some(patch), ..Self::NONE }
    }

    /// The same of a patch anywhere on the face.
    #[must_use]
    pub fn patched(self, rng: &mut ChaCha8Rng) -> Self {
        Self { patch: Some(std::array::from_fn(|_| rng.random_range(-0.5..0.5))), ..self }
    }

    /// The same of the whole crop.
    #[must_use]
    pub fn whole(self) -> Self {
        Self { patch: None, ..self }
    }

    /// The changed face region, or the patch of it.
    pub fn region(&self, region: Region) -> Region {
        let whole = Region {
            cx: region.cx + self.shift[0] * region.side,
            cy: region.cy + self.shift[1] * region.side,
            side: region.side * self.scale,
            angle: region.angle + self.angle,
        };
        let Some(place) = self.patch else { return whole };
        let side = whole.side.min(CROP_SIZE as f32);
        let room = (whole.side - side) / 2.0;
        Region { cx: whole.cx + place[0] * room, cy: whole.cy + place[1] * room, side, ..whole }
    }

    /// What the frame holds of the scene around an unchanged face region: left, top, right and bottom edge, in pixels of the
    /// frame.
    pub fn frame(&self, product: &Region) -> [f32; 4] {
        let [left, top, right, bottom] = self.reaches.map(|reach| reach * product.side);
        [product.cx - left, product.cy - top, product.cx + right, product.cy + bottom]
    }
}

/// A picture that is hardly more than the face, one with the face at an edge, or, mostly, one whose edges are far.
fn reaches(rng: &mut ChaCha8Rng) -> [f32; 4] {
    let chance = if rng.random_bool(0.2) { 1.0 } else { 0.05 };
    // A third of the product's crop is half a face box.
    std::array::from_fn(|_| if rng.random_bool(chance) { rng.random_range(0.28..0.52) } else { f32::INFINITY })
}

/// Mirrors rows of `width` values in place.
pub fn mirror(rows: &mut [f32], width: usize) {
    for row in rows.chunks_exact_mut(width) {
        row.reverse();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{config::Config, rng};

    fn shipped() -> Augment {
        Config::load("shipped").unwrap().augment
    }

    #[test]
    fn some_faces_have_the_frames_edge_in_the_crop_and_none_loses_its_middle() {
        let region = Region { cx: 100.0, cy: 100.0, side: 100.0, angle: 0.0 };
        let mut rng = rng(0, "test", 0);
        let frames: Vec<_> = (0..1000).map(|_| Augmentation::draw(&shipped(), &mut rng).frame(&region)).collect();
        let cut =
            frames.iter().filter(|[left, top, right, bottom]| left.max(*top) > 50.0 || right.min(*bottom) < 150.0);
        assert!((250..450).contains(&cut.count()));
        assert!(frames.iter().all(|[left, top, right, bottom]| left.max(*top) <= 72.0 && right.min(*bottom) >= 128.0));
    }

    #[test]
    fn regions_stay_within_reach() {
        let region = Region { cx: 0.0, cy: 0.0, side: 1.0, angle: 0.0 };
        let mut rng = rng(0, "test", 0);
        for _ in 0..1000 {
            let changed = Augmentation::draw(&Augment { rotation: false, ..shipped() }, &mut rng).region(region);
            for (u, v) in [(0.0, 0.0), (1.0, 1.0)] {
                let (x, y) = changed.to_frame(u, v);
                assert!(x.abs().max(y.abs()) * 2.0 <= Augmentation::REACH + 0.01, "{x} {y}");
            }
        }
    }

    #[test]
    fn a_twin_shows_the_same_of_the_scene_in_another_tone() {
        let region = Region { cx: 0.0, cy: 0.0, side: 1.0, angle: 0.0 };
        let mut rng = rng(0, "test", 0);
        for _ in 0..100 {
            let one = Augmentation::draw(&shipped(), &mut rng);
            let twin = one.twin(&mut rng);
            assert_ne!(twin.retouch, one.retouch);
            assert_eq!((twin.flip, twin.frame(&region)), (one.flip, one.frame(&region)));
            let (before, after) = (one.region(region), twin.region(region));
            assert!((after.side / before.side).ln().abs() < 0.25 && (after.cx - before.cx).abs() < 0.16);
            assert_eq!(after.angle, before.angle);
        }
    }

    #[test]
    fn a_patch_has_the_cameras_own_pixels_and_lies_within_the_crop() {
        let mut rng = rng(0, "test", 0);
        for side in [150.0, 300.0, 900.0] {
            let region = Region { cx: 500.0, cy: 500.0, side, angle: 0.0 };
            let drawn = std::iter::repeat_with(|| Augmentation::NONE.patched(&mut rng)).take(50);
            for view in drawn.chain(PATCHES.map(Augmentation::view)) {
                let patch = view.region(region);
                assert_eq!(patch.side, side.min(CROP_SIZE as f32));
                let off = (patch.cx - 500.0).abs().max((patch.cy - 500.0).abs());
                assert!(off + patch.side / 2.0 <= side / 2.0, "{off}");
                assert_eq!(view.whole().region(region), region);
            }
        }
    }

    #[test]
    fn what_a_config_does_not_ask_for_does_not_happen() {
        let region = Region { cx: 10.0, cy: 10.0, side: 8.0, angle: 0.0 };
        let mut rng = rng(0, "test", 0);
        let paper = Config::load("inter").unwrap().augment;
        for _ in 0..100 {
            let change = Augmentation::draw(&paper, &mut rng);
            assert!(!change.flip && change.angle == 0.0 && change.reaches == [f32::INFINITY; 4]);
            assert_ne!(change.region(region), region);
            let none = Augmentation::draw(&Augment::default(), &mut rng);
            assert_eq!(none.region(region), region);
            let mut planes = vec![0.1, 0.5, 0.9];
            none.retouch.apply(&mut planes, 1);
            assert_eq!(planes, [0.1, 0.5, 0.9]);
        }
    }
}
