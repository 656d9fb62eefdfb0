//! Checkpoints of a run's folder: each complete or absent, and known to be as it was written.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use bonafide::weights::sha256;
use serde::{Deserialize, Serialize};

use super::{RunFolder, write_atomic};

/// How far a checkpoint got.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Epochs done.
    pub epoch: usize,
    /// Steps done of the next epoch.
    pub step: usize,
    /// What that epoch added up so far.
    pub sums: serde_json::Value,
    /// How long that epoch took so far.
    #[serde(flatten)]
    pub spent: Spent,
}

/// `place.json`.
#[derive(Serialize, Deserialize)]
struct Saved {
    #[serde(flatten)]
    place: Place,
    /// SHA-256 of the files beside it; none in checkpoints of before.
    #[serde(default)]
    files: BTreeMap<String, String>,
}

/// SHA-256 of each file of a checkpoint but `place.json`, by its name.
fn digests(folder: &Path) -> Result<BTreeMap<String, String>> {
    let mut digests = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name != "place.json" {
            let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            digests.insert(name, sha256(&bytes));
        }
    }
    Ok(digests)
}

/// How long an epoch took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Spent {
    /// All of it.
    pub seconds: f64,
    /// Of these, the seconds in which a step waited for its crops: the training was faster than the reading.
    #[serde(default)]
    pub waiting: f64,
}

impl RunFolder {
    /// Writes the checkpoint of a place with `save`, which gets an empty folder, then drops the older ones.
    ///
    /// # Errors
    /// If the disk refuses; the previous checkpoint is then still there.
    pub fn checkpoint(&self, place: &Place, save: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
        let folder = self.file("checkpoints");
        let scratch = folder.join("unfinished");
        if scratch.exists() {
            fs::remove_dir_all(&scratch)?;
        }
        fs::create_dir_all(&scratch)?;
        save(&scratch)
            .and_then(|()| {
                let saved = Saved { place: place.clone(), files: digests(&scratch)? };
                write_atomic(&scratch.join("place.json"), serde_json::to_string(&saved)?.as_bytes())
            })
            .context("cannot write the checkpoint: the disk may be full; the one before it is intact")?;
        let finished = folder.join(format!("epoch-{:04}-step-{:07}", place.epoch, place.step));
        if finished.exists() {
            fs::remove_dir_all(&finished)?;
        }
        // Sync, then rename: after a power cut the name is not there before its bytes are.
        for entry in fs::read_dir(&scratch)? {
            fs::File::open(entry?.path())?.sync_all()?;
        }
        fs::rename(&scratch, &finished)?;
        for path in self.checkpoints()? {
            if path != finished {
                fs::remove_dir_all(path)?;
            }
        }
        Ok(())
    }

    /// The newest complete checkpoint: how far it got, and its folder.
    ///
    /// # Errors
    /// If it cannot be read, or a file is not as it was written.
    pub fn latest_checkpoint(&self) -> Result<Option<(Place, PathBuf)>> {
        // Names sort as places do.
        let Some(path) = self.checkpoints()?.into_iter().max() else { return Ok(None) };
        let place = path.join("place.json");
        let text = fs::read_to_string(&place).with_context(|| format!("cannot read {}", place.display()))?;
        let Saved { place, files } =
            serde_json::from_str(&text).with_context(|| format!("{} is damaged", place.display()))?;
        let there = digests(&path)?;
        for (name, digest) in &files {
            ensure!(
                there.get(name) == Some(digest),
                "{} is damaged: it is not as it was written, and the run has no other checkpoint",
                path.join(name).display()
            );
        }
        Ok(Some((place, path)))
    }

    fn checkpoints(&self) -> Result<Vec<PathBuf>> {
        let folder = self.file("checkpoints");
        if !folder.exists() {
            return Ok(Vec::new());
        }
        let entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
        let is_one = |path: &PathBuf| {
            path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with("epoch-"))
        };
        Ok(entries.into_iter().filter(is_one).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::About;

    fn about() -> About {
        About {
            stage: "finetune".into(),
            backbone: "he".into(),
            data: "d".into(),
            margin: 1.5,
            types: vec!["print".into()],
            device: "cpu".into(),
            commit: "c".into(),
        }
    }

    #[derive(Serialize)]
    struct Config {
        seed: u64,
    }

    fn open(path: &Path, about: &About, resume: bool) -> Result<RunFolder> {
        RunFolder::open(path, &Config { seed: 1 }, about, resume)
    }

    #[test]
    fn a_damaged_checkpoint_is_named_and_not_gone_on_from() {
        let folder = tempfile::tempdir().unwrap();
        let run = open(folder.path(), &about(), false).unwrap();
        let place = Place { epoch: 2, ..Place::default() };
        run.checkpoint(&place, |path| Ok(fs::write(path.join("network.bpk"), [1, 2, 3])?)).unwrap();
        let (there, path) = run.latest_checkpoint().unwrap().unwrap();
        assert_eq!(there, place);
        fs::write(path.join("network.bpk"), [1, 2, 7]).unwrap();
        let says = run.latest_checkpoint().unwrap_err().to_string();
        assert!(says.contains("network.bpk is damaged: it is not as it was written"), "{says}");
        // As checkpoints of before are: nothing is known of their files.
        fs::write(path.join("place.json"), serde_json::to_string(&place).unwrap()).unwrap();
        assert_eq!(run.latest_checkpoint().unwrap().unwrap().0, place);
    }

    #[test]
    fn what_decides_the_result_cannot_change_when_a_run_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        drop(open(folder.path(), &about(), false).unwrap());
        for (what, other) in [
            ("stage", About { stage: "pretrain".into(), ..about() }),
            ("backbone", About { backbone: "x".into(), ..about() }),
            ("data", About { data: "x".into(), ..about() }),
            ("margin", About { margin: 1.6, ..about() }),
            ("list of attack types", About { types: Vec::new(), ..about() }),
        ] {
            let says = open(folder.path(), &other, true).unwrap_err().to_string();
            assert!(says.contains(&format!("was started with another {what}:")), "{says}");
        }
        open(folder.path(), &About { device: "cuda".into(), commit: "x".into(), ..about() }, true).unwrap();
    }

    #[test]
    fn an_epoch_that_is_trained_again_is_logged_once() {
        let folder = tempfile::tempdir().unwrap();
        let run = open(folder.path(), &about(), false).unwrap();
        run.unlog(0).unwrap();
        for epoch in 1..=3 {
            run.log(&serde_json::json!({ "epoch": epoch })).unwrap();
        }
        let log = || fs::read_to_string(run.file("log.jsonl")).unwrap();
        run.unlog(3).unwrap();
        assert_eq!(log().lines().count(), 3);
        fs::write(run.file("log.jsonl"), log() + "{\"epo").unwrap();
        run.unlog(2).unwrap();
        assert_eq!(log(), "{\"epoch\":1}\n{\"epoch\":2}\n");
    }
}
