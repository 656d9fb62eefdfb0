//! A protocol -> every row of its table: pretraining, fine-tuning, evaluation, for each seed. `trainer protocol`.
//!
//! Each row is a run folder of its own within `--run`; what is finished is kept, what was broken off goes on. `cross`
//! leaves each data set out in turn, and has a row of weights that exist already, from `shipped`.

mod cross;
mod left_out;
mod shipped;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};

use crate::{
    evaluate::{self, EvaluateArgs, html::escape, html_table, table},
    measure::Evaluation,
    run::{
        config::{Config, Head},
        device::DeviceChoice,
        preset::ConfigArgs,
        terminal::say,
        write_atomic,
    },
    train::{
        finetune::{self, FinetuneArgs},
        init::InitArgs,
        pretrain::{self, PretrainArgs},
        stage::{RunArgs, StageArgs},
    },
};

/// A protocol of the paper, by its preset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Protocol {
    /// Train, development and test split of the same data sets.
    Intra,
    /// Trained on some data sets, tested on others (`--test`).
    Inter,
    /// What two CPU cores can train: intra-dataset, on few crops.
    Small,
    /// Each data set left out in turn, trained on the others (with four sets the MCIO protocol): HTER at the threshold of
    /// equal error of the others' development splits, and AUC, on the whole left-out set. The preset is inter's.
    Cross,
}

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Row {
    /// He-initialised baseline.
    He,
    /// ImageNet-pretrained baseline; needs `--imagenet`.
    Imagenet,
    /// The pretrained generator's encoder (itself started from `--imagenet`, where given, as in the paper).
    Pdgan,
    /// The baselines and the PDGAN backbone with a second head for the attack's type.
    HeMultihead,
    /// ImageNet-pretrained, second head.
    ImagenetMultihead,
    /// PDGAN backbone, second head.
    PdganMultihead,
    /// ResNet-18 at width 1.0, from `--imagenet-full` where given.
    Resnet18,
    /// AENet C, S, G at width 1.0, from `--imagenet-full` where given; needs CelebA-Spoof's labels.
    Aenet,
    /// cross only: the weights of `--weights` as they are, on the pictures that the sets were prepared from.
    Shipped,
}

/// The rows of both of the paper's tables.
const PAPER: [Row; 4] = [Row::Imagenet, Row::ImagenetMultihead, Row::Pdgan, Row::PdganMultihead];

/// Options of `trainer protocol`.
#[derive(Debug, Args)]
pub struct ProtocolArgs {
    /// Which.
    #[arg(value_enum)]
    protocol: Protocol,
    /// Folders that `trainer prepare` wrote: pretraining, fine-tuning and thresholds; intra: the test too; cross: two or
    /// more, each of other sources.
    #[arg(long, required = true, num_args = 1..)]
    data: Vec<PathBuf>,
    /// Further folders for fine-tuning alone (the paper's custom set).
    #[arg(long, num_args = 1..)]
    finetune_data: Vec<PathBuf>,
    /// inter: folders whose test split is measured.
    #[arg(long, num_args = 1..)]
    test: Vec<PathBuf>,
    /// Folder of all the runs; the same command again goes on where it was broken off.
    #[arg(long)]
    run: PathBuf,
    /// Rows of the table; without it intra's and inter's are the paper's, as far as the options allow (without --imagenet, He's
    /// initialisation stands in), small's he and pdgan, and cross's these and shipped.
    #[arg(long, value_enum, value_delimiter = ',')]
    rows: Vec<Row>,
    /// Seeds: each gives the whole table once, and the rows are averaged.
    #[arg(long, value_delimiter = ',', default_value = "1")]
    seeds: Vec<u64>,
    /// A TOML file instead of the protocol's preset.
    #[arg(long)]
    config: Option<String>,
    /// ImageNet start of the narrow backbones: the run of a `trainer pretrain-imagenet`, or a checkpoint.
    #[arg(long)]
    imagenet: Option<PathBuf>,
    /// ImageNet start of the rows at width 1.0.
    #[arg(long)]
    imagenet_full: Option<PathBuf>,
    /// cross: folder with manifest.json and the weights that it names, for the row shipped.
    #[arg(long, default_value = "pkg/weights")]
    weights: PathBuf,
    /// Where to compute.
    #[arg(long, default_value = "cpu")]
    device: DeviceChoice,
    /// Seconds between checkpoints.
    #[arg(long, default_value_t = 300)]
    checkpoint_seconds: u64,
}

