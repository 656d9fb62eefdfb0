//! Score files and labels -> presentations with their votes.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use bonafide::fusion::Votes;

use super::columns;
use crate::measure::{Labelled, Unscored};

/// All presentations, sorted out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scores {
    /// To fit on.
    pub fitted: Vec<Presentation>,
    /// To measure on, by others than those.
    pub test: Vec<Presentation>,
    /// Without a face that could be scored.
    pub unscored: Vec<Unscored>,
    /// With a smaller face than the gate lets through: neither fitted on nor measured.
    pub too_small: usize,
}

/// What was voted of one presentation, and what it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Presentation {
    /// The votes; of the experts one for each view.
    pub votes: Votes,
    /// Class, person, source and slices; its score is 0 until somebody has fused the votes.
    pub is: Labelled,
}

/// What a row is, as its label says.
#[derive(Debug, Clone)]
struct Label {
    /// `None` is bona fide.
    attack: Option<String>,
    source: String,
    subject: String,
    test: bool,
}

/// Reads score files, and the labels from `labels` or from the score files themselves.
///
/// # Errors
/// If a file cannot be read or lacks a column, a picture has no label or two, or a label or a vote makes no sense.
pub fn read(files: &[PathBuf], labels: Option<&Path>, min_face: f32) -> Result<Scores> {
    let labels = labels.map(read_labels).transpose()?;
    let mut scores = Scores::default();
    for file in files {
        let table = Table::open(file)?;
        let expert_columns = columns::experts();
        for row in table.rows() {
            let path = row.get("path")?;
            let label = match &labels {
                None => row.label()?,
                Some(labels) => labels
                    .get(path)
                    .cloned()
                    .with_context(|| format!("{path} has no label: every picture that was scored needs one"))?,
            };
            let Some(classifier) = row.number(columns::CLASSIFIER)? else {
                let Label { attack, source, subject, .. } = label;
                scores.unscored.push(Unscored { attack, subject, source });
                continue;
            };
            let side =
                row.number("face_width")?.zip(row.number("face_height")?).map(|(width, height)| width.max(height));
            if side.is_some_and(|side| side < min_face) {
                scores.too_small += 1;
                continue;
            }
            let experts = expert_columns.iter().map(|column| row.number(column)).collect::<Result<Vec<_>>>()?;
            let votes = Votes { classifier, experts: experts.into_iter().flatten().collect() };
            let mut slices = vec![format!("source {}", label.source)];
            slices.extend(label.attack.iter().map(|species| format!("{} of {}", species, label.source)));
            let Label { attack, source, subject, test } = label;
            let is = Labelled { score: 0.0, attack, subject, source, slices };
            let part = if test { &mut scores.test } else { &mut scores.fitted };
            part.push(Presentation { votes, is });
        }
    }
    let views: BTreeSet<usize> =
        scores.fitted.iter().chain(&scores.test).map(|of| usize::from(!of.votes.experts.is_empty())).collect();
    ensure!(views.len() < 2, "some pictures have experts' votes and some have none: score all with the same weights");
    Ok(scores)
}

fn read_labels(path: &Path) -> Result<BTreeMap<String, Label>> {
    let mut labels = BTreeMap::new();
    for row in Table::open(path)?.rows() {
        let picture = row.get("path")?.to_owned();
        let label = row.label()?;
        ensure!(labels.insert(picture.clone(), label).is_none(), "{} labels {picture} twice", path.display());
    }
    Ok(labels)
}

/// A CSV file in memory.
pub(super) struct Table {
    name: String,
    columns: Vec<String>,
    records: Vec<csv::StringRecord>,
}

pub(super) struct Row<'a> {
    table: &'a Table,
    record: &'a csv::StringRecord,
    line: usize,
}

impl Table {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let mut reader = csv::Reader::from_path(path).with_context(|| format!("cannot read {name}"))?;
        let no_csv = || format!("{name} is no CSV file");
        let columns = reader.headers().with_context(no_csv)?.iter().map(str::to_owned).collect();
        let records = reader.records().collect::<Result<_, _>>().with_context(no_csv)?;
        Ok(Self { name, columns, records })
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.records.iter().enumerate().map(|(at, record)| Row { table: self, record, line: at + 2 })
    }
}

