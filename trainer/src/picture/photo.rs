//! Image file -> RGBA pixels; files and folders -> the image files in them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use bonafide::{frame::Frame, picture, reduced::Reduced, weights::sha256};

use super::search::search;
use crate::run::terminal::remark;

/// A decoded photo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Photo {
    rgba: Vec<u8>,
    width: u32,
    height: u32,
}

impl Photo {
    /// Reads a JPEG, PNG or WebP file, see [`picture::decode`].
    ///
    /// # Errors
    /// If it cannot be read, is no image, or is absurdly large.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = fs::File::open(path).and_then(picture::bytes);
        let bytes = bytes.with_context(|| format!("cannot read {}", path.display()))?;
        let image = picture::decode(&bytes).with_context(|| format!("cannot use {}", path.display()))?;
        Ok(Self { width: image.width(), height: image.height(), rgba: image.into_raw() })
    }

    /// Takes pixels that are already decoded: RGBA8, row-major, `width * height * 4` bytes.
    ///
    /// # Errors
    /// If a side is zero or above [`bonafide::frame::MAX_SIDE`], or the bytes are not as many as the size says.
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

    /// The photo as the product looks at it, see [`bonafide::reduced`], and how many times as large it is.
    pub fn seen(self) -> (Self, u32) {
        let Reduced { rgba, width, height, factor } = Reduced::of(self.rgba, self.width, self.height);
        (Self { rgba, width, height }, factor)
    }

    /// Lower-case hexadecimal SHA-256 of size and pixels: the same for every file that decodes to them.
    pub fn digest(&self) -> String {
        let size = [self.width, self.height].map(|side| side.to_string()).join("x");
        sha256(format!("{size} {}", sha256(&self.rgba)).as_bytes())
    }

    /// The pixels.
    pub fn frame(&self) -> Frame<'_> {
        Frame::new(&self.rgba, self.width, self.height).expect("a decoded image is never empty and fits its buffer")
    }
}

/// Endings of photos. A JFIF file is a JPEG.
pub const ENDINGS: [&str; 5] = ["jpg", "jpeg", "jfif", "png", "webp"];

/// The photos among `paths` and, recursively, in the folders among them, sorted and each once. A file that is named itself is
/// kept whatever its ending; what else is in folders is named on the terminal.
///
/// # Errors
/// If a path does not exist, or none is left.
pub fn expand(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let (mut found, mut passed) = (Vec::new(), Vec::new());
    for path in paths {
        let kind = fs::metadata(path).with_context(|| format!("cannot find {}", path.display()))?;
        if kind.is_dir() {
            found.extend(search(path, &ENDINGS, |path, why| passed.push(format!("{} {why}", path.display())))?);
        } else {
            found.push(path.clone());
        }
    }
    found.sort();
    found.dedup();
    passed.sort();
    passed.dedup();
    for sentence in &passed {
        remark(format_args!("left out: {sentence}"));
    }
    ensure!(!found.is_empty(), "the given folders hold no file that is read: {} are", ENDINGS.join(", "));
    Ok(found)
}
