//! Networks and examples -> the pictures of the report: the paper's figures 1 to 4. The only part of the report that knows
//! either.

use std::path::Path;

use anyhow::{Result, bail};
use bonafide::{
    crop::CROP_SIZE,
    network::{Encoder, Generator},
};
use burn::{module::Module, tensor::Device};
use image::{GrayImage, RgbImage};

use super::{
    gallery::{Cloud, Failure, Failures, Grid},
    html::Picture,
    pca,
};
use crate::{
    data::examples::{Example, Examples, Item},
    measure::labelled::{BONA_FIDE, Labelled},
    picture::sheet::{encode_png, to_byte},
    run::{self, RunFolder},
    train::{finetune, pretrain::load_generator},
};

/// Crops per class in the depth figures.
const SAMPLES: usize = 4;
/// Pictures per kind of failure.
const FAILURES: usize = 8;
/// Most embeddings in one cloud.
const CLOUD: usize = 600;
const BATCH: usize = 16;

/// The test split's examples with their scores, in the same order.
#[derive(Debug, Clone, Copy)]
pub struct Tested<'a> {
    /// All examples of the run.
    pub all: &'a Examples,
    /// The test split's.
    pub examples: &'a [&'a Example],
    /// Their scores.
    pub labelled: &'a [Labelled],
}

impl Tested<'_> {
    fn class(&self, at: usize) -> &str {
        self.labelled[at].attack.as_deref().unwrap_or(BONA_FIDE)
    }

    fn chosen(&self, numbers: &[usize]) -> Vec<&Example> {
        numbers.iter().map(|&at| self.examples[at]).collect()
    }

    /// Images `[3, 224, 224]` and depth `[224, 224]` of some examples.
    fn crops(&self, numbers: &[usize]) -> Result<Vec<(Vec<f32>, Vec<f32>)>> {
        let crop = |example| Item { example, augmentation: None }.cut();
        self.chosen(numbers).into_iter().map(crop).collect()
    }

    /// A few of each class, spread over the split: bona fide, then attacks.
    fn samples(&self) -> Vec<usize> {
        let of = |attack: bool| {
            let all: Vec<usize> =
                (0..self.labelled.len()).filter(|&at| self.labelled[at].attack.is_some() == attack).collect();
            let step = (all.len() / SAMPLES).max(1);
            all.into_iter().step_by(step).take(SAMPLES).collect::<Vec<_>>()
        };
        [of(false), of(true)].concat()
    }
}

/// The worst failures of both kinds at `threshold`: figure 3.
///
/// # Errors
/// If a picture cannot be encoded.
pub fn failures(tested: &Tested, threshold: f32) -> Result<[Failures; 2]> {
    let group = |attack: bool| -> Result<Failures> {
        let mut wrong: Vec<usize> = (0..tested.labelled.len())
            .filter(|&at| tested.labelled[at].attack.is_some() == attack)
            .filter(|&at| (tested.labelled[at].score >= threshold) == attack)
            .collect();
        // Worst first: the highest score of an attack, the lowest of bona fide.
        wrong.sort_by(|&a, &b| tested.labelled[a].score.total_cmp(&tested.labelled[b].score));
        if attack {
            wrong.reverse();
        }
        let all = wrong.len();
        wrong.truncate(FAILURES);
        let worst = wrong
            .iter()
            .zip(tested.crops(&wrong)?)
            .map(|(&at, (image, _))| {
                let Labelled { score, source, .. } = &tested.labelled[at];
                let class = tested.class(at).to_owned();
                let picture = picture(&image, format!("{class}, scored {score:.4}"))?;
                Ok(Failure { picture, score: *score, class, source: source.clone() })
            })
            .collect::<Result<_>>()?;
        Ok(Failures { all, worst })
    };
    Ok([group(false)?, group(true)?])
}

