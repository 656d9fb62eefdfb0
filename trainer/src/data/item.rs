//! One stored crop and how to change it -> the numbers that a network sees.
//!
//! A stored crop is wider than the product's and has the camera's own pixels, so that augmentation can move the face region
//! within it; the tensor itself is cut by the core's `region::sample`, once, like every frame in the browser.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use bonafide::{
    crop::CROP_SIZE,
    face::FaceBox,
    frame::Frame,
    region::{Region, sample},
};

use super::{
    augment::{Augmentation, mirror},
    dataset::{Attack, Semantics, Split},
    prepared::Cut,
};
use crate::{
    faces::experts::Experts,
    measure::Labelled,
    picture::{photo::Photo, skin::Tone},
    recapture::Picture,
};

/// One crop.
#[derive(Debug, Clone)]
pub struct Example {
    /// The file of the stored crop.
    pub image: PathBuf,
    /// How it was cut.
    pub cut: Cut,
    /// The face box in it: x, y, width, height in its pixels.
    pub face: [f32; 4],
    /// The bona fide face's pseudo-depth; an attack has none, its depth is zero.
    pub depth: Option<PathBuf>,
    /// Whether pretraining may learn from it.
    pub reconstructed: bool,
    /// `None` is bona fide.
    pub attack: Option<Attack>,
    /// The person.
    pub subject: String,
    /// Data set or folder.
    pub source: String,
    /// What it is used for.
    pub split: Split,
    /// The skin's tone, where it is known.
    pub tone: Option<Tone>,
    /// AENet's labels.
    pub labels: Option<Semantics>,
}

/// An example and how to change it.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    /// The example.
    pub example: &'a Example,
    /// Its change; `None` is the product's crop.
    pub augmentation: Option<Augmentation>,
    /// The change that makes its twin, where one is learnt from.
    pub twin: Option<Twin>,
}

/// The same crop once more.
#[derive(Debug, Clone, Copy)]
pub enum Twin {
    /// Through another camera, from a box that jumped: it is to score the same.
    Retaken(Augmentation),
    /// Without its fine detail, or behind a screen's grid: it is to score less.
    Lower(Augmentation),
}

/// Up to these sides of the face, in pixels of the frame, faces are counted as one slice.
const SIDES: [f32; 3] = [150.0, 220.0, 300.0];

impl Example {
    /// All of them, unchanged and in order.
    pub fn in_order<'a>(examples: &[&'a Self], size: usize) -> Vec<Vec<Item<'a>>> {
        examples
            .chunks(size)
            .map(|chunk| chunk.iter().map(|example| Item { example, augmentation: None, twin: None }).collect())
            .collect()
    }

    /// The same, each seen as the patch at a place of [`PATCHES`](super::augment::PATCHES).
    pub fn patches<'a>(examples: &[&'a Self], place: [f32; 2], size: usize) -> Vec<Vec<Item<'a>>> {
        let seen = |mut items: Vec<Item<'a>>| {
            items.iter_mut().for_each(|item| item.augmentation = Some(Augmentation::view(place)));
            items
        };
        Self::in_order(examples, size).into_iter().map(seen).collect()
    }

    /// Pairs scores with what they are scores of.
    ///
    /// # Panics
    /// If there are not as many scores as examples.
    pub fn labelled(examples: &[&Self], scores: &[f32]) -> Vec<Labelled> {
        assert_eq!(examples.len(), scores.len(), "a score for each example");
        examples
            .iter()
            .zip(scores)
            .map(|(example, &score)| Labelled {
                score,
                attack: example.attack.as_ref().map(ToString::to_string),
                subject: example.subject.clone(),
                source: example.source.clone(),
                slices: example.slices(),
            })
            .collect()
    }

    /// Parts of a split that the example belongs to: evaluation measures each by itself.
    pub fn slices(&self) -> Vec<String> {
        let [source, face] = [format!("source {}", self.source), self.size()];
        [source, face].into_iter().chain(self.tone.map(|tone| tone.to_string())).collect()
    }

    /// Whether it is a bona fide face with the detail of 130 pixels.
    pub(super) fn is_fine(&self) -> bool {
        self.attack.is_none() && self.face[2].max(self.face[3]) >= 130.0
    }

    fn size(&self) -> String {
        let [_, _, width, height] = self.face;
        let side = width.max(height);
        let above = SIDES.iter().rposition(|limit| side >= *limit);
        match above {
            None => format!("face below {} px", SIDES[0]),
            Some(at) if at + 1 == SIDES.len() => format!("face from {} px", SIDES[at]),
            Some(at) => format!("face {} to {} px", SIDES[at], SIDES[at + 1]),
        }
    }
}

