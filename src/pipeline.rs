//! Frame -> faces -> crop -> logit -> score, or with quality -> what a session observes, or with a decoder -> the depth
//! that the classifier's features hold: wires the other modules and nothing else.

use std::sync::OnceLock;

use burn::tensor::{Device, Tensor};

use crate::{
    crop::{crop_tensor, face_region},
    error::{Error, Result},
    face::{Face, FaceDetector, blazeface::BlazeFace},
    frame::Frame,
    network::{Classifier, Decoder},
    quality::{Quality, in_front},
    readback::read,
    region::Region,
    score::Score,
    session::{Challenge, Setup},
    weights::{CLASSIFIER, DECODER, DETECTOR, Manifest, load_safetensors},
};

/// The loaded product: detector and classifier on one device, and once asked for the depth view's decoder.
#[derive(Debug)]
pub struct Pipeline {
    manifest: Manifest,
    detector: FaceDetector,
    classifier: Classifier,
    decoder: OnceLock<Decoder>,
    device: Device,
}

/// A face and how live it looks.
#[derive(Debug, Clone)]
pub struct Scored {
    /// The most confident face of the frame.
    pub face: Face,
    /// P(bona fide) of its crop.
    pub score: Score,
}

/// A face, how live it looks, and the depth that the network sees in it.
#[derive(Debug, Clone)]
pub struct Depicted {
    /// The most confident face of the frame.
    pub face: Face,
    /// P(bona fide) of its crop, as [`Pipeline::score`] gives it.
    pub score: Score,
    /// The square of the frame that the map shows.
    pub region: Region,
    /// Pseudo-depth, `[CROP_SIZE, CROP_SIZE]`, row by row from the region's top left corner; 0 to 1, nearest is 1, and
    /// what looks flat or is no face is 0. Drawn from the features that the score was computed from, by a decoder that
    /// the score does not depend on: an illustration, not evidence.
    pub depth: Vec<f32>,
}

/// A frame as a [`crate::session::Session`] wants it.
#[derive(Debug, Clone)]
pub struct Look {
    /// The face that was measured: the most confident one in front of the camera.
    pub face: Option<Face>,
    /// How the frame was taken.
    pub quality: Quality,
    /// P(bona fide) of that face; `None` if a hint stands against the frame, which then would not count.
    pub score: Option<Score>,
}

impl Pipeline {
    /// Builds the networks on `device` from a manifest and the files that it names.
    ///
    /// # Errors
    /// [`crate::Error::is_weights`] or [`crate::Error::is_incompatible`], see [`Manifest::parse`], [`Manifest::bytes`]
    /// and [`load_safetensors`].
    pub fn load(manifest: &str, mut fetch: impl FnMut(&str) -> Option<Vec<u8>>, device: &Device) -> Result<Self> {
        let manifest = Manifest::parse(manifest)?;
        let detector = load_safetensors(BlazeFace::new(device), &manifest.bytes(DETECTOR, &mut fetch)?)?.pack();
        let classifier = load_safetensors(Classifier::folded(device), &manifest.bytes(CLASSIFIER, &mut fetch)?)?.pack();
        Ok(Self {
            manifest,
            detector: FaceDetector::new(detector),
            classifier,
            decoder: OnceLock::new(),
            device: device.clone(),
        })
    }

    /// Loads the decoder of the depth view, which [`Pipeline::load`] leaves out. A second call changes nothing.
    ///
    /// # Errors
    /// [`crate::Error::is_weights`] if the manifest names no decoder, or as [`Pipeline::load`].
    pub fn load_decoder(&self, fetch: impl FnOnce(&str) -> Option<Vec<u8>>) -> Result<()> {
        if self.decoder.get().is_some() {
            return Ok(());
        }
        if !self.manifest.networks.contains_key(DECODER) {
            return Err(Error::weights(
                "these weights have no depth view: their manifest names no decoder (`trainer export --depth-view` adds one)",
            ));
        }
        let decoder = load_safetensors(Decoder::folded(&self.device), &self.manifest.bytes(DECODER, fetch)?)?;
        self.decoder.get_or_init(|| decoder);
        Ok(())
    }

    /// What was loaded.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// What a session at the named operating point of these weights is bound to.
    ///
    /// # Errors
    /// [`crate::Error::is_invalid_input`] for a name that the manifest does not have.
    pub fn setup(&self, operating_point: &str, challenge: Option<Challenge>) -> Result<Setup> {
        let point = self.manifest.operating_point(operating_point)?;
        Ok(Setup {
            name: operating_point.into(),
            operating_point: point,
            // A manifest that does not name its classifier is not loaded.
            model_sha256: self.manifest.networks[CLASSIFIER].sha256.clone(),
            challenge,
        })
    }

