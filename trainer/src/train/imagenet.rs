//! A folder of images in classes -> a backbone that tells them apart: the paper's ImageNet-pretrained baseline.
//!
//! ImageNet's layout: `train/CLASS/*.jpg` and `val/CLASS/*.jpg`. Crops keep the product's value range, `[0, 1]` without
//! mean and deviation, so that the encoder fits where it will be used. Recipe (our choice, He et al. 2016): SGD with
//! momentum 0.9 and weight decay 1e-4, random square crops of 8 to 100 % of the image's largest square, mirroring, and a
//! cosine from the first learning rate to 0.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use bonafide::{
    crop::{CROP_MARGIN, CROP_SIZE},
    network::{Encoder, encoder::channels},
    region::{Region, sample},
    weights::sha256,
};
use burn::{
    module::Module,
    nn::{Linear, LinearConfig},
    optim::{GradientsParams, ModuleOptimizer, SgdConfig, decay::WeightDecayConfig, momentum::MomentumConfig},
    tensor::{Device, Int, Tensor, TensorData},
};
use clap::Args;
use rand::{Rng, seq::SliceRandom};
use rayon::prelude::*;
use serde::Serialize;

use super::{
    init::{self, InitArgs},
    liveness::cross_entropy,
    parallel::Rank,
    stage::RunArgs,
    steps::{self, Mean, Step},
};
use crate::{
    data::{augment::mirror, batches::Data},
    picture::photo::{Photo, expand},
    run::{self, Spent, config::Imagenet, terminal::say},
};

/// Options of `trainer pretrain-imagenet`.
#[derive(Debug, Args)]
pub struct ImagenetArgs {
    /// Folder with `train/CLASS/` and `val/CLASS/` folders of images.
    #[arg(long)]
    data: PathBuf,
    #[command(flatten)]
    init: InitArgs,
    #[command(flatten)]
    run: RunArgs,
}

/// An image, its class, and the square to cut: its side over the image's shorter one, its place in what is left (0 to 1
/// each way), and whether to mirror it.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    image: &'a (PathBuf, usize),
    side: f32,
    place: [f32; 2],
    flip: bool,
}

/// Images in classes.
#[derive(Debug)]
pub struct ImageFolder {
    images: Vec<(PathBuf, usize)>,
    classes: Vec<String>,
    batch: usize,
    smallest: usize,
    seed: u64,
}

/// Images `[B, 3, 224, 224]` in `[0, 1]` and their classes `[B]`.
#[derive(Debug, Clone)]
pub struct Batch {
    images: Tensor<4>,
    classes: Tensor<1, Int>,
}

impl ImageFolder {
    /// Lists `split` of `root`. Classes must be those of `classes`, where given.
    ///
    /// # Errors
    /// If the folder is missing, or has fewer than two classes or an unknown one.
    pub fn open(root: &Path, split: &str, config: &Imagenet, devices: usize, seed: u64) -> Result<Self> {
        let folder = root.join(split);
        let mut by_class: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
        for path in expand(std::slice::from_ref(&folder))
            .with_context(|| format!("{} is not in ImageNet's layout: it needs {split}/CLASS/", root.display()))?
        {
            let class = path
                .strip_prefix(&folder)
                .ok()
                .and_then(|inside| inside.components().next())
                .filter(|class| path != folder.join(class))
                .with_context(|| format!("{} is in no class folder", path.display()))?;
            by_class.entry(class.as_os_str().to_string_lossy().into_owned()).or_default().push(path);
        }
        ensure!(by_class.len() > 1, "{} has one class folder: at least two are needed", folder.display());
        let classes = by_class.keys().cloned().collect();
        let images = by_class
            .into_values()
            .enumerate()
            .flat_map(|(class, paths)| paths.into_iter().map(move |path| (path, class)))
            .collect();
        Ok(Self { images, classes, batch: config.batch, smallest: 2 * devices, seed })
    }

