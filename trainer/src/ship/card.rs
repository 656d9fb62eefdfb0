//! Run folders -> MODEL_CARD.md: `trainer card`. Figures come from the runs, words from `card.md`; nothing is measured here.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result, ensure};
use bonafide::weights::Contract;
use clap::Args;

use crate::{
    evaluate::{
        compare::{self, Peer},
        html::{fraction, percent},
        markdown::{figure, table},
    },
    measure::{
        Evaluation,
        calibration::{BINS, Calibrated, Reliability},
        evaluation::{Condition, OPERATING_POINTS, Slice},
        intervals::{Figure, Interval},
    },
    run::{About, RunFolder, config::Config, named::Named, terminal::say, write_atomic},
    train::{depth_view, finetune, stage::origin},
};

/// The words, with a place in double braces for each figure.
const WORDS: &str = include_str!("card.md");

/// Options of `trainer card`.
#[derive(Debug, Args)]
pub struct CardArgs {
    /// Folder of the fine-tuning run that ships, evaluated before.
    #[arg(long)]
    run: PathBuf,
    /// Folder of the pretraining run that it started from, if it did.
    #[arg(long)]
    pretrained: Option<PathBuf>,
    /// Folder of the depth view's run, if there is one.
    #[arg(long)]
    depth_view: Option<PathBuf>,
    /// peers.json of `trainer compare`.
    #[arg(long)]
    peers: Option<PathBuf>,
    /// A further table, TITLE=FILE.md, included under its title: ablations, an attack left out of training. Repeatable.
    #[arg(long, value_name = "TITLE=FILE")]
    tests: Vec<Named>,
    /// The file to write.
    #[arg(long, default_value = "MODEL_CARD.md")]
    out: PathBuf,
}

/// Runs `trainer card`.
///
/// # Errors
/// If a run was not evaluated or did not start from --pretrained, the depth view is another run's, a file cannot be read, or the disk refuses.
pub fn run(args: &CardArgs) -> Result<()> {
    let (folder, config) = RunFolder::existing(&args.run)?;
    let (evaluation, about) = (Evaluation::load(&folder)?, folder.about()?);
    let calibrated = evaluation.calibrated()?;
    let pretrained = args.pretrained.as_ref().map(|path| -> Result<_> {
        let from = origin(path)?;
        ensure!(about.first_start() == from, "the run started from {}, not from {from}", about.backbone);
        let (folder, config) = RunFolder::existing(path)?;
        Ok((config, folder.about()?))
    });
    let pretrained = pretrained.transpose()?;
    ensure!(
        pretrained.is_some() || !about.backbone.starts_with("pretrain "),
        "the run started from {}: name that run's folder with --pretrained",
        about.backbone
    );
    let peers = args.peers.as_ref().map(|path| -> Result<Vec<Peer>> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} was not written by this release", path.display()))
    });
    let peers = peers.transpose()?.map_or_else(String::new, |peers| chapter("Beside others", &compare::table(&peers)));
    let mut tests = String::new();
    for Named { name, path } in &args.tests {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        tests += &chapter(name, &text);
    }
    let depth_view = args.depth_view.as_ref().map(|path| depth_view::last_epoch(path, &args.run)).transpose()?;
    let card = fill(
        WORDS,
        &[
            ("architecture", Contract::current(false).network),
            ("parameters", thousands(finetune::parameters(&args.run)?)),
            ("input", input(&Contract { margin: about.margin, ..Contract::current(false) })),
            ("backbone", about.backbone.clone()),
            ("depth_view", depth_view.map_or_else(String::new, |log| depth_view_row(&log))),
            ("commits", commits(&about, pretrained.as_ref().map(|of| &of.1))),
            ("data", evaluation.data.clone()),
            ("bona_fide", evaluation.bona_fide.to_string()),
            ("attacks", evaluation.attacks.to_string()),
            ("subjects", evaluation.subjects.to_string()),
            ("schedule", schedule(&config, &about, pretrained.as_ref().map(|of| &of.0))),
            ("settings", settings(&config, pretrained.as_ref().map(|of| &of.0))?),
            ("threshold", format!("{:.4}", evaluation.threshold)),
            ("headline", headline(&evaluation)),
            ("species", species(&evaluation)),
            ("silent", silent(&evaluation)),
            ("points", points(&evaluation)),
            ("calibration", calibration(calibrated)),
            ("slices", slices(&evaluation)),
            ("conditions", conditions(&evaluation)),
            ("peers", peers),
            ("tests", tests),
        ],
    );
    write_atomic(&args.out, card.as_bytes())?;
    say(format_args!("the model card: {}", args.out.display()))?;
    Ok(())
}

