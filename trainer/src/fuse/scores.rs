//! Score files and labels -> presentations with their votes.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use bonafide::fusion::Votes;

use super::columns;
use crate::measure::{
    Labelled, Unscored,
    table::{Row, Table},
    words,
};

/// All presentations, sorted out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scores {
    /// To fit on.
    pub fitted: Vec<Presentation>,
    /// To measure on, by others than those.
    pub test: Vec<Presentation>,
    /// Of those to measure on, or where there are none of those to fit on: without a face that could be scored.
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
/// If a file cannot be read or lacks a column, a picture has no label or two, or is scored twice, a person is fitted on and
/// measured on, or a label or a vote makes no sense.
pub fn read(files: &[PathBuf], labels: Option<&Path>, min_face: f32) -> Result<Scores> {
    let labels = labels.map(read_labels).transpose()?;
    let mut scores = Scores::default();
    let mut silent: Vec<(bool, Unscored)> = Vec::new();
    let mut seen: BTreeMap<(String, String), String> = BTreeMap::new();
    let mut measured: BTreeMap<(String, String), bool> = BTreeMap::new();
    for file in files {
        let table = Table::open(file)?;
        let expert_columns = columns::experts();
        for row in table.rows() {
            let path = row.get("path")?;
            let label = match &labels {
                None => label(&row)?,
                Some(labels) => labels
                    .get(path)
                    .cloned()
                    .with_context(|| format!("{path} has no label: every picture that was scored needs one"))?,
            };
            if let Some(first) = seen.insert((label.source.clone(), path.to_owned()), row.place()) {
                bail!("{path} is scored twice, in {first} and in {}: it would count twice", row.place());
            }
            let person = (label.source.clone(), label.subject.clone());
            ensure!(
                *measured.entry(person).or_insert(label.test) == label.test,
                "the subject {} of {} is in the test split and in another: whoever is measured on must not be fitted on",
                label.subject,
                label.source
            );
            let Some(classifier) = row.number(columns::CLASSIFIER)? else {
                let Label { attack, source, subject, test } = label;
                silent.push((test, Unscored { attack, subject, source }));
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
    let held_out = !scores.test.is_empty();
    scores.unscored = silent.into_iter().filter(|(test, _)| *test == held_out).map(|(_, silent)| silent).collect();
    let views: BTreeSet<usize> =
        scores.fitted.iter().chain(&scores.test).map(|of| usize::from(!of.votes.experts.is_empty())).collect();
    ensure!(views.len() < 2, "some pictures have experts' votes and some have none: score all with the same weights");
    Ok(scores)
}

fn read_labels(path: &Path) -> Result<BTreeMap<String, Label>> {
    let mut labels = BTreeMap::new();
    for row in Table::open(path)?.rows() {
        let picture = row.get("path")?.to_owned();
        let label = label(&row)?;
        ensure!(labels.insert(picture.clone(), label).is_none(), "{} labels {picture} twice", path.display());
    }
    Ok(labels)
}

/// What a row says of itself.
fn label(row: &Row<'_>) -> Result<Label> {
    let (class, species) = (row.get("class")?, row.get("species")?);
    let bona_fide = words::is_bona_fide(class);
    ensure!(
        bona_fide == species.is_empty() && (bona_fide || words::is_attack(class)),
        "{} is of the class {class:?} and the species {species:?}: bona-fide without, or attack with one",
        row.place()
    );
    let split = match row.find("split") {
        None | Some("") => "train",
        Some(word) => words::split(word).with_context(|| row.place())?,
    };
    let attack = (!bona_fide).then(|| species.to_owned());
    let [source, subject] = ["source", "subject"].map(|column| row.some(column).map(str::to_owned));
    Ok(Label { attack, source: source?, subject: subject?, test: split == "test" })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const SCORES: &str = "path,face_x,face_y,face_width,face_height,face_confidence,score,classifier,minifasnet-v2@1.5,minifasnet-v2@1.8,minifasnet-v2@2.2,minifasnet-v2@2.7,minifasnet-v1se@1.5,minifasnet-v1se@1.8,minifasnet-v1se@2.2,minifasnet-v1se@2.7,error\n\
        a.png,0,0,180,200,0.9,0.8,2,1,1,1,1,3,3,3,3,\n\
        b.png,0,0,180,200,0.9,0.1,-2,-5,-5,-5,-5,-5,-5,-5,-5,\n\
        c.png,0,0,90,100,0.9,0.1,-2,-5,-5,-5,-5,-5,-5,-5,-5,\n\
        d.png,,,,,,,,,,,,,,,,no face\n\
        e.png,,,,,,,,,,,,,,,,no face\n";
    const LABELS: &str = "path,class,species,source,subject,split\n\
        a.png,bona-fide,,phone,1,\nb.png,attack,print,phone,2,test\nc.png,attack,print,phone,1,\nd.png,attack,replay,phone,3,TEST\ne.png,attack,replay,phone,1,\n";

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
        assert!(refused(SCORES, &LABELS.replace("d.png", "f.png")).contains("d.png has no label"));
        assert!(refused(SCORES, &LABELS.replace("b.png", "a.png")).contains("labels a.png twice"));
        assert!(refused(SCORES, &LABELS.replace("attack,print", "attack,")).contains("attack with one"));
        assert!(refused(SCORES, &LABELS.replace("bona-fide", "live")).contains("\"live\""));
        let typo = refused(SCORES, &LABELS.replace("TEST", "eval").replace("a.png", "\n\na.png"));
        assert!(typo.contains("line 7 of ") && typo.contains("the split eval is not"), "{typo}");
        assert!(refused(SCORES, &LABELS.replace("phone,2,test", "phone,1,test")).contains("must not be fitted on"));
        assert!(refused(SCORES, &LABELS.replace("phone,2,test", "phone,,test")).contains("line 3 of "));
        assert!(refused(&SCORES.replace("b.png", "a.png"), LABELS).contains("a.png is scored twice"));
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
                "Bona_Fide,,s,1",
                "attack,print,s,1",
                "attack,print,s,2",
                "attack,print,s,2",
                "attack,print,s,2",
            ])
            .map(|(scores, label)| format!("{scores},{label}\n"))
            .collect();
        fs::write(&file, both).unwrap();
        let read = |files: &[PathBuf]| read(files, None, 0.0);
        let all = read(std::slice::from_ref(&file)).unwrap();
        assert_eq!((all.fitted.len(), all.unscored.len()), (3, 2));
        assert!(read(&[file.clone(), file]).unwrap_err().to_string().contains("a.png is scored twice"));
    }
}
