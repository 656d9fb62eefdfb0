//! Where the camera's photosites look on a flat or bent attack instrument: tilt, turn, bend, and the instrument's edges.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// Part of the crop, from its centre, that no edge of an instrument may cut: the face.
const FACE: f32 = 0.3;

/// Camera position -> instrument position. Both run from 0 to 1 over the crop; the centres agree.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plane {
    turn: [f32; 2],
    tilt: [f32; 2],
    bend: f32,
    /// Left, top, right, bottom edge in instrument positions.
    pub edges: [f32; 4],
}

impl Plane {
    /// Draws a plane. `edge` is the chance of each edge to be in view.
    pub(super) fn draw(rng: &mut ChaCha8Rng, edge: f64, bend: f32) -> Self {
        let angle: f32 = rng.random_range(-0.09..0.09);
        let mut edges = [-9.0, -9.0, 9.0, 9.0];
        for (side, place) in edges.iter_mut().enumerate() {
            if rng.random_bool(edge) {
                let outside = rng.random_range(FACE..0.5);
                *place = if side < 2 { 0.5 - outside } else { 0.5 + outside };
            }
        }
        Self {
            turn: angle.sin_cos().into(),
            tilt: std::array::from_fn(|_| rng.random_range(-0.22..0.22)),
            bend: if bend > 0.0 { rng.random_range(-bend..bend) } else { 0.0 },
            edges,
        }
    }

    /// Where the camera position looks.
    pub(super) fn look(&self, u: f32, v: f32) -> [f32; 2] {
        let (x, y) = (u - 0.5, v - 0.5);
        let depth = 1.0 + self.tilt[0] * x + self.tilt[1] * y;
        let [sin, cos] = self.turn;
        let (x, y) = ((x * cos - y * sin) / depth, (x * sin + y * cos) / depth);
        [0.5 + x + self.bend * (x * x - 0.08), 0.5 + y]
    }

    /// Where photosite `(x, y)` of a sensor that is `sensor` wide looks; nowhere past an edge.
    pub(super) fn photosite(&self, x: usize, y: usize, sensor: f32) -> Option<[f32; 2]> {
        let at = self.look((x as f32 + 0.5) / sensor, (y as f32 + 0.5) / sensor);
        (self.outside(at) <= 0.0).then_some(at)
    }

    /// How far outside the nearest crossed edge a position is; below zero inside.
    pub(super) fn outside(&self, [x, y]: [f32; 2]) -> f32 {
        let [left, top, right, bottom] = self.edges;
        (left - x).max(top - y).max(x - right).max(y - bottom)
    }
}
