//! A sample's photo -> the crops of its face that are stored, with their depth: as it is, or recaptured by simulation.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context, Result};
use bonafide::{
    face::{Face, FaceBox},
    frame::Frame,
};
use image::{GrayImage, RgbImage};

use super::{
    dataset::{self, Attack, Sample},
    prepared::{Crop, Cut, DEPTH_SIZE, Outcome, face_box, file_name},
    scene::{Outside, pixels, scene},
};
use crate::{
    faces::{Finder, depth::rasterise::pseudo_depth, experts::Bar},
    picture::{
        photo::Photo,
        sheet::{to_byte, write_png},
        skin::Tone,
    },
    recapture::{Instrument, Picture, Scene, Simulator, Take},
    run,
};

/// Samples -> crops.
pub(super) struct Maker<'a> {
    /// The prepared folder.
    pub out: &'a Path,
    /// How much around a face is stored.
    pub cut: Cut,
    /// For bona fide photos alone.
    pub recapture: Option<&'a Recapture>,
    /// What finds faces and depth.
    pub finder: Finder,
}

impl Maker<'_> {
    /// Shows the pixels of samples that share a file, one after the other.
    ///
    /// # Errors
    /// What `take` gives.
    pub(super) fn read(
        &self,
        samples: &[Sample],
        numbers: &[usize],
        mut take: impl FnMut(usize, &Result<Photo>) -> Result<()>,
    ) -> Result<()> {
        let path = samples[numbers[0]].media.path();
        let mut of: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for &number in numbers {
            match samples[number].media.frame() {
                Some(frame) => of.entry(frame).or_default().push(number),
                None => take(number, &Photo::read(path))?,
            }
        }
        dataset::video::each(path, &of.keys().copied().collect(), |frame, photo| {
            of[&frame].iter().try_for_each(|&number| take(number, &photo))
        })
    }

    /// The crops of a sample.
    pub(super) fn crops(&self, number: usize, sample: &Sample, photo: &Photo) -> Result<Made> {
        let frame = photo.frame();
        let faces = self.finder.detector.detect(&frame)?;
        let found = faces.len();
        let Some(face) = choose(faces, sample.face.as_ref()) else {
            return Ok(Outcome::NoFace(faceless(found)).into());
        };
        let cut = &self.cut;
        let stored = cut.stored(&face.bounds);
        let surface = self.finder.reconstructor.reconstruct(&frame, &face)?;
        let (left, top) = (stored.cx - stored.side / 2.0, stored.cy - stored.side / 2.0);
        let FaceBox { x, y, width, height, .. } = face.bounds;
        let bounds = [x - left, y - top, width, height];
        let depth = match &surface {
            Some(surface) if sample.attack.is_none() => {
                let file = file_name("depth", number, 0);
                self.write_gray(&file, &pseudo_depth(surface, &stored, DEPTH_SIZE))?;
                Some(file)
            }
            _ => None,
        };
        let crop = |image, attack: Option<Attack>, face, take| Crop {
            image,
            depth: depth.clone().filter(|_| attack.is_none()),
            reconstructed: surface.is_some(),
            attack,
            labels: sample.labels,
            face,
            take,
        };
        let Some(recapture) = self.recapture else {
            let image = file_name("crops", number, 0);
            self.write_rgb(&image, stored.side as usize, &pixels(&frame, &stored, Outside::Black))?;
            return Ok(Outcome::Crops(vec![crop(image, sample.attack.clone(), bounds, None)]).into());
        };
        if surface.is_none() {
            return Ok(Outcome::NoFace("the face is too hidden to reconstruct its depth".into()).into());
        }
        if let Some(objection) = recapture.bar.as_ref().and_then(|bar| bar.objects(&frame, &face.bounds)) {
            return Ok(Outcome::NoFace(objection).into());
        }
        let (mut crops, mut faceless) = (Vec::new(), Vec::new());
        let presentations = recapture.of(number, sample, &scene(&frame, &face.bounds, cut));
        for (variant, (picture, take, attack)) in presentations.into_iter().enumerate() {
            let rgba = picture.rgba();
            let recaptured = Frame::new(&rgba, picture.size as u32, picture.size as u32)?;
            let meant = face_box(bounds.map(|length| length * picture.size as f32 / stored.side));
            // What the product's detector does not find, the product does not score: the rule is one for both classes.
            let Some(Face { bounds, .. }) = choose(self.finder.detector.detect(&recaptured)?, Some(&meant)) else {
                faceless.push(attack);
                continue;
            };
            let image = file_name("crops", number, variant);
            self.write_rgb(&image, picture.size, &rgba)?;
            crops.push(crop(image, attack, [bounds.x, bounds.y, bounds.width, bounds.height], Some(take)));
        }
        Ok(Made { outcome: Outcome::Crops(crops), tone: Some(Tone::of(&frame, &face)), faceless })
    }

    fn write_rgb(&self, name: &str, side: usize, rgba: &[u8]) -> Result<()> {
        let rgb = rgba.chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
        self.write(name, RgbImage::from_raw(side as u32, side as u32, rgb).expect("three bytes a pixel").into())
    }

    fn write_gray(&self, name: &str, map: &[f32]) -> Result<()> {
        let bytes = map.iter().copied().map(to_byte).collect();
        let side = DEPTH_SIZE as u32;
        self.write(name, GrayImage::from_raw(side, side, bytes).expect("a map of this size").into())
    }

    fn write(&self, name: &str, image: image::DynamicImage) -> Result<()> {
        let path = self.out.join(name);
        let folder = path.parent().expect("crops lie in folders");
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        write_png(&path, &image)
    }
}

