//! Face -> PRNet's crop -> position map -> surface, through PRNet's own files.
//!
//! PRNet's position map is a picture of the unrolled face whose pixels are places. Which of them lie on the face and which
//! of these are neighbours is in two files of YadiraF/PRNet's `Data/uv-data`, which are not here: `face_ind.txt` (43,867
//! pixel numbers of the 256 x 256 map, row by row) and `triangles.txt` (86,906 triangles of positions in that list).

use std::{fs, path::Path, sync::Arc};

use anyhow::{Context, Result, ensure};
use bonafide::{
    face::{Face, FaceBox},
    frame::Frame,
    region::{Region, sample},
};
use burn::tensor::{Device, Tensor, TensorData};

use super::{
    Surface,
    prnet::{Prnet, SCALE, SIZE},
};

/// Side of the crop over the mean of the box's sides, and how far beneath the box's centre the crop's lies (PRNet's `api.py`,
/// for boxes of dlib's detector, which like BlazeFace's reach from the eyebrows to the chin).
const MARGIN: f32 = 1.58;
const OFFSET: f32 = 0.14;

/// Which cells of the position map are the face, and how they hang together.
#[derive(Debug, Clone, PartialEq)]
pub struct Unrolled {
    /// Cells of the map, row by row: the surface's points.
    cells: Vec<u32>,
    triangles: Arc<[[u32; 3]]>,
}

impl Unrolled {
    /// Reads `face_ind.txt` and `triangles.txt` of a folder.
    ///
    /// # Errors
    /// One sentence if a file is missing, or holds anything but whole numbers that fit the map or the list of points.
    pub fn read(folder: &Path) -> Result<Self> {
        let cells = numbers(&folder.join("face_ind.txt"), SIZE * SIZE)?;
        let path = folder.join("triangles.txt");
        let corners = numbers(&path, cells.len())?;
        ensure!(corners.len().is_multiple_of(3), "{} does not hold triples", path.display());
        Ok(Self { cells, triangles: corners.chunks_exact(3).map(|corner| [corner[0], corner[1], corner[2]]).collect() })
    }

    /// The surface of a position map, `[3, 256, 256]` in `[0, 1]`, that PRNet made of `region`.
    pub fn surface(&self, map: &[f32], region: &Region) -> Surface {
        let size = SIZE as f32;
        let points = self.cells.iter().map(|&cell| {
            let value = |channel: usize| map[channel * SIZE * SIZE + cell as usize] * SCALE;
            // PRNet's pixel centres lie at whole numbers.
            let (x, y) = region.to_frame((value(0) + 0.5) / size, (value(1) + 0.5) / size);
            [x, y, -value(2) * region.side / size]
        });
        Surface { points: points.collect(), triangles: Arc::clone(&self.triangles) }
    }
}

/// The whole numbers of a text file (numpy writes them as floats, too), each beneath `end`.
fn numbers(path: &Path, end: usize) -> Result<Vec<u32>> {
    let text = fs::read_to_string(path).with_context(|| {
        format!("cannot read {}: --prnet-uv takes the folder Data/uv-data of YadiraF/PRNet", path.display())
    })?;
    let number = |word: &str| word.parse::<f64>().ok().filter(|n| n.fract() == 0.0 && (0.0..end as f64).contains(n));
    let numbers: Option<Vec<u32>> = text.split_whitespace().map(|word| number(word).map(|n| n as u32)).collect();
    let numbers =
        numbers.with_context(|| format!("{} holds something else than numbers beneath {end}", path.display()))?;
    ensure!(!numbers.is_empty(), "{} is empty", path.display());
    Ok(numbers)
}

/// The square that PRNet looks at, in which the position map is measured.
///
/// Upright, 1.58 times the box's mean side, its centre beneath the box's by 0.14 of that side. PRNet puts the corners of
/// this square on the *centres* of its corner pixels, so that the region is larger by half a pixel all round.
pub fn prnet_region(bounds: &FaceBox) -> Region {
    let side = (bounds.width + bounds.height) / 2.0;
    Region {
        cx: bounds.x + bounds.width / 2.0,
        cy: bounds.y + bounds.height / 2.0 + OFFSET * side,
        side: MARGIN * side * SIZE as f32 / (SIZE - 1) as f32,
        angle: 0.0,
    }
}

