//! `NAME=PATH` on the command line -> a name and a path.

use std::{collections::BTreeSet, path::PathBuf, str::FromStr};

use anyhow::{Result, ensure};

/// A file or folder, and what tables are to call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The name, in any words but without `=`.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
}

impl FromStr for Named {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, path)) if !name.trim().is_empty() && !path.is_empty() => {
                Ok(Self { name: name.trim().to_owned(), path: path.into() })
            }
            _ => Err("it has the form NAME=PATH, such as dusk=data/dusk".into()),
        }
    }
}

/// Refuses a list that uses a name twice; `what` the names are of, for the sentence.
///
/// # Errors
/// If it does.
pub fn distinct(of: &[Named], what: &str) -> Result<()> {
    let mut seen = BTreeSet::new();
    for Named { name, .. } in of {
        ensure!(seen.insert(name), "two {what} are called {name}: give each its own name");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_a_path_or_a_reason() {
        let named: Named = "low light =a=b/c".parse().unwrap();
        assert_eq!((named.name.as_str(), named.path.to_str()), ("low light", Some("a=b/c")));
        for bad in ["data/dusk", "=data", "dusk=", " =x"] {
            assert!(bad.parse::<Named>().unwrap_err().contains("NAME=PATH"), "{bad}");
        }
        assert!(distinct(&[named.clone(), named], "conditions").unwrap_err().to_string().contains("low light"));
    }
}
