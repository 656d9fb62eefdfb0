//! A folder -> the files in it that a layout wants; a small file -> its bytes. Knows nothing of layouts.

use std::{fs, io::Read, path::Path, path::PathBuf};

use anyhow::{Context, Result, ensure};

use super::Listing;
use crate::picture::search::{Passed, search};

/// The files below `folder` that [`search`] finds; links, odd files and folders that cannot be listed go to `listing.left_out`.
/// Data sets hold files of many other kinds, which are passed over.
///
/// # Errors
/// If `folder` itself cannot be listed.
pub(super) fn files(folder: &Path, endings: &[&str], listing: &mut Listing) -> Result<Vec<PathBuf>> {
    search(folder, endings, |path, why| {
        if !matches!(why, Passed::OtherKind(_)) {
            listing.leave_out(path, why.to_string());
        }
    })
}

/// As [`files`], of a folder that is to hold nothing else: every other file goes to `listing.left_out`, too.
pub(super) fn only(folder: &Path, endings: &[&str], listing: &mut Listing) -> Result<Vec<PathBuf>> {
    search(folder, endings, |path, why| listing.leave_out(path, why.to_string()))
}

/// The bytes of a file of at most `limit` bytes. A file beyond it is a mistake or an attack on memory.
///
/// # Errors
/// If it is missing, no regular file, too large, or cannot be read.
pub(super) fn bytes(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let cannot = || format!("cannot read {}", path.display());
    // Asked before it is opened: opening a pipe would wait for its other end.
    let kind = fs::metadata(path).with_context(cannot)?;
    ensure!(kind.is_file(), "{} is no regular file", path.display());
    let mut bytes = Vec::new();
    fs::File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes)).with_context(cannot)?;
    ensure!(bytes.len() as u64 <= limit, "{} is larger than {} MiB", path.display(), limit >> 20);
    Ok(bytes)
}

/// As [`bytes`], as text.
///
/// # Errors
/// Also if it is not UTF-8.
pub(super) fn text(path: &Path, limit: u64) -> Result<String> {
    String::from_utf8(bytes(path, limit)?).ok().with_context(|| format!("{} is not UTF-8 text", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_beyond_the_limit_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, [0xff; 4]).unwrap();
        assert_eq!(bytes(&path, 4).unwrap(), [0xff; 4]);
        assert!(bytes(&path, 3).unwrap_err().to_string().ends_with("a is larger than 0 MiB"));
        assert!(text(&path, 4).unwrap_err().to_string().ends_with("a is not UTF-8 text"));
        assert!(bytes(folder.path(), 4).unwrap_err().to_string().ends_with("is no regular file"));
    }
}