/// Puts each value in its place. Values are not searched for places of their own.
fn fill(words: &str, values: &[(&str, String)]) -> String {
    let mut parts = words.split("{{");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once("}}").expect("card.md closes its braces");
        let value = values.iter().find(|(of, _)| *of == name);
        text += &value.unwrap_or_else(|| panic!("card.md asks for {name}")).1;
        text += rest;
    }
    text
}

/// What the depth view is, and how well it draws.
fn depth_view_row(log: &depth_view::EpochLog) -> String {
    format!(
        "| depth view | pseudo-depth drawn from the same features by a decoder that was trained afterwards, the classifier \
         frozen: an illustration, not an input to the score. On the development split, depth from 0 to 1: maps of bona fide \
         faces are off by {:.3} (L1) and have a mean of {:.3}, those of attacks, which should be empty, of {:.3} |\n",
        log.dev_bona_fide_l1, log.dev_bona_fide_depth, log.dev_attack_depth
    )
}

fn chapter(title: &str, body: &str) -> String {
    format!("## {title}\n\n{}\n\n", body.trim())
}

fn share(of: Option<Figure>) -> String {
    figure(of, percent)
}

fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).expect("digits")).collect();
    groups.join(",")
}

fn input(of: &Contract) -> String {
    format!(
        "{size} x {size} pixels, {} in [{}, {}], without normalisation; {} times the longer side of the face box, upright",
        of.channels.to_uppercase(),
        of.range[0],
        of.range[1],
        of.margin,
        size = of.size,
    )
}

fn commits(run: &About, pretrained: Option<&About>) -> String {
    let of = |stage: &str, about: &About| format!("{stage} {}", about.commit);
    let pretrained = pretrained.map(|about| of("pretraining", about) + ", ");
    pretrained.unwrap_or_default() + &of("fine-tuning", run)
}

fn schedule(config: &Config, about: &About, pretrained: Option<&Config>) -> String {
    let number = |value: f64| value.to_string();
    let row = |stage: &str, epochs: usize, batch: usize, how: String| {
        vec![stage.to_owned(), how, epochs.to_string(), batch.to_string()]
    };
    let mut rows = Vec::new();
    if let Some(Config { pretrain: of, .. }) = pretrained {
        let how = format!(
            "generator of pseudo-depth: L1 alone for {} epochs, then against a critic as well; Adam at {}, critic by SGD at \
             {}, one step in {}",
            of.warmup_epochs,
            number(of.generator_lr),
            number(of.critic_lr),
            of.critic_every
        );
        rows.push(row("pretraining", of.epochs, of.batch, how));
    }
    let of = &config.finetune;
    let epochs = finetune::epochs(of, &about.backbone);
    let how = format!("classifier: binary cross-entropy, Adam at {}, nothing frozen", number(of.lr));
    rows.push(row("fine-tuning", epochs, of.batch, how));
    table(&["stage", "what", "epochs", "batch"], 2, &rows)
}

fn settings(config: &Config, pretrained: Option<&Config>) -> Result<String> {
    let block = |name: &str, config: &Config| -> Result<String> {
        Ok(format!("{name}:\n\n```toml\n{}```\n\n", toml::to_string(config)?))
    };
    Ok(match pretrained {
        None => block("Fine-tuning", config)?,
        Some(same) if same == config => block("Pretraining and fine-tuning", config)?,
        Some(other) => block("Pretraining", other)? + &block("Fine-tuning", config)?,
    })
}

fn headline(is: &Evaluation) -> String {
    let (rates, of) = (&is.held, &is.intervals);
    let row = |name: &str, value: f64, interval: Option<Interval>, write| {
        vec![name.to_owned(), figure(Some(Figure { value, interval }), write)]
    };
    let worst = is.species.iter().max_by(|a, b| a.1.apcer.value.total_cmp(&b.1.apcer.value)).map_or("", |of| of.0);
    let rows = [
        row(&format!("APCER, worst species ({worst})"), rates.apcer_max, of.held.apcer_max, percent),
        row("BPCER", rates.bpcer, of.held.bpcer, percent),
        row("APCER, all attacks", rates.apcer, of.held.apcer, percent),
        row("ACER, of the two above", rates.acer, of.held.acer, percent),
        row("EER", is.eer, of.eer, percent),
        row("AUC", is.auc, of.auc, fraction),
    ];
    table(&["figure", "on the test split"], 1, &rows)
}

fn species(is: &Evaluation) -> String {
    let row = |(name, of): (&String, &crate::measure::evaluation::Species)| {
        vec![
            name.clone(),
            of.presentations.to_string(),
            of.subjects.to_string(),
            of.accepted.to_string(),
            share(Some(of.apcer)),
        ]
    };
    let rows: Vec<_> = is.species.iter().map(row).collect();
    table(&["attack species", "presentations", "people", "accepted", "APCER"], 1, &rows)
}

