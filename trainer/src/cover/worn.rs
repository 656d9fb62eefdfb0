//! A list of photos -> what the people in them wear themselves. Dark glasses among photos of uncovered faces would teach that
//! drawn ones are covers and real ones are not.

use std::{collections::HashMap, fs, path::Path};

use anyhow::{Context, Result, bail};

/// What a photo shows before a face.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Worn {
    /// Hides the eyes, hides the mouth.
    Hides([bool; 2]),
    /// Hides something, and is never learnt from: measured by itself.
    Held,
    /// Hides a part of it, or may: of no use.
    Unclear,
}

/// Reads lines of a word (`eyes`, `mouth`, `held`, `unclear`) and a photo, `source/name` without its ending; `#` begins a comment.
///
/// # Errors
/// If the file cannot be read, or a line is neither.
pub(super) fn read(path: &Path) -> Result<HashMap<String, Worn>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    parse(&text).with_context(|| path.display().to_string())
}

fn parse(text: &str) -> Result<HashMap<String, Worn>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let worn = match line.split_once(' ') {
                Some(("eyes", _)) => Worn::Hides([true, false]),
                Some(("mouth", _)) => Worn::Hides([false, true]),
                Some(("held", _)) => Worn::Held,
                Some(("unclear", _)) => Worn::Unclear,
                _ => bail!("{line:?} is no line of such a list: eyes, mouth, held or unclear, and a photo's name"),
            };
            Ok((line.split_once(' ').map_or(line, |(_, photo)| photo.trim()).to_owned(), worn))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_a_word_and_a_photo() {
        let read = parse("# found by eye\neyes a/1\n\nmouth a/2\nheld b/x y\nunclear b/3\n").unwrap();
        assert_eq!(read.len(), 4);
        assert_eq!((read["a/1"], read["a/2"]), (Worn::Hides([true, false]), Worn::Hides([false, true])));
        assert_eq!((read["b/x y"], read["b/3"]), (Worn::Held, Worn::Unclear));
        for wrong in ["nose a/1", "eyes", "a/1"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
