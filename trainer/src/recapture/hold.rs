//! How a hand holds what a camera sees, from frame to frame: a slow drift, and a tremor too fast to be seen as motion.
//!
//! Chosen, not measured. A hand's tremor has 8 to 12 Hz, so at ten frames a second it is drawn anew for each.

use rand_chacha::ChaCha8Rng;

use super::draw::normal;

/// How long a drift remembers where it was, seconds.
const MEMORY: f32 = 1.0;
/// Standard deviation of the drift, and of the tremor, to the right and down, in crops of training's width: a face is half a
/// crop wide, so a tremor is about a pixel of it.
const SHIFT: [f32; 2] = [0.03, 0.002];
/// The same of the turn, radians.
const TURN: [f32; 2] = [0.02, 0.002];
/// The same of the size, as a logarithm.
const SIZE: [f32; 2] = [0.03, 0.002];

/// Where what is seen lies now, against where it was drawn.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Hold {
    /// To the right and down, in crops.
    shift: [f32; 2],
    /// Radians.
    turn: f32,
    /// Logarithm of how much larger it is.
    size: f32,
}

impl Hold {
    /// What was drawn at the place that is seen at `at`; both run from 0 to 1 over a view that is `scope` crops wide.
    pub(super) fn seen_at(&self, at: [f32; 2], scope: f32) -> [f32; 2] {
        self.undo(at.map(|place| scope * (place - 0.5))).map(|place| place / scope + 0.5)
    }

    /// The same in crops from the centre.
    fn undo(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        let (x, y) = (x - self.shift[0], y - self.shift[1]);
        let (sin, cos) = self.turn.sin_cos();
        let scale = (-self.size).exp();
        [scale * (x * cos + y * sin), scale * (y * cos - x * sin)]
    }
}

/// A hand that moves, at a number of frames a second.
#[derive(Debug, Clone)]
pub(super) struct Hand {
    /// What is left of a drift after a frame.
    kept: f32,
    drift: [f32; 4],
}

impl Hand {
    /// A hand somewhere on its way.
    pub(super) fn draw(rate: f32, rng: &mut ChaCha8Rng) -> Self {
        Self { kept: (-1.0 / (MEMORY * rate)).exp(), drift: std::array::from_fn(|_| normal(rng)) }
    }

    /// One frame later: a drift whose variance stays 1 (Ornstein and Uhlenbeck), and a tremor.
    pub(super) fn next(&mut self, rng: &mut ChaCha8Rng) -> Hold {
        let anew = (1.0 - self.kept * self.kept).sqrt();
        for place in &mut self.drift {
            *place = self.kept * *place + anew * normal(rng);
        }
        let mut at = |axis: usize, [drift, tremor]: [f32; 2]| drift * self.drift[axis] + tremor * normal(rng);
        Hold { shift: [at(0, SHIFT), at(1, SHIFT)], turn: at(2, TURN), size: at(3, SIZE) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::rng;

    #[test]
    fn a_hold_is_undone_in_place_turn_and_size() {
        let hold = Hold { shift: [0.1, 0.0], turn: std::f32::consts::FRAC_PI_2, size: 2f32.ln() };
        // Drawn half a crop to the right: turned down, twice as far, and moved.
        let [x, y] = hold.undo([0.1, 1.0]);
        assert!((x - 0.5).abs() < 1e-6 && y.abs() < 1e-6, "{x} {y}");
        assert_eq!(Hold::default().undo([0.3, -0.2]), [0.3, -0.2]);
    }

    #[test]
    fn neighbouring_frames_are_nearer_than_distant_ones() {
        let mut rng = rng(1, "hand", 0);
        let mut hand = Hand::draw(10.0, &mut rng);
        let places: Vec<f32> = (0..2_000).map(|_| hand.next(&mut rng).shift[0]).collect();
        let apart = |frames: usize| {
            let squares = places.windows(frames + 1).map(|of| (of[frames] - of[0]).powi(2));
            (squares.sum::<f32>() / (places.len() - frames) as f32).sqrt()
        };
        assert!(apart(1) < 0.6 * apart(30), "{} against {}", apart(1), apart(30));
        assert!((0.03..0.06).contains(&apart(30)), "{}", apart(30));
    }
}
