//! What a long command shows of its progress.

use indicatif::{ProgressBar, ProgressStyle};

/// A progress bar on a terminal, nothing elsewhere.
pub fn progress(length: usize, what: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len} {eta} {msg}").expect("a valid template");
    ProgressBar::new(length as u64).with_style(style).with_prefix(what.to_owned())
}
