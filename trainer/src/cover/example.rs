//! A drawn face -> what the network reads of it: as the product cuts it, and in training changed as cameras, light and files
//! change it. No change knows whether something is covered.

use bonafide::{
    crop::{COVER_MARGIN, COVER_SIZE, CROP_MARGIN},
    frame::Frame,
    region::{Region, sample},
};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{kind::Kind, shape::SIDE, sitter::Sitter};
use crate::{
    data::augment::{Augmentation, mirror},
    picture::sheet::to_byte,
    run::config::Augment,
};

/// Side in pixels that a picture is worn at, nearer to the drawing's own pixels than the network's.
const WORN: usize = COVER_SIZE * 3 / 2;
const AUGMENT: Augment =
    Augment { boxes: true, colours: false, flip: true, rotation: true, edges: true, tone: true, wear: true };

/// How often each kind is learnt from: covered and not alike.
const SHARES: [(Kind, u32); 10] = [
    (Kind::Bare, 7),
    (Kind::ClearGlasses, 5),
    (Kind::Beside, 4),
    (Kind::Mask, 4),
    (Kind::LowMask, 1),
    (Kind::DarkGlasses, 5),
    (Kind::Band, 1),
    (Kind::HandOnMouth, 2),
    (Kind::HandsOnEyes, 2),
    (Kind::Scarf, 1),
];

/// A kind, as often as training sees it.
pub(super) fn any_kind(rng: &mut ChaCha8Rng) -> Kind {
    let mut left = rng.random_range(0..SHARES.iter().map(|(_, share)| share).sum());
    for (kind, share) in SHARES {
        if left < share {
            return kind;
        }
        left -= share;
    }
    unreachable!("the shares add up")
}

/// A drawn face, changed: `[3, COVER_SIZE, COVER_SIZE]` in `[0, 1]`.
pub(super) fn changed(sitter: &Sitter, drawn: &[u8], rng: &mut ChaCha8Rng) -> Vec<f32> {
    let change = Augmentation::draw(&AUGMENT, rng);
    let square = frame(drawn);
    let region = change.region(sitter.bounds.square(COVER_MARGIN));
    let mut planes = sample(&square, &region, WORN);
    let [left, top, right, bottom] = change.frame(&sitter.bounds.square(CROP_MARGIN));
    let light = Light::draw(rng);
    for at in 0..WORN * WORN {
        let [u, v] = [at % WORN, at / WORN].map(|at| (at as f32 + 0.5) / WORN as f32);
        let (x, y) = region.to_frame(u, v);
        let inside = x > left && x < right && y > top && y < bottom;
        let bright = if inside { light.at(u, v) } else { 0.0 };
        (0..3).for_each(|channel| planes[channel * WORN * WORN + at] *= bright);
    }
    change.retouch.apply(&mut planes, WORN);
    if change.flip {
        mirror(&mut planes, WORN);
    }
    let area = WORN * WORN;
    let worn: Vec<u8> = (0..area)
        .flat_map(|at| [to_byte(planes[at]), to_byte(planes[area + at]), to_byte(planes[2 * area + at]), 255])
        .collect();
    let worn = Frame::new(&worn, WORN as u32, WORN as u32).expect("four bytes a pixel");
    sample(&worn, &Region::whole(&worn), COVER_SIZE)
}

/// The bytes of a sitter's square as a frame.
pub(super) fn frame(drawn: &[u8]) -> Frame<'_> {
    Frame::new(drawn, SIDE as u32, SIDE as u32).expect("a sitter's square has four bytes a pixel")
}

/// Little light, and light from one side.
struct Light {
    bright: f32,
    slope: [f32; 2],
}

impl Light {
    fn draw(rng: &mut ChaCha8Rng) -> Self {
        let bright = if rng.random_bool(0.2) { rng.random_range(0.45..1.0) } else { 1.0 };
        let slopes = if rng.random_bool(0.35) { 0.8 } else { 0.1 };
        Self { bright, slope: [0, 1].map(|_| rng.random_range(-slopes..slopes)) }
    }

    fn at(&self, u: f32, v: f32) -> f32 {
        self.bright * (1.0 + self.slope[0] * (u - 0.5) + self.slope[1] * (v - 0.5)).clamp(0.2, 1.5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_what_is_learnt_is_covered() {
        let of =
            |covers| SHARES.iter().filter(|(kind, _)| kind.covers() == covers).map(|(_, share)| share).sum::<u32>();
        assert_eq!(of(true), of(false));
        assert_eq!(SHARES.map(|(kind, _)| kind), Kind::ALL);
    }
}
