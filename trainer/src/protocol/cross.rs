//! `trainer protocol cross`: each data set is left out in turn, and every row trained on the others.
//!
//! As SSDG (Jia et al., CVPR 2020) and those after it do, the whole left-out set is measured, all its splits. The threshold
//! is of the sources' development splits, since a product knows no other: stricter than theirs, of the left-out set itself.
//!
//! ```text
//! seed-1/without-SET/{pretrain,he,pdgan}/    runs; scores-DIGEST.csv in a row's says that it is finished
//! shipped/SET-DIGEST.csv                     scores of the weights that ship
//! table.md, table.html
//! ```

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use anyhow::{Context, Result, ensure};
use bonafide::weights::sha256;

use super::{ProtocolArgs, Row, shipped};
use crate::{
    data::{
        examples::{Example, Examples, Split},
        prepared::{Outcome, Prepared},
    },
    evaluate::cross::{self, Measured},
    measure::{
        Labelled,
        labelled::{LEFT_OUT, Presentations, read_csv, write_csv},
    },
    run::{terminal::say, write_atomic},
    train::finetune,
};

/// One of the data sets.
struct Set {
    /// Its sources.
    name: String,
    prepared: Prepared,
}

pub(super) fn run(args: &ProtocolArgs) -> Result<()> {
    let wanted = args.rows();
    let sets = open(&args.data, wanted.iter().any(|row| *row != Row::Shipped))?;
    // First: that a picture is missing should be known before hours of training.
    let shipped = wanted.contains(&Row::Shipped).then(|| shipped_weights(args, &sets)).transpose()?;
    let mut rows = Vec::new();
    for row in wanted {
        if let (Row::Shipped, Some(measured)) = (row, &shipped) {
            rows.push(cross::Row::new(row.title(), measured));
            continue;
        }
        let mut seeds = Vec::new();
        for &seed in &args.seeds {
            let measured = (0..sets.len())
                .map(|left_out| {
                    say(format_args!("{} seed {seed} without {}", row.name(), sets[left_out].name))?;
                    let scores = trained(args, row, seed, &sets, left_out)?;
                    measure(scores).with_context(|| format!("{} without {}", row.name(), sets[left_out].name))
                })
                .collect::<Result<Vec<_>>>()?;
            seeds.push(cross::Row::new(&args.title(row, seed), &measured));
        }
        if seeds.len() > 1 {
            rows.push(cross::Row::mean(row.title(), &seeds));
        }
        rows.extend(seeds);
    }
    let names: Vec<String> = sets.into_iter().map(|set| set.name).collect();
    let text = cross::text(&names, &rows);
    write_atomic(&args.run.join("table.md"), text.as_bytes())?;
    write_atomic(&args.run.join("table.html"), cross::html(&names, &rows).as_bytes())?;
    say(&text)?;
    Ok(())
}

/// Opens the sets, and refuses what would only come to light after hours of training, where a row `trains`.
fn open(folders: &[PathBuf], trains: bool) -> Result<Vec<Set>> {
    ensure!(folders.len() > 1, "cross leaves each data set out in turn: name two or more with --data");
    let mut sets: Vec<Set> = Vec::new();
    let mut whose: BTreeMap<String, PathBuf> = BTreeMap::new();
    for folder in folders {
        let prepared = Prepared::load(folder)?;
        let sources: BTreeSet<&str> = prepared.records.iter().map(|record| record.source.as_str()).collect();
        for source in &sources {
            let other = whose.insert((*source).to_owned(), folder.clone());
            ensure!(
                other.is_none(),
                "{} and {} are both of {source}: a set that is left out must not be trained on",
                other.unwrap_or_default().display(),
                folder.display()
            );
        }
        let name = sources.into_iter().collect::<Vec<_>>().join("+");
        ensure!(sets.iter().all(|set| set.file_name() != file_name(&name)), "two data sets are called {name}");
        sets.push(Set { name, prepared });
    }
    for left_out in &sets {
        left_out.check_classes()?;
        let others = || sets.iter().filter(|set| set.name != left_out.name);
        let needed: &[Split] = if trains { &[Split::Train, Split::Development] } else { &[Split::Development] };
        for &split in needed {
            let (bona_fide, attacks) =
                others().map(|set| set.classes(Some(split))).fold((0, 0), |sum, of| (sum.0 + of.0, sum.1 + of.1));
            ensure!(
                bona_fide > 0 && attacks > 0,
                "without {} there are {bona_fide} bona fide crops and {attacks} attacks in the {split} split: both are needed",
                left_out.name
            );
        }
    }
    Ok(sets)
}

