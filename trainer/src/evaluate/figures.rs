//! Networks and examples -> the pictures of the report: the paper's figures 1, 4, 6 and 7. The only part of the report
//! that knows either.

use std::path::Path;

use anyhow::{Result, bail};
use bonafide::{
    crop::CROP_SIZE,
    network::{Encoder, Generator},
};
use burn::{module::Module, tensor::Device};
use image::{GrayImage, RgbImage};

use super::{
    gallery::{Cloud, Failure, Failures, GENERATED, Grid},
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
/// Most embeddings of a class in one cloud.
const CLOUD: usize = 300;
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
        let crop = |example| Item { example, augmentation: None, twin: None }.cut();
        self.chosen(numbers).into_iter().map(crop).collect()
    }

    /// At most so many of each class: bona fide, then attacks.
    fn samples(&self, most: usize) -> Vec<usize> {
        [false, true].map(|attack| spread(self.labelled, attack, most)).concat()
    }
}

/// At most so many of a class, spread evenly over its types and, within each, over the split. Each class by itself: a split
/// often has them in turn, and an even step over both would see one alone.
fn spread(of: &[Labelled], attack: bool, most: usize) -> Vec<usize> {
    let mut all: Vec<usize> = (0..of.len()).filter(|&at| of[at].attack.is_some() == attack).collect();
    all.sort_by_key(|&at| &of[at].attack);
    let count = all.len().min(most);
    (0..count).map(|number| all[number * all.len() / count]).collect()
}

/// The worst failures of both kinds at `threshold`: the paper's figure 6.
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

/// Crops above their ground-truth pseudo-depth, and above what a generator draws if there is one: the paper's figures 1
/// and 4.
///
/// # Errors
/// If a picture cannot be encoded.
pub fn depth(tested: &Tested, generator: Option<&Generator>, device: &Device) -> Result<Grid> {
    let numbers = tested.samples(SAMPLES);
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
        rows.push((GENERATED.to_owned(), generated));
    }
    Ok(Grid { columns, rows })
}

/// The test split's embeddings by an encoder on their principal components: one panel of the paper's figure
/// 7.
///
/// # Errors
/// If a crop has gone or is damaged.
pub fn cloud(name: &str, encoder: &Encoder, tested: &Tested, device: &Device) -> Result<Cloud> {
    let numbers = tested.samples(CLOUD);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_of_classes_in_turn_are_of_all_types() {
        let types = [None, Some("print"), None, Some("replay")];
        let item = |number: usize| Labelled {
            score: 0.5,
            attack: types[number % 4].map(Into::into),
            subject: number.to_string(),
            source: "here".into(),
            slices: Vec::new(),
        };
        let split: Vec<Labelled> = (0..4000).map(item).collect();
        for most in [2, 4, 300] {
            let chosen = [spread(&split, false, most), spread(&split, true, most)].concat();
            let of = |attack: Option<&str>| chosen.iter().filter(|&&at| split[at].attack.as_deref() == attack).count();
            assert_eq!((of(None), of(Some("print")), of(Some("replay"))), (most, most / 2, most / 2));
        }
        assert_eq!(spread(&split[..8], true, 300), [1, 5, 3, 7]);
        assert!(spread(&split[..1], true, 4).is_empty());
    }
}
