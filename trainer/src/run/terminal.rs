//! What a command shows: results on the standard output, by [`say`] alone; remarks on the standard error; progress.
//!
//! Whoever reads the output may stop to: that ends nothing, and no sentence is made of it. A full disk is an error.

use std::{
    fmt::Display,
    io::{self, ErrorKind, Write, stderr, stdout},
};

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};

/// Prints a result, and ends its line. What a command writes to files it writes before.
///
/// # Errors
/// If the standard output cannot be written, as where it is a file and the disk is full.
pub fn say(text: impl Display) -> Result<()> {
    say_to(Output, text)
}

fn say_to(mut out: impl Write, text: impl Display) -> Result<()> {
    let text = text.to_string();
    let end = if text.ends_with('\n') { "" } else { "\n" };
    write!(out, "{text}{end}").and_then(|()| out.flush()).context("cannot write to the standard output")
}

/// Prints a remark that is no result. Where it cannot be written, nobody would read of that either.
pub fn remark(text: impl Display) {
    let _ = writeln!(stderr(), "{text}");
}

/// The standard output, for what is printed piece by piece: when nobody reads any more, what comes is dropped.
#[derive(Debug, Clone, Copy)]
pub struct Output;

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        unread(stdout().write(bytes), bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        unread(stdout().flush(), ())
    }
}

/// `done` in the place of the error that nobody reads.
fn unread<T>(result: io::Result<T>, done: T) -> io::Result<T> {
    match result {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(done),
        result => result,
    }
}

/// A progress bar on a terminal, nothing elsewhere.
pub fn progress(length: usize, what: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len} {eta} {msg}").expect("a valid template");
    ProgressBar::new(length as u64).with_style(style).with_prefix(what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_a_line_whatever_it_ends_with() {
        for text in ["a\n", "a"] {
            let mut out = Vec::new();
            say_to(&mut out, text).unwrap();
            assert_eq!(out, b"a\n");
        }
        let full: &mut [u8] = &mut [0];
        assert!(say_to(full, "two").unwrap_err().to_string().contains("standard output"));
        assert_eq!(unread(Err(ErrorKind::BrokenPipe.into()), 3).unwrap(), 3);
        assert!(unread(Err(ErrorKind::StorageFull.into()), 3).is_err());
    }
}
