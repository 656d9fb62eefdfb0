//! A photo -> the face that covers are drawn onto: a square of it with the face in the middle, and where the face's parts are.

use std::path::Path;

use anyhow::Result;
use bonafide::{
    face::FaceBox,
    frame::Frame,
    region::{Region, sample},
};

use super::{canvas::Canvas, shape::SIDE, worn::Worn};
use crate::{
    data::dataset::{Sample, Split},
    faces::Finder,
    picture::{photo::Photo, skin::Tone},
};

/// Side of the square over the longer side of the face box: as far as photos of faces reach.
const REACH: f32 = 2.0;

/// A face to draw on.
#[derive(Debug, Clone)]
pub(super) struct Sitter {
    /// The person, `source/...`.
    pub subject: String,
    pub source: String,
    pub split: Split,
    pub tone: Tone,
    /// Before the face in the photo itself; `None` is nothing.
    pub worn: Option<Worn>,
    /// The square, black where the photo ends.
    canvas: Canvas,
    /// The face box within it, in its pixels.
    pub bounds: FaceBox,
    pub parts: Parts,
}

/// Places of a face in the square, in its pixels; right and left are the picture's.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    /// FaceMesh's 468 points.
    points: Vec<[f32; 2]>,
    /// Between the centres of the eyes.
    pub unit: f32,
}

impl Sitter {
    /// The most confident face of a photo; `None` if there is none, or it is too hidden for a surface.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(super) fn of(finder: &Finder, sample_of: &Sample, worn: Option<Worn>) -> Result<Option<Self>> {
        let path: &Path = sample_of.media.path();
        let photo = Photo::read(path)?;
        let frame = photo.frame();
        let Some(face) = finder.detector.detect(&frame)?.into_iter().next() else { return Ok(None) };
        let Some(surface) = finder.reconstructor.reconstruct(&frame, &face)? else { return Ok(None) };
        let square = face.bounds.square(REACH);
        let side = SIDE as f32;
        let points: Vec<_> = surface
            .points
            .iter()
            .map(|[x, y, _]| {
                let (u, v) = square.from_frame(*x, *y);
                [u * side, v * side]
            })
            .collect();
        let (x, y) = square.from_frame(face.bounds.x, face.bounds.y);
        let scale = side / square.side;
        Ok(Some(Self {
            subject: sample_of.subject.clone(),
            source: sample_of.source.clone(),
            split: sample_of.split,
            tone: Tone::of(&frame, &face),
            worn,
            canvas: Canvas::new(&rgba(&frame, &square)),
            bounds: FaceBox {
                x: x * side,
                y: y * side,
                width: face.bounds.width * scale,
                height: face.bounds.height * scale,
                confidence: face.bounds.confidence,
            },
            parts: Parts::new(points),
        }))
    }

    /// MediaPipe's canonical head, nine pixels a centimetre, of these colours.
    #[cfg(test)]
    pub(super) fn canonical(colour: impl Fn(usize, usize) -> [u8; 3]) -> Self {
        let mesh = crate::weights::CanonicalMesh::parse(include_bytes!("../../../pkg/weights/canonical_mesh.json"));
        let middle = SIDE as f32 / 2.0;
        let vertices = mesh.expect("it ships").vertices;
        let points = vertices.iter().map(|[x, y, _]| [middle + 9.0 * x, middle - 9.0 * y]);
        let pixels = (0..SIDE * SIDE).flat_map(|at| {
            let [r, g, b] = colour(at % SIDE, at / SIDE);
            [r, g, b, 255]
        });
        Self {
            subject: "test/head".into(),
            source: "test".into(),
            split: Split::Test,
            tone: Tone::Medium,
            worn: None,
            canvas: Canvas::new(&pixels.collect::<Vec<_>>()),
            bounds: FaceBox { x: 56.0, y: 56.0, width: 112.0, height: 112.0, confidence: 1.0 },
            parts: Parts::new(points.collect()),
        }
    }

    /// The square, to draw on.
    pub(super) fn canvas(&self) -> Canvas {
        self.canvas.clone()
    }
}

fn rgba(frame: &Frame<'_>, square: &Region) -> Vec<u8> {
    let planes = sample(frame, square, SIDE);
    let area = SIDE * SIDE;
    let byte = |value: f32| (255.0 * value).round() as u8;
    (0..area).flat_map(|at| [byte(planes[at]), byte(planes[area + at]), byte(planes[2 * area + at]), 255]).collect()
}

impl Parts {
    pub(super) fn new(points: Vec<[f32; 2]>) -> Self {
        let mut parts = Self { points, unit: 0.0 };
        let [right, left] = parts.eyes();
        parts.unit = (left[0] - right[0]).hypot(left[1] - right[1]).max(1.0);
        parts
    }

    /// A vertex of the mesh.
    pub(super) fn at(&self, vertex: usize) -> [f32; 2] {
        self.points[vertex]
    }

    fn mean(&self, vertices: &[usize]) -> [f32; 2] {
        let count = vertices.len() as f32;
        [0, 1].map(|axis| vertices.iter().map(|vertex| self.points[*vertex][axis]).sum::<f32>() / count)
    }

    /// Centres of the eyes, from their corners and lids.
    pub(super) fn eyes(&self) -> [[f32; 2]; 2] {
        [self.mean(&[33, 133, 159, 145]), self.mean(&[263, 362, 386, 374])]
    }

    /// Middle of the mouth.
    pub(super) fn mouth(&self) -> [f32; 2] {
        self.mean(&[61, 291, 13, 14])
    }

    /// A place in the face's own axes: from the middle between the eyes, so many units to the picture's right and down.
    pub(super) fn place(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        let [right, left] = self.eyes();
        let across = [(left[0] - right[0]) / 2.0, (left[1] - right[1]) / 2.0];
        let down = self.down();
        let middle = [(left[0] + right[0]) / 2.0, (left[1] + right[1]) / 2.0];
        [0, 1].map(|axis| middle[axis] + 2.0 * across[axis] * x + self.unit * down[axis] * y)
    }

    /// From the eyes towards the chin, length 1.
    fn down(&self) -> [f32; 2] {
        let [right, left] = self.eyes();
        let chin = self.at(152);
        let [x, y] = [0, 1].map(|axis| chin[axis] - (left[axis] + right[axis]) / 2.0);
        let length = x.hypot(y).max(1.0);
        [x / length, y / length]
    }

    /// Where skin shows in most faces: on the cheeks.
    pub(super) fn cheeks(&self) -> [[f32; 2]; 4] {
        [50, 280, 205, 425].map(|vertex| self.at(vertex))
    }
}
