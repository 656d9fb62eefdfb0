//! `@mediapipe/face_mesh`'s packed assets -> `detector.safetensors`, `mesh.safetensors`, `canonical_mesh.json`.
//!
//! Knows which layer of MediaPipe's files is which parameter of ours; the file format is [`super::tflite`]'s business.

use std::{fs, ops::Range, path::Path};

use anyhow::Context;
use bonafide::{
    Error, Result,
    face::{
        blazeface::BlazeFace,
        mesh::{FaceMesh, POINTS},
    },
    weights::{load_safetensors, sha256},
};
use burn::{store::ModuleSnapshot, tensor::Device};
use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};

use super::{
    store::{Precision, serialise},
    tflite::{layers, safetensors as name},
};
use crate::run::{terminal::say, write_atomic};

/// The package's one file of models.
pub const ASSETS: &str = "face_mesh_solution_packed_assets.data";
/// Its version 0.4.1657299874.
const ASSETS_SHA256: &str = "dbe5905c582c0462cdaea17e7e6ecea92edaa8cccc515c5e2e7291f2cbb5fb99";
// Where its parts lie, as the package's loader script lists them.
/// `face_landmark.tflite`.
const FACE_MESH: Range<usize> = 2_495_952..3_737_848;
/// `geometry_pipeline_metadata_landmarks.binarypb`.
const GEOMETRY: Range<usize> = 3_737_848..3_757_224;
/// `face_detection_short_range.tflite`.
const BLAZE_FACE: Range<usize> = 3_757_224..3_986_256;

/// Triangles of the canonical mesh.
pub const TRIANGLES: usize = 898;

/// The surface that FaceMesh's points are the corners of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CanonicalMesh {
    /// 468 points in centimetres: x to the person's left, y up, z out of the face.
    pub vertices: Vec<[f32; 3]>,
    /// 898 triangles of point numbers. Together they are one sheet without holes: eyes and mouth are filled.
    pub triangles: Vec<[u16; 3]>,
}

impl CanonicalMesh {
    /// Reads `canonical_mesh.json`.
    ///
    /// # Errors
    /// [`Error::is_weights`] if it is not that file.
    pub fn parse(json: &[u8]) -> Result<Self> {
        let mesh: Self = serde_json::from_slice(json)
            .map_err(|e| Error::weights(format!("the canonical mesh cannot be read: {e}")))?;
        mesh.checked()
    }

    fn checked(self) -> Result<Self> {
        let whole = self.vertices.len() == POINTS
            && self.triangles.len() == TRIANGLES
            && self.triangles.iter().flatten().all(|point| usize::from(*point) < POINTS);
        if whole {
            Ok(self)
        } else {
            Err(Error::weights("the canonical mesh has not 468 points and 898 triangles of them"))
        }
    }
}

/// What the package turns into.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// [`BlazeFace`] as f16 safetensors.
    pub detector: Vec<u8>,
    /// [`FaceMesh`] as f16 safetensors.
    pub mesh: Vec<u8>,
    /// The mesh's surface.
    pub canonical: CanonicalMesh,
}

/// Converts the bytes of [`ASSETS`].
///
/// # Errors
/// [`Error::is_weights`] unless they are version 0.4.1657299874, whole.
pub fn convert(assets: &[u8]) -> Result<Imported> {
    if assets.len() != BLAZE_FACE.end || sha256(assets) != ASSETS_SHA256 {
        return Err(Error::weights(format!(
            "{ASSETS} ({} bytes) is not the {} bytes of version 0.4.1657299874: install `@mediapipe/face_mesh@0.4.1657299874` again",
            assets.len(),
            BLAZE_FACE.end
        )));
    }
    let device = Device::flex();
    let detector = name(&blaze_face(), &layers(&assets[BLAZE_FACE])?)?;
    let mesh = name(&face_mesh(), &layers(&assets[FACE_MESH])?)?;
    reload(BlazeFace::new(&device), &detector)?;
    reload(FaceMesh::new(&device), &mesh)?;
    Ok(Imported { detector, mesh, canonical: canonical_mesh(&assets[GEOMETRY])? })
}

/// Runs `trainer import mediapipe`.
///
/// # Errors
/// If the package is missing, damaged or another version, or the disk refuses.
pub fn run(package: &Path, out: &Path) -> anyhow::Result<()> {
    let path = package.join(ASSETS);
    let assets = fs::read(&path).with_context(|| {
        format!("cannot read {}: `npm install @mediapipe/face_mesh@0.4.1657299874`", path.display())
    })?;
    let imported = convert(&assets)?;
    fs::create_dir_all(out).with_context(|| format!("cannot create {}", out.display()))?;
    let mut said = String::new();
    for (name, bytes) in [
        ("detector.safetensors", imported.detector),
        ("mesh.safetensors", imported.mesh),
        ("canonical_mesh.json", serde_json::to_vec(&imported.canonical)?),
    ] {
        write_atomic(&out.join(name), &bytes)?;
        said += &format!("{}: {} bytes\n", out.join(name).display(), bytes.len());
    }
    say(said)
}

