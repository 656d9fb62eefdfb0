//! The samples of several prepared folders -> whether one is there twice: the same folder twice or a copy of it, or the same
//! picture under the names of two people, who could be in two splits.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};

use super::prepared::{Outcome, Prepared, Record};

/// The samples of the folders so far.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// What makes a sample, and the folder that has it.
    made: BTreeMap<String, String>,
    /// Whom a picture shows, by its digest: the person, and the file with its folder.
    shows: BTreeMap<String, (String, String)>,
}

impl Known {
    /// Adds the samples of a folder that gave crops.
    ///
    /// # Errors
    /// If one is there already, or its picture is another person's: the message names both.
    pub(super) fn refuse(&mut self, of: &Prepared) -> Result<()> {
        let folder = of.path.display().to_string();
        let mut made = BTreeMap::new();
        for record in of.records.iter().filter(|record| matches!(record.outcome, Outcome::Crops(_))) {
            if let Some(first) = self.made.get(&made_of(record, of)) {
                anyhow::bail!(
                    "{folder} and {first} hold the same sample, {} of {}: it would count twice, leave one of the folders out",
                    record.file,
                    record.subject
                );
            }
            made.insert(made_of(record, of), folder.clone());
            let Some(picture) = &record.picture else { continue };
            let here = (record.subject.clone(), format!("{} in {folder}", record.file));
            let (subject, file) = self.shows.entry(picture.clone()).or_insert_with(|| here.clone());
            ensure!(
                *subject == record.subject,
                "{} is the same picture as {file}, yet of {} and not of {subject}: prepare the set anew without one of them",
                here.1,
                here.0
            );
        }
        self.made.extend(made);
        Ok(())
    }
}

/// The picture and whom it shows, and what was made of it: a photo may be recaptured again in another way, but what is taken as it
/// is is the same in any folder.
fn made_of(record: &Record, of: &Prepared) -> String {
    let picture = record.picture.clone().unwrap_or_else(|| format!("{} {:?}", record.file, record.frame));
    let mut how = of.header.made_with.clone();
    if !of.is_recaptured() {
        how = serde_json::Value::Null;
    } else if let Some(how) = how.as_object_mut() {
        how.remove("files");
    }
    format!("{} {picture} {how} {} {}", record.subject, of.header.margin, of.header.reach)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{
        dataset::Split,
        prepared::{Cut, Header},
    };

    /// A folder of one sample.
    fn folder(path: &str, subject: &str, picture: Option<&str>, seed: Option<u64>) -> Prepared {
        let made_with = match seed {
            Some(seed) => serde_json::json!({ "instruments": [], "seed": seed, "files": path }),
            None => serde_json::json!({ "layout": "csv", "files": path }),
        };
        let Cut { margin, reach } = Cut::default();
        let header = Header { format: 2, margin, reach, made_with, samples: 1, complete: true };
        let record = Record {
            number: 0,
            source: "s".into(),
            subject: subject.into(),
            split: Split::Train,
            attack: None,
            file: "a.jpg".into(),
            frame: None,
            picture: picture.map(Into::into),
            tone: None,
            faceless: Vec::new(),
            outcome: Outcome::Crops(Vec::new()),
        };
        Prepared { path: path.into(), header, records: vec![record] }
    }

    fn refusal(folders: [Prepared; 2]) -> Option<String> {
        let mut known = Known::default();
        folders.iter().find_map(|folder| known.refuse(folder).err()).map(|error| error.to_string())
    }

    #[test]
    fn nothing_counts_twice_and_nobody_is_two() {
        // A folder and itself, or a copy, of today and of before.
        for (picture, seed) in [(Some("p"), None), (Some("p"), Some(1)), (None, None), (None, Some(1))] {
            let says = refusal([folder("d", "s/a", picture, seed), folder("e", "s/a", picture, seed)]).unwrap();
            assert!(says.starts_with("e and d hold the same sample, a.jpg of s/a"), "{says}");
        }
        // The same picture under two names.
        let says = refusal([folder("d", "s/a", Some("p"), Some(1)), folder("e", "t/b", Some("p"), Some(1))]).unwrap();
        assert!(says.starts_with("a.jpg in e is the same picture as a.jpg in d, yet of t/b and not of s/a"), "{says}");
        // Recaptured in another way, and another picture.
        assert_eq!(refusal([folder("d", "s/a", Some("p"), Some(1)), folder("e", "s/a", Some("p"), Some(2))]), None);
        assert_eq!(refusal([folder("d", "s/a", Some("p"), None), folder("e", "s/a", Some("q"), None)]), None);
    }
}
