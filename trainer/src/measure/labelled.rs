//! What evaluation starts from: a score with its class, person and source, or the record that no score was given.
//!
//! Nothing here knows networks, photos or thresholds.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use super::{table::Table, words};
use crate::run::write_atomic;

/// What the class column and the tables call a presentation that is no attack.
pub const BONA_FIDE: &str = "bona fide";

/// A score and what it is a score of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Labelled {
    /// P(bona fide) in `[0, 1]`.
    pub score: f32,
    /// The attack's species (ISO/IEC 30107-1), such as `print` or `replay/phone`; `None` is bona fide.
    pub attack: Option<String>,
    /// The person, unique within the source. Intervals are drawn over people, because crops of one person are not
    /// independent.
    pub subject: String,
    /// The data set or folder that it came from.
    pub source: String,
    /// Parts of the split that it belongs to, such as `source congress` or `grayscale`: each is measured by itself.
    pub slices: Vec<String>,
}

/// A presentation that got no score because no face was found: a non-response (ISO/IEC 30107-3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unscored {
    /// The attack's species; `None` is bona fide.
    pub attack: Option<String>,
    /// The person.
    pub subject: String,
    /// The data set or folder that it came from.
    pub source: String,
}

/// Refuses scores that no classifier of ours gives, and splits on which a rate has no meaning.
///
/// # Errors
/// If a score is outside `[0, 1]` or not a number, or a class is missing; `split` names the split in the sentence.
pub fn check(of: &[Labelled], split: &str) -> Result<()> {
    check_scores(of, split)?;
    let bona_fide = of.iter().filter(|item| item.attack.is_none()).count();
    ensure!(bona_fide > 0, "the {split} split has no bona fide presentation: add some, error rates need both classes");
    ensure!(bona_fide < of.len(), "the {split} split has no attack: add some, error rates need both classes");
    Ok(())
}

/// Refuses scores that no classifier of ours gives.
///
/// # Errors
/// If a score is outside `[0, 1]` or not a number; `split` names the split in the sentence.
pub fn check_scores(of: &[Labelled], split: &str) -> Result<()> {
    for item in of {
        ensure!(
            (0.0..=1.0).contains(&item.score),
            "the {split} split has a score of {} ({}): scores are probabilities, look at the network that gave it",
            item.score,
            item.subject
        );
    }
    Ok(())
}

/// What `scores.csv` holds of each presentation: the class is `bona fide` or the species, the score of a non-response empty.
const COLUMNS: [&str; 5] = ["source", "subject", "class", "score", "split"];

/// In the place of a split's name: all presentations of a set that others were trained without.
pub const LEFT_OUT: &str = "left-out";

/// The presentations of one split: with a score, and without.
pub type Presentations = (Vec<Labelled>, Vec<Unscored>);

/// Reads a file as [`write_csv`] writes it, ours or another's: presentations by the split's name. Slices are not in it.
///
/// # Errors
/// If it cannot be read, lacks a column, a person is in two splits, or a line has no subject, a score that is no number, or a
/// class or split that is no such word.
pub fn read_csv(path: &Path) -> Result<BTreeMap<String, Presentations>> {
    let table = Table::open(path)?;
    ensure!(table.columns() == COLUMNS, "{} has other columns than {}", path.display(), COLUMNS.join(","));
    let mut splits: BTreeMap<String, Presentations> = BTreeMap::new();
    let mut split_of: BTreeMap<(String, String), &str> = BTreeMap::new();
    for row in table.rows() {
        let place = || row.place();
        let [source, subject] = ["source", "subject"].map(|column| row.some(column).map(str::to_owned));
        let (source, subject) = (source?, subject?);
        let attack = words::class(row.get("class")?).with_context(place)?;
        let split = match row.get("split")? {
            LEFT_OUT => LEFT_OUT,
            word => words::split(word).with_context(place)?,
        };
        let first = *split_of.entry((source.clone(), subject.clone())).or_insert(split);
        ensure!(
            first == split,
            "{}: the subject {subject} of {source} is in two splits, {first} and {split}: a person must be in one",
            place()
        );
        let (scored, silent) = splits.entry(split.to_owned()).or_default();
        match row.number("score")? {
            None => silent.push(Unscored { attack, subject, source }),
            Some(score) => scored.push(Labelled { score, attack, subject, source, slices: Vec::new() }),
        }
    }
    Ok(splits)
}