/// PRNet with its preprocessing and decoding.
#[derive(Debug)]
pub struct Reconstructor {
    network: Prnet,
    unrolled: Unrolled,
}

impl Reconstructor {
    /// Loads a checkpoint ([`Prnet::load`]) and the folder of UV files ([`Unrolled::read`]).
    ///
    /// # Errors
    /// One sentence if one of them is missing or damaged.
    pub fn load(checkpoint: &Path, uv: &Path) -> Result<Self> {
        // The small files first: their errors come quickly.
        let unrolled = Unrolled::read(uv)?;
        Ok(Self { network: Prnet::load(checkpoint, &Device::flex())?, unrolled })
    }

    /// The surface of a detected face. PRNet answers whatever it is shown: it does not notice a hidden face.
    ///
    /// # Errors
    /// If the device fails.
    pub fn reconstruct(&self, frame: &Frame<'_>, face: &Face) -> Result<Surface> {
        let region = prnet_region(&face.bounds);
        let pixels = TensorData::new(sample(frame, &region, SIZE), [1, 3, SIZE, SIZE]);
        let map = self.network.forward(Tensor::from_data(pixels, &Device::flex()));
        let map = map.into_data().try_into_vec::<f32>().map_err(|error| anyhow::anyhow!("{error:?}"))?;
        Ok(self.unrolled.surface(&map, &region))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(cells: &str, triangles: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("face_ind.txt"), cells).unwrap();
        fs::write(folder.path().join("triangles.txt"), triangles).unwrap();
        folder
    }

    #[test]
    fn a_position_map_becomes_a_surface_in_the_frame() {
        let unrolled = Unrolled::read(folder("0\n1.000000000000000000e+00\n256\n", "0 1 2\n").path()).unwrap();
        // Twice as large as the crop, its first pixel's centre at (101, 51).
        let region = Region { cx: 356.0, cy: 306.0, side: 512.0, angle: 0.0 };
        let mut map = vec![0.0; 3 * SIZE * SIZE];
        for (cell, place) in [(0, [0.0, 0.0, 0.0]), (1, [10.0, 0.0, 5.0]), (256, [255.0, 20.0, 1.0])] {
            for (channel, value) in place.into_iter().enumerate() {
                map[channel * SIZE * SIZE + cell] = value / SCALE;
            }
        }
        let surface = unrolled.surface(&map, &region);
        assert_eq!(surface.triangles[..], [[0, 1, 2]]);
        let expected = [[101.0, 51.0, 0.0], [121.0, 51.0, -10.0], [611.0, 91.0, -2.0]];
        for (found, expected) in surface.points.as_flattened().iter().zip(expected.as_flattened()) {
            assert!((found - expected).abs() < 1e-3, "{found}, not {expected}");
        }
    }

    #[test]
    fn the_region_is_prnets() {
        let region = prnet_region(&FaceBox { x: 10.0, y: 20.0, width: 90.0, height: 110.0, confidence: 1.0 });
        assert_eq!((region.cx, region.angle), (55.0, 0.0));
        assert!((region.cy - 89.0).abs() < 1e-4 && (region.side - 158.0 * 256.0 / 255.0).abs() < 1e-4);
    }

    #[test]
    fn damaged_files_end_in_a_sentence() {
        for (cells, triangles, word) in [
            ("", "0 0 0", "empty"),
            ("65536", "0 0 0", "65536"),
            ("0.5", "0 0 0", "65536"),
            ("nan", "0 0 0", "65536"),
            ("1 2 3", "0 1", "triples"),
            ("1 2 3", "0 1 3", "beneath 3"),
            ("1 2 3", "0 1 -1", "beneath 3"),
        ] {
            let error = format!("{:#}", Unrolled::read(folder(cells, triangles).path()).unwrap_err());
            assert!(error.contains(word), "{error}");
        }
        let error = format!("{:#}", Unrolled::read(Path::new("nonesuch")).unwrap_err());
        assert!(error.contains("--prnet-uv"), "{error}");
    }
}
