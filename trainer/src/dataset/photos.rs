//! A folder of bona fide photos -> samples. One file is one person, whose split follows from the name.

use std::path::Path;

use anyhow::Result;
use bonafide::weights::sha256;

use super::{ListOptions, Listing, Media, Sample, split, tree};

pub(super) fn list(root: &Path, options: &ListOptions) -> Result<Listing> {
    let mut listing = Listing::default();
    let source =
        root.file_name().map_or_else(|| root.display().to_string(), |name| name.to_string_lossy().into_owned());
    let files = tree::files(root, &tree::IMAGES, &mut listing)?;
    let mut named: Vec<_> = files
        .into_iter()
        .map(|path| {
            let relative = path.strip_prefix(root).unwrap_or(&path).with_extension("");
            (format!("{source}/{}", relative.display()), path)
        })
        .collect();
    if options.photos_per_source > 0 {
        // By hash: any number of them is a fair draw.
        named.sort_by_cached_key(|(subject, _)| sha256(subject.as_bytes()));
        named.truncate(options.photos_per_source);
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
