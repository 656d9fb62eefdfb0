//! A folder that one program at a time writes to.

use std::{
    fs::{File, TryLockError, create_dir_all},
    io::ErrorKind,
    path::Path,
};

use anyhow::{Context, Result, anyhow, bail};

/// Owns a folder while it lives; the system ends it with the program, however that ends. The empty file `lock` stays.
#[derive(Debug)]
pub struct Owned {
    /// Held, not read.
    _file: File,
}

/// Makes the folder `path`, if it is not there yet, and owns it. Where a file system knows no locks it goes unowned.
///
/// # Errors
/// If another program owns it, or the disk refuses.
pub fn own(path: &Path) -> Result<Owned> {
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
        let first = own(&path).unwrap();
        let refused = own(&path).unwrap_err().to_string();
        assert!(refused.starts_with(path.to_str().unwrap()) && refused.contains("another command"), "{refused}");
        drop(first);
        own(&path).unwrap();
    }
}