fn silent(is: &Evaluation) -> String {
    let of = &is.non_response;
    format!(
        "Non-responses, presentations in which no face was found: {} bona fide ({}), {} attacks ({}). They count in no other \
         figure.",
        of.bona_fide,
        percent(of.bpnrr),
        of.attacks,
        of.apnrr.map_or_else(|| "none presented".into(), percent)
    )
}

fn points(is: &Evaluation) -> String {
    let rows: Vec<_> = OPERATING_POINTS
        .iter()
        .map(|&(name, target)| {
            let at = is.at(target);
            vec![
                format!("`{name}`"),
                format!("{} %", target * 100.0),
                format!("{:.4}", at.threshold),
                share(Some(at.apcer)),
                share(Some(at.bpcer)),
            ]
        })
        .collect();
    table(&["point", "worst APCER on development", "threshold", "worst APCER on test", "BPCER on test"], 1, &rows)
}

fn calibration(is: &Calibrated) -> String {
    let row = |name: &str, of: &Reliability| vec![name.to_owned(), fraction(of.ece), fraction(of.brier)];
    let rows = [row("the network's own", &is.before), row("calibrated, as shipped", &is.after)];
    format!(
        "Platt scaling on the {} presentations of the development split: the logit times {:.4} plus {:.4}. A score is a \
         probability at that split's share of bona fide, which no page has.\n\n{}\nExpected calibration error over {BINS} bins \
         of equal width, on the test split.\n",
        is.presentations,
        is.line.scale,
        is.line.offset,
        table(&["scores", "expected calibration error", "Brier score"], 1, &rows)
    )
}

fn slice_cells(of: &Slice) -> [String; 5] {
    [of.bona_fide.to_string(), of.attacks.to_string(), share(of.bpcer), share(of.apcer), figure(of.auc, fraction)]
}

fn slices(is: &Evaluation) -> String {
    let row = |(name, of): (&String, &Slice)| [&[name.clone()][..], &slice_cells(of)].concat();
    let rows: Vec<_> = is.slices.iter().map(row).collect();
    table(&["slice", "bona fide", "attacks", "BPCER", "APCER, all attacks", "AUC"], 1, &rows)
}

fn conditions(is: &Evaluation) -> String {
    let Some(first) = is.conditions.values().next() else { return String::new() };
    let row = |(name, of): (&String, &Condition)| {
        let [bona_fide, attacks, bpcer, apcer, auc] = slice_cells(&of.all);
        let silent = of.non_response.bona_fide + of.non_response.attacks;
        vec![name.clone(), bona_fide, attacks, silent.to_string(), bpcer, share(of.apcer_max), apcer, auc]
    };
    let rows: Vec<_> = is.conditions.iter().map(row).collect();
    let head =
        ["condition", "bona fide", "attacks", "no face", "BPCER", "APCER, worst species", "APCER, all attacks", "AUC"];
    let kinds: Vec<&String> = first.species.keys().collect();
    let by_species: Vec<_> = is
        .conditions
        .iter()
        .map(|(name, of)| {
            let apcer = |kind: &&String| share(of.species.get(*kind).map(|species| species.apcer));
            [vec![name.clone()], kinds.iter().map(apcer).collect()].concat()
        })
        .collect();
    let species: Vec<String> = kinds.iter().map(|kind| format!("APCER, {kind}")).collect();
    let species_head: Vec<&str> = std::iter::once("condition").chain(species.iter().map(String::as_str)).collect();
    format!(
        "### Conditions\n\nThe same measurement under other conditions, with the same calibration and at the balanced operating \
         point ({:.4}), both held.\n\n{}\n{}\n",
        first.threshold,
        table(&head, 1, &rows),
        table(&species_head, 1, &by_species)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_filled_once_and_values_are_left_alone() {
        let values = [("a", "{{b}}".to_owned()), ("b", "2".to_owned())];
        assert_eq!(fill("1 {{a}} {{b}} {{a}}", &values), "1 {{b}} 2 {{b}}");
        assert_eq!(
            (thousands(712_465), thousands(12), thousands(1_000)),
            ("712,465".into(), "12".into(), "1,000".into())
        );
    }

    #[test]
    fn the_words_claim_nothing() {
        let words = WORDS.to_lowercase();
        for claim in ["compliant", "ibeta", "certified model", "state of the art", " spoof", " fake"] {
            assert!(!words.contains(claim), "{claim}");
        }
    }
}
