//! The types -> `pkg/src/generated.ts`, which is committed. ts-rs names fields, variants and types as serde does, and brings
//! the comments; the layout is the package's.

use std::{env, fs, path::Path};

use ts_rs::{Config, TS};

use super::*;
use crate::{
    quality::Hint,
    score::OperatingPoint,
    session::{Challenge, Notice, Outcome, Reason, Step},
};

const HEAD: &str = "//! The names and shapes that the Rust engine answers in, written from its own types by `make types`: change them there.
//! Lists of names are there so that an application can see whether it has a text for each.
";

#[test]
fn the_package_has_the_engines_types() {
    let reasons: Vec<_> = Reason::OWN.into_iter().chain(Hint::ALL.map(Reason::Hint)).collect();
    let written = [
        HEAD.to_owned(),
        names("HINTS", "What the person should change, most important first.", &Hint::ALL),
        names("PROMPTS", "What a challenge asks for.", &Step::ALL),
        names("NOTICES", "What was wrong with the last answer to a prompt.", &Notice::ALL),
        names("OUTCOMES", "How a check ends.", &Outcome::ALL),
        names("REASONS", "Why a verdict is not bona fide.", &reasons),
        shape::<Backend>(),
        shape::<FaceBox>(),
        shape::<Timings>(),
        shape::<ScoreResult>(),
        shape::<OperatingPoint>(),
        shape::<Challenge>(),
        shape::<Progress>(),
        shape::<Verdict>(),
        shape::<SessionUpdate>(),
        shape::<PostedTranscript>(),
    ]
    .join("\n");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../pkg/src/generated.ts");
    if env::var_os("WRITE_TYPES").is_some() {
        fs::write(&path, &written).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap();
    assert!(
        committed == written,
        "pkg/src/generated.ts is not what the engine answers: run `make types` and commit it"
    );
}

#[test]
fn backends_are_named_as_they_are_serialised() {
    for backend in [Backend::WebGpu, Backend::Cpu] {
        assert_eq!(serde_json::to_value(backend).unwrap(), backend.name());
    }
}

/// A list of all of an enum's names, and the enum as their union.
fn names<T: TS + Serialize>(list: &str, what: &str, all: &[T]) -> String {
    let names: Vec<String> = all.iter().map(|name| serde_json::to_string(name).unwrap().replace('"', "'")).collect();
    // A reason is also any hint, by reference.
    let union = plain(&T::decl(&config())).replace("| Hint;", &format!("| {};", plain(&Hint::inline(&config()))));
    let ident = T::ident(&config());
    assert_eq!(union, format!("type {ident} = {};", names.join(" | ")), "{list} is not all that {ident} can be");
    let lines: String = names.iter().map(|name| format!("  {name},\n")).collect();
    let docs = plain(&T::docs().unwrap());
    format!(
        "/** {what} */\nexport const {list} = [\n{lines}] as const;\n\n{docs}export type {ident} = (typeof {list})[number];\n"
    )
}

/// A struct as an interface of read-only properties, or an enum as the union of its names.
fn shape<T: TS>() -> String {
    let (decl, docs) = (plain(&T::decl(&config())), plain(&T::docs().unwrap()));
    let ident = T::ident(&config());
    let Some(fields) = decl.strip_prefix(&format!("type {ident} = {{")) else {
        return format!("{docs}export {decl}\n");
    };
    let fields: String = fields
        .trim_end_matches("};")
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
        .map(|line| match line.strip_suffix(',') {
            Some(field) if !line.starts_with(['/', ' ']) => format!("  readonly {field};\n"),
            _ => format!("  {line}\n"),
        })
        .collect();
    format!("{docs}export interface {ident} {{\n{fields}}}\n")
}

/// In the package's style: single quotes, comments of one line in one, arrays that cannot be written to.
fn plain(text: &str) -> String {
    let text = text.replace('"', "'");
    let mut arrays = text.split("Array<");
    let mut plain = arrays.next().unwrap().to_owned();
    for array in arrays {
        let (of, rest) = array.split_once('>').expect("arrays here hold plain names");
        plain += &format!("readonly {of}[]{rest}");
    }
    let comments: Vec<&str> = plain.split("/**\n * ").collect();
    let short = |comment: &&str| match comment.split_once("\n */") {
        Some((line, rest)) if !line.contains('\n') => format!("/** {line} */{rest}"),
        _ => format!("/**\n * {comment}"),
    };
    comments[0].to_owned() + &comments[1..].iter().map(short).collect::<String>()
}

fn config() -> Config {
    Config::default()
}