impl Row<'_> {
    fn find(&self, column: &str) -> Option<&str> {
        let at = self.table.columns.iter().position(|name| name == column)?;
        self.record.get(at)
    }

    fn get(&self, column: &str) -> Result<&str> {
        self.find(column).with_context(|| format!("{} has no column {column}", self.table.name))
    }

    /// `None` where the cell is empty.
    pub(super) fn number(&self, column: &str) -> Result<Option<f32>> {
        let text = self.get(column)?;
        if text.is_empty() {
            return Ok(None);
        }
        let number = text.parse().ok().filter(|number: &f32| number.is_finite());
        let at = || format!("line {} of {} has {text:?} as {column}, which is no number", self.line, self.table.name);
        number.with_context(at).map(Some)
    }

    fn label(&self) -> Result<Label> {
        let species = self.get("species")?;
        let attack = match (self.get("class")?, species) {
            ("bona-fide", "") => None,
            ("attack", species) if !species.is_empty() => Some(species.to_owned()),
            (class, species) => bail!(
                "line {} of {} is of the class {class:?} and the species {species:?}: bona-fide without, or attack with one",
                self.line,
                self.table.name
            ),
        };
        let [source, subject] = ["source", "subject"].map(|column| self.get(column).map(str::to_owned));
        Ok(Label { attack, source: source?, subject: subject?, test: self.find("split") == Some("test") })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const SCORES: &str = "path,face_x,face_y,face_width,face_height,face_confidence,score,classifier,minifasnet-v2@1.5,minifasnet-v2@1.8,minifasnet-v2@2.2,minifasnet-v2@2.7,minifasnet-v1se@1.5,minifasnet-v1se@1.8,minifasnet-v1se@2.2,minifasnet-v1se@2.7,error\n\
        a.png,0,0,180,200,0.9,0.8,2,1,1,1,1,3,3,3,3,\n\
        b.png,0,0,180,200,0.9,0.1,-2,-5,-5,-5,-5,-5,-5,-5,-5,\n\
        c.png,0,0,90,100,0.9,0.1,-2,-5,-5,-5,-5,-5,-5,-5,-5,\n\
        d.png,,,,,,,,,,,,,,,,no face\n";
    const LABELS: &str = "path,class,species,source,subject,split\n\
        a.png,bona-fide,,phone,1,\nb.png,attack,print,phone,2,test\nc.png,attack,print,phone,1,\nd.png,attack,replay,phone,1,\n";

    fn read_text(scores: &str, labels: &str) -> Result<Scores> {
        let folder = tempfile::tempdir().unwrap();
        let [of, is] = ["scores.csv", "labels.csv"].map(|name| folder.path().join(name));
        fs::write(&of, scores).unwrap();
        fs::write(&is, labels).unwrap();
        read(&[of], Some(&is), 150.0)
    }

    #[test]
    fn rows_are_sorted_out() {
        let scores = read_text(SCORES, LABELS).unwrap();
        assert_eq!((scores.fitted.len(), scores.test.len(), scores.unscored.len(), scores.too_small), (1, 1, 1, 1));
        let live = &scores.fitted[0];
        assert_eq!((live.votes.classifier, live.votes.experts.iter().sum::<f32>()), (2.0, 16.0));
        assert_eq!((live.is.attack.as_deref(), live.is.slices.len()), (None, 1));
        assert_eq!(scores.test[0].is.slices, ["source phone", "print of phone"]);
        assert_eq!(scores.unscored[0].attack.as_deref(), Some("replay"));
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let refused = |scores: &str, labels: &str| format!("{:#}", read_text(scores, labels).unwrap_err());
        assert!(refused(SCORES, &LABELS.replace("d.png", "e.png")).contains("d.png has no label"));
        assert!(refused(SCORES, &LABELS.replace("b.png", "a.png")).contains("labels a.png twice"));
        assert!(refused(SCORES, &LABELS.replace("attack,print", "attack,")).contains("attack with one"));
        assert!(refused(SCORES, &LABELS.replace("bona-fide", "live")).contains("\"live\""));
        assert!(refused(&SCORES.replace(",2,1,1", ",two,1,1"), LABELS).contains("which is no number"));
        assert!(refused(&SCORES.replace(",classifier,", ",c,"), LABELS).contains("no column classifier"));
        let mixed = SCORES.replace("-2,-5,-5,-5,-5,-5,-5,-5,-5,", "-2,,,,,,,,,");
        assert!(refused(&mixed, LABELS).contains("the same weights"));
    }

    #[test]
    fn labels_may_stand_in_the_score_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("both.csv");
        let both: String = SCORES
            .lines()
            .zip([
                "class,species,source,subject",
                "bona-fide,,s,1",
                "attack,print,s,1",
                "attack,print,s,2",
                "attack,print,s,2",
            ])
            .map(|(scores, label)| format!("{scores},{label}\n"))
            .collect();
        fs::write(&file, both).unwrap();
        assert_eq!(read(&[file], None, 0.0).unwrap().fitted.len(), 3);
    }
}
