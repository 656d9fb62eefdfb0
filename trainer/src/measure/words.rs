//! The words in which tables name classes and splits, however they are spelt here and there. What is no such word is refused:
//! taken for another, it would be a species of attack, or fitted on, and only figures would tell.

use anyhow::{Result, bail};

/// The families of attacks, as [`PaiSpecies`](crate::recapture::PaiSpecies) writes them.
pub const SPECIES: [&str; 3] = ["print", "replay", "mask"];

/// A word without what spellings differ in: case, blanks around it, and what stands between its parts.
fn plain(word: &str) -> String {
    word.trim().to_lowercase().replace(['_', ' '], "-")
}

/// Whether a word names the class of what is no attack: `bona fide`, `bona-fide` or `bona_fide`, in any case.
pub fn is_bona_fide(word: &str) -> bool {
    plain(word) == "bona-fide"
}

/// Whether a word names the class of all attacks.
pub fn is_attack(word: &str) -> bool {
    plain(word) == "attack"
}

/// A class as `scores.csv` names it: `None` is bona fide, else the species (`print`, `replay/phone`).
///
/// # Errors
/// If it is neither.
pub fn class(word: &str) -> Result<Option<String>> {
    if is_bona_fide(word) {
        return Ok(None);
    }
    let family = plain(word.split('/').next().unwrap_or_default());
    let Some(known) = SPECIES.iter().find(|known| **known == family) else {
        bail!(
            "the class {word:?} is neither bona fide nor a species: print, replay or mask, perhaps with an instrument after a /"
        );
    };
    Ok(Some(match word.split_once('/') {
        None => (*known).to_owned(),
        Some((_, instrument)) => format!("{known}/{}", instrument.trim()),
    }))
}

/// A split: `train`, `development` or `test`, in any case.
///
/// # Errors
/// If it is none of them.
pub fn split(word: &str) -> Result<&'static str> {
    let known = ["train", "development", "test"].into_iter().find(|known| *known == plain(word));
    let Some(known) = known else { bail!("the split {word} is not train, development or test") };
    Ok(known)
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;
    use crate::data::dataset::Split;

    #[test]
    fn every_spelling_is_the_same_word_and_no_other_word_is() {
        for word in ["bona fide", "bona-fide", "bona_fide", " Bona Fide ", "BONA-FIDE"] {
            assert!(is_bona_fide(word) && class(word).unwrap().is_none(), "{word}");
        }
        assert_eq!(class("Replay/phone").unwrap().as_deref(), Some("replay/phone"));
        assert_eq!(class("mask").unwrap().as_deref(), Some("mask"));
        for word in ["", "bonafide", "live", "attack", "prints", "film/x"] {
            assert!(class(word).unwrap_err().to_string().contains("neither bona fide nor a species"), "{word}");
        }
        assert_eq!(
            [" Test", "TRAIN", "development "].map(|word| split(word).unwrap()),
            ["test", "train", "development"]
        );
        for word in ["", "tset", "eval", "dev"] {
            assert!(split(word).is_err(), "{word}");
        }
    }

    #[test]
    fn the_words_are_those_that_are_written() {
        for of in Split::value_variants() {
            assert_eq!(split(&of.to_string()).unwrap(), of.to_string());
        }
        use crate::recapture::PaiSpecies::{Mask, Print, Replay};
        assert_eq!([Print, Replay, Mask].map(|species| species.to_string()), SPECIES);
    }
}
