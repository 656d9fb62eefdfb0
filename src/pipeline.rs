//! Frame -> faces -> crop -> logit -> score, or with quality -> what a session observes: wires the other modules and
//! nothing else.

use burn::tensor::{Device, Tensor};

use crate::{
    crop::{crop_tensor, face_region},
    error::Result,
    face::{Face, FaceDetector, blazeface::BlazeFace},
    frame::Frame,
    network::Classifier,
    quality::{Quality, in_front},
    readback::read,
    region::Region,
    score::Score,
    session::{Challenge, Setup},
    weights::{CLASSIFIER, DETECTOR, Manifest, load_safetensors},
};

/// The loaded product: detector and classifier on one device.
#[derive(Debug)]
pub struct Pipeline {
    manifest: Manifest,
    detector: FaceDetector,
    classifier: Classifier,
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
        let detector = load_safetensors(BlazeFace::new(device), manifest.bytes(DETECTOR, &mut fetch)?)?;
        let classifier = load_safetensors(Classifier::folded(device), manifest.bytes(CLASSIFIER, &mut fetch)?)?;
        Ok(Self { manifest, detector: FaceDetector::new(detector), classifier, device: device.clone() })
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
        let logits = read(self.classifier.forward(crop)).await?;
        Ok(Score::from_logit(logits[0]))
    }

    /// Scores the whole frame as the face crop (letterboxed if it is not square).
    ///
    /// # Errors
    /// [`crate::Error`] if the device fails.
    pub async fn score_whole(&self, frame: &Frame<'_>) -> Result<Score> {
        self.score_region(frame, &Region::whole(frame)).await
    }
}