impl Item<'_> {
    /// Crop `[3, 224, 224]` and depth `[224, 224]`.
    ///
    /// # Errors
    /// If its file has gone or is damaged.
    pub fn cut(&self) -> Result<(Vec<f32>, Vec<f32>)> {
        let image = read(&self.example.image)?;
        let mut map = vec![0.0; CROP_SIZE * CROP_SIZE];
        if let Some(depth) = &self.example.depth {
            let depth = read(depth)?;
            map = self.cut_from(&depth, depth.frame().width() as f32 / image.frame().width() as f32);
            map.truncate(CROP_SIZE * CROP_SIZE);
            if self.augmentation.is_some_and(|change| change.flip) {
                mirror(&mut map, CROP_SIZE);
            }
        }
        Ok((self.crop(&image), map))
    }

    fn crop(&self, image: &Photo) -> Vec<f32> {
        let mut crop = self.cut_from(image, 1.0);
        if let Some(change) = &self.augmentation {
            change.retouch.apply(&mut crop, CROP_SIZE);
            if change.flip {
                mirror(&mut crop, CROP_SIZE);
            }
        }
        crop
    }

    /// The twin's crop `[3, 224, 224]`; `None` where there is none.
    ///
    /// # Errors
    /// As [`Item::cut`].
    pub fn twin(&self) -> Result<Option<Vec<f32>>> {
        let twin = |change| Self { augmentation: Some(change), ..*self };
        let Some(Twin::Retaken(change) | Twin::Lower(change)) = self.twin else { return Ok(None) };
        Ok(Some(twin(change).crop(&read(&self.example.image)?)))
    }

    /// What the experts say of what [`Item::cut`] shows, of a patch's whole crop: each one's log-odds of bona fide.
    ///
    /// # Errors
    /// As [`Item::cut`].
    pub fn ask(&self, experts: &Experts, crop: &[f32]) -> Result<[f32; 2]> {
        let whole = self.augmentation.map(Augmentation::whole);
        if whole != self.augmentation {
            let whole = Self { augmentation: whole, ..*self };
            return whole.ask(experts, &whole.crop(&read(&self.example.image)?));
        }
        let rgba = Picture { size: CROP_SIZE, planes: crop.to_vec() }.rgba();
        let frame = Frame::new(&rgba, CROP_SIZE as u32, CROP_SIZE as u32).expect("four bytes a pixel");
        let product = self.product();
        let region = self.augmentation.map_or(product, |change| change.region(product));
        let middle = region.from_frame(product.cx, product.cy);
        let side = product.side / self.example.cut.margin / region.side;
        let [x, y, side] = [middle.0 - side / 2.0, middle.1 - side / 2.0, side].map(|part| part * CROP_SIZE as f32);
        let flipped = self.augmentation.is_some_and(|change| change.flip);
        let x = if flipped { CROP_SIZE as f32 - x - side } else { x };
        Ok(experts.say(&frame, &FaceBox { x, y, width: side, height: side, confidence: 1.0 }, NEAREST))
    }

    fn product(&self) -> Region {
        self.example.cut.networks(self.example.face)
    }

    /// The crop of a picture of the stored square, `scale` times as large.
    fn cut_from(&self, photo: &Photo, scale: f32) -> Vec<f32> {
        let Region { cx, cy, side, angle } = self.product();
        let product = Region { cx: cx * scale, cy: cy * scale, side: side * scale, angle };
        let Some(change) = self.augmentation else { return sample(&photo.frame(), &product, CROP_SIZE) };
        let part = change.frame(&product).map(|edge| edge.max(0.0).round() as u32);
        let region = change.region(product);
        let seen = Region { cx: region.cx - part[0] as f32, cy: region.cy - part[1] as f32, ..region };
        sample(&photo.part(part).frame(), &seen, CROP_SIZE)
    }
}

/// The experts' view of a training crop, in face boxes: the nearest of theirs, since a crop is little wider.
const NEAREST: f32 = 1.5;

