//! Folders of bona fide photos -> samples. One file is one person, whose split follows from the name; the same picture under
//! several names is used once, or a person would be in several splits.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Result, ensure};
use bonafide::weights::sha256;

use super::{Listing, Media, Sample, split, tree};
use crate::picture::photo;

/// The photos of some folders, each of them a source, at most `per_source` of each (the first by the hash of their name;
/// 0 takes all).
///
/// # Errors
/// If two folders have the same name, or there is no photo.
pub fn list(roots: &[PathBuf], per_source: usize) -> Result<Listing> {
    let mut all = Listing::default();
    for root in roots {
        let listing = folder(root, per_source)?;
        ensure!(!listing.samples.is_empty(), "{} holds no photo", root.display());
        ensure!(
            all.samples.iter().all(|old| old.source != listing.samples[0].source),
            "two data folders have the same name: rename {}, a source must be told from the others",
            root.display()
        );
        all.append([listing]);
    }
    all.samples.sort_by(|a, b| (&a.subject, &a.media).cmp(&(&b.subject, &b.media)));
    Ok(all)
}

/// The files of different bytes, each by its first name; one that cannot be read is kept, to be named later.
fn distinct(files: Vec<PathBuf>, listing: &mut Listing) -> Vec<PathBuf> {
    let size = |path: &Path| fs::metadata(path).map_or(0, |about| about.len());
    let mut sizes: HashMap<u64, usize> = HashMap::new();
    files.iter().for_each(|path| *sizes.entry(size(path)).or_default() += 1);
    let mut first: HashMap<String, PathBuf> = HashMap::new();
    let mut kept = Vec::new();
    for path in files {
        // Most have a size of their own, and need not be read.
        if sizes[&size(&path)] == 1 {
            kept.push(path);
            continue;
        }
        match fs::read(&path).map(|bytes| sha256(&bytes)) {
            Ok(hash) => match first.get(&hash) {
                Some(other) => listing.leave_out(path, format!("is the same picture as {}", other.display())),
                None => {
                    first.insert(hash, path.clone());
                    kept.push(path);
                }
            },
            Err(_) => kept.push(path),
        }
    }
    kept
}

fn folder(root: &Path, per_source: usize) -> Result<Listing> {
    let mut listing = Listing::default();
    let source =
        root.file_name().map_or_else(|| root.display().to_string(), |name| name.to_string_lossy().into_owned());
    let files = distinct(tree::only(root, &photo::ENDINGS, &mut listing)?, &mut listing);
    let mut named: Vec<_> = files
        .into_iter()
        .map(|path| {
            let relative = path.strip_prefix(root).unwrap_or(&path).with_extension("");
            (format!("{source}/{}", relative.display()), path)
        })
        .collect();
    if per_source > 0 {
        // By hash: any number of them is a fair draw.
        named.sort_by_cached_key(|(subject, _)| sha256(subject.as_bytes()));
        named.truncate(per_source);
        named.sort_by(|a, b| a.1.cmp(&b.1));
    }
    listing.samples = named
        .into_iter()
        .map(|(subject, path)| Sample {
            media: Media::Photo(path),
            source: source.clone(),
            split: split(&subject),
            subject,
            attack: None,
            face: None,
            labels: None,
        })
        .collect();
    Ok(listing)
}
