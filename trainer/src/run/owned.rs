//! A folder that one program at a time writes to.

use std::{
    fs::{File, TryLockError, create_dir_all},
    io::ErrorKind,
    path::Path,
};

use anyhow::{Context, Result, anyhow, bail, ensure};

/// The files by which folders of the trainer's are known: two kinds in one folder would mix in silence.
const MARKS: [(&str, &str); 3] =
    [(PREPARED, "a prepared set of crops"), (RUN, "a run"), ("manifest.json", "weights that ship")];

/// What a prepared folder is known by.
pub const PREPARED: &str = "prepared.json";
/// What a run's folder is known by.
pub const RUN: &str = "run.json";

/// Owns a folder while it lives; the system ends it with the program, however that ends. The empty file `lock` stays.
#[derive(Debug)]
pub struct Owned {
    /// Held, not read.
    _file: File,
}

/// Makes the folder `path`, if it is not there yet, and owns it, for what is known by the file `mark`. Where a file system knows
/// no locks it goes unowned.
///
/// # Errors
/// If it holds something of another kind, another program owns it, or the disk refuses.
pub fn own(path: &Path, mark: &str) -> Result<Owned> {
    let there = |mark: &str| path.join(mark).exists();
    for (other, what) in MARKS {
        ensure!(there(mark) || !there(other), "{} holds {what}: name another folder", path.display());
    }
    create_dir_all(path).with_context(|| format!("cannot create {}", path.display()))?;
    let file = path.join("lock");
    let cannot = || format!("cannot write {}", file.display());
    let held = File::options().create(true).append(true).open(&file).with_context(cannot)?;
    match held.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            bail!("{} is being written by another command: wait for its end, or name another folder", path.display())
        }
        Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {}
        Err(TryLockError::Error(error)) => return Err(anyhow!(error).context(cannot())),
    }
    Ok(Owned { _file: held })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_owner_until_that_ends() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/out");
        let first = own(&path, RUN).unwrap();
        let refused = own(&path, RUN).unwrap_err().to_string();
        assert!(refused.starts_with(path.to_str().unwrap()) && refused.contains("another command"), "{refused}");
        drop(first);
        own(&path, RUN).unwrap();
    }

    #[test]
    fn a_folder_holds_one_kind_of_things() {
        let folder = tempfile::tempdir().unwrap();
        for (mark, what) in MARKS {
            let path = folder.path().join(mark.trim_end_matches(".json"));
            std::fs::create_dir(&path).unwrap();
            std::fs::write(path.join(mark), "{}").unwrap();
            own(&path, mark).unwrap();
            for (other, _) in MARKS.into_iter().filter(|(other, _)| *other != mark) {
                let refused = own(&path, other).unwrap_err().to_string();
                assert!(refused.ends_with(&format!("holds {what}: name another folder")), "{refused}");
            }
        }
    }
}