    /// Every image's largest square, in order.
    fn whole(&self) -> Vec<Vec<Item<'_>>> {
        let items: Vec<Item> =
            self.images.iter().map(|image| Item { image, side: 1.0, place: [0.5, 0.5], flip: false }).collect();
        items.chunks(self.batch).map(<[Item]>::to_vec).collect()
    }

    fn digest(&self) -> String {
        let lines: String =
            self.images.iter().map(|(path, class)| format!("{class} {:?}\n", path.file_name())).collect();
        sha256(lines.as_bytes())
    }
}

impl<'a> Data for &'a ImageFolder {
    type Item = Item<'a>;
    type Numbers = (Vec<f32>, Vec<i32>);
    type Batch = Batch;

    fn epoch(&self, epoch: usize) -> Vec<Vec<Item<'a>>> {
        let mut rng = run::rng(self.seed, "imagenet", epoch as u64);
        let mut order: Vec<&(PathBuf, usize)> = self.images.iter().collect();
        order.shuffle(&mut rng);
        let items: Vec<Item> = order
            .into_iter()
            .map(|image| Item {
                image,
                side: rng.random_range(0.08f32..=1.0).sqrt(),
                place: [rng.random(), rng.random()],
                flip: rng.random(),
            })
            .collect();
        items.chunks(self.batch).filter(|chunk| chunk.len() >= self.smallest).map(<[Item]>::to_vec).collect()
    }

    fn read(&self, items: &[Item<'a>]) -> Result<Self::Numbers> {
        let images = items.par_iter().map(Item::cut).collect::<Result<Vec<_>>>()?.concat();
        Ok((images, items.iter().map(|item| item.image.1 as i32).collect()))
    }

    fn tensors(&self, (images, classes): Self::Numbers, device: &Device) -> Batch {
        let batch = classes.len();
        Batch {
            images: Tensor::from_data(TensorData::new(images, [batch, 3, CROP_SIZE, CROP_SIZE]), device),
            classes: Tensor::from_data(TensorData::new(classes, [batch]), device),
        }
    }
}

impl Item<'_> {
    fn cut(&self) -> Result<Vec<f32>> {
        let photo = Photo::read(&self.image.0)?;
        let frame = photo.frame();
        let (width, height) = (frame.width() as f32, frame.height() as f32);
        let side = self.side * width.min(height);
        let region = Region {
            cx: side / 2.0 + self.place[0] * (width - side),
            cy: side / 2.0 + self.place[1] * (height - side),
            side,
            angle: 0.0,
        };
        let mut planes = sample(&frame, &region, CROP_SIZE);
        if self.flip {
            mirror(&mut planes, CROP_SIZE);
        }
        Ok(planes)
    }
}

/// Encoder, head and optimiser.
#[derive(Clone)]
pub struct Trainee {
    encoder: Encoder,
    head: Linear,
    lr: f64,
    optimizers: [ModuleOptimizer; 2],
}

impl Trainee {
    /// A new head for `classes` on an encoder, on a device that records gradients.
    pub fn new(encoder: Encoder, width: f64, classes: usize, lr: f64, device: &Device) -> Self {
        let head = LinearConfig::new(channels(width)[3], classes).init(device);
        run::initialise(&encoder);
        run::initialise(&head);
        let optimizer = || {
            SgdConfig::new()
                .with_momentum(Some(MomentumConfig::new().with_momentum(0.9).with_dampening(0.0)))
                .with_weight_decay(Some(WeightDecayConfig::new(1e-4)))
                .init()
        };
        Self { encoder, head, lr, optimizers: [optimizer(), optimizer()] }
    }

    fn logits(&self, images: Tensor<4>) -> Tensor<2> {
        self.head.forward(self.encoder.embed(images))
    }
}

impl steps::Trainee for Trainee {
    type Batch = Batch;
    type Sums = Mean;

