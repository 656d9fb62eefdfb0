//! Pseudo-depth against the truth: the canonical mesh is rendered as a lit, painted head whose depth is known.
//!
//! The renderer is the test's own, by brute force, and shares nothing with the rasteriser that it checks. What it draws must
//! pass for a face with the detector and with FaceMesh before its depth is compared.

use std::path::PathBuf;

use bonafide::{
    crop::{CROP_MARGIN, CROP_SIZE, face_region},
    frame::Frame,
};
use trainer::{
    faces::{
        depth::{DepthChoice, Reconstructor, rasterise::pseudo_depth},
        detect::{Detector, DetectorChoice},
    },
    weights::CanonicalMesh,
};

/// Side of the rendered photo in pixels.
const PHOTO: usize = 400;
/// Camera to head centre, and focal length over half the photo's side: a webcam's.
const DISTANCE: f32 = 55.0;
const FOCAL: f32 = 2.6;

// MediaPipe's numbers of the points around each feature, as far as they are needed to paint it.
const EYES: [&[usize]; 2] = [
    &[33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246],
    &[263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466],
];
const BROWS: [&[usize]; 2] =
    [&[70, 63, 105, 66, 107, 55, 65, 52, 53, 46], &[300, 293, 334, 296, 336, 285, 295, 282, 283, 276]];
const LIPS: &[usize] = &[61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185];
const MOUTH: &[usize] = &[78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191];

fn weights() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../pkg/weights")
}

