//! A frame and a face -> what the two networks that know real attacks say of it: a ruler for simulated attacks, and a teacher.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use bonafide::{
    face::FaceBox,
    frame::Frame,
    network::minifasnet::{CLASSES, MiniFasNet, Variant, log_odds},
    views::{SCALES, views},
    weights::load_safetensors,
};
use burn::tensor::{Device, Tensor};

use crate::{run, weights::minifasnet::file_name};

/// Log-odds are held within this: beyond it they mean nothing more (as in `bonafide::fusion`).
const MOST: f32 = 12.0;

/// MiniFASNetV2 and MiniFASNetV1SE, in the order of [`Variant::ALL`].
#[derive(Debug)]
pub struct Experts([MiniFasNet; 2]);

impl Experts {
    /// Reads both from a folder of weights (`pkg/weights`).
    ///
    /// # Errors
    /// If one is missing or damaged.
    pub fn load(weights: &Path) -> Result<Self> {
        let [v2, v1se] = Variant::ALL.map(|variant| {
            let path = weights.join(file_name(variant));
            let bytes = std::fs::read(&path)
                .with_context(|| format!("cannot read {}: `trainer import minifasnet` writes it", path.display()))?;
            let network = load_safetensors(MiniFasNet::new(variant, &Device::flex()), &bytes)?;
            anyhow::Ok(network.pack())
        });
        Ok(Self([v2?, v1se?]))
    }

    /// The log-odds of bona fide, each network's, of the square of `scale` times the face box, held within +-12.
    pub fn say(&self, frame: &Frame<'_>, face: &FaceBox, scale: f32) -> [f32; 2] {
        let view = views(frame, face, &[scale], &Device::flex());
        [&self.0[0], &self.0[1]].map(|network| said(network, &view)[0])
    }

    /// The mean of the first network's log-odds over the product's four squares.
    pub fn first(&self, frame: &Frame<'_>, face: &FaceBox) -> f32 {
        // One batch, of which V1SE is not asked.
        let said = said(&self.0[0], &views(frame, face, &SCALES, &Device::flex()));
        said.iter().sum::<f32>() / said.len() as f32
    }
}

/// A network's log-odds of each view, held within +-12.
fn said(network: &MiniFasNet, views: &Tensor<4>) -> Vec<f32> {
    let classes: Vec<f32> = run::values(network.forward(views.clone()));
    let (classes, _) = classes.as_chunks::<CLASSES>();
    classes.iter().map(|one| log_odds(*one).clamp(-MOST, MOST)).collect()
}

/// A bar for photos to learn from: a network that knows real attacks must find them live enough.
///
/// Only MiniFASNetV2 is asked: V1SE chooses nothing, so that it can say whether the choice went too far.
#[derive(Debug)]
pub struct Bar {
    experts: Experts,
    least: f32,
}

impl Bar {
    /// With the experts of a folder of weights: mean log-odds of `least` and more pass.
    ///
    /// # Errors
    /// As [`Experts::load`], or if no log-odds could be `least`.
    pub fn load(weights: &Path, least: f32) -> Result<Self> {
        ensure!(
            least.abs() <= MOST,
            "--least-live {least}: log-odds are held within {MOST}, so it must be from -{MOST} to {MOST}"
        );
        Ok(Self { experts: Experts::load(weights)?, least })
    }

    /// Why a photo is left out; `None` if it passes.
    pub fn objects(&self, frame: &Frame<'_>, face: &FaceBox) -> Option<String> {
        let said = self.experts.first(frame, face);
        (said < self.least).then(|| {
            format!("MiniFASNetV2 finds it too little live: log-odds of {said:.2}, not of {} and more", self.least)
        })
    }
}
