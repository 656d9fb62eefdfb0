//! Folders of bona fide photos -> samples. One file is one person, whose split follows from the name; the same picture under
//! several names, in one folder or several, is used once, or a person would be in several splits.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use anyhow::{Result, ensure};
use bonafide::weights::sha256;

use super::{Listing, Media, Sample, same, split, tree};
use crate::picture::photo;

/// The photos of some folders, each of them a source, at most `per_source` of each (the first by the hash of their name;
/// 0 takes all), and of those the different ones. Of what is packed otherwise, not of plain copies, a draw of some may know another
/// name than a draw of all.
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
    same::once(&mut all, same::Files::People);
    Ok(all)
}

fn folder(root: &Path, per_source: usize) -> Result<Listing> {
    let mut listing = Listing::default();
    let source =
        root.file_name().map_or_else(|| root.display().to_string(), |name| name.to_string_lossy().into_owned());
    let mut files = tree::only(root, &photo::ENDINGS, &mut listing)?;
    if per_source > 0 {
        // Before the draw, so that it draws no copy under a name that has another split.
        let mut copies = HashSet::new();
        for group in same::copies(&files) {
            for &at in &group[1..] {
                copies.insert(files[at].clone());
                listing.leave_out(&files[at], format!("is the same picture as {}", files[group[0]].display()));
            }
        }
        files.retain(|file| !copies.contains(file));
    }
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
