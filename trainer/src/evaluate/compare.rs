//! Scores of several models on the same presentations -> one table: `trainer compare`.
//!
//! Who gave the scores does not matter: each model's thresholds come from its own scores of the development split, and the
//! test split is measured as ours is. Models that were shown other test presentations are refused, since a difference
//! between them would be one of pictures.

use std::{collections::BTreeMap, fs, path::PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde::{Deserialize, Serialize};

use super::{
    html::{fraction, percent},
    markdown,
};
use crate::{
    measure::{
        evaluation::{AtApcer, Evaluation, NonResponse, Species},
        intervals::{Figure, Interval},
        labelled::{Presentations, read_csv},
        whole::evaluate_scores,
    },
    run::{
        named::{self, Named},
        terminal::say,
        write_atomic,
    },
};

/// Options of `trainer compare`.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// A model's scores, NAME=FILE, in the columns of scores.csv (source,subject,class,score,split), with development and
    /// test rows. Repeatable.
    #[arg(long, required = true, value_name = "NAME=FILE")]
    scores: Vec<Named>,
    /// Folder to write peers.md and peers.json to.
    #[arg(long)]
    out: PathBuf,
}

/// One model's row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Peer {
    /// Its name.
    pub model: String,
    /// Bona fide presentations in the test split.
    pub bona_fide: usize,
    /// Attacks in the test split.
    pub attacks: usize,
    /// People in the test split.
    pub subjects: usize,
    /// Area under the ROC curve.
    pub auc: Figure,
    /// The threshold with the best ACER on the development split.
    pub threshold: f32,
    /// BPCER at that threshold.
    pub bpcer: Figure,
    /// The worst species' APCER at that threshold.
    pub apcer_max: Figure,
    /// BPCER where the development split's worst APCER is at most 1, 5 and 10 %.
    pub at_apcer: Vec<AtApcer>,
    /// APCER by species, at `threshold`.
    pub species: BTreeMap<String, Species>,
    /// Presentations without a score.
    pub non_response: NonResponse,
}

/// Runs `trainer compare`.
///
/// # Errors
/// If a file cannot be read or lacks a split or a class, the models were shown other test presentations, or the disk refuses.
pub fn run(args: &CompareArgs) -> Result<()> {
    named::distinct(&args.scores, "models")?;
    let mut shown: Option<(&str, Vec<String>)> = None;
    let mut peers = Vec::new();
    for Named { name, path } in &args.scores {
        let mut splits = read_csv(path)?;
        let mut split =
            |of: &str| splits.remove(of).with_context(|| format!("{} has no row of the {of} split", path.display()));
        let (development, test) = (split("development")?, split("test")?);
        let presentations = presentations(&test);
        let (first, theirs) = shown.get_or_insert_with(|| (name, presentations.clone()));
        ensure!(
            *theirs == presentations,
            "{name} and {first} were shown other presentations of the test split: score the same prepared folders with both"
        );
        let evaluation = evaluate_scores(name, &development.0, &test.0, &test.1)
            .with_context(|| format!("{} cannot be measured", path.display()))?;
        peers.push(Peer::new(name, evaluation));
    }
    let text = table(&peers);
    fs::create_dir_all(&args.out).with_context(|| format!("cannot create {}", args.out.display()))?;
    write_atomic(&args.out.join("peers.md"), text.as_bytes())?;
    write_atomic(&args.out.join("peers.json"), serde_json::to_string_pretty(&peers)?.as_bytes())?;
    say(&text)?;
    Ok(())
}

/// What was presented, whoever scored it.
fn presentations((scored, silent): &Presentations) -> Vec<String> {
    let line = |source: &str, subject: &str, attack: Option<&str>| format!("{source}\n{subject}\n{attack:?}");
    let scored = scored.iter().map(|item| line(&item.source, &item.subject, item.attack.as_deref()));
    let silent = silent.iter().map(|item| line(&item.source, &item.subject, item.attack.as_deref()));
    let mut all: Vec<String> = scored.chain(silent).collect();
    all.sort();
    all
}