fn sub(a: [f32; 3], b: [f32; 3]) -> [f32; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn unit(a: [f32; 3]) -> [f32; 3] {
    let length = a.iter().map(|x| x * x).sum::<f32>().sqrt();
    a.map(|x| x / length)
}

/// Yaw about y, then pitch about x, in degrees.
fn rotate([x, y, z]: [f32; 3], yaw: f32, pitch: f32) -> [f32; 3] {
    let ((sy, cy), (sp, cp)) = (yaw.to_radians().sin_cos(), pitch.to_radians().sin_cos());
    let (x, z) = (x * cy + z * sy, z * cy - x * sy);
    [x, y * cp - z * sp, y * sp + z * cp]
}

/// A rendered photo, and the distance to the camera of what each pixel shows of the face; infinite elsewhere.
struct Render {
    rgba: Vec<u8>,
    distance: Vec<f32>,
}

/// Centimetres -> pixels.
fn project([x, y, z]: [f32; 3]) -> [f32; 2] {
    let scale = FOCAL * PHOTO as f32 / 2.0 / (DISTANCE - z);
    [PHOTO as f32 / 2.0 + x * scale, PHOTO as f32 / 2.0 - y * scale]
}

fn inside(polygon: &[[f32; 2]], [x, y]: [f32; 2]) -> bool {
    let crossings = (0..polygon.len()).filter(|&i| {
        let ([ax, ay], [bx, by]) = (polygon[i], polygon[(i + 1) % polygon.len()]);
        (ay > y) != (by > y) && x < (bx - ax) * (y - ay) / (by - ay) + ax
    });
    crossings.count() % 2 == 1
}

/// The face's colour at a place of the unrotated head.
fn paint(mesh: &CanonicalMesh, [x, y, _]: [f32; 3]) -> [f32; 3] {
    let outline = |points: &[usize]| -> Vec<[f32; 2]> {
        points.iter().map(|&point| [mesh.vertices[point][0], mesh.vertices[point][1]]).collect()
    };
    for eye in EYES {
        let outline = outline(eye);
        if inside(&outline, [x, y]) {
            let middle = |axis: usize| outline.iter().map(|point| point[axis]).sum::<f32>() / outline.len() as f32;
            let radius = ((x - middle(0)).powi(2) + (y - middle(1)).powi(2)).sqrt();
            return if radius < 0.25 {
                [0.03; 3]
            } else if radius < 0.6 {
                [0.25, 0.15, 0.08]
            } else {
                [0.85; 3]
            };
        }
    }
    if BROWS.iter().any(|brow| inside(&outline(brow), [x, y])) {
        return [0.2, 0.12, 0.08];
    }
    if inside(&outline(MOUTH), [x, y]) {
        return [0.3, 0.08, 0.08];
    }
    if inside(&outline(LIPS), [x, y]) {
        return [0.7, 0.3, 0.3];
    }
    [0.88, 0.66, 0.54]
}

fn render(mesh: &CanonicalMesh, yaw: f32, pitch: f32) -> Render {
    let corners: Vec<[f32; 3]> = mesh.vertices.iter().map(|vertex| rotate(*vertex, yaw, pitch)).collect();
    let mut normals = vec![[0.0f32; 3]; corners.len()];
    for triangle in &mesh.triangles {
        let [a, b, c] = triangle.map(|corner| corners[usize::from(corner)]);
        let (u, v) = (sub(b, a), sub(c, a));
        let normal = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
        for corner in triangle {
            let sum = &mut normals[usize::from(*corner)];
            *sum = [sum[0] + normal[0], sum[1] + normal[1], sum[2] + normal[2]];
        }
    }
    let light = unit([-0.35, 0.45, 0.85]);
    let mut render = Render { rgba: backdrop(yaw), distance: vec![f32::INFINITY; PHOTO * PHOTO] };
    for triangle in &mesh.triangles {
        let numbers = triangle.map(usize::from);
        let [a, b, c] = numbers.map(|corner| project(corners[corner]));
        let cross =
            |p: [f32; 2], q: [f32; 2], r: [f32; 2]| (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]);
        let area = cross(a, b, c);
        for row in 0..PHOTO {
            for column in 0..PHOTO {
                let at = [column as f32 + 0.5, row as f32 + 0.5];
                let weights = [cross(b, c, at) / area, cross(c, a, at) / area, cross(a, b, at) / area];
                if weights.iter().any(|weight| weight.is_nan() || *weight < 0.0) {
                    continue;
                }
                let blend = |values: [[f32; 3]; 3]| -> [f32; 3] {
                    std::array::from_fn(|axis| (0..3).map(|i| weights[i] * values[i][axis]).sum())
                };
                let distance = DISTANCE - blend(numbers.map(|corner| corners[corner]))[2];
                let pixel = row * PHOTO + column;
                if distance >= render.distance[pixel] {
                    continue;
                }
                render.distance[pixel] = distance;
                let normal = unit(blend(numbers.map(|corner| normals[corner])));
                let lit = 0.35 + 0.7 * normal.iter().zip(light).map(|(n, l)| n * l).sum::<f32>().max(0.0);
                let colour = paint(mesh, blend(numbers.map(|corner| mesh.vertices[corner])));
                for (channel, value) in colour.into_iter().enumerate() {
                    render.rgba[pixel * 4 + channel] = (value * lit * 255.0).clamp(0.0, 255.0) as u8;
                }
            }
        }
    }
    render
}

/// A wall, hair around where the face will be, and a neck.
fn backdrop(yaw: f32) -> Vec<u8> {
    let centre = -yaw * 0.6;
    (0..PHOTO * PHOTO)
        .flat_map(|pixel| {
            let (x, y) =
                ((pixel % PHOTO) as f32 - PHOTO as f32 / 2.0 - centre, (pixel / PHOTO) as f32 - PHOTO as f32 / 2.0);
            let unit = PHOTO as f32;
            if (x / (0.215 * unit)).powi(2) + ((y + 0.04 * unit) / (0.3 * unit)).powi(2) < 1.0 {
                [60, 42, 30, 255]
            } else if x.abs() < 0.11 * unit && y > 0.0 && y < 0.38 * unit {
                [170, 125, 102, 255]
            } else if y > 0.32 * unit + x.abs() * 0.2 {
                [50, 70, 110, 255]
            } else {
                [165, 172, 178, 255]
            }
        })
        .collect()
}

