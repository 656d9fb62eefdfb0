//! A picture's sRGB signal -> the light of a screen that shows it, as the camera's photosites see it.
//!
//! The pixel grid is not drawn but described by its Fourier series, dimmed by what the lens and the photosites leave of
//! each harmonic and then evaluated at every photosite: where the grid is finer than the sensor's, the samples fold it to
//! moire, as they do in a camera (Gonzalez and Woods, *Digital Image Processing*, sampling; Patel et al., *Secure face
//! unlock*, 2016, on moire in replays).

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{
    Instrument, Picture, Simulator, Stage,
    camera::{Camera, Texture},
    draw::{log, normal},
    light::{linear, luma, map, resize},
    plane::Plane,
    room::Room,
};

/// The parts of one colour repeat along two directions.
#[derive(Debug, Clone, Copy)]
struct Lattice {
    /// Cycles per display pixel in x and y, for both directions.
    waves: [[f32; 2]; 2],
    /// Phase in cycles.
    phase: [f32; 2],
    /// Fourier coefficients of the first and second harmonic, for both directions, as the camera's optics leave them.
    strength: [[f32; 2]; 2],
}

impl Lattice {
    fn new(waves: [[f32; 2]; 2], phase: [f32; 2], fill: [f32; 2], pitch: f32, camera: &Camera) -> Self {
        let strength = [0, 1].map(|axis| {
            [1.0, 2.0].map(|harmonic: f32| {
                let width = std::f32::consts::PI * harmonic * fill[axis];
                2.0 * width.sin() / width * camera.transfer(waves[axis].map(|wave| harmonic * wave * pitch))
            })
        });
        Self { waves, phase, strength }
    }

    /// Brightness of the grid at a position in display pixels; 1 on average.
    fn at(&self, [x, y]: [f32; 2]) -> f32 {
        let along = |axis: usize| {
            let [first, second] = self.strength[axis];
            if first.abs().max(second.abs()) < 1e-3 {
                return 1.0;
            }
            let wave = self.waves[axis];
            let cos = (std::f32::consts::TAU * (wave[0] * x + wave[1] * y + self.phase[axis])).cos();
            // cos 2a = 2 cos^2 a - 1.
            1.0 + first * cos + second * (2.0 * cos * cos - 1.0)
        };
        (along(0) * along(1)).max(0.0)
    }
}

/// The pixel grid before the camera.
struct Grid {
    lattices: [Lattice; 3],
    plane: Plane,
    /// Display pixels across the crop, and photosites.
    pixels: f32,
    sensor: f32,
}

impl Texture for Grid {
    fn light(&self, x: usize, y: usize, channel: usize, light: f32) -> f32 {
        let Some(at) = self.plane.photosite(x, y, self.sensor) else { return light };
        light * self.lattices[channel].at(at.map(|place| place * self.pixels))
    }
}

/// What a screen shows to a camera: the light without the pixel grid, and the grid.
pub(super) fn show(
    picture: &Picture,
    instrument: Instrument,
    camera: &Camera,
    simulator: &Simulator,
    rng: &mut ChaCha8Rng,
) -> (Picture, impl Texture + use<>) {
    // A face of 70 to 920 display pixels: a window on an old monitor to a phone held close.
    let dense = rng.random_bool(0.65);
    let pixels = camera.scope * if dense { log(rng, 350.0, 1800.0) } else { log(rng, 130.0, 450.0) };
    let plane = Plane::draw(camera, 0.3, 0.0, rng);
    let grid = grid(instrument, pixels, plane, camera, rng);

    let mut shown = resize(picture, picture.size.min(pixels as usize));
    if rng.random_bool(0.06) {
        shown = with_interface(shown, rng);
    }
    let emitted = if simulator.has(Stage::Light) { emit(shown, rng) } else { map(shown, linear) };
    let detail = resize(&emitted, emitted.size.min(camera.sensor));

    let room = if simulator.has(Stage::Room) { Room::draw(rng, 0.02, 0.3) } else { Room::dark() };
    let fall: [f32; 2] = std::array::from_fn(|_| rng.random_range(-0.3..0.3));
    let bands = Bands::draw(camera.scope, rng);
    let bezel = rng.random_range(0.002..0.05f32);
    let frame = rng.random_range(0.01..0.12f32);
    let n = camera.sensor;
    let mut seen = Picture { size: n, planes: vec![0.0; 3 * n * n] };
    for y in 0..n {
        let band = bands.at(y as f32 / n as f32);
        for x in 0..n {
            let at = plane.look((x as f32 + 0.5) / n as f32, (y as f32 + 0.5) / n as f32);
            let outside = plane.outside(at);
            let light = if outside <= 0.0 {
                // Liquid crystals and OLEDs dim off their axis, which perspective spreads over the picture.
                let [right, down] = plane.centred(at);
                let angle = (1.0 + fall[0] * right + fall[1] * down).max(0.2) * band;
                let glare = room.glare([right, down]);
                let rgb = detail.cubic(at[0], at[1]);
                [0, 1, 2].map(|channel| rgb[channel] * angle + glare[channel])
            } else if outside < frame {
                room.lamp.map(|lamp| lamp * bezel)
            } else {
                room.behind(plane.centred(at))
            };
            seen.set(y * n + x, light);
        }
    }
    (seen, grid)
}

