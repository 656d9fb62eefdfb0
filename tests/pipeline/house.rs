//! ARCHITECTURE.md's invariants, read off the sources: what a file may name, and which way imports point.

mod imports;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    env!("CARGO_MANIFEST_DIR").into()
}

/// Files below a folder with one of these endings, sorted.
fn files(folder: &str, endings: &[&str]) -> Vec<PathBuf> {
    let (mut found, mut open) = (Vec::new(), vec![root().join(folder)]);
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if endings.iter().any(|ending| path.extension().is_some_and(|is| is == *ending)) {
                found.push(path);
            }
        }
    }
    assert!(!found.is_empty(), "{folder} has no such files");
    found.sort();
    found
}

fn name(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/")
}

/// The lines of code of a file before its tests, with their numbers.
fn code(path: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim().to_owned()));
    lines
        .take_while(|(_, line)| !line.starts_with("#[cfg(test)]"))
        .filter(|(_, line)| !line.starts_with("//") && !line.starts_with('*') && !line.starts_with("/*"))
        .collect()
}

/// Every place where a file names what it must not.
fn named(paths: &[PathBuf], forbidden: &[&str]) -> Vec<String> {
    let mut objections = Vec::new();
    for path in paths {
        for (number, line) in code(path) {
            for word in forbidden.iter().filter(|word| line.contains(**word)) {
                objections.push(format!("{}:{number} names {word}: {line}", name(path)));
            }
        }
    }
    objections
}

#[test]
fn the_core_knows_no_tensors_no_browser_no_files_and_no_clock() {
    let core: Vec<PathBuf> =
        files("core/src", &["rs"]).into_iter().filter(|path| !path.ends_with("tests.rs")).collect();
    let forbidden =
        ["burn", "web_sys", "js_sys", "wasm_bindgen", "std::fs", "std::net", "std::time", "std::env", "rand::"];
    assert_eq!(named(&core, &forbidden), Vec::<String>::new());
    let manifest = fs::read_to_string(root().join("core/Cargo.toml")).unwrap();
    assert!(!manifest.contains("burn ="), "the core depends on burn");
}

#[test]
fn the_networks_know_no_browser_no_files_and_no_backend() {
    let outside = |path: &PathBuf| !["src/web/", "src/bin/"].iter().any(|folder| name(path).starts_with(folder));
    let library: Vec<PathBuf> = files("src", &["rs"]).into_iter().filter(outside).collect();
    // Which modules there are is the one thing that the crate's first file has to say of the browser.
    let forbidden = ["web_sys", "js_sys", "wasm_bindgen", "std::fs", "std::net", "burn_wgpu", "burn::backend"];
    assert_eq!(named(&library, &forbidden), Vec::<String>::new());
    // One file asks whether a layer lies on the CPU.
    let others: Vec<PathBuf> = library.into_iter().filter(|path| !path.ends_with("packed.rs")).collect();
    assert_eq!(named(&others, &["Device::flex", "Device::wgpu", "Device::cuda"]), Vec::<String>::new());
}

#[test]
fn native_programs_print_in_one_place() {
    // These macros panic where nobody reads, or the disk is full. `trainer::run::terminal` and `verify`'s `say` do not.
    let mut programs = [files("trainer/src", &["rs"]), files("src/bin", &["rs"])].concat();
    programs.push(root().join("www/examples/server/src/main.rs"));
    assert_eq!(named(&programs, &["println!(", "print!(", "dbg!("]), Vec::<String>::new());
}

/// Imports of modules that come later on the path: `order` is the path.
fn against(folder: &str, order: &[&str]) -> Vec<String> {
    let place = |module: &str| order.iter().position(|of| *of == module);
    let mut objections = Vec::new();
    for path in files(folder, &["rs"]) {
        let name = name(&path);
        let module = name[folder.len() + 1..].split('/').next().unwrap().trim_end_matches(".rs").to_owned();
        if ["lib", "bin"].contains(&module.as_str()) {
            continue;
        }
        let own = place(&module).unwrap_or_else(|| panic!("{name} has no place on the path: give it one"));
        // Imports in braces are spread over lines: `crate::{` opens a list of modules.
        let text: String = code(&path).into_iter().map(|(_, line)| line + "\n").collect();
        for start in text.match_indices("crate::").map(|(at, found)| at + found.len()) {
            let rest = &text[start..];
            let modules: Vec<&str> = match rest.strip_prefix('{') {
                None => vec![rest],
                Some(list) => tops(list),
            };
            for module in modules {
                let end = module.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(module.len());
                if place(&module[..end]).is_some_and(|other| other > own) {
                    objections.push(format!("{name} imports {}, which comes after it", &module[..end]));
                }
            }
        }
    }
    objections
}