fn correlation(pairs: &[(f32, f32)]) -> f32 {
    let n = pairs.len() as f64;
    let mean = |value: &dyn Fn(&(f32, f32)) -> f64| pairs.iter().map(value).sum::<f64>() / n;
    let (ma, mb) = (mean(&|pair| f64::from(pair.0)), mean(&|pair| f64::from(pair.1)));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for pair in pairs {
        let (a, b) = (f64::from(pair.0) - ma, f64::from(pair.1) - mb);
        (ab, aa, bb) = (ab + a * b, aa + a * a, bb + b * b);
    }
    (ab / (aa * bb).sqrt()) as f32
}

#[test]
fn pseudo_depth_of_a_rendered_head_follows_its_true_depth() {
    let mesh = CanonicalMesh::parse(&std::fs::read(weights().join("canonical_mesh.json")).unwrap()).unwrap();
    let detector = Detector::load(DetectorChoice::Blazeface, &weights(), None).unwrap();
    let reconstructor = Reconstructor::load(DepthChoice::Facemesh, &weights(), None, None).unwrap();
    for (yaw, pitch) in [(0.0, 0.0), (20.0, 0.0), (-35.0, 0.0), (0.0, 15.0), (10.0, -15.0)] {
        let truth = render(&mesh, yaw, pitch);
        if let Ok(folder) = std::env::var("BONAFIDE_RENDERS") {
            let path = PathBuf::from(folder).join(format!("head_{yaw}_{pitch}.png"));
            image::RgbaImage::from_raw(PHOTO as u32, PHOTO as u32, truth.rgba.clone()).unwrap().save(path).unwrap();
        }
        let frame = Frame::new(&truth.rgba, PHOTO as u32, PHOTO as u32).unwrap();
        let unseen = || panic!("the head at yaw {yaw}, pitch {pitch} does not pass for a face");
        let face = detector.detect(&frame).unwrap().into_iter().next().unwrap_or_else(unseen);
        let hidden = || panic!("the head at yaw {yaw}, pitch {pitch} is not reconstructed");
        let found = reconstructor.reconstruct(&frame, &face).unwrap().unwrap_or_else(hidden);
        let region = face_region(&face.bounds, CROP_MARGIN);
        let depth = pseudo_depth(&found, &region, CROP_SIZE);

        let (mut pairs, mut either) = (Vec::new(), 0);
        for row in 0..CROP_SIZE {
            for column in 0..CROP_SIZE {
                let place = |index: usize| (index as f32 + 0.5) / CROP_SIZE as f32;
                let (x, y) = region.to_frame(place(column), place(row));
                let visible = x >= 0.0 && y >= 0.0 && x < PHOTO as f32 && y < PHOTO as f32;
                let distance = if visible { truth.distance[y as usize * PHOTO + x as usize] } else { f32::INFINITY };
                let drawn = depth[row * CROP_SIZE + column];
                match (distance.is_finite(), drawn > 0.0) {
                    (true, true) => pairs.push((DISTANCE - distance, drawn)),
                    (false, false) => continue,
                    _ => {}
                }
                either += 1;
            }
        }
        let (correlation, covered) = (correlation(&pairs), pairs.len() as f32 / either as f32);
        println!("yaw {yaw}, pitch {pitch}: correlation {correlation:.4}, overlap {covered:.3}");
        assert!(correlation > 0.9, "correlation {correlation} at yaw {yaw}, pitch {pitch}");
        // A map that is right where it lies but lies elsewhere would correlate too.
        assert!(covered > 0.8, "overlap {covered} at yaw {yaw}, pitch {pitch}");
        let (low, high) = depth.iter().fold((1.0f32, 0.0f32), |(low, high), value| (low.min(*value), high.max(*value)));
        assert!(low == 0.0 && high <= 1.0 && high > 0.95, "range {low}..{high}");
    }
}
