//! Tickets in one file (redb): each change a transaction, on the disk before it is answered.

use std::path::Path;

use bonafide_core::verify::{Entry, Rejection, Submission, Ticket};
use redb::{Database, ReadableTable, TableDefinition};

/// Nonce -> [`Entry`] as JSON.
const TICKETS: TableDefinition<&str, &[u8]> = TableDefinition::new("tickets");

/// Any failure of the file: full disk, no permission, another program's file.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// The tickets that this server has issued.
#[derive(Debug)]
pub struct Store(Database);

impl Store {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    /// If it cannot be opened, or another process has it open.
    pub fn open(file: &Path) -> Result<Self, Error> {
        Ok(Self(Database::create(file)?))
    }

    /// Remembers a ticket, and forgets those that are over.
    ///
    /// # Errors
    /// If the file fails.
    pub fn issue(&self, ticket: &Ticket, now_ms: u64) -> Result<(), Error> {
        let transaction = self.0.begin_write()?;
        {
            let mut table = transaction.open_table(TICKETS)?;
            // Bytes that are no entry were not written by this program: kept, for whoever has to find out.
            table.retain(|_, bytes| {
                serde_json::from_slice::<Entry>(bytes).map_or(true, |entry| !entry.is_over(now_ms))
            })?;
            table.insert(ticket.nonce.as_str(), serde_json::to_vec(&Entry::new(ticket.clone()))?.as_slice())?;
        }
        Ok(transaction.commit()?)
    }

    /// Uses up the ticket that a submission answers, and gives it with the time at which the submission came first. Reading
    /// and writing are one transaction: of two submissions at once one comes second.
    ///
    /// # Errors
    /// If the file fails. Inside: [`Rejection::UnknownNonce`], or what [`Entry::redeem`] refuses.
    pub fn redeem(&self, submission: &Submission, now_ms: u64) -> Result<Result<(Ticket, u64), Rejection>, Error> {
        let transaction = self.0.begin_write()?;
        let taken = {
            let mut table = transaction.open_table(TICKETS)?;
            let found = table.get(submission.nonce())?.map(|bytes| bytes.value().to_vec());
            let Some(bytes) = found else { return Ok(Err(Rejection::UnknownNonce)) };
            let mut entry: Entry = serde_json::from_slice(&bytes)?;
            let received_ms = match entry.redeem(submission, now_ms) {
                Ok(received_ms) => received_ms,
                Err(rejection) => return Ok(Err(rejection)),
            };
            table.insert(submission.nonce(), serde_json::to_vec(&entry)?.as_slice())?;
            (entry.ticket, received_ms)
        };
        transaction.commit()?;
        Ok(Ok(taken))
    }
}
