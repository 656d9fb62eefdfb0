//! Where the camera's photosites look on a flat or bent attack instrument: tilt, turn, bend, and the instrument's edges.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{Camera, hold::Hold};

/// Part of the crop, from its centre, that no edge of an instrument may cut: the face.
const FACE: f32 = 0.3;
/// Half a crop.
const HALF: f32 = 0.5;

/// Camera position -> instrument position. Both run from 0 to 1 over what the camera sees; the centres agree.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plane {
    /// Width of what the camera sees, in crops: every length below is in crops, from the centre.
    scope: f32,
    hold: Option<Hold>,
    turn: [f32; 2],
    tilt: [f32; 2],
    bend: f32,
    /// Left, top, right, bottom edge.
    edges: [f32; 4],
}

impl Plane {
    /// Draws a plane before a camera. `edge` is the chance of each edge to lie in the crop, `bend` the most that it bends.
    pub(super) fn draw(camera: &Camera, edge: f64, bend: f32, rng: &mut ChaCha8Rng) -> Self {
        let scope = camera.scope;
        let angle: f32 = rng.random_range(-0.09..0.09);
        let mut edges = [-99.0, -99.0, 99.0, 99.0];
        // As likely in each part of a wider view as in the crop.
        let reach = HALF * scope.max(1.0);
        let chance = (edge * f64::from((reach - FACE) / (HALF - FACE))).min(1.0);
        for (side, place) in edges.iter_mut().enumerate() {
            if rng.random_bool(chance) {
                let outside = rng.random_range(FACE..reach);
                *place = if side < 2 { -outside } else { outside };
            }
        }
        Self {
            scope,
            hold: camera.hold,
            turn: angle.sin_cos().into(),
            tilt: std::array::from_fn(|_| rng.random_range(-0.22..0.22)),
            bend: if bend > 0.0 { rng.random_range(-bend..bend) } else { 0.0 },
            edges,
        }
    }

    /// Where the camera position looks.
    pub(super) fn look(&self, u: f32, v: f32) -> [f32; 2] {
        let [x, y] = self.centred(self.held([u, v]));
        // Far from the centre of a wide view, the plane must not reach the camera.
        let depth = (1.0 + self.tilt[0] * x + self.tilt[1] * y).max(0.4);
        let [sin, cos] = self.turn;
        let (x, y) = ((x * cos - y * sin) / depth, (x * sin + y * cos) / depth);
        [0.5 + (x + self.bend * (x * x - 0.08)) / self.scope, 0.5 + y / self.scope]
    }

    /// Where photosite `(x, y)` of a sensor that is `sensor` wide looks; nowhere past an edge.
    pub(super) fn photosite(&self, x: usize, y: usize, sensor: f32) -> Option<[f32; 2]> {
        let at = self.look((x as f32 + 0.5) / sensor, (y as f32 + 0.5) / sensor);
        (self.outside(at) <= 0.0).then_some(at)
    }

    /// The camera position that saw the same before the instrument moved.
    pub(super) fn held(&self, at: [f32; 2]) -> [f32; 2] {
        self.hold.map_or(at, |hold| hold.seen_at(at, self.scope))
    }

    /// A position in crops from the centre.
    pub(super) fn centred(&self, at: [f32; 2]) -> [f32; 2] {
        at.map(|place| self.scope * (place - 0.5))
    }

    /// How many crops outside the nearest crossed edge a position is; below zero inside.
    pub(super) fn outside(&self, at: [f32; 2]) -> f32 {
        let [x, y] = self.centred(at);
        let [left, top, right, bottom] = self.edges;
        (left - x).max(top - y).max(x - right).max(y - bottom)
    }
}
