//! One presentation over time: person, cameras, instrument and room are drawn once; what a hand, exposure, focus and noise do
//! is drawn anew for each frame.
//!
//! A face does not move within its scene: nobody blinks, speaks or turns the head, and a screen shows a photo. Paper's grain and
//! an inkjet's dots stay with the photosites where the paper moves.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{
    Camera, Instrument, Picture, Scene, Simulator,
    hold::{Hand, Hold},
    normal, seen, turned,
};
use crate::run::rng;

/// Photosites across the box of a face that the gate counts, and a little more for a hand that moves away.
const FACE: f32 = 165.0;
/// Width of a face box in crops.
const BOX: f32 = 1.0 / super::CROP;

/// Frames of one presentation, without end.
pub struct Clip {
    simulator: Simulator,
    shown: Shown,
    camera: Camera,
    /// The state from which all that stays is drawn, for each frame again.
    fixed: ChaCha8Rng,
    hand: Hand,
    fresh: ChaCha8Rng,
}

/// What is before the camera.
enum Shown {
    /// The light of a person.
    Person(Picture),
    /// The photo that an instrument shows.
    Photo(Instrument, Picture),
}

impl Clip {
    /// A presentation: live without an instrument. `name` decides all that stays, `take` all that does not: further takes of one
    /// name are the same person with the same instrument before the same camera. `rate` is in frames a second.
    pub fn new(
        simulator: &Simulator,
        scene: &Scene,
        instrument: Option<Instrument>,
        seed: u64,
        (name, take): (&str, u64),
        rate: f32,
    ) -> Self {
        let mut fixed = rng(seed, name, 0);
        let mut camera = Camera::draw(scene, &mut fixed);
        camera.sensor = camera.sensor.max((scene.scope * FACE / BOX) as usize);
        let shown = match instrument {
            None => Shown::Person(seen(scene, camera.sensor)),
            Some(instrument) => Shown::Photo(instrument, simulator.photograph(scene, &mut fixed)),
        };
        let mut fresh = rng(seed, &format!("{name}/take"), take);
        let hand = Hand::draw(rate, &mut fresh);
        Self { simulator: simulator.clone(), shown, camera, fixed, hand, fresh }
    }
}

impl Iterator for Clip {
    type Item = Picture;

    fn next(&mut self) -> Option<Picture> {
        let hold = self.hand.next(&mut self.fresh);
        let camera = self.camera.moment(hold, &mut self.fresh);
        let mut fixed = self.fixed.clone();
        Some(match &self.shown {
            Shown::Person(light) => camera.shoot(&turned(light, &camera, &mut fixed), None, &mut self.fresh),
            Shown::Photo(instrument, photo) => {
                self.simulator.shoot(photo, *instrument, &camera, &mut fixed, Some(&mut self.fresh))
            }
        })
    }
}

impl Camera {
    /// The same camera a moment later: focus and exposure hunt a little, and it shakes otherwise.
    fn moment(&self, hold: Hold, rng: &mut ChaCha8Rng) -> Self {
        let mut camera = self.clone();
        camera.hold = Some(hold);
        camera.lens *= (0.05 * normal(rng)).exp();
        camera.target *= (0.01 * normal(rng)).exp();
        camera.shake.0 *= rng.random_range(0.5..1.5);
        camera.shake.1 = rng.random_range(0.0..std::f32::consts::PI);
        camera
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    fn scene(shade: f32) -> Scene {
        let size = 160;
        let planes = (0..3 * size * size).map(|i| shade + 0.3 * ((i % size) as f32 / 5.0).sin()).collect();
        Scene { picture: Picture { size, planes }, scope: 0.6 }
    }

    fn frames(instrument: Option<Instrument>, name: &str, take: u64) -> Vec<Picture> {
        Clip::new(&Simulator::default(), &scene(0.5), instrument, 1, (name, take), 10.0).take(3).collect()
    }

    fn apart(a: &Picture, b: &Picture) -> f32 {
        a.planes.iter().zip(&b.planes).map(|(a, b)| (a - b).abs()).sum::<f32>() / a.planes.len() as f32
    }

    #[test]
    fn a_clip_moves_and_stays_the_same_presentation() {
        let kinds = Instrument::value_variants().iter().copied().map(Some).chain([None]);
        for kind in kinds {
            let clip = frames(kind, "a", 0);
            assert_eq!(clip, frames(kind, "a", 0), "the same seed, the same frames");
            assert_ne!(clip[0], clip[1], "{kind:?} stands still");
            assert_ne!(clip[0], frames(kind, "a", 1)[0], "another take is another hold");
            // Another presentation of the same scene: mean differences of 20 draws, since one pair may look alike.
            let within: f32 =
                (0..20).map(|draw| frames(kind, &format!("{draw}"), 0)).map(|f| apart(&f[0], &f[1])).sum();
            let between: f32 = (0..20)
                .map(|draw| (frames(kind, &format!("{draw}"), 0), frames(kind, &format!("{}", draw + 1), 0)))
                .filter(|(a, b)| a[0].size == b[0].size)
                .map(|(a, b)| apart(&a[0], &b[0]))
                .sum();
            assert!(within < between, "{kind:?}: {within} against {between}");
        }
    }
}
