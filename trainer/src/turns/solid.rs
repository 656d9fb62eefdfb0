//! A face in a photo -> what stands before the camera: the head that it may be, or the photo on a sheet of paper.
//!
//! Lengths are centimetres, x to the right of the picture, y down, z away from the camera; the middle between the eyes is
//! the origin.

use std::collections::BTreeMap;

use bonafide::face::Face;

use crate::faces::depth::Surface;

/// Distance between the centres of an adult's eyes.
const BETWEEN_EYES: f32 = 6.3;
/// How far a sheet reaches to each side of the eyes.
const SHEET_HALF: f32 = 13.0;
/// Cells of a sheet, along a side.
const CELLS: usize = 40;
/// Farthest that a bent sheet goes round, radians from its middle.
const MOST_BENT: f32 = 1.4;
/// Rings between the mesh's rim and the end of the head.
const RINGS: usize = 6;
/// The head's outline over the mesh's rim, and how far it lies behind that.
const OUTLINE: f32 = 1.4;
const BEHIND: f32 = 9.0;

/// A textured surface.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Solid {
    /// `[x, y, z]` in centimetres.
    pub points: Vec<[f32; 3]>,
    /// Where each point lies in the photo, in pixels.
    pub photo: Vec<[f32; 2]>,
    /// Triangles of point numbers.
    pub triangles: Vec<[u32; 3]>,
}

/// The form of a sheet, along one axis; its middle is nearest to the camera.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Form {
    /// As a table is.
    Flat,
    /// Round a cylinder of this radius, centimetres.
    Bent(f32),
    /// Folded along the axis, each half leaning back by so many degrees.
    Folded(f32),
}

impl Form {
    /// Where a place that is so far from the axis, centimetres, comes to lie: aside and back. `None` beyond what a camera
    /// would see of a cylinder.
    fn place(self, across: f32) -> Option<[f32; 2]> {
        match self {
            Self::Flat => Some([across, 0.0]),
            Self::Bent(radius) => {
                let angle = across / radius;
                (angle.abs() <= MOST_BENT).then(|| [radius * angle.sin(), radius * (1.0 - angle.cos())])
            }
            Self::Folded(degrees) => {
                let (sin, cos) = degrees.to_radians().sin_cos();
                Some([across * cos, across.abs() * sin])
            }
        }
    }
}

/// The middle between the eyes in the photo, and centimetres a pixel.
fn measure(face: &Face) -> ([f32; 2], f32) {
    let [right, left, ..] = face.landmarks;
    let scale = BETWEEN_EYES / (left[0] - right[0]).hypot(left[1] - right[1]);
    ([(right[0] + left[0]) / 2.0, (right[1] + left[1]) / 2.0], scale)
}

/// A head with the surface that a reconstructor saw in the photo. Around it the photo goes on backwards, as temples, ears and
/// neck do: the mesh ends at the cheeks, and a detector wants more of a head than that.
pub(super) fn head(face: &Face, surface: &Surface) -> Solid {
    let ([x0, y0], scale) = measure(face);
    let mut photo: Vec<[f32; 2]> = surface.points.iter().map(|[x, y, _]| [*x, *y]).collect();
    let mut depth: Vec<f32> = surface.points.iter().map(|point| point[2] * scale).collect();
    let mut triangles = surface.triangles.to_vec();
    let count = photo.len() as f32;
    let middle = [0, 1].map(|axis| photo.iter().map(|point| point[axis]).sum::<f32>() / count);
    let rim = rim(&triangles);
    let mut last: BTreeMap<u32, u32> = rim.iter().map(|[from, _]| (*from, *from)).collect();
    for ring in 1..=RINGS {
        let share = ring as f32 / RINGS as f32;
        let wide = 1.0 + (OUTLINE - 1.0) * share;
        let back = BEHIND * (1.0 - (1.0 - share * share).sqrt());
        let next: BTreeMap<u32, u32> = last
            .keys()
            .map(|&start| {
                let [x, y] = photo[start as usize];
                photo.push([middle[0] + wide * (x - middle[0]), middle[1] + wide * (y - middle[1])]);
                depth.push(depth[start as usize] + back);
                (start, photo.len() as u32 - 1)
            })
            .collect();
        for [from, to] in &rim {
            triangles.push([last[from], last[to], next[from]]);
            triangles.push([last[to], next[to], next[from]]);
        }
        last = next;
    }
    // The eyes' depth is that of the mesh where they are.
    let nearest = |at: [f32; 2]| {
        let apart = |point: &[f32; 3]| (point[0] - at[0]).hypot(point[1] - at[1]);
        surface.points.iter().min_by(|a, b| apart(a).total_cmp(&apart(b))).expect("a surface has points")[2] * scale
    };
    let eyes = (nearest(face.landmarks[0]) + nearest(face.landmarks[1])) / 2.0;
    let points = photo.iter().zip(&depth).map(|([x, y], z)| [(x - x0) * scale, (y - y0) * scale, z - eyes]).collect();
    Solid { points, photo, triangles }
}

