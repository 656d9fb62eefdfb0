//! What the server remembers, as files: open tickets in one of JSON, and a file for each content that came.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use bonafide::verify::{Entry, Rejection, Submission};

use super::{Result, named};

/// Tickets in a JSON file, and beside it a folder of the contents that came: in a file by the name of each the nonce for
/// which it came first. One process at a time: the lock is held until the ledger is dropped.
pub(super) struct Ledger {
    file: PathBuf,
    contents: PathBuf,
    pub(super) entries: BTreeMap<String, Entry>,
    _lock: File,
}

impl Ledger {
    pub(super) fn open(file: &Path) -> Result<Self> {
        // A file of its own, since saving replaces the ledger's.
        let path = file.with_added_extension("lock");
        let lock = File::create(&path).map_err(|e| named(&path, e))?;
        lock.lock().map_err(|e| named(&path, e))?;
        let entries = match fs::read_to_string(file) {
            Ok(text) => serde_json::from_str(&text).map_err(|e| named(file, e))?,
            Err(error) if error.kind() == ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(named(file, error)),
        };
        Ok(Self { file: file.into(), contents: file.with_added_extension("contents"), entries, _lock: lock })
    }

    /// Uses up the ticket that `text` answers: what was sent, the ticket's entry, and when it came first. A nonce that was not issued
    /// is refused before the rest is read. To be saved before anything is answered; the content is on the disk already.
    pub(super) fn redeem(
        &mut self,
        text: &str,
        now_ms: u64,
    ) -> Result<std::result::Result<(Submission, Entry, u64), Rejection>> {
        let entry = match Submission::nonce_in(text) {
            Ok(nonce) => self.entries.get_mut(&nonce).ok_or(Rejection::UnknownNonce),
            Err(rejection) => Err(rejection),
        };
        let (entry, submission) = match entry.and_then(|entry| Ok((entry, Submission::parse(text)?))) {
            Ok(known) => known,
            Err(rejection) => return Ok(Err(rejection)),
        };
        let seen = self.contents.join(submission.content());
        let first_for = match fs::read_to_string(&seen) {
            Ok(nonce) => Some(nonce),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(named(&seen, error)),
        };
        let received = match entry.redeem(&submission, first_for.as_deref(), now_ms) {
            Ok(received) => received,
            Err(rejection) => return Ok(Err(rejection)),
        };
        if first_for.is_none() {
            fs::create_dir_all(&self.contents).map_err(|e| named(&self.contents, e))?;
            replace(&seen, submission.nonce().as_bytes())?;
        }
        Ok(Ok((submission, entry.clone(), received)))
    }

    pub(super) fn save(&self) -> Result<()> {
        replace(&self.file, &serde_json::to_vec(&self.entries)?)
    }
}

/// Writes all of a file or nothing, even if the machine stops now.
fn replace(file: &Path, bytes: &[u8]) -> Result<()> {
    let path = file.with_added_extension("new");
    let mut new = File::create(&path).map_err(|e| named(&path, e))?;
    new.write_all(bytes).and_then(|()| new.sync_all()).map_err(|e| named(&path, e))?;
    fs::rename(&path, file).map_err(|e| named(file, e))?;
    // The new name must last as well, or a used ticket could be good again. Elsewhere folders are no files.
    #[cfg(unix)]
    {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(|e| named(folder, e))?;
    }
    Ok(())
}
