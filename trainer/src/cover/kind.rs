//! What a face wears before the camera: nothing, something beside eyes and mouth, or a cover.

use std::fmt;

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{
    cloth::{self, Top},
    glasses::{self, Lens},
    hand::{self, Place},
    sitter::Sitter,
};

/// Kinds of pictures, of which the network is to tell the covered ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// As photographed.
    Bare,
    /// Glasses that the eyes are seen through.
    ClearGlasses,
    /// A mask or a scarf beneath the chin, a hand on a cheek or on the forehead.
    Beside,
    Mask,
    /// Over the mouth, beneath the nose.
    LowMask,
    DarkGlasses,
    /// Goggles, a visor, a sleeping mask.
    Band,
    HandOnMouth,
    HandsOnEyes,
    Scarf,
}

impl Kind {
    pub(super) const ALL: [Self; 10] = [
        Self::Bare,
        Self::ClearGlasses,
        Self::Beside,
        Self::Mask,
        Self::LowMask,
        Self::DarkGlasses,
        Self::Band,
        Self::HandOnMouth,
        Self::HandsOnEyes,
        Self::Scarf,
    ];

    /// Whether eyes or mouth are hidden.
    pub(super) fn covers(self) -> bool {
        self.hides() != [false, false]
    }

    /// Whether the eyes are hidden, and whether the mouth is. What is behind palms below hands on the eyes is not counted.
    pub(super) fn hides(self) -> [bool; 2] {
        match self {
            Self::Bare | Self::ClearGlasses | Self::Beside => [false, false],
            Self::DarkGlasses | Self::Band | Self::HandsOnEyes => [true, false],
            Self::Mask | Self::LowMask | Self::HandOnMouth | Self::Scarf => [false, true],
        }
    }

    /// Draws it onto a face: RGBA bytes of the sitter's square.
    pub(super) fn draw(self, sitter: &Sitter, rng: &mut ChaCha8Rng) -> Vec<u8> {
        let (mut canvas, parts) = (sitter.canvas(), &sitter.parts);
        let [_, over_mouth] = self.hides();
        if (over_mouth || self == Self::Beside) && rng.random_bool(0.2) {
            glasses::glasses(&mut canvas, parts, Lens::Clear, rng);
        }
        let canvas_of = &mut canvas;
        match self {
            Self::Bare => {}
            Self::ClearGlasses => glasses::glasses(canvas_of, parts, Lens::Clear, rng),
            Self::Beside => match rng.random_range(0..5) {
                0 => cloth::mask(canvas_of, parts, Top::Chin, rng),
                1 => cloth::scarf(canvas_of, parts, Top::Chin, rng),
                _ => hand::hand(canvas_of, parts, Place::Beside, rng),
            },
            Self::Mask => cloth::mask(canvas_of, parts, Top::Nose, rng),
            Self::LowMask => cloth::mask(canvas_of, parts, Top::Lip, rng),
            Self::DarkGlasses => glasses::glasses(canvas_of, parts, Lens::Dark, rng),
            Self::Band => glasses::band(canvas_of, parts, rng),
            Self::HandOnMouth => hand::hand(canvas_of, parts, Place::Mouth, rng),
            Self::HandsOnEyes => hand::hand(canvas_of, parts, Place::Eyes, rng),
            Self::Scarf => cloth::scarf(canvas_of, parts, if rng.random() { Top::Nose } else { Top::Lip }, rng),
        }
        canvas.rgba()
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bare => "as photographed",
            Self::ClearGlasses => "clear glasses",
            Self::Beside => "mask, scarf or hand beside",
            Self::Mask => "mask",
            Self::LowMask => "mask beneath the nose",
            Self::DarkGlasses => "dark glasses",
            Self::Band => "band over the eyes",
            Self::HandOnMouth => "hand on the mouth",
            Self::HandsOnEyes => "hands on the eyes",
            Self::Scarf => "scarf over the mouth",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cover::shape::SIDE, run::rng};

    /// How much of a fine pattern on the skin is still seen at the eyes and at the mouth, mean of some draws: 0 to 1.
    fn seen(kind: Kind) -> [f32; 2] {
        const DRAWS: u64 = 24;
        let sign = |x: usize, y: usize| if (x / 2 + y / 2).is_multiple_of(2) { 1.0 } else { -1.0 };
        let sitter = Sitter::canonical(|x, y| [200.0, 150.0, 130.0].map(|value| (value + 30.0 * sign(x, y)) as u8));
        let mut sums = [0.0; 2];
        for draw in 0..DRAWS {
            let rgba = kind.draw(&sitter, &mut rng(1, "test", draw));
            let unit = sitter.parts.unit;
            let pattern = |[cx, cy]: [f32; 2], wide: f32, high: f32| {
                let span = |at: f32, reach: f32| (at - reach * unit) as usize..(at + reach * unit) as usize;
                let places = span(cy, high).flat_map(|y| span(cx, wide).map(move |x| (x, y)));
                let of: Vec<f32> =
                    places.map(|(x, y)| sign(x, y) * f32::from(rgba[(y * SIDE + x) * 4 + 1]) / 30.0).collect();
                of.iter().sum::<f32>() / of.len() as f32
            };
            let eyes = sitter.parts.eyes().map(|eye| pattern(eye, 0.12, 0.08));
            sums[0] += (eyes[0] + eyes[1]) / 2.0 / DRAWS as f32;
            sums[1] += pattern(sitter.parts.mouth(), 0.25, 0.1) / DRAWS as f32;
        }
        sums
    }

    #[test]
    fn covers_hide_what_they_are_said_to_hide_and_nothing_else() {
        for kind in Kind::ALL {
            for ((seen, hidden), part) in seen(kind).into_iter().zip(kind.hides()).zip(["eyes", "mouth"]) {
                let free = seen > 0.75 || kind == Kind::HandsOnEyes;
                assert!(if hidden { seen < 0.25 } else { free }, "{kind}: {seen} of the {part} is seen");
            }
        }
    }

    #[test]
    fn the_same_seed_draws_the_same_bytes() {
        let sitter = Sitter::canonical(|_, _| [120, 90, 70]);
        for kind in Kind::ALL {
            let draw = |seed| kind.draw(&sitter, &mut rng(seed, "test", 0));
            assert!(draw(1) == draw(1));
            assert!(kind == Kind::Bare || draw(1) != draw(2), "{kind}");
        }
    }
}