    /// The faces of the frame, most confident first.
    ///
    /// # Errors
    /// [`crate::Error`] if the device fails.
    pub async fn detect(&self, frame: &Frame<'_>) -> Result<Vec<Face>> {
        self.detector.detect(frame).await
    }

    /// Finds and measures the faces, and scores the one in front if nothing stands against it: a frame that would not
    /// count costs no classifier.
    ///
    /// # Errors
    /// [`crate::Error`] if the device fails.
    pub async fn look(&self, frame: &Frame<'_>) -> Result<Look> {
        let faces = self.detect(frame).await?;
        let quality = Quality::measure(frame, &faces);
        let face = in_front(&faces).next().copied();
        let score = match &face {
            Some(face) if quality.hint().is_none() => Some(self.score_region(frame, &face_region(&face.bounds)).await?),
            _ => None,
        };
        Ok(Look { face, quality, score })
    }

    /// Finds the most confident face and scores it; `None` where there is no face.
    ///
    /// # Errors
    /// [`crate::Error`] if the device fails.
    pub async fn score(&self, frame: &Frame<'_>) -> Result<Option<Scored>> {
        let Some(face) = self.detect(frame).await?.into_iter().next() else { return Ok(None) };
        let score = self.score_region(frame, &face_region(&face.bounds)).await?;
        Ok(Some(Scored { face, score }))
    }

    /// As [`Pipeline::score`], and draws the depth that the same features hold; the backbone runs once for both.
    ///
    /// # Errors
    /// As [`Pipeline::draw`].
    pub async fn depict(&self, frame: &Frame<'_>) -> Result<Option<Depicted>> {
        let Some(face) = self.detect(frame).await?.into_iter().next() else { return Ok(None) };
        let region = face_region(&face.bounds);
        let features = self.features(self.crop(frame, &region));
        let score = self.classify_features(features.clone()).await?;
        Ok(Some(Depicted { face, score, region, depth: self.draw(features).await? }))
    }

    /// Scores a region of the frame as the face crop.
    ///
    /// # Errors
    /// [`crate::Error`] if the device fails.
    pub async fn score_region(&self, frame: &Frame<'_>, region: &Region) -> Result<Score> {
        self.classify(self.crop(frame, region)).await
    }

    /// The classifier's input for a region of the frame, `[1, 3, 224, 224]`, on the pipeline's device.
    pub fn crop(&self, frame: &Frame<'_>, region: &Region) -> Tensor<4> {
        crop_tensor(frame, region, &self.device)
    }

    /// Scores one crop, `[1, 3, 224, 224]` from [`Pipeline::crop`].
    ///
    /// # Errors
    /// [`crate::Error`] if the device fails.
    pub async fn classify(&self, crop: Tensor<4>) -> Result<Score> {
        self.classify_features(self.features(crop)).await
    }

    /// What the backbone sees in one crop, `[1, 128, 7, 7]`: for [`Pipeline::classify_features`] and [`Pipeline::draw`].
    pub fn features(&self, crop: Tensor<4>) -> Tensor<4> {
        self.classifier.encoder.forward(crop)
    }

    /// Scores the features of one crop.
    ///
    /// # Errors
    /// [`crate::Error`] if the device fails.
    pub async fn classify_features(&self, features: Tensor<4>) -> Result<Score> {
        let logits = read(self.classifier.forward_features(features)).await?;
        if logits[0].is_nan() {
            return Err(Error::device_lost(
                "the compute device's answer is no number: it is broken, or these weights never worked",
            ));
        }
        Ok(Score::from_logit(logits[0]))
    }

    /// Draws the depth that the features of one crop hold, see [`Depicted::depth`].
    ///
    /// # Errors
    /// [`crate::Error::is_invalid_input`] before [`Pipeline::load_decoder`]; [`crate::Error`] if the device fails.
    pub async fn draw(&self, features: Tensor<4>) -> Result<Vec<f32>> {
        let decoder = self.decoder.get().ok_or_else(|| {
            Error::invalid_input("the depth view's decoder is not loaded: load it before the first picture")
        })?;
        read(decoder.forward(features)).await
    }

    /// Scores the whole frame as the face crop (letterboxed if it is not square).
    ///
    /// # Errors
    /// [`crate::Error`] if the device fails.
    pub async fn score_whole(&self, frame: &Frame<'_>) -> Result<Score> {
        self.score_region(frame, &Region::whole(frame)).await
    }
}
