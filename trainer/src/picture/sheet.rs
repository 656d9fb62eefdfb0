//! Planar tiles in `[0, 1]` -> a contact sheet in a PNG file.

use std::{io::Cursor, path::Path};

use anyhow::{Context, Result};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage, codecs::jpeg::JpegEncoder};

use crate::run::write_atomic;

/// A grid of square tiles, filled row by row.
#[derive(Debug)]
pub struct Sheet {
    columns: usize,
    tile: usize,
    tiles: Vec<Vec<[u8; 3]>>,
}

impl Sheet {
    /// `columns` tiles a row, each `tile` x `tile` pixels.
    pub fn new(columns: usize, tile: usize) -> Self {
        Self { columns, tile, tiles: Vec::new() }
    }

    /// Adds an RGB tile, `[3, tile, tile]`.
    ///
    /// # Panics
    /// If it has another size.
    pub fn rgb(&mut self, planes: &[f32]) {
        let plane = self.tile * self.tile;
        assert_eq!(planes.len(), 3 * plane, "a tile of another size");
        self.tiles.push((0..plane).map(|i| [0, 1, 2].map(|channel| to_byte(planes[channel * plane + i]))).collect());
    }

    /// Adds a gray tile, `[tile, tile]`.
    ///
    /// # Panics
    /// If it has another size.
    pub fn gray(&mut self, plane: &[f32]) {
        assert_eq!(plane.len(), self.tile * self.tile, "a tile of another size");
        self.tiles.push(plane.iter().map(|value| [to_byte(*value); 3]).collect());
    }

    /// Writes the sheet as PNG.
    ///
    /// # Errors
    /// If there is no tile or the disk refuses.
    pub fn write(&self, path: &Path) -> Result<()> {
        write_png(path, &self.image(path)?)
    }

    /// Writes the sheet as JPEG, for pages: a tenth of the bytes.
    ///
    /// # Errors
    /// If there is no tile or the disk refuses.
    pub fn write_jpeg(&self, path: &Path) -> Result<()> {
        let mut file = Vec::new();
        JpegEncoder::new_with_quality(&mut file, 92)
            .encode_image(&self.image(path)?)
            .context("cannot encode a JPEG")?;
        write_atomic(path, &file)
    }

    fn image(&self, path: &Path) -> Result<DynamicImage> {
        anyhow::ensure!(!self.tiles.is_empty(), "{} would be an empty sheet", path.display());
        let rows = self.tiles.len().div_ceil(self.columns);
        let columns = self.columns.min(self.tiles.len());
        let sheet = RgbImage::from_fn((columns * self.tile) as u32, (rows * self.tile) as u32, |x, y| {
            let (x, y) = (x as usize, y as usize);
            let tile = self.tiles.get(y / self.tile * self.columns + x / self.tile);
            Rgb(tile.map_or([255; 3], |tile| tile[y % self.tile * self.tile + x % self.tile]))
        });
        Ok(sheet.into())
    }
}

/// Writes an image as PNG, whole or not at all.
///
/// # Errors
/// If the disk refuses.
pub fn write_png(path: &Path, image: &DynamicImage) -> Result<()> {
    write_atomic(path, &encode_png(image)?)
}

/// An image as the bytes of a PNG file.
///
/// # Errors
/// If it has no pixels.
pub fn encode_png(image: &DynamicImage) -> Result<Vec<u8>> {
    let mut png = Cursor::new(Vec::new());
    image.write_to(&mut png, ImageFormat::Png).context("cannot encode a PNG")?;
    Ok(png.into_inner())
}

/// A value in `[0, 1]` as 0 to 255; what is outside is clipped.
pub fn to_byte(value: f32) -> u8 {
    (value.clamp(0.0, 1.0) * 255.0).round() as u8
}
