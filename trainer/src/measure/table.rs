//! A CSV file -> its rows, each with its line's number as an editor shows it, and its cells by their columns' names.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use csv::{ByteRecord, ReaderBuilder};

/// The records of a CSV text, the header among them, each with the line in which it begins, from 1. A byte order mark and
/// records whose cells are all blank are passed over.
///
/// # Errors
/// If it is no CSV.
pub fn records(bytes: &[u8]) -> Result<Vec<(usize, ByteRecord)>> {
    // Spreadsheets put the mark before UTF-8.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let (mut line, mut counted, mut all) = (1, 0, Vec::new());
    for record in reader.byte_records() {
        let record = record.context("it is not CSV")?;
        let start = start(bytes, &record);
        line += line_ends(&bytes[counted..start]);
        counted = start;
        if !record.iter().all(|field| field.trim_ascii().is_empty()) {
            all.push((line, record));
        }
    }
    Ok(all)
}

/// Where a record's own bytes begin: the reader says where the one before it ended, before line ends and empty lines.
fn start(bytes: &[u8], record: &ByteRecord) -> usize {
    let from = record.position().expect("the reader notes it").byte() as usize;
    let passed = bytes[from..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    from + passed
}

/// How many lines end in `bytes`, with LF, CRLF or CR.
fn line_ends(bytes: &[u8]) -> usize {
    let next = |at: usize| bytes.get(at + 1) == Some(&b'\n');
    bytes.iter().enumerate().filter(|(at, byte)| **byte == b'\n' || **byte == b'\r' && !next(*at)).count()
}

/// A CSV file in memory. Blanks around cells are no part of them; columns go by their names in any case.
#[derive(Debug)]
pub struct Table {
    name: String,
    columns: Vec<String>,
    rows: Vec<(usize, Vec<String>)>,
}

/// A row of a [`Table`].
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    table: &'a Table,
    cells: &'a [String],
    line: usize,
}

impl Table {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, is no CSV of UTF-8, has two columns of one name, or a line of another number of cells.
    pub fn open(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let bytes = fs::read(path).with_context(|| format!("cannot read {name}"))?;
        let records = records(&bytes).with_context(|| format!("{name} is no CSV file"))?;
        let mut rows = Vec::with_capacity(records.len());
        for (line, record) in records {
            let cell = |field: &[u8]| String::from_utf8(field.trim_ascii().to_vec());
            let cells = record.iter().map(cell).collect::<Result<Vec<_>, _>>();
            rows.push((line, cells.ok().with_context(|| format!("line {line} of {name} is not UTF-8"))?));
        }
        let (_, columns) = if rows.is_empty() { (1, Vec::new()) } else { rows.remove(0) };
        let columns: Vec<String> = columns.iter().map(|column| column.to_lowercase()).collect();
        for (at, column) in columns.iter().enumerate() {
            ensure!(!columns[..at].contains(column), "{name} has two columns {column}");
        }
        for (line, cells) in &rows {
            let (there, wanted) = (cells.len(), columns.len());
            ensure!(there == wanted, "line {line} of {name} has {there} cells, and {wanted} columns have names");
        }
        Ok(Self { name, columns, rows })
    }

    /// The columns' names, in lower case.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The rows below the header.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|(line, cells)| Row { table: self, cells, line: *line })
    }
}

impl<'a> Row<'a> {
    /// Where it stands: `line 3 of scores.csv`.
    pub fn place(&self) -> String {
        format!("line {} of {}", self.line, self.table.name)
    }

    /// A cell; `None` where there is no such column.
    pub fn find(&self, column: &str) -> Option<&'a str> {
        let at = self.table.columns.iter().position(|name| name == column)?;
        Some(&self.cells[at])
    }

    /// A cell.
    ///
    /// # Errors
    /// If there is no such column.
    pub fn get(&self, column: &str) -> Result<&'a str> {
        self.find(column).with_context(|| format!("{} has no column {column}", self.table.name))
    }

    /// A cell that says something.
    ///
    /// # Errors
    /// If there is no such column, or it is empty here.
    pub fn some(&self, column: &str) -> Result<&'a str> {
        let cell = self.get(column)?;
        ensure!(!cell.is_empty(), "{} has an empty {column}", self.place());
        Ok(cell)
    }

    /// A number; `None` where the cell is empty.
    ///
    /// # Errors
    /// If there is no such column, or it is no finite number.
    pub fn number(&self, column: &str) -> Result<Option<f32>> {
        let text = self.get(column)?;
        if text.is_empty() {
            return Ok(None);
        }
        let number = text.parse().ok().filter(|number: &f32| number.is_finite());
        number.with_context(|| format!("{} has {text:?} as {column}, which is no number", self.place())).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(text: &str) -> Result<Table> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        fs::write(&path, text).unwrap();
        Table::open(&path)
    }

    #[test]
    fn lines_are_an_editors() {
        for end in ["\n", "\r\n", "\r"] {
            let text = format!("\u{feff}a,Split{end}{end}1, x {end},{end}\"two{end}lines\",y{end}2,z{end}");
            let table = open(&text).unwrap();
            let rows: Vec<_> = table.rows().map(|row| (row.line, row.get("split").unwrap())).collect();
            assert_eq!(rows, [(3, "x"), (5, "y"), (7, "z")], "{end:?}");
            assert!(table.rows().last().unwrap().number("split").unwrap_err().to_string().starts_with("line 7 of "));
        }
    }

    #[test]
    fn what_is_no_table_is_named() {
        let refused = |text: &str| format!("{:#}", open(text).unwrap_err());
        assert!(refused("a,b\n1,2\n\n3\n").starts_with("line 4 of "));
        assert!(refused("a,A\n1,2\n").ends_with("has two columns a"));
        assert!(open("a\n\n").unwrap().rows().next().is_none());
        let table = open("a,b\n1,\n").unwrap();
        let row = table.rows().next().unwrap();
        assert!(row.some("b").unwrap_err().to_string().ends_with("has an empty b"));
        assert!(row.get("c").unwrap_err().to_string().ends_with("has no column c"));
        assert_eq!((row.number("a").unwrap(), row.number("b").unwrap()), (Some(1.0), None));
    }
}
