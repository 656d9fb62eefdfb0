//! A folder -> the files in it with wanted endings, and why each of the others is passed over.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// Whether a path's ending is one of `endings`, which are in lower case.
pub fn ends_in(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    endings.contains(&ending.as_str())
}

/// Why something in a folder is passed over; as text what follows its path in a sentence.
#[derive(Debug)]
pub enum Passed<'a> {
    /// It ends in none of these endings.
    OtherKind(&'a [&'a str]),
    /// A link to anywhere.
    Link,
    /// A pipe, a socket or a device.
    NoFile,
    /// A folder that cannot be listed.
    Unlisted(io::Error),
}

impl fmt::Display for Passed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherKind(read) => write!(f, "is of a kind that is not read: {} are", read.join(", ")),
            Self::Link => f.write_str("is a link, and links are not followed"),
            Self::NoFile => f.write_str("is no regular file"),
            Self::Unlisted(error) => write!(f, "cannot be listed: {error}"),
        }
    }
}

/// The files below `folder` whose names end in one of `endings` (in lower case), sorted; everything else goes to `pass`. Links
/// are not followed, so that a link to a parent folder cannot trap the search.
///
/// # Errors
/// If `folder` itself cannot be listed.
pub fn search<'a>(
    folder: &Path,
    endings: &'a [&'a str],
    mut pass: impl FnMut(PathBuf, Passed<'a>),
) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(now) = open.pop() {
        let entries = match fs::read_dir(&now) {
            Ok(entries) => entries,
            Err(error) if now == folder => {
                return Err(error).with_context(|| format!("cannot list {}", folder.display()));
            }
            Err(error) => {
                pass(now, Passed::Unlisted(error));
                continue;
            }
        };
        for entry in entries {
            let entry = entry.with_context(|| format!("cannot list {}", now.display()))?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            if kind.is_dir() {
                open.push(path);
            } else if kind.is_symlink() {
                pass(path, Passed::Link);
            } else if !kind.is_file() {
                pass(path, Passed::NoFile);
            } else if ends_in(&path, endings) {
                found.push(path);
            } else {
                pass(path, Passed::OtherKind(endings));
            }
        }
    }
    found.sort();
    Ok(found)
}