    fn step(&mut self, batch: &Batch, at: Step, rank: &Rank, sums: &mut Mean) -> Result<()> {
        let loss = cross_entropy(self.logits(batch.images.clone()), batch.classes.clone());
        sums.add(run::finite("ImageNet", rank.mean(loss.clone().inner()))?);
        let lr = self.lr * at.cosine(1);
        let mut gradients = loss.backward();
        let encoder = GradientsParams::from_module(&mut gradients, &self.encoder);
        let head = GradientsParams::from_module(&mut gradients, &self.head);
        self.encoder = self.optimizers[0].step(lr, self.encoder.clone(), encoder);
        self.head = self.optimizers[1].step(lr, self.head.clone(), head);
        Ok(())
    }

    fn message(sums: &Mean) -> String {
        format!("loss {:.4}", sums.get())
    }

    fn fork(self, rank: &Rank) -> Self {
        Self { encoder: rank.fork(self.encoder), head: rank.fork(self.head), ..self }
    }

    fn save(&self, folder: &Path) -> Result<()> {
        run::save_module(folder, "encoder", &self.encoder)?;
        run::save_module(folder, "head", &self.head)?;
        run::save_optimizer(folder, "encoder-optimizer", &self.optimizers[0])?;
        run::save_optimizer(folder, "head-optimizer", &self.optimizers[1])
    }

    fn load(self, folder: &Path) -> Result<Self> {
        let [encoder, head] = self.optimizers;
        Ok(Self {
            encoder: run::load_module(folder, "encoder", self.encoder)?,
            head: run::load_module(folder, "head", self.head)?,
            optimizers: [
                run::load_optimizer(folder, "encoder-optimizer", encoder)?,
                run::load_optimizer(folder, "head-optimizer", head)?,
            ],
            lr: self.lr,
        })
    }
}

#[derive(Debug, Serialize)]
struct EpochLog {
    epoch: usize,
    train_loss: f32,
    val_top1: f64,
    #[serde(flatten)]
    spent: Spent,
}

/// Runs `trainer pretrain-imagenet`.
///
/// # Errors
/// If options, images, config or disk do not serve, or the loss is no longer finite.
pub fn run(args: &ImagenetArgs) -> Result<()> {
    let (config, devices) = args.run.settings()?;
    let open = |split| ImageFolder::open(&args.data, split, &config.imagenet, devices.len(), config.seed);
    let (training, validation) = (open("train")?, open("val")?);
    ensure!(
        training.classes == validation.classes,
        "train/ and val/ have other classes: {} and {} folders",
        training.classes.len(),
        validation.classes.len()
    );
    let recording = run::recording(&devices[0]);
    let encoder = init::encoder(&args.init, &config.model, &recording)?;
    let trainee = Trainee::new(encoder, config.model.width, training.classes.len(), config.imagenet.lr, &recording);
    let backbone = args.init.describe()?;
    let folder =
        args.run.folder("pretrain-imagenet", &backbone, &config, training.digest(), CROP_MARGIN, Vec::new())?;
    steps::train(
        trainee,
        &&training,
        &folder,
        &devices,
        args.run.schedule("imagenet", config.imagenet.epochs),
        |epoch, trainee, loss, spent| {
            let (encoder, head) = (trainee.encoder.valid(), trainee.head.valid());
            let mut right = 0;
            for items in validation.whole() {
                let data = &&validation;
                let batch = data.tensors(data.read(&items)?, &devices[0]);
                let chosen = head.forward(encoder.embed(batch.images)).argmax(1).squeeze_dim::<1>(1);
                right += chosen.equal(batch.classes).int().sum().into_scalar::<i64>();
            }
            let val_top1 = right as f64 / validation.images.len() as f64;
            let log = EpochLog { epoch, train_loss: loss.get(), val_top1, spent };
            say(serde_json::to_string(&log)?)?;
            folder.log(&log)
        },
    )?;
    say(format_args!("pretrained on images for {} epochs: {}", config.imagenet.epochs, args.run.run.display()))?;
    Ok(())
}