/// A data set's name as that of a file.
fn file_name(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() || "-_+".contains(c) { c } else { '-' }).collect()
}

impl Set {
    fn file_name(&self) -> String {
        file_name(&self.name)
    }

    /// Bona fide crops and attacks, of one split or of all.
    fn classes(&self, split: Option<Split>) -> (usize, usize) {
        let records = self.prepared.records.iter().filter(|record| split.is_none_or(|split| record.split == split));
        let crops = records.flat_map(|record| match &record.outcome {
            Outcome::Crops(crops) => crops.as_slice(),
            Outcome::NoFace(_) | Outcome::Unreadable(_) => &[],
        });
        crops.fold((0, 0), |(bona_fide, attacks), crop| match crop.attack {
            None => (bona_fide + 1, attacks),
            Some(_) => (bona_fide, attacks + 1),
        })
    }

    fn check_classes(&self) -> Result<()> {
        let (bona_fide, attacks) = self.classes(None);
        ensure!(
            bona_fide > 0 && attacks > 0,
            "{} has {bona_fide} bona fide crops and {attacks} attacks: error rates need both",
            self.name
        );
        Ok(())
    }
}

/// The development splits of the others, and the left-out set.
type Scores = (Presentations, Presentations);

fn measure((development, left_out): Scores) -> Result<Measured> {
    Measured::new(&development.0, &left_out.0, &left_out.1)
}

/// Trains a row without one set and scores it, unless that is done.
fn trained(args: &ProtocolArgs, row: Row, seed: u64, sets: &[Set], left_out: usize) -> Result<Scores> {
    let folder = args.run.join(format!("seed-{seed}")).join(format!("without-{}", sets[left_out].file_name()));
    let run = folder.join(row.name());
    let (mut others, of) = (args.data.clone(), args.data[left_out].clone());
    others.remove(left_out);
    let (chosen, measured) = (Examples::load(&others)?, Examples::load(&[of])?);
    ensure!(chosen.margin() == measured.margin(), "the sets were prepared with several margins around the face");
    let config = args.run_args(&run, seed, Some(row)).config.resolve()?;
    // Other data or another config is no finished run: training then refuses what is there.
    let digest = sha256(format!("{} {} {config:?}", chosen.digest(), measured.digest()).as_bytes());
    let file = run.join(format!("scores-{}.csv", &digest[..12]));
    let development = Split::Development.to_string();
    if !file.exists() {
        args.train(row, seed, &folder, &others)?;
        let device = args.device.first()?;
        let network = finetune::load(&run, &device)?;
        let score = |examples: &Examples, of: Vec<&Example>| -> Result<Vec<Labelled>> {
            Ok(Example::labelled(&of, &network.score(examples, &of, &device)?))
        };
        let scored = score(&chosen, chosen.of(Split::Development)?)?;
        let silent = chosen.unscored(Split::Development);
        let (all, all_silent) = (score(&measured, measured.all())?, measured.all_unscored());
        write_csv(&file, &[(&development, &scored, &silent), (LEFT_OUT, &all, &all_silent)])?;
    }
    let mut splits = read_csv(&file)?;
    let mut part = |name: &str| splits.remove(name).with_context(|| format!("{} has no {name} rows", file.display()));
    Ok((part(&development)?, part(LEFT_OUT)?))
}

/// Measures the weights that ship on each set, with the threshold of the others.
fn shipped_weights(args: &ProtocolArgs, sets: &[Set]) -> Result<Vec<Measured>> {
    let folder = args.run.join("shipped");
    let scores = sets
        .iter()
        .map(|set| shipped::scores(&args.weights, &set.prepared, &folder, &set.file_name()))
        .collect::<Result<Vec<_>>>()?;
    let development = Split::Development.to_string();
    (0..sets.len())
        .map(|left_out| {
            let (mut of_others, mut all) = (Presentations::default(), Presentations::default());
            for (number, splits) in scores.iter().enumerate() {
                let chosen = splits.iter().filter(|(name, _)| number == left_out || **name == development);
                let into = if number == left_out { &mut all } else { &mut of_others };
                for (_, (scored, silent)) in chosen {
                    into.0.extend_from_slice(scored);
                    into.1.extend_from_slice(silent);
                }
            }
            measure((of_others, all)).with_context(|| format!("the shipped weights on {}", sets[left_out].name))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sets_name_is_one_of_a_file() {
        assert_eq!(file_name("replay-attack+msu_mfsd"), "replay-attack+msu_mfsd");
        assert_eq!(file_name("../my set/1"), "---my-set-1");
    }
}