/// What became of a sample, the skin's tone where it is a photo that is recaptured, and its recaptures without a face.
pub(super) struct Made {
    pub outcome: Outcome,
    pub tone: Option<Tone>,
    pub faceless: Vec<Option<Attack>>,
}

impl From<Outcome> for Made {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, tone: None, faceless: Vec::new() }
    }
}

/// Simulated recaptures of bona fide photos.
#[derive(Debug)]
pub struct Recapture {
    /// Recaptures of each photo as bona fide, and as many again as attacks.
    pub variants: u64,
    /// Seed of all of them.
    pub seed: u64,
    /// The kinds of attack, in turn.
    pub instruments: Vec<Instrument>,
    /// How they are made.
    pub simulator: Simulator,
    /// What photos must pass, themselves.
    pub bar: Option<Bar>,
}

impl Recapture {
    /// Each variant as bona fide and as an attack: a picture, how it was taken, and what is in it.
    fn of(&self, number: usize, sample: &Sample, scene: &Scene) -> Vec<(Picture, Take, Option<Attack>)> {
        (0..self.variants)
            .flat_map(|variant| {
                let rng = |class: &str| run::rng(self.seed, &format!("{class}/{}", sample.subject), variant);
                let turn = number as u64 * self.variants + variant;
                let instrument = self.instruments[turn as usize % self.instruments.len()];
                let attack = Attack { species: instrument.species(), instrument: Some(instrument.to_string()) };
                let (live, by) = self.simulator.bona_fide(scene, &mut rng("bona fide"));
                let (shown, to) = self.simulator.attack(scene, instrument, &mut rng("attack"));
                [(live, by, None), (shown, to, Some(attack))]
            })
            .collect()
    }
}

/// The face that the data set means: the one that overlaps its box most; without a box, the most confident one.
fn choose(faces: Vec<Face>, meant: Option<&FaceBox>) -> Option<Face> {
    match meant {
        None => faces.into_iter().next(),
        Some(meant) => faces
            .into_iter()
            .map(|face| (overlap(&face.bounds, meant), face))
            .filter(|(overlap, _)| *overlap > 0.0)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, face)| face),
    }
}

/// Why none of so many faces was chosen.
fn faceless(found: usize) -> String {
    match found {
        0 => "the detector found no face".into(),
        _ => format!(
            "the detector found {found} face{}, none at the box given for it: are its numbers pixels of the whole picture?",
            if found == 1 { "" } else { "s" }
        ),
    }
}

/// Area of the intersection in square pixels.
fn overlap(a: &FaceBox, b: &FaceBox) -> f32 {
    let side = |a0: f32, a1: f32, b0: f32, b1: f32| ((a0 + a1).min(b0 + b1) - a0.max(b0)).max(0.0);
    side(a.x, a.width, b.x, b.width) * side(a.y, a.height, b.y, b.height)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_sets_box_chooses_among_faces() {
        let at = |x: f32| FaceBox { x, y: 0.0, width: 10.0, height: 10.0, confidence: 0.9 };
        let face = |x: f32| Face { bounds: at(x), landmarks: [[0.0; 2]; 6] };
        let faces = || vec![face(0.0), face(100.0)];
        assert_eq!(choose(faces(), None).unwrap().bounds.x, 0.0);
        assert_eq!(choose(faces(), Some(&at(97.0))).unwrap().bounds.x, 100.0);
        assert!(choose(faces(), Some(&at(50.0))).is_none());
    }
}
