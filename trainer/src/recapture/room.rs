//! The room around an attack instrument: its lamps' colour, what glass and gloss mirror of it, and what is behind.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// One room.
#[derive(Debug, Clone)]
pub(super) struct Room {
    /// Colour of the light.
    pub lamp: [f32; 3],
    /// Even veil over the whole instrument.
    veil: f32,
    windows: Vec<Window>,
    background: [f32; 3],
    gradient: [f32; 2],
}

/// A mirrored window or lamp: a soft-edged rectangle or ellipse.
#[derive(Debug, Clone)]
struct Window {
    centre: [f32; 2],
    half: [f32; 2],
    turn: [f32; 2],
    softness: f32,
    brightness: f32,
    round: bool,
}

impl Room {
    /// Draws a room; `veil` is the most that an instrument mirrors evenly, where its white is 1, and `windows` the chance that
    /// it mirrors windows or lamps.
    pub(super) fn draw(rng: &mut ChaCha8Rng, veil: f32, windows: f64) -> Self {
        let warm = rng.random_range(-0.2..0.2f32);
        let windows = if rng.random_bool(windows) { rng.random_range(1..=2) } else { 0 };
        let shade = rng.random_range(0.01..0.6f32);
        Self {
            lamp: [warm.exp(), 1.0, (-warm).exp()],
            veil: veil * rng.random::<f32>().powi(2),
            windows: (0..windows).map(|_| Window::draw(rng)).collect(),
            background: std::array::from_fn(|_| shade * rng.random_range(0.7..1.3f32)),
            gradient: std::array::from_fn(|_| rng.random_range(-0.6..0.6)),
        }
    }

    /// One that is dark and mirrors nothing.
    pub(super) fn dark() -> Self {
        Self { lamp: [1.0; 3], veil: 0.0, windows: Vec::new(), background: [0.05; 3], gradient: [0.0; 2] }
    }

    /// Light that the instrument mirrors at a position, in crops from the centre.
    pub(super) fn glare(&self, at: [f32; 2]) -> [f32; 3] {
        let mirrored = self.veil + self.windows.iter().map(|window| window.at(at)).sum::<f32>();
        self.lamp.map(|lamp| lamp * mirrored)
    }

    /// What is seen past the instrument, at a position in crops from the centre.
    pub(super) fn behind(&self, [x, y]: [f32; 2]) -> [f32; 3] {
        let shade = (1.0 + self.gradient[0] * x + self.gradient[1] * y).clamp(0.1, 2.0);
        self.background.map(|value| value * shade)
    }
}

impl Window {
    fn draw(rng: &mut ChaCha8Rng) -> Self {
        let angle: f32 = rng.random_range(-0.6..0.6);
        let round = rng.random_bool(0.4);
        let reach = if round { 0.02..0.12f32 } else { 0.06..0.4f32 };
        Self {
            centre: std::array::from_fn(|_| rng.random_range(-0.5..0.5)),
            half: std::array::from_fn(|_| rng.random_range(reach.clone())),
            turn: angle.sin_cos().into(),
            softness: rng.random_range(0.01..0.15),
            brightness: rng.random_range(0.01..0.3f32),
            round,
        }
    }

    fn at(&self, [x, y]: [f32; 2]) -> f32 {
        let [sin, cos] = self.turn;
        let (x, y) = (x - self.centre[0], y - self.centre[1]);
        let (x, y) = ((x * cos - y * sin).abs() / self.half[0], (x * sin + y * cos).abs() / self.half[1]);
        let distance = (if self.round { x.hypot(y) } else { x.max(y) } - 1.0) * self.half[0].min(self.half[1]);
        self.brightness * (0.5 - distance / self.softness).clamp(0.0, 1.0)
    }
}