fn grid(instrument: Instrument, pixels: f32, plane: Plane, camera: &Camera, rng: &mut ChaCha8Rng) -> Grid {
    let pitch = pixels / camera.sensor as f32;
    let start: [f32; 2] = std::array::from_fn(|_| rng.random());
    let lattices = match instrument {
        Instrument::Stripes => {
            let upright = rng.random_bool(0.7);
            let reversed = rng.random_bool(0.2);
            let fill = [rng.random_range(0.24..0.33f32), rng.random_range(0.7..0.95f32)];
            std::array::from_fn(|channel| {
                let place = if reversed { 2 - channel } else { channel } as f32 / 3.0;
                let waves = if upright { [[1.0, 0.0], [0.0, 1.0]] } else { [[0.0, 1.0], [1.0, 0.0]] };
                Lattice::new(waves, [start[0] - place, start[1]], fill, pitch, camera)
            })
        }
        _ => {
            let small = rng.random_range(0.3..0.5f32);
            let large = rng.random_range(0.4..0.6f32);
            let diagonal = [[0.5, 0.5], [0.5, -0.5]];
            [
                Lattice::new(diagonal, start, [large; 2], pitch, camera),
                Lattice::new([[1.0, 0.0], [0.0, 1.0]], start.map(|at| at + 0.25), [small; 2], pitch, camera),
                Lattice::new(diagonal, start.map(|at| at + 0.5), [large; 2], pitch, camera),
            ]
        }
    };
    Grid { lattices, plane, pixels, sensor: camera.sensor as f32 }
}

/// sRGB signal -> light of the display's picture: gamma, gamut, white point, black level.
fn emit(signal: Picture, rng: &mut ChaCha8Rng) -> Picture {
    let gamma = rng.random_range(0.95..1.5f32);
    let contrast = 10f32.powf(-rng.random_range(2.3..4.0f32));
    // Mostly bluish white, from about 5,500 to 14,000 kelvin.
    let cool = 0.06 + 0.10 * normal(rng);
    let green = 0.02 + 0.04 * normal(rng);
    let white = [(-cool).exp(), green.exp(), cool.exp()];
    let gamut = rng.random_range(0.65..1.2f32);
    let light = map(signal, |value| linear(value.clamp(0.0, 1.0).powf(gamma)));
    light.repaint(|rgb| {
        let gray = luma(rgb);
        [0, 1, 2].map(|channel| {
            let value = (gray + gamut * (rgb[channel] - gray)).clamp(0.0, 1.0);
            (contrast + (1.0 - contrast) * value) * white[channel]
        })
    })
}

/// Brightness that flickers while the shutter rolls over the rows.
struct Bands {
    depth: f32,
    waves: f32,
    phase: f32,
    hard: f32,
}

impl Bands {
    fn draw(scope: f32, rng: &mut ChaCha8Rng) -> Self {
        let depth = if rng.random_bool(0.2) { rng.random_range(0.03..0.25) } else { 0.0 };
        let waves = scope * rng.random_range(0.5..6.0);
        Self { depth, waves, phase: rng.random(), hard: rng.random_range(1.0..5.0) }
    }

    fn at(&self, row: f32) -> f32 {
        let wave = (std::f32::consts::TAU * (self.waves * row + self.phase)).sin();
        1.0 - self.depth * (0.5 + 0.5 * (self.hard * wave).tanh())
    }
}

/// A bar or a button of a video player over the picture, away from the face's middle.
fn with_interface(mut signal: Picture, rng: &mut ChaCha8Rng) -> Picture {
    let n = signal.size;
    let height = rng.random_range(0.02..0.08f32);
    let top = if rng.random() { rng.random_range(0.02..0.2f32) } else { rng.random_range(0.78..0.92f32) };
    let (left, right) = (rng.random_range(0.0..0.3f32), rng.random_range(0.5..1.0f32));
    let shade: f32 = rng.random_range(0.0..1.0);
    let cover = rng.random_range(0.3..0.95f32);
    for y in (top * n as f32) as usize..(((top + height) * n as f32) as usize).min(n) {
        for x in (left * n as f32) as usize..(right * n as f32) as usize {
            let old = signal.rgb(y * n + x);
            signal.set(y * n + x, old.map(|value| value + cover * (shade - value)));
        }
    }
    signal
}