/// Loads the bytes as the product does and takes every value out of the network again: all must come back unchanged.
fn reload<M: ModuleSnapshot>(network: M, bytes: &[u8]) -> Result<()> {
    let network = load_safetensors(network, bytes)?;
    let broken = |e: &dyn std::fmt::Display| Error::weights(format!("the imported weights cannot be read back: {e}"));
    let again = serialise(&network, Precision::Half).map_err(|e| broken(&e))?;
    let before = SafeTensors::deserialize(bytes).map_err(|e| broken(&e))?;
    let after = SafeTensors::deserialize(&again).map_err(|e| broken(&e))?;
    for (name, tensor) in before.iter() {
        let loaded = after.tensor(name).map_err(|e| broken(&e))?;
        if loaded != tensor {
            return Err(broken(&format!("{name} changed on its way through the network")));
        }
    }
    Ok(())
}

/// Paths of the layers of a residual block, with slopes where `parts` is 3.
fn block(path: &str, parts: usize) -> Vec<String> {
    ["depthwise", "pointwise", "slopes"][..parts].iter().map(|part| format!("{path}.{part}")).collect()
}

/// [`BlazeFace`]'s layers in the file's order.
fn blaze_face() -> Vec<String> {
    let mut names = vec!["stem".to_owned()];
    names.extend((0..16).flat_map(|i| block(&format!("blocks.{i}"), 2)));
    names.extend(["fine_scores", "coarse_scores", "fine_boxes", "coarse_boxes"].map(str::to_owned));
    names
}

/// [`FaceMesh`]'s layers in the file's order, which runs the two branches side by side from the points' third block on.
fn face_mesh() -> Vec<String> {
    let mut names = vec!["stem".to_owned(), "stem_slopes".to_owned()];
    names.extend((0..14).flat_map(|i| block(&format!("shared.{i}"), 3)));
    names.extend((0..2).flat_map(|i| block(&format!("points.wide.{i}"), 3)));
    let tail = |path: &str, last: usize| {
        let mut names = block(&format!("{path}.wide.{last}"), 3);
        names.extend([format!("{path}.reduce"), format!("{path}.slopes")]);
        names.extend(block(&format!("{path}.narrow"), 3));
        names.push(format!("{path}.output"));
        names
    };
    let branches = tail("presence", 0).into_iter().zip(tail("points", 2));
    names.extend(branches.flat_map(|(presence, points)| [presence, points]));
    names
}

/// The canonical mesh in the geometry pipeline's metadata: protobuf message 1 holds floats (x, y, z, u, v) as field 3 and
/// point numbers as field 4, neither packed.
///
/// # Errors
/// [`Error::is_weights`] if the bytes are anything else.
pub fn canonical_mesh(metadata: &[u8]) -> Result<CanonicalMesh> {
    let malformed = || Error::weights("the geometry metadata is damaged: install the package again");
    let mesh = fields(metadata)
        .ok_or_else(malformed)?
        .into_iter()
        .find_map(|field| if let (1, Field::Message(mesh)) = field { Some(mesh) } else { None })
        .ok_or_else(malformed)?;
    let (mut floats, mut points) = (Vec::new(), Vec::new());
    for field in fields(mesh).ok_or_else(malformed)? {
        match field {
            (3, Field::Fixed(bytes)) => floats.push(f32::from_le_bytes(bytes)),
            (4, Field::Number(point)) => points.push(u16::try_from(point).map_err(|_| malformed())?),
            _ => {}
        }
    }
    let (vertices, triangles) = (floats.as_chunks::<5>(), points.as_chunks::<3>());
    if !vertices.1.is_empty() || !triangles.1.is_empty() || floats.iter().any(|value| !value.is_finite()) {
        return Err(malformed());
    }
    let vertices = vertices.0.iter().map(|[x, y, z, ..]| [*x, *y, *z]).collect();
    CanonicalMesh { vertices, triangles: triangles.0.to_vec() }.checked()
}

/// A protobuf field's value, as its wire type has it.
enum Field<'a> {
    Number(u64),
    Fixed([u8; 4]),
    Message(&'a [u8]),
}

/// The fields of a protobuf message; `None` if it is malformed or has 64-bit fields or groups, which the mesh has not.
fn fields(mut bytes: &[u8]) -> Option<Vec<(u64, Field<'_>)>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes)?;
        let value = match key & 7 {
            0 => Field::Number(varint(&mut bytes)?),
            2 => {
                let length = usize::try_from(varint(&mut bytes)?).ok()?;
                let (message, rest) = bytes.split_at_checked(length)?;
                bytes = rest;
                Field::Message(message)
            }
            5 => {
                let (fixed, rest) = bytes.split_first_chunk::<4>()?;
                bytes = rest;
                Field::Fixed(*fixed)
            }
            _ => return None,
        };
        fields.push((key >> 3, value));
    }
    Some(fields)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