/// Writes `scores.csv`.
///
/// # Errors
/// If the disk refuses.
pub fn write_csv(path: &Path, splits: &[(&str, &[Labelled], &[Unscored])]) -> Result<()> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(COLUMNS)?;
    for (split, labelled, unscored) in splits {
        let scored = labelled.iter().map(|item| (&item.source, &item.subject, &item.attack, item.score.to_string()));
        let silent = unscored.iter().map(|item| (&item.source, &item.subject, &item.attack, String::new()));
        for (source, subject, attack, score) in scored.chain(silent) {
            let class = attack.as_deref().unwrap_or(BONA_FIDE);
            csv.write_record([source.as_str(), subject.as_str(), class, score.as_str(), split])?;
        }
    }
    write_atomic(path, &csv.into_inner()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(score: f32, attack: Option<&str>) -> Labelled {
        let attack = attack.map(Into::into);
        Labelled { score, attack, subject: "a, \"b\"".into(), source: "s".into(), slices: Vec::new() }
    }

    #[test]
    fn unusable_splits_are_refused_with_the_reason() {
        let refusal = |of: &[Labelled]| check(of, "test").unwrap_err().to_string();
        assert!(refusal(&[item(f32::NAN, None), item(0.5, Some("print"))]).contains("NaN"));
        assert!(refusal(&[item(1.5, None), item(0.5, Some("print"))]).contains("1.5"));
        assert!(refusal(&[item(0.5, None)]).contains("no attack"));
        assert!(refusal(&[item(0.5, Some("print"))]).contains("no bona fide"));
        check(&[item(0.0, None), item(1.0, Some("print"))], "test").unwrap();
    }

    #[test]
    fn every_presentation_has_its_row() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scores.csv");
        let silent = Unscored { attack: Some("replay/phone".into()), subject: "c".into(), source: "s".into() };
        write_csv(&path, &[("test", &[item(0.25, None)], &[silent])]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(
            text,
            "source,subject,class,score,split\ns,\"a, \"\"b\"\"\",bona fide,0.25,test\ns,c,replay/phone,,test\n"
        );
        let back = &read_csv(&path).unwrap()["test"];
        assert_eq!((back.0.as_slice(), back.1.len()), (&[item(0.25, None)][..], 1));
        assert_eq!(back.1[0].attack.as_deref(), Some("replay/phone"));
        let refused = |lines: &str| {
            std::fs::write(&path, format!("source,subject,class,score,split\n{lines}")).unwrap();
            format!("{:#}", read_csv(&path).unwrap_err())
        };
        assert!(refused("s,a,print,high,test\n").starts_with("line 2 of "));
        // Taken for a species, bona fide presentations would be attacks with high scores.
        assert!(
            refused("\ns,a,bonafide,0.9,test\n").contains("line 3 of ")
                && refused("s,a,live,1,test").contains("\"live\"")
        );
        assert!(refused("s,a,print,0.9,tset\n").contains("the split tset is not"));
        assert!(refused("s,,print,0.9,test\n").contains("has an empty subject"));
        let twice = refused("s,a,print,0.9,test\ns,b,print,0.9,test\ns,a,print,0.1,development\n");
        assert!(twice.contains("line 4 of ") && twice.contains("the subject a of s is in two splits"), "{twice}");
        std::fs::write(&path, "Source,subject,class,score,split\ns,a,Bona_Fide,0.9, Test\ns,a,bona-fide,0.8,test\n")
            .unwrap();
        let (scored, _) = read_csv(&path).unwrap().remove("test").unwrap();
        assert!(scored.len() == 2 && scored.iter().all(|item| item.attack.is_none()));
        std::fs::write(&path, "path,score\nx,1\n").unwrap();
        assert!(read_csv(&path).unwrap_err().to_string().contains("other columns"));
    }
}