/// The edges that one triangle alone has, in its direction.
fn rim(triangles: &[[u32; 3]]) -> Vec<[u32; 2]> {
    let mut edges = BTreeMap::new();
    for [a, b, c] in triangles {
        for [from, to] in [[*a, *b], [*b, *c], [*c, *a]] {
            let count: &mut (usize, [u32; 2]) = edges.entry((from.min(to), from.max(to))).or_insert((0, [from, to]));
            count.0 += 1;
        }
    }
    edges.into_values().filter(|(count, _)| *count == 1).map(|(_, edge)| edge).collect()
}

/// The photo on paper, the face as large as in life. The axis of its form leans from the vertical by `lean` degrees.
pub(super) fn sheet(face: &Face, form: Form, lean: f32, [width, height]: [f32; 2]) -> Solid {
    let ([x0, y0], scale) = measure(face);
    let (sin, cos) = lean.to_radians().sin_cos();
    let at = |step: usize| (2.0 * step as f32 / CELLS as f32 - 1.0) * SHEET_HALF;
    let (mut points, mut photo, mut kept) = (Vec::new(), Vec::new(), Vec::new());
    for corner in 0..(CELLS + 1) * (CELLS + 1) {
        let (x, y) = (at(corner % (CELLS + 1)), at(corner / (CELLS + 1)));
        let (across, along) = (x * cos + y * sin, y * cos - x * sin);
        let placed = form.place(across);
        let [aside, back] = placed.unwrap_or_default();
        let pixel = [x0 + x / scale, y0 + y / scale];
        points.push([aside * cos - along * sin, aside * sin + along * cos, back]);
        photo.push(pixel);
        kept.push(placed.is_some() && (0.0..=width).contains(&pixel[0]) && (0.0..=height).contains(&pixel[1]));
    }
    let triangles = (0..CELLS * CELLS)
        .flat_map(|cell| {
            let first = (cell / CELLS * (CELLS + 1) + cell % CELLS) as u32;
            let below = first + CELLS as u32 + 1;
            [[first, first + 1, below], [first + 1, below + 1, below]]
        })
        .filter(|triangle| triangle.iter().all(|corner| kept[*corner as usize]))
        .collect();
    Solid { points, photo, triangles }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bonafide::face::FaceBox;

    fn face() -> Face {
        let bounds = FaceBox { x: 40.0, y: 40.0, width: 120.0, height: 120.0, confidence: 1.0 };
        let landmarks = [[68.5, 80.0], [131.5, 80.0], [100.0, 110.0], [100.0, 140.0], [50.0, 90.0], [150.0, 90.0]];
        Face { bounds, landmarks }
    }

    #[test]
    fn a_sheet_keeps_its_lengths() {
        // 63 pixels between the eyes are 6.3 cm.
        for form in [Form::Flat, Form::Bent(8.0), Form::Folded(35.0)] {
            let sheet = sheet(&face(), form, 0.0, [200.0, 200.0]);
            for [a, b, _] in &sheet.triangles {
                let (a, b) = (*a as usize, *b as usize);
                let apart = |p: &[f32], q: &[f32]| p.iter().zip(q).map(|(p, q)| (p - q).powi(2)).sum::<f32>().sqrt();
                let (on_paper, in_photo) =
                    (apart(&sheet.points[a], &sheet.points[b]), apart(&sheet.photo[a], &sheet.photo[b]));
                assert!((on_paper - 0.1 * in_photo).abs() < 0.01, "{form:?}: {on_paper} cm, {in_photo} pixels");
            }
        }
    }

    #[test]
    fn a_head_goes_on_backwards_around_its_mesh() {
        let points = vec![[60.0, 60.0, 0.0], [140.0, 60.0, 0.0], [140.0, 140.0, 0.0], [60.0, 140.0, 0.0]];
        let surface = Surface { points, triangles: vec![[0, 1, 2], [0, 2, 3]].into() };
        let head = head(&face(), &surface);
        assert_eq!((head.points.len(), head.triangles.len()), (4 + 4 * RINGS, 2 + 8 * RINGS));
        let last = head.points.last().unwrap();
        assert!((last[2] - BEHIND).abs() < 1e-4 && last[0].abs() > 4.0 * OUTLINE - 1e-3, "{last:?}");
    }
}
