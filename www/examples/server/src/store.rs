//! Tickets in one file (redb): each change a transaction, on the disk before it is answered.

use std::path::Path;

use bonafide_core::{
    session::Step,
    verify::{Entry, Rejection, Submission, Ticket},
};
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};

/// Nonce -> [`Entry`] as JSON.
const TICKETS: TableDefinition<&str, &[u8]> = TableDefinition::new("tickets");
/// When a ticket is over, milliseconds since 1970, and its nonce: what can be forgotten is found without a search.
const OVER: TableDefinition<(u64, &str), ()> = TableDefinition::new("over");
/// [`Submission::content`] -> the nonce for which it came first. Never forgotten, some hundred bytes for each transcript.
const CONTENTS: TableDefinition<&str, &str> = TableDefinition::new("contents");

/// Tickets that are forgotten when one is issued, at most: more than come in, so that they end, and no more than a moment.
const FORGOTTEN: usize = 8;

/// Any failure of the file: full disk, no permission, another program's file.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// The tickets that this server has issued, and what came for them.
#[derive(Debug)]
pub struct Store(Database);

impl Store {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    /// If it cannot be opened, or another process has it open.
    pub fn open(file: &Path) -> Result<Self, Error> {
        let database = Database::create(file)?;
        let transaction = database.begin_write()?;
        transaction.open_table(TICKETS)?;
        transaction.open_table(OVER)?;
        transaction.open_table(CONTENTS)?;
        transaction.commit()?;
        Ok(Self(database))
    }

    /// Remembers a ticket, and forgets some of those that are over. Takes as long however many there are.
    ///
    /// # Errors
    /// If the file fails.
    pub fn issue(&self, ticket: &Ticket, now_ms: u64) -> Result<(), Error> {
        let entry = Entry::new(ticket.clone());
        let transaction = self.0.begin_write()?;
        {
            let mut tickets = transaction.open_table(TICKETS)?;
            let mut over = transaction.open_table(OVER)?;
            for _ in 0..FORGOTTEN {
                let Some((first, _)) = over.first()? else { break };
                let (over_ms, nonce) = first.value();
                let nonce = nonce.to_owned();
                drop(first);
                if now_ms < over_ms {
                    break;
                }
                over.remove((over_ms, nonce.as_str()))?;
                tickets.remove(nonce.as_str())?;
            }
            over.insert((entry.over_ms(), ticket.nonce.as_str()), ())?;
            tickets.insert(ticket.nonce.as_str(), serde_json::to_vec(&entry)?.as_slice())?;
        }
        Ok(transaction.commit()?)
    }

    /// Reveals the step after `known` others for the ticket of this nonce: [`Entry::reveal`]. On the disk before it is told.
    ///
    /// # Errors
    /// If the file fails. Inside: [`Rejection::UnknownNonce`], or what [`Entry::reveal`] refuses.
    pub fn reveal(
        &self,
        nonce: &str,
        known: usize,
        random: u64,
        now_ms: u64,
    ) -> Result<Result<Step, Rejection>, Error> {
        let transaction = self.0.begin_write()?;
        let step = {
            let mut tickets = transaction.open_table(TICKETS)?;
            let found = tickets.get(nonce)?.map(|bytes| bytes.value().to_vec());
            let Some(bytes) = found else { return Ok(Err(Rejection::UnknownNonce)) };
            let mut entry: Entry = serde_json::from_slice(&bytes)?;
            let step = match entry.reveal(known, random, now_ms) {
                Ok(step) => step,
                Err(rejection) => return Ok(Err(rejection)),
            };
            tickets.insert(nonce, serde_json::to_vec(&entry)?.as_slice())?;
            step
        };
        transaction.commit()?;
        Ok(Ok(step))
    }

    /// Uses up the ticket that a page's text answers, and gives its entry with what was sent and the time at which it came first.
    /// A nonce that was not issued is refused before the rest is read. Reading and writing are one transaction: of two
    /// submissions at once one comes second.
    ///
    /// # Errors
    /// If the file fails. Inside: [`Rejection::UnknownNonce`], [`Rejection::Malformed`], or what [`Entry::redeem`] refuses.
    pub fn redeem(&self, json: &str, now_ms: u64) -> Result<Result<(Submission, Entry, u64), Rejection>, Error> {
        let nonce = match Submission::nonce_in(json) {
            Ok(nonce) => nonce,
            Err(rejection) => return Ok(Err(rejection)),
        };
        if self.0.begin_read()?.open_table(TICKETS)?.get(nonce.as_str())?.is_none() {
            return Ok(Err(Rejection::UnknownNonce));
        }
        match Submission::parse(json) {
            Ok(submission) => {
                let taken = self.take(&submission, now_ms)?;
                Ok(taken.map(|(entry, received_ms)| (submission, entry, received_ms)))
            }
            Err(rejection) => Ok(Err(rejection)),
        }
    }

    fn take(&self, submission: &Submission, now_ms: u64) -> Result<Result<(Entry, u64), Rejection>, Error> {
        let (nonce, content) = (submission.nonce(), submission.content());
        let transaction = self.0.begin_write()?;
        let taken = {
            let mut tickets = transaction.open_table(TICKETS)?;
            let mut contents = transaction.open_table(CONTENTS)?;
            let found = tickets.get(nonce)?.map(|bytes| bytes.value().to_vec());
            let Some(bytes) = found else { return Ok(Err(Rejection::UnknownNonce)) };
            let first_for = contents.get(content)?.map(|nonce| nonce.value().to_owned());
            let mut entry: Entry = serde_json::from_slice(&bytes)?;
            let received_ms = match entry.redeem(submission, first_for.as_deref(), now_ms) {
                Ok(received_ms) => received_ms,
                Err(rejection) => return Ok(Err(rejection)),
            };
            if first_for.is_none() {
                contents.insert(content, nonce)?;
            }
            tickets.insert(nonce, serde_json::to_vec(&entry)?.as_slice())?;
            (entry, received_ms)
        };
        transaction.commit()?;
        Ok(Ok(taken))
    }
}