impl Peer {
    /// The row of an evaluation.
    pub fn new(model: &str, of: Evaluation) -> Self {
        let figure = |value: f64, interval: Option<Interval>| Figure { value, interval };
        Self {
            model: model.to_owned(),
            bona_fide: of.bona_fide,
            attacks: of.attacks,
            subjects: of.subjects,
            auc: figure(of.auc, of.intervals.auc),
            threshold: of.threshold,
            bpcer: figure(of.bpcer, of.intervals.held.bpcer),
            apcer_max: figure(of.apcer, of.intervals.held.apcer_max),
            at_apcer: of.at_apcer,
            species: of.species,
            non_response: of.non_response,
        }
    }
}

/// The table in Markdown, and below it what its columns are.
pub fn table(peers: &[Peer]) -> String {
    let Some(first) = peers.first() else { return String::new() };
    let share = |figure: Figure| markdown::figure(Some(figure), percent);
    let mut head: Vec<String> =
        ["model", "AUC", "threshold", "BPCER", "APCER, worst species"].map(str::to_owned).into();
    head.extend(first.at_apcer.iter().map(|at| format!("BPCER at APCER {} %", at.target * 100.0)));
    head.extend(first.species.keys().map(|species| format!("APCER, {species}")));
    head.push("no score, bona fide / attacks".into());
    let rows: Vec<Vec<String>> = peers
        .iter()
        .map(|peer| {
            let mut row = vec![
                peer.model.clone(),
                markdown::ranks(Some(peer.auc), fraction),
                format!("{:.4}", peer.threshold),
                share(peer.bpcer),
                share(peer.apcer_max),
            ];
            let reached = |at: &AtApcer| format!("{}; APCER {}", share(at.bpcer), percent(at.apcer.value));
            row.extend(peer.at_apcer.iter().map(reached));
            let of = |name: &String| markdown::figure(peer.species.get(name).map(|species| species.apcer), percent);
            row.extend(first.species.keys().map(of));
            row.push(format!("{} / {}", peer.non_response.bona_fide, peer.non_response.attacks));
            row
        })
        .collect();
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    format!(
        "{}\nThe same test split for every model: {} bona fide presentations and {} attacks of {} people. BPCER and APCER at \
         each model's threshold with the best ACER on the development split; BPCER at an APCER at the threshold where the \
         worst species' APCER reaches it on the development split, with the worst APCER that the test split then has. In \
         brackets, 95 % intervals by bootstrap over people.\n",
        markdown::table(&head, 1, &rows),
        first.bona_fide,
        first.attacks,
        first.subjects
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "source,subject,class,score,split
s,1,bona fide,0.9,development
s,1,print,0.2,development
s,2,bona fide,0.8,test
s,2,print,0.1,test
s,3,bona fide,0.7,test
s,3,replay,,test
";

    fn compare(ours: &str, theirs: &str) -> Result<(String, Vec<Peer>)> {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let scores = |name: &str, text: &str| {
            fs::write(at(name), text).unwrap();
            Named { name: name.into(), path: at(name) }
        };
        let out = at("out");
        run(&CompareArgs { scores: vec![scores("ours", ours), scores("theirs", theirs)], out: out.clone() })?;
        let peers = serde_json::from_str(&fs::read_to_string(out.join("peers.json")).unwrap()).unwrap();
        Ok((fs::read_to_string(out.join("peers.md")).unwrap(), peers))
    }

    #[test]
    fn each_model_has_its_own_threshold_and_the_same_pictures() {
        let theirs = OURS.replace("0.9", "0.09").replace("0.8", "0.08").replace("0.7", "0.01").replace("0.2", "0.02");
        let (text, peers) = compare(OURS, &theirs).unwrap();
        assert_eq!((peers[0].bpcer.value, peers[1].bpcer.value), (0.0, 0.5));
        assert!(peers[0].threshold > 0.2 && peers[1].threshold < 0.09);
        assert_eq!(peers[0].non_response.attacks, 1);
        assert!(text.contains("(too few people for an interval)"), "{text}");
        assert!(text.contains("| APCER, print |") && text.contains("| 0 / 1 |"), "{text}");
        assert_eq!(table(&peers), text);
    }

    #[test]
    fn other_pictures_and_missing_splits_are_refused() {
        let refusal = |theirs: &str| format!("{:#}", compare(OURS, theirs).unwrap_err());
        assert!(refusal(&OURS.replace("s,3,bona", "s,4,bona")).contains("other presentations"));
        assert!(refusal(&OURS.replace("development", "train")).contains("no row of the development split"));
    }
}
