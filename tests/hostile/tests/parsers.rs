//! Ten thousand damaged inputs for each parser: typed errors only, and nothing accepted that breaks a rule (holds.rs).
//!
//! The numbers are seeded, so a failure comes again; it is shown after it was made as small as it gets.

use std::{fs, ops::Range, path::Path};

use bonafide::verify::Entry;
use bonafide_hostile::{damage::damaged, holds, run};

/// Damages `seeds`, which are valid, ten thousand times. `make fuzz` starts from the same ones.
fn damage(parser: &str, seeds: Vec<Vec<u8>>, within: Range<usize>, holds: fn(&[u8]) -> bool) -> u32 {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("seeds").join(parser);
    fs::create_dir_all(&folder).unwrap();
    for (i, seed) in seeds.iter().enumerate() {
        assert!(holds(seed), "what is to be damaged must be whole");
        fs::write(folder.join(i.to_string()), seed).unwrap();
    }
    run(10_000, &damaged(seeds, within), |bytes| holds(&bytes.0))
}

fn golden() -> String {
    include_str!("../../golden/session.json").into()
}

#[test]
fn manifests() {
    let accepted = damage("manifest", vec![holds::MANIFEST.into()], 0..1_000, holds::manifest);
    assert!((50..9_000).contains(&accepted), "{accepted} were accepted: the damage is too weak or too strong to tell");
}

#[test]
fn recordings() {
    let accepted = damage("recording", vec![golden().into()], 0..1_000, holds::recording);
    assert!((50..9_000).contains(&accepted), "{accepted} were accepted");
}

#[test]
fn transcripts() {
    let accepted = damage("transcript", vec![holds::honest().into()], 0..1_000, holds::transcript);
    assert!((1..5_000).contains(&accepted), "{accepted} were accepted");
}

#[test]
fn transcripts_of_revealed_steps() {
    let accepted = damage("told", vec![holds::told().1.clone().into()], 0..1_000, holds::told_transcript);
    assert!((1..5_000).contains(&accepted), "{accepted} were accepted");
    // What was told and when is the last of a recording but for its verdict.
    let accepted = damage("told", vec![holds::told().1.clone().into()], 970..1_000, holds::told_transcript);
    assert!((1..5_000).contains(&accepted), "{accepted} were accepted");
}

#[test]
fn entries_of_a_store() {
    let seeds = [Entry::new(holds::ticket()), holds::told().0.clone()].map(|entry| serde_json::to_vec(&entry).unwrap());
    let accepted = damage("entry", seeds.into(), 0..1_000, holds::entry);
    assert!((50..9_000).contains(&accepted), "{accepted} were accepted");
}

#[test]
fn checksummed_files() {
    // A byte that is put where it was before is no damage.
    let accepted = damage("checksum", vec![holds::WEIGHTS.into()], 0..1_000, holds::checksum);
    assert!(accepted < 100, "{accepted} were accepted");
}

/// The header, which says what lies where, is the first 3 % of the file.
#[test]
fn weights_that_pass_their_checksum() {
    let accepted = damage("weights", vec![holds::WEIGHTS.into(), holds::packed()], 0..35, holds::weights);
    assert!((10..9_000).contains(&accepted), "{accepted} were accepted");
}

#[test]
fn frames() {
    let numbers = |width: u32, height: u32, face: f32| {
        let mut bytes: Vec<u8> = [width, height, width * height * 4].into_iter().flat_map(u32::to_le_bytes).collect();
        (0..20).for_each(|i| bytes.extend((face + i as f32).to_le_bytes()));
        bytes
    };
    let seeds = vec![numbers(4, 3, 0.5), numbers(64, 48, 9.0), numbers(1, 1, 1e30), numbers(128, 1, f32::NAN)];
    let accepted = damage("frame", seeds, 0..1_000, holds::frame);
    assert!((1_000..9_000).contains(&accepted), "{accepted} were accepted");
}
