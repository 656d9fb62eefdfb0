//! Image file -> RGBA pixels; files and folders -> the image files in them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use bonafide::frame::{Frame, MAX_SIDE};
use image::{DynamicImage, ImageDecoder, ImageReader, Limits};

/// More is no photo of a face but an attack on memory.
const MAX_PIXELS: u64 = 64 * 1024 * 1024;

/// A decoded photo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Photo {
    rgba: Vec<u8>,
    width: u32,
    height: u32,
}

impl Photo {
    /// Reads a JPEG, PNG or WebP file, upright as its EXIF orientation says.
    ///
    /// # Errors
    /// If it cannot be read, is no image, or is absurdly large.
    pub fn read(path: &Path) -> Result<Self> {
        let mut reader = ImageReader::open(path)
            .and_then(ImageReader::with_guessed_format)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let mut limits = Limits::default();
        limits.max_image_width = Some(MAX_SIDE);
        limits.max_image_height = Some(MAX_SIDE);
        limits.max_alloc = Some(MAX_PIXELS * 4);
        reader.limits(limits);
        let undecodable = || format!("{} is not an image that can be decoded", path.display());
        let mut decoder = reader.into_decoder().with_context(undecodable)?;
        // Before it is unpacked: a gray picture takes a quarter of the memory that RGBA will.
        let (width, height) = decoder.dimensions();
        let pixels = u64::from(width) * u64::from(height);
        ensure!(
            pixels <= MAX_PIXELS,
            "{} has {} megapixels, {} are read: make it smaller",
            path.display(),
            pixels / 1_000_000,
            MAX_PIXELS / 1_000_000
        );
        let orientation = decoder.orientation().with_context(undecodable)?;
        let mut image = DynamicImage::from_decoder(decoder).with_context(undecodable)?;
        image.apply_orientation(orientation);
        let image = image.into_rgba8();
        Ok(Self { width: image.width(), height: image.height(), rgba: image.into_raw() })
    }

    /// Takes pixels that are already decoded: RGBA8, row-major, `width * height * 4` bytes.
    ///
    /// # Errors
    /// If a side is zero or above [`MAX_SIDE`], or the bytes are not as many as the size says.
    pub fn from_rgba(rgba: Vec<u8>, width: u32, height: u32) -> Result<Self> {
        Frame::new(&rgba, width, height)?;
        Ok(Self { rgba, width, height })
    }

    /// The pixels from (`left`, `top`) up to (`right`, `bottom`), at least one, no further than the photo reaches.
    pub(crate) fn part(&self, [left, top, right, bottom]: [u32; 4]) -> Self {
        let (right, bottom) = (right.clamp(1, self.width), bottom.clamp(1, self.height));
        let (left, top) = (left.min(right - 1), top.min(bottom - 1));
        let row = |y: u32| {
            let start = (y * self.width + left) as usize * 4;
            &self.rgba[start..start + (right - left) as usize * 4]
        };
        Self { rgba: (top..bottom).flat_map(row).copied().collect(), width: right - left, height: bottom - top }
    }

    /// The pixels.
    pub fn frame(&self) -> Frame<'_> {
        Frame::new(&self.rgba, self.width, self.height).expect("a decoded image is never empty and fits its buffer")
    }
}

/// The image files among `paths` and, recursively, in the folders among them, sorted and each once. A file that is named
/// itself is kept whatever its ending.
///
/// # Errors
/// If a path does not exist, or none is left.
pub fn expand(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths {
        let kind = fs::metadata(path).with_context(|| format!("cannot find {}", path.display()))?;
        if kind.is_dir() { search(path, &mut found)? } else { found.push(path.clone()) }
    }
    found.sort();
    found.dedup();
    ensure!(!found.is_empty(), "no .jpg, .jpeg, .png or .webp file in the given folders");
    Ok(found)
}

fn search(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let entry = entry?;
        // Does not follow links, so that a link to a parent folder cannot trap the search.
        let kind = entry.file_type()?;
        let path = entry.path();
        if kind.is_dir() {
            search(&path, found)?;
        } else if kind.is_file() && is_image(&path) {
            found.push(path);
        }
    }
    Ok(())
}

fn is_image(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    matches!(ending.as_str(), "jpg" | "jpeg" | "png" | "webp")
}
