//! Which file of a crate imports which, read from the sources: for the tests that hold imports to a direction.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

type Names = Vec<String>;

/// A file's import as it is written, and the file that it leads to.
pub(crate) type Import = (String, String);

/// Files by their place in `src`, and what they hold.
pub(crate) struct Sources(pub(crate) BTreeMap<String, String>);

impl Sources {
    /// The files of a folder of sources, without those that see all: the crate's root and the command line.
    pub(crate) fn read(src: &Path) -> Self {
        let mut files = BTreeMap::new();
        let mut folders = vec![src.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|ending| ending == "rs") {
                    let names: Vec<_> =
                        path.strip_prefix(src).unwrap().iter().map(|name| name.to_str().unwrap()).collect();
                    files.insert(names.join("/"), fs::read_to_string(&path).unwrap());
                }
            }
        }
        files.remove("lib.rs");
        files.remove("main.rs");
        Self(files)
    }

    /// Sentences, each of one file and an import from which others lead back to it. A module and its own parts may import
    /// each other.
    pub(crate) fn circles(&self) -> Vec<String> {
        let imports = self.imports();
        let mut objections = Vec::new();
        for (file, of) in &imports {
            for (import, to) in of.iter().filter(|(_, to)| !related(file, to)) {
                if leads(&imports, to, file) {
                    objections.push(format!("{file} imports {import}, and {to} leads back to it"));
                }
            }
        }
        objections
    }

    /// Each file's imports from its own crate.
    pub(crate) fn imports(&self) -> BTreeMap<&str, Vec<Import>> {
        let exported: BTreeMap<Names, Names> = self.0.iter().flat_map(|(file, text)| exports(file, text)).collect();
        let files: BTreeMap<Names, &str> = self.0.keys().map(|file| (module(file), file.as_str())).collect();
        self.0
            .iter()
            .map(|(file, text)| {
                let of = paths(file, text).into_iter().filter_map(|path| {
                    let to = resolve(&files, &exported, &path)?;
                    (to != file).then(|| (format!("crate::{}", path.join("::")), to.to_owned()))
                });
                (file.as_str(), of.collect())
            })
            .collect()
    }
}

/// Whether one file is the module that the other is a part of.
fn related(a: &str, b: &str) -> bool {
    let (a, b) = (module(a), module(b));
    a.starts_with(&b) || b.starts_with(&a)
}

/// Whether a file imports another, through others too; steps between a module and its parts do not count.
fn leads(imports: &BTreeMap<&str, Vec<Import>>, from: &str, to: &str) -> bool {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(file) = next.pop() {
        if file == to {
            return true;
        }
        if seen.insert(file) {
            next.extend(imports[file].iter().map(|(_, to)| to.as_str()).filter(|to| !related(file, to)));
        }
    }
    false
}

/// `data/dataset/mod.rs` -> data, dataset.
fn module(file: &str) -> Names {
    let mut names: Names = file.trim_end_matches(".rs").split('/').map(Into::into).collect();
    if names.last().is_some_and(|name| name == "mod") {
        names.pop();
    }
    names
}

/// A file without its comments and its tests, which may use whatever they test with.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).flat_map(|line| [line, "\n"]).collect()
}

/// All paths of a file that begin in the crate, in `use` or elsewhere.
fn paths(file: &str, text: &str) -> BTreeSet<Names> {
    let code = code(text);
    let mut found = BTreeSet::new();
    for root in ["crate::", "super::", "self::"] {
        for (at, _) in code.match_indices(root) {
            let before = code[..at].chars().next_back();
            if !before.is_some_and(|c| c.is_alphanumeric() || "_:$".contains(c)) {
                let mut written = Vec::new();
                tree(&code[at..], &[], &mut written);
                found.extend(written.into_iter().map(|path| absolute(file, path)));
            }
        }
    }
    found
}

/// What a file hands on under names of its own: `pub use`.
fn exports(file: &str, text: &str) -> Vec<(Names, Names)> {
    let code = code(text);
    let mut found = Vec::new();
    for start in ["pub use ", "pub(crate) use "] {
        for (at, _) in code.match_indices(start) {
            let mut written = Vec::new();
            tree(&code[at + start.len()..], &[], &mut written);
            for path in written {
                let name = [module(file), vec![path.last().unwrap().clone()]].concat();
                let from = match path[0].as_str() {
                    "crate" | "super" | "self" => absolute(file, path),
                    _ => [module(file), path].concat(),
                };
                found.push((name, from));
            }
        }
    }
    found
}

/// A path as it is written in a file -> from the crate's root.
fn absolute(file: &str, path: Names) -> Names {
    let mut from = module(file);
    let mut rest = path.into_iter().peekable();
    match rest.next().as_deref() {
        Some("crate") => from.clear(),
        Some("super") => drop(from.pop()),
        _ => {}
    }
    while rest.next_if(|name| name == "super").is_some() {
        from.pop();
    }
    from.extend(rest);
    from
}

/// `a::{b, c::{self, d}}` -> the paths `a::b`, `a::c`, `a::c::d`; returns what follows.
fn tree<'a>(mut text: &'a str, start: &[String], found: &mut Vec<Names>) -> &'a str {
    let mut path = start.to_vec();
    loop {
        text = text.trim_start();
        if let Some(inside) = text.strip_prefix('{') {
            text = inside.trim_start();
            while !text.is_empty() && !text.starts_with('}') {
                text = tree(text, &path, found).trim_start();
                text = text.strip_prefix(',').unwrap_or(text).trim_start();
            }
            return text.strip_prefix('}').unwrap_or(text);
        }
        let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        // `self` names what is before it, but at the beginning; a star or a type's parameters end the path.
        if !name.is_empty() && (name != "self" || path.is_empty()) {
            path.push(name.to_owned());
        }
        text = if name.is_empty() { rest.get(1..).unwrap_or_default() } else { rest };
        if let (false, Some(rest)) = (name.is_empty(), text.strip_prefix("::")) {
            text = rest;
            continue;
        }
        found.push(path);
        let Some(alias) = text.trim_start().strip_prefix("as ") else { return text };
        return alias.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
    }
}

/// The file that a path leads to, past those that only hand on a name.
fn resolve<'a>(
    files: &BTreeMap<Names, &'a str>,
    exported: &BTreeMap<Names, Names>,
    path: &[String],
) -> Option<&'a str> {
    let length = (1..=path.len()).rev().find(|&length| files.contains_key(&path[..length]))?;
    if let Some(from) = path.get(..=length).and_then(|name| exported.get(name)) {
        return resolve(files, exported, &[from, &path[length + 1..]].concat());
    }
    Some(files[&path[..length]])
}
