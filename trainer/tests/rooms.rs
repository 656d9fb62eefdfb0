//! The trainer's rooms, read from its sources: a file imports from its own room and from those before it, and no files
//! import each other in a circle but a module and its own parts. ARCHITECTURE.md says what comes into a room and goes out.

#[path = "../../tests/pipeline/imports.rs"]
mod imports;

use std::{collections::BTreeSet, path::Path};

use imports::Sources;

/// The rooms, each before those that may know it.
const ORDER: [&str; 17] = [
    "kernels",
    "run",
    "picture",
    "measure",
    "weights",
    "recapture",
    "faces",
    "data",
    "simulate",
    "train",
    "evaluate",
    "fuse",
    "ship",
    "sessions",
    "turns",
    "cover",
    "protocol",
];

/// The place of a file's room in the order.
fn place(file: &str) -> usize {
    let room = file.split('/').next().unwrap();
    ORDER.iter().position(|of| *of == room).unwrap_or_else(|| panic!("{file} lies in no room of the order"))
}

/// Sentences, each of one file and the import that should not be.
fn objections(sources: &Sources) -> Vec<String> {
    let mut objections = Vec::new();
    for (file, of) in sources.imports() {
        for (import, to) in of {
            if place(&to) > place(file) {
                objections.push(format!("{file} imports {import}, from a room after its own"));
            }
        }
    }
    objections.extend(sources.circles());
    objections
}

#[test]
fn imports_point_one_way() {
    let house = Sources::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let rooms: BTreeSet<&str> = house.0.keys().map(|file| file.split('/').next().unwrap()).collect();
    assert_eq!(rooms, ORDER.into(), "every folder is a room of the order, and no file lies outside");
    // It reads what it should: a path in braces, one that another file hands on, one outside `use`.
    let imports = house.imports();
    let reads = |file: &str, to: &str| imports[file].iter().any(|(_, of)| of == to);
    assert!(reads("train/finetune.rs", "measure/metrics.rs"));
    assert!(reads("data/examples.rs", "measure/labelled.rs"));
    assert!(reads("simulate/audit.rs", "run/mod.rs"));
    let objections = objections(&house);
    assert!(objections.is_empty(), "{}", objections.join("\n"));
}

#[test]
fn objections_name_the_file_and_the_import() {
    let house = |files: &[(&str, &str)]| {
        objections(&Sources(files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect()))
    };
    let down = house(&[
        ("data/examples.rs", "use crate::{\n    evaluate::{self, Labelled as Scored},\n    run,\n};"),
        ("evaluate/mod.rs", "pub use labelled::*;"),
        ("run/mod.rs", "fn f() { crate::evaluate::g::<u8>() }"),
    ]);
    assert_eq!(
        down,
        [
            "data/examples.rs imports crate::evaluate, from a room after its own",
            "data/examples.rs imports crate::evaluate::Labelled, from a room after its own",
            "run/mod.rs imports crate::evaluate::g, from a room after its own",
        ]
    );
    let circle = house(&[
        ("faces/mod.rs", "pub use b::B;"),
        ("faces/a.rs", "use super::B;"),
        ("faces/b.rs", "use super::c;"),
        ("faces/c.rs", "fn f() { super::a::g() }"),
        ("faces/d.rs", "use super::a;"),
    ]);
    assert_eq!(
        circle,
        [
            "faces/a.rs imports crate::faces::B, and faces/b.rs leads back to it",
            "faces/b.rs imports crate::faces::c, and faces/c.rs leads back to it",
            "faces/c.rs imports crate::faces::a::g, and faces/a.rs leads back to it",
        ]
    );
    let fine = house(&[
        ("train/mod.rs", "use a::A;\n// crate::ship\n"),
        ("train/a.rs", "use super::Whole;\n#[cfg(test)]\nmod tests { use crate::ship; }"),
        ("ship/mod.rs", "use crate::train::a;"),
    ]);
    assert!(fine.is_empty(), "{fine:?}");
}
