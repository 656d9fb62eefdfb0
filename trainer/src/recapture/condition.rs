//! Harder conditions for tests: a worse camera, too little light, a face that is partly covered, or a picture that ends
//! close to it. The same for both classes; training never sees the first three.

use std::borrow::Cow;

use clap::ValueEnum;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::{Camera, Picture, Scene};

/// A condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// Few photosites, a soft lens and coarse compression.
    DegradedCamera,
    /// A dark picture, noisy for it.
    LowLight,
    /// A surgical mask or dark glasses.
    Occluded,
    /// A picture of little more than the face: the networks' crop is black past its edges.
    CloseEdges,
}

impl Condition {
    /// The scene and the camera under this condition.
    pub(super) fn change<'a>(self, scene: &'a Scene, camera: Camera, rng: &mut ChaCha8Rng) -> (Cow<'a, Scene>, Camera) {
        match self {
            Self::DegradedCamera => (Cow::Borrowed(scene), camera.degraded(rng)),
            Self::LowLight => (Cow::Borrowed(scene), camera.in_the_dark(rng)),
            Self::Occluded => (Cow::Owned(covered(scene, rng)), camera),
            Self::CloseEdges => (Cow::Borrowed(scene), camera),
        }
    }

    /// What of a taken picture, `scope` training crops wide, reaches the product.
    pub(super) fn deliver(self, mut picture: Picture, scope: f32, rng: &mut ChaCha8Rng) -> Picture {
        if self != Self::CloseEdges {
            return picture;
        }
        // Left, top, right, bottom, in training crops from the centre; the face box reaches 0.26.
        let edges: [f32; 4] = std::array::from_fn(|_| rng.random_range(0.23..0.37));
        for at in 0..picture.size * picture.size {
            let [right, down] = place(at, picture.size, scope);
            if !(-edges[0]..edges[2]).contains(&right) || !(-edges[1]..edges[3]).contains(&down) {
                picture.set(at, [0.0; 3]);
            }
        }
        picture
    }
}

/// Where pixel `at` of a view lies, in training crops from its centre: right and down.
fn place(at: usize, size: usize, scope: f32) -> [f32; 2] {
    [at % size, at / size].map(|at| scope * ((at as f32 + 0.5) / size as f32 - 0.5))
}

/// The face lies in the middle of the scene: a training crop is 1.95 times the face box.
fn covered(scene: &Scene, rng: &mut ChaCha8Rng) -> Scene {
    let mut covered = scene.clone();
    let mask = rng.random_bool(0.5);
    let shade: f32 = if mask { rng.random_range(0.35..0.95) } else { rng.random_range(0.02..0.15) };
    let colour = [shade * rng.random_range(0.7..1.0), shade * rng.random_range(0.85..1.0), shade];
    // In crops from the centre of the face: half width, top, bottom.
    let (half, top, bottom) = if mask { (0.24, 0.02, 0.28) } else { (0.24, -0.2, -0.07) };
    let folds = rng.random_range(12.0..30.0f32);
    let n = covered.picture.size;
    for at in 0..n * n {
        let [right, down] = place(at, n, scene.scope);
        if right.abs() < half && (top..bottom).contains(&down) {
            let lit = 1.0 - 1.2 * right.powi(2) / half + if mask { 0.04 * (folds * down * 6.0).sin() } else { 0.0 };
            covered.picture.set(at, colour.map(|value| (value * lit).clamp(0.0, 1.0)));
        }
    }
    covered
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        recapture::{Simulator, light::luma},
        run::rng,
    };

    fn mean(picture: &Picture) -> f32 {
        let area = picture.size * picture.size;
        (0..area).map(|at| luma(picture.rgb(at))).sum::<f32>() / area as f32
    }

    #[test]
    fn each_condition_changes_the_picture_as_it_says() {
        let n = 240;
        let planes = (0..3 * n * n).map(|at| if at / 6 % 2 == 0 { 0.25 } else { 0.75 }).collect();
        let scene = Scene { picture: Picture { size: n, planes }, scope: 1.0 };
        let shot = |condition| Simulator { condition, ..Simulator::default() }.bona_fide(&scene, &mut rng(1, "t", 0)).0;
        let plain = shot(None);
        let light = |condition| {
            let simulator = Simulator { condition, ..Simulator::default() };
            (0..12).map(|draw| mean(&simulator.bona_fide(&scene, &mut rng(draw, "t", 1)).0)).sum::<f32>()
        };
        assert!(light(Some(Condition::LowLight)) < 0.6 * light(None));
        let contrast = |picture: &Picture| {
            picture.planes.windows(2).map(|pair| (pair[0] - pair[1]).abs()).sum::<f32>() / picture.planes.len() as f32
        };
        assert!(contrast(&shot(Some(Condition::DegradedCamera))) < contrast(&plain));
        let close = shot(Some(Condition::CloseEdges));
        let area = close.size * close.size;
        let black = (0..area).filter(|&at| luma(close.rgb(at)) == 0.0).count() as f32 / area as f32;
        assert!((0.4..0.8).contains(&black), "{black}");
        assert!(luma(close.rgb(area / 2 + close.size / 2)) > 0.0);
        let hidden = covered(&scene, &mut rng(2, "t", 0));
        let changed = hidden.picture.planes.iter().zip(&scene.picture.planes).filter(|(a, b)| a != b).count();
        assert!((0.02..0.2).contains(&(changed as f32 / (3 * n * n) as f32)), "{changed}");
    }
}