fn read(path: &Path) -> Result<Photo> {
    Photo::read(path).context("a prepared crop has gone or is damaged: prepare the data again")
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, GrayImage};

    use super::*;
    use crate::{
        picture::features::{SIDE, measure},
        run::{self, config::Augment},
    };

    #[test]
    fn a_crop_and_its_depth_are_black_past_the_frame_and_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let image = folder.path().join("bright.png");
        DynamicImage::from(GrayImage::from_pixel(290, 290, image::Luma([200]))).save(&image).unwrap();
        // The face of which the stored square is as much as augmentation needs.
        let side = 290.0 / (Cut::default().margin * Cut::default().reach);
        let face = [145.0 - side / 2.0, 145.0 - side / 2.0, side, side];
        let example = Example {
            depth: Some(image.clone()),
            image,
            cut: Cut::default(),
            face,
            reconstructed: true,
            attack: None,
            subject: "somebody".into(),
            source: "a test".into(),
            split: Split::Train,
            tone: None,
            labels: None,
        };
        let product = Cut::default().networks(face);
        let mut rng = run::rng(4, "test", 0);
        let (mut black, mut bright) = (0, 0);
        for _ in 0..20 {
            let of = Augment { boxes: true, edges: true, rotation: true, ..Augment::default() };
            let change = Augmentation::draw(&of, &mut rng);
            let (image, depth) = Item { example: &example, augmentation: Some(change), twin: None }.cut().unwrap();
            let [left, top, right, bottom] = change.frame(&product).map(|edge| edge.clamp(0.0, 290.0));
            for at in 0..CROP_SIZE * CROP_SIZE {
                let place = |at: usize| (at as f32 + 0.5) / CROP_SIZE as f32;
                let (x, y) = change.region(product).to_frame(place(at % CROP_SIZE), place(at / CROP_SIZE));
                // From the nearest edge inwards, in pixels: the edge itself lies on a whole pixel and is blended over one.
                let inside = (x - left).min(y - top).min(right - x).min(bottom - y);
                if inside < -1.5 {
                    assert!(image[at] == 0.0 && depth[at] == 0.0, "{x} {y} lies outside {left} {top} {right} {bottom}");
                    black += 1;
                } else if inside > 1.5 {
                    assert!(image[at] > 0.1 && depth[at] > 0.1, "{x} {y} lies inside {left} {top} {right} {bottom}");
                    bright += 1;
                }
            }
        }
        assert!(black > 10_000 && bright > 10_000, "{black} {bright}");
    }

    #[test]
    fn a_training_crop_has_the_power_spectrum_of_the_products() {
        // White noise: whatever resamples it twice loses its upper half.
        let folder = tempfile::tempdir().unwrap();
        let (image, side) = (folder.path().join("noise.png"), 420u32);
        let mut rng = run::rng(9, "test", 0);
        let noise = GrayImage::from_fn(2 * side, 2 * side, |_, _| image::Luma([rand::Rng::random(&mut rng)]));
        DynamicImage::from(noise.clone()).save(folder.path().join("frame.png")).unwrap();
        let photo = Photo::read(&folder.path().join("frame.png")).unwrap();
        let face = FaceBox { x: 300.0, y: 280.4, width: 190.0, height: 200.0, confidence: 1.0 };
        let cut = Cut::default();
        let stored = cut.stored(&face);
        let (left, top) = (stored.cx - stored.side / 2.0, stored.cy - stored.side / 2.0);
        let part = image::imageops::crop_imm(&noise, left as u32, top as u32, stored.side as u32, stored.side as u32);
        DynamicImage::from(part.to_image()).save(&image).unwrap();
        let example = Example {
            image,
            cut,
            face: [face.x - left, face.y - top, face.width, face.height],
            depth: None,
            reconstructed: true,
            attack: None,
            subject: "nobody".into(),
            source: "a test".into(),
            split: Split::Train,
            tone: None,
            labels: None,
        };
        let (crop, _) = Item { example: &example, augmentation: None, twin: None }.cut().unwrap();
        let product =
            sample(&photo.frame(), &bonafide::crop::face_region(&face, bonafide::crop::CROP_MARGIN), CROP_SIZE);
        let power = |planes: &[f32]| {
            let middle = |at: usize| planes[(48 + at / SIDE) * CROP_SIZE + 48 + at % SIDE];
            let plane: Vec<f32> = (0..SIDE * SIDE).map(middle).collect();
            measure(&plane.repeat(3)).power
        };
        for (ring, (trained, shipped)) in power(&crop).iter().zip(power(&product)).enumerate() {
            assert!((trained - shipped).abs() < 0.02, "ring {ring}: {trained}, not {shipped}");
        }
    }
}