/// Crops above their ground-truth pseudo-depth, and above what a generator draws if there is one: figures 1 and 2.
///
/// # Errors
/// If a picture cannot be encoded.
pub fn depth(tested: &Tested, generator: Option<&Generator>, device: &Device) -> Result<Grid> {
    let numbers = tested.samples();
    let columns: Vec<String> = numbers.iter().map(|&at| tested.class(at).to_owned()).collect();
    let (mut inputs, mut truths, mut generated) = (Vec::new(), Vec::new(), Vec::new());
    for ((image, depth), class) in tested.crops(&numbers)?.iter().zip(&columns) {
        inputs.push(picture(image, format!("input, {class}"))?);
        truths.push(picture(depth, format!("ground-truth depth, {class}"))?);
    }
    if let Some(generator) = generator {
        let mut classes = columns.iter();
        for plan in Example::in_order(&tested.chosen(&numbers), BATCH) {
            let maps = run::values(generator.forward(tested.all.batch(&plan, device)?.images));
            for (map, class) in maps.chunks(CROP_SIZE * CROP_SIZE).zip(&mut classes) {
                generated.push(picture(map, format!("generated depth, {class}"))?);
            }
        }
    }
    let mut rows = vec![("input".to_owned(), inputs), ("ground truth".to_owned(), truths)];
    if !generated.is_empty() {
        rows.push(("generated".to_owned(), generated));
    }
    Ok(Grid { columns, rows })
}

/// The test split's embeddings by an encoder on their principal components: one panel of figure 4.
///
/// # Errors
/// If a crop has gone or is damaged.
pub fn cloud(name: &str, encoder: &Encoder, tested: &Tested, device: &Device) -> Result<Cloud> {
    let step = tested.examples.len().div_ceil(CLOUD).max(1);
    let numbers: Vec<usize> = (0..tested.examples.len()).step_by(step).collect();
    let mut rows = Vec::with_capacity(numbers.len());
    for plan in Example::in_order(&tested.chosen(&numbers), BATCH) {
        let embeddings = encoder.embed(tested.all.batch(&plan, device)?.images);
        let [_, dimensions] = embeddings.dims();
        rows.extend(run::values(embeddings).chunks(dimensions).map(<[f32]>::to_vec));
    }
    Ok(Cloud {
        name: name.to_owned(),
        projection: pca::project(&rows),
        attacks: numbers.iter().map(|&at| tested.labelled[at].attack.is_some()).collect(),
    })
}

/// The encoder of a run's newest checkpoint, in its evaluation form: of an encoder's own run, a pretraining run or a
/// fine-tuning run.
///
/// # Errors
/// If the folder holds no checkpoint with one.
pub fn load_encoder(folder: &Path, device: &Device) -> Result<Encoder> {
    let (run, config) = RunFolder::existing(folder)?;
    let recording = run::recording(device);
    Ok(match run.about()?.stage.as_str() {
        "pretrain-imagenet" => {
            let encoder = Encoder::new(config.model.width, &recording);
            run::load_module(&run::trained(folder)?, "encoder", encoder)?.valid()
        }
        "pretrain" => load_generator(folder, &recording)?.valid().encoder,
        "finetune" => finetune::load(folder, device)?.encoder().clone(),
        other => bail!("{} is a run of an unknown stage, {other}: it has no encoder", folder.display()),
    })
}

/// A PNG of one or three planes of 224 x 224 values in `[0, 1]`.
fn picture(planes: &[f32], alt: String) -> Result<Picture> {
    let (plane, side) = (CROP_SIZE * CROP_SIZE, CROP_SIZE as u32);
    let at = |x: u32, y: u32| (y * side + x) as usize;
    let png = if planes.len() == plane {
        encode_png(&GrayImage::from_fn(side, side, |x, y| [to_byte(planes[at(x, y)])].into()).into())?
    } else {
        let pixel = |x, y| [0, 1, 2].map(|channel| to_byte(planes[channel * plane + at(x, y)])).into();
        encode_png(&RgbImage::from_fn(side, side, pixel).into())?
    };
    Ok(Picture { png, alt })
}