/// The entries of a list of imports, without those that are nested in them.
fn tops(list: &str) -> Vec<&str> {
    let (mut depth, mut entries, mut start) = (0, Vec::new(), 0);
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                entries.push(list[start..at].trim());
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                entries.push(list[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    entries
}

#[test]
fn imports_point_upstream_along_the_data_path() {
    let core = [
        "error",
        "frame",
        "reduced",
        "region",
        "face",
        "crop",
        "views",
        "quality",
        "fusion",
        "score",
        "manifest",
        "session",
        "transcript",
        "answers",
        "verify",
    ];
    assert_eq!(against("core/src", &core), Vec::<String>::new());
    let networks = [
        "picture",
        "readback",
        "packed",
        "quantised",
        "weights",
        "face",
        "crop",
        "views",
        "network",
        "pipeline",
        "watch",
        "web",
    ];
    assert_eq!(against("src", &networks), Vec::<String>::new());
}

/// What a TypeScript file imports or re-exports from files beside it, types and later imports (`import()`) as well.
fn imported(path: &Path) -> Vec<PathBuf> {
    let text: String = code(path).into_iter().map(|(_, line)| line + "\n").collect();
    let specifiers = ["from '.", "import '.", "import('."].into_iter().flat_map(|opens| text.split(opens).skip(1));
    let mut found = Vec::new();
    for specifier in specifiers.map(|rest| format!(".{}", rest.split('\'').next().unwrap())) {
        let mut file = path.parent().unwrap().to_owned();
        for part in specifier.split('/') {
            match part {
                "." => {}
                ".." => assert!(file.pop()),
                part => file.push(part),
            }
        }
        let source = ["ts", "d.ts"].into_iter().map(|ending| file.with_extension(ending)).find(|file| file.exists());
        found.push(source.unwrap_or_else(|| panic!("{} imports {specifier}, which is not there", name(path))));
    }
    found
}

#[test]
fn the_package_imports_in_no_circle() {
    let files = files("pkg/src", &["ts"]);
    let mut open: BTreeMap<&PathBuf, Vec<PathBuf>> = files.iter().map(|path| (path, imported(path))).collect();
    assert!(open.values().map(Vec::len).sum::<usize>() > files.len(), "hardly a file imports another: are they read?");
    // What imports nothing that is left, or is imported by nothing that is left, can be in no circle.
    let mut before = open.len() + 1;
    while open.len() < before {
        before = open.len();
        let left = open.clone();
        open.retain(|_, imports| imports.iter().any(|path| left.contains_key(path)));
        let left = open.clone();
        open.retain(|path, _| left.values().flatten().any(|import| import == *path));
    }
    let rest: Vec<String> = open.keys().map(|path| name(path)).collect();
    assert_eq!(rest, Vec::<String>::new(), "these import each other");
}

#[test]
fn no_modules_of_a_crate_import_each_other_in_a_circle() {
    for (folder, file, to) in [
        ("core/src", "session/course.rs", "session/verdict.rs"),
        ("src", "network/blocks.rs", "packed.rs"),
        ("kernels/src", "conv/sums.rs", "conv/mod.rs"),
    ] {
        let sources = imports::Sources::read(&root().join(folder));
        assert!(sources.imports()[file].iter().any(|(_, of)| of == to), "{folder} is not read as it should");
        assert_eq!(sources.circles(), Vec::<String>::new(), "{folder}");
    }
}

#[test]
fn the_package_holds_no_pixel_maths_and_no_thresholds() {
    // pixels.ts reads back a pattern of its own, to see whether canvases tell the truth: never a picture.
    let outside = |path: &PathBuf| !name(path).starts_with("pkg/src/signals/") && name(path) != "pkg/src/pixels.ts";
    let package: Vec<PathBuf> = files("pkg/src", &["ts"]).into_iter().filter(outside).collect();
    let forbidden =
        ["getImageData", "putImageData", "score >", "score <", "threshold >", "threshold <", ">= threshold"];
    assert_eq!(named(&package, &forbidden), Vec::<String>::new());
}