/// Runs `trainer protocol`.
///
/// # Errors
/// If options, data or disk do not serve, or a row fails; finished rows are kept.
pub fn run(args: &ProtocolArgs) -> Result<()> {
    args.check()?;
    if args.protocol == Protocol::Cross {
        return cross::run(args);
    }
    let protocol = args.protocol.name();
    // First: what is missing should be known before hours of training.
    let (rows, mut notes) = left_out::rows(args)?;
    notes.extend(left_out::data(args)?);
    for note in &notes {
        say(note)?;
    }
    let (mut optimistic, mut held) = (Vec::new(), Vec::new());
    for row in rows {
        let (mut best, mut fixed) = (Vec::new(), Vec::new());
        for &seed in &args.seeds {
            say(format_args!("{} seed {seed}", row.name()))?;
            let (evaluation, parameters) = args.row(row, seed)?;
            let model = args.title(row, seed);
            best.push(table::Row::new(&protocol, &model, parameters, &evaluation));
            fixed.push(table::Row::held(&protocol, &model, parameters, &evaluation));
        }
        for (rows, all) in [(best, &mut optimistic), (fixed, &mut held)] {
            if rows.len() > 1 {
                let mean = table::Row::mean(&rows);
                all.push(table::Row {
                    model: mean.model.replacen(&format!(", seed {}", args.seeds[0]), "", 1),
                    ..mean
                });
            }
            all.extend(rows);
        }
    }
    optimistic.extend(table::published().into_iter().filter(|row| row.protocol == protocol));
    let parts = [
        ("At the threshold with the best ACER on the test split itself, as the paper reports", &optimistic),
        ("At the threshold fixed on the development split", &held),
    ];
    let mut text: String =
        parts.iter().map(|(caption, rows)| format!("{caption}:\n\n{}\n", table::table(rows))).collect();
    let mut html: String = parts.iter().map(|(caption, rows)| html_table(rows, caption)).collect();
    for note in &notes {
        text += &format!("{note}\n\n");
        html += &format!("<p>{}</p>\n", escape(note));
    }
    write_atomic(&args.run.join("table.md"), text.as_bytes())?;
    write_atomic(&args.run.join("table.html"), html.as_bytes())?;
    say(&text)?;
    Ok(())
}

impl ProtocolArgs {
    fn check(&self) -> Result<()> {
        ensure!(
            (self.protocol == Protocol::Inter) != self.test.is_empty(),
            "inter tests on other data sets and needs --test; the others test on --data and take none"
        );
        if self.protocol == Protocol::Cross {
            ensure!(
                self.finetune_data.is_empty(),
                "cross trains on all of --data but one, and takes no --finetune-data"
            );
        } else {
            ensure!(
                !self.rows.contains(&Row::Shipped),
                "the row shipped is one of cross: the others train all of theirs"
            );
        }
        if self.rows.iter().any(|row| row.needs_imagenet()) {
            ensure!(self.imagenet.is_some(), "the imagenet rows need --imagenet, a run or a checkpoint");
        }
        self.config().map(drop)
    }

    fn config(&self) -> Result<Config> {
        Config::load(&self.config_name())
    }

    fn config_name(&self) -> String {
        let preset = if self.protocol == Protocol::Cross { Protocol::Inter } else { self.protocol };
        self.config.clone().unwrap_or_else(|| preset.name())
    }

    fn rows(&self) -> Vec<Row> {
        match (self.rows.as_slice(), self.protocol) {
            ([], Protocol::Cross) => vec![Row::He, Row::Pdgan, Row::Shipped],
            ([], Protocol::Small) => vec![Row::He, Row::Pdgan],
            ([], Protocol::Intra) => [&[Row::Aenet], &PAPER[..]].concat(),
            ([], Protocol::Inter) => PAPER.to_vec(),
            (rows, _) => rows.to_vec(),
        }
    }

    /// What the table calls a row of one seed.
    fn title(&self, row: Row, seed: u64) -> String {
        match self.seeds.len() {
            1 => row.title().to_owned(),
            _ => format!("{}, seed {seed}", row.title()),
        }
    }

    /// Trains and evaluates a row; its figures and the network's parameters.
    fn row(&self, row: Row, seed: u64) -> Result<(Evaluation, usize)> {
        let folder = self.run.join(format!("seed-{seed}"));
        let run = folder.join(row.name());
        let evaluation = run.join("evaluation.json");
        if !evaluation.exists() {
            let pretrained = self.train(row, seed, &folder, &self.data)?;
            evaluate::run(&EvaluateArgs {
                run: run.clone(),
                data: self.finetune_data(&self.data),
                test: self.test.clone(),
                pretrained,
                imagenet: self.imagenet.clone().filter(|path| path.is_dir()),
                condition: Vec::new(),
                // The paper's thresholds are of the network's own scores.
                uncalibrated: true,
                device: self.device.clone(),
            })?;
        }
        let text = fs::read_to_string(&evaluation).with_context(|| format!("cannot read {}", evaluation.display()))?;
        let figures = serde_json::from_str(&text).with_context(|| format!("{} is damaged", evaluation.display()))?;
        Ok((figures, finetune::parameters(&run)?))
    }

    /// Trains a row on `data`, into the folder of its name within `folder`; the run of its pretraining, where it has one.
    fn train(&self, row: Row, seed: u64, folder: &Path, data: &[PathBuf]) -> Result<Option<PathBuf>> {
        let init = InitArgs { init: self.init(row) };
        let pretrained = match row.pretrains() {
            true => Some(self.pretrain(folder, seed, init.clone(), data)?),
            false => None,
        };
        let init = if pretrained.is_some() { InitArgs::default() } else { init };
        finetune::run(&FinetuneArgs {
            pretrained: pretrained.clone(),
            finetuned: None,
            shipped: None,
            experts: "pkg/weights".into(),
            init,
            stage: StageArgs {
                data: self.finetune_data(data),
                margin: None,
                run: self.run_args(&folder.join(row.name()), seed, Some(row)),
            },
        })?;
        Ok(pretrained)
    }

    fn finetune_data(&self, data: &[PathBuf]) -> Vec<PathBuf> {
        data.iter().chain(&self.finetune_data).cloned().collect()
    }

    /// The generator that the PDGAN rows of one seed and data share.
    fn pretrain(&self, folder: &Path, seed: u64, init: InitArgs, data: &[PathBuf]) -> Result<PathBuf> {
        let run = folder.join("pretrain");
        let stage = StageArgs { data: data.to_vec(), margin: None, run: self.run_args(&run, seed, None) };
        pretrain::run(&PretrainArgs { init, stage })?;
        Ok(run)
    }

    fn run_args(&self, run: &Path, seed: u64, row: Option<Row>) -> RunArgs {
        RunArgs {
            config: ConfigArgs {
                config: self.config_name(),
                seed: Some(seed),
                width: row.and_then(Row::width),
                head: row.map(Row::head),
            },
            run: run.to_owned(),
            resume: run.join("config.toml").exists(),
            device: self.device.clone(),
            checkpoint_seconds: self.checkpoint_seconds,
        }
    }

    fn init(&self, row: Row) -> Option<PathBuf> {
        match row {
            Row::He | Row::HeMultihead | Row::Shipped => None,
            Row::Resnet18 | Row::Aenet => self.imagenet_full.clone(),
            Row::Imagenet | Row::ImagenetMultihead | Row::Pdgan | Row::PdganMultihead => self.imagenet.clone(),
        }
    }
}

impl Protocol {
    /// Also its preset's.
    fn name(self) -> String {
        self.to_possible_value().expect("no protocol is hidden").get_name().to_owned()
    }
}

impl Row {
    fn name(self) -> String {
        self.to_possible_value().expect("no row is hidden").get_name().to_owned()
    }

    fn title(self) -> &'static str {
        match self {
            Self::He => "ResNet-18x0.25, He",
            Self::Imagenet => "ResNet-18x0.25, ImageNet",
            Self::Pdgan => "PDGAN backbone",
            Self::HeMultihead => "ResNet-18x0.25, He, multihead",
            Self::ImagenetMultihead => "ResNet-18x0.25, ImageNet, multihead",
            Self::PdganMultihead => "PDGAN backbone, multihead",
            Self::Resnet18 => "ResNet-18",
            Self::Aenet => "AENet C, S, G",
            Self::Shipped => "shipped weights, as they are",
        }
    }

    fn head(self) -> Head {
        match self {
            Self::He | Self::Imagenet | Self::Pdgan | Self::Resnet18 | Self::Shipped => Head::Single,
            Self::HeMultihead | Self::ImagenetMultihead | Self::PdganMultihead => Head::Multihead,
            Self::Aenet => Head::Aenet,
        }
    }

    fn width(self) -> Option<f64> {
        matches!(self, Self::Resnet18 | Self::Aenet).then_some(1.0)
    }

    fn pretrains(self) -> bool {
        matches!(self, Self::Pdgan | Self::PdganMultihead)
    }

    fn needs_imagenet(self) -> bool {
        matches!(self, Self::Imagenet | Self::ImagenetMultihead)
    }

    /// The same network from He's initialisation.
    fn without_imagenet(self) -> Self {
        match self {
            Self::Imagenet => Self::He,
            Self::ImagenetMultihead => Self::HeMultihead,
            other => other,
        }
    }
}
