//! Frame -> faces -> crop and views -> votes -> score, or with quality -> what a session observes, or with a decoder -> the
//! depth that the classifier's features hold: wires the other modules and nothing else.

use std::sync::OnceLock;

use burn::tensor::{Device, Tensor};

use crate::{
    crop::{cover_tensor, crop_tensor, face_in, face_region},
    error::{Error, Result},
    face::{Face, FaceBox, FaceDetector, blazeface::BlazeFace},
    frame::Frame,
    fusion::Votes,
    network::{
        Classifier, Cover, Decoder, Encoder, MiniFasNet,
        minifasnet::{CLASSES, Variant, log_odds},
    },
    quality::{Quality, in_front},
    readback::read,
    region::Region,
    score::Score,
    session::{Challenge, Setup},
    views::{SCALES, views},
    weights::{CLASSIFIER, COVER, DECODER, DETECTOR, Manifest, load_safetensors},
};

/// The loaded product: detector, classifier and, where the weights have them, experts and the network that sees covers on one
/// device, and once asked for the depth view's decoder.
#[derive(Debug)]
pub struct Pipeline {
    manifest: Manifest,
    detector: FaceDetector,
    classifier: Classifier,
    /// As [`Variant::ALL`]; none where the weights have none.
    experts: Vec<MiniFasNet>,
    cover: Option<Cover>,
    decoder: OnceLock<Decoder>,
    device: Device,
}

/// A face and how live it looks.
#[derive(Debug, Clone)]
pub struct Scored {
    /// The most confident face of the frame.
    pub face: Face,
    /// Fused P(bona fide).
    pub score: Score,
    /// What each network says.
    pub votes: Votes,
}

/// A face, how live it looks, and the depth that the network sees in it.
#[derive(Debug, Clone)]
pub struct Depicted {
    /// The most confident face of the frame.
    pub face: Face,
    /// Fused P(bona fide), as [`Pipeline::score`] gives it.
    pub score: Score,
    /// What each network says.
    pub votes: Votes,
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
    /// What the classifier's head saw of that face, 128 finite numbers: two faces' differ, the same face's hardly move from a
    /// frame to the next. `None` where the score is.
    pub embedding: Option<Vec<f32>>,
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
        let mut experts = Vec::new();
        if manifest.has_experts() {
            for variant in Variant::ALL {
                let bytes = manifest.bytes(variant.name(), &mut fetch)?;
                experts.push(load_safetensors(MiniFasNet::new(variant, device), &bytes)?.pack());
            }
        }
        let cover = match manifest.networks.contains_key(COVER) {
            true => Some(load_safetensors(Cover::folded(device), &manifest.bytes(COVER, &mut fetch)?)?.pack()),
            false => None,
        };
        Ok(Self {
            manifest,
            detector: FaceDetector::new(detector),
            classifier,
            experts,
            cover,
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
            model_sha256: self.manifest.digest(),
            challenge,
            revealed: None,
            passive_seconds: None,
            largest_change: self.manifest.largest_change,
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
    /// count costs no more networks. Whether something covers the face is asked last, and only where nothing else stands
    /// against it. The experts see it at one of their scales, `turn` modulo how many there are: frames of
    /// one session take them in turn, and what counts is the mean over the session.
    ///
    /// # Errors
    /// [`crate::Error`] if the device fails.
    pub async fn look(&self, frame: &Frame<'_>, turn: usize) -> Result<Look> {
        let faces = self.detect(frame).await?;
        let mut quality = Quality::measure(frame, &faces);
        let face = in_front(&faces).next().copied();
        if let Some(seen) = face.filter(|_| quality.hint().is_none())
            && let Some(log_odds) = self.covered(frame, &seen.bounds).await?
        {
            quality = quality.with_cover(log_odds);
        }
        let Some(seen) = face.filter(|_| quality.hint().is_none()) else {
            return Ok(Look { face, quality, score: None, embedding: None });
        };
        let features = self.features(self.crop(frame, &self.region(&seen.bounds)));
        let embedding = Encoder::pool(features);
        let logit = self.classifier.liveness(embedding.clone());
        let experts = self.consult(frame, &seen.bounds, &[SCALES[turn % SCALES.len()]]);
        let (votes, embedding) = self.answers(logit, experts, Some(embedding)).await?;
        if !embedding.iter().all(|value| value.is_finite()) {
            return Err(no_numbers());
        }
        Ok(Look { face, quality, score: Some(self.fuse(&votes)?), embedding: Some(embedding) })
    }

    /// The log-odds that something covers the eyes or the mouth of a face; `None` where the weights cannot tell.
    ///
    /// # Errors
    /// [`crate::Error`] if the device fails.
    pub async fn covered(&self, frame: &Frame<'_>, face: &FaceBox) -> Result<Option<f32>> {
        let Some(cover) = &self.cover else { return Ok(None) };
        let log_odds = read(cover.forward(cover_tensor(frame, face, &self.device))).await?[0];
        if log_odds.is_finite() { Ok(Some(log_odds)) } else { Err(no_numbers()) }
    }

    /// Finds the most confident face and scores it, the experts at all their scales; `None` where there is no face.
    ///
    /// # Errors
    /// [`crate::Error`] if the device fails.
    pub async fn score(&self, frame: &Frame<'_>) -> Result<Option<Scored>> {
        let Some(face) = self.detect(frame).await?.into_iter().next() else { return Ok(None) };
        let features = self.features(self.crop(frame, &self.region(&face.bounds)));
        let (score, votes) = self.judge(frame, &face.bounds, features, &SCALES).await?;
        Ok(Some(Scored { face, score, votes }))
    }

    /// As [`Pipeline::score`], and draws the depth that the same features hold; the backbone runs once for both.
    ///
    /// # Errors
    /// As [`Pipeline::draw`].
    pub async fn depict(&self, frame: &Frame<'_>) -> Result<Option<Depicted>> {
        let Some(face) = self.detect(frame).await?.into_iter().next() else { return Ok(None) };
        let region = self.region(&face.bounds);
        let features = self.features(self.crop(frame, &region));
        let (score, votes) = self.judge(frame, &face.bounds, features.clone(), &SCALES).await?;
        Ok(Some(Depicted { face, score, votes, region, depth: self.draw(features).await? }))
    }

    /// Scores a frame that is itself the face crop, letterboxed if it is not square. The experts see its middle: there is
    /// nothing around it that would tell their scales apart.
    ///
    /// # Errors
    /// [`crate::Error`] if the device fails.
    pub async fn score_whole(&self, frame: &Frame<'_>) -> Result<(Score, Votes)> {
        let region = Region::whole(frame);
        self.judge(
            frame,
            &face_in(&region, self.manifest.contract.margin),
            self.features(self.crop(frame, &region)),
            &SCALES[..1],
        )
        .await
    }

    /// All networks' votes on a face, its crop's features at hand, and what they amount to.
    async fn judge(
        &self,
        frame: &Frame<'_>,
        face: &FaceBox,
        features: Tensor<4>,
        scales: &[f32],
    ) -> Result<(Score, Votes)> {
        let votes = self.votes(self.classify(features), self.consult(frame, face, scales)).await?;
        Ok((self.fuse(&votes)?, votes))
    }

    /// The classifier's crop of a face, as wide as the weights ask for.
    pub fn region(&self, face: &FaceBox) -> Region {
        face_region(face, self.manifest.contract.margin)
    }

    /// The classifier's input for a region of the frame, `[1, 3, 224, 224]`, on the pipeline's device.
    pub fn crop(&self, frame: &Frame<'_>, region: &Region) -> Tensor<4> {
        crop_tensor(frame, region, &self.device)
    }

    /// What the backbone sees in one crop, `[1, 3, 224, 224]` -> `[1, 128, 7, 7]`: for [`Pipeline::classify`] and
    /// [`Pipeline::draw`].
    pub fn features(&self, crop: Tensor<4>) -> Tensor<4> {
        self.classifier.encoder.forward(crop)
    }

    /// The classifier's logit of one crop's features, `[1]`: for [`Pipeline::votes`].
    pub fn classify(&self, features: Tensor<4>) -> Tensor<1> {
        self.classifier.liveness(Encoder::pool(features))
    }

    /// What the experts make of a face: the logits of their classes, `[2 N, 3]`, the `N` scales' views by the first, then by
    /// the second. `None` where the weights have no experts. For [`Pipeline::votes`].
    pub fn consult(&self, frame: &Frame<'_>, face: &FaceBox, scales: &[f32]) -> Option<Tensor<2>> {
        if self.experts.is_empty() {
            return None;
        }
        let views = views(frame, face, scales, &self.device);
        Some(Tensor::cat(self.experts.iter().map(|expert| expert.forward(views.clone())).collect(), 0))
    }

    /// Reads what [`Pipeline::classify`] and [`Pipeline::consult`] gave, at once, for [`Pipeline::fuse`].
    ///
    /// # Errors
    /// [`crate::Error`] if the device fails.
    pub async fn votes(&self, logit: Tensor<1>, experts: Option<Tensor<2>>) -> Result<Votes> {
        Ok(self.answers(logit, experts, None).await?.0)
    }

    /// As [`Pipeline::votes`], and the numbers of the embedding in the same read; none without one.
    async fn answers(
        &self,
        logit: Tensor<1>,
        experts: Option<Tensor<2>>,
        embedding: Option<Tensor<2>>,
    ) -> Result<(Votes, Vec<f32>)> {
        let flat = |tensor: Tensor<2>| {
            let count = tensor.shape().num_elements();
            tensor.reshape([count])
        };
        let (embedding, experts) = (embedding.map(flat), experts.map(flat));
        let width = embedding.as_ref().map_or(0, |embedding| embedding.shape().num_elements());
        let numbers = read(Tensor::cat([Some(logit), embedding, experts].into_iter().flatten().collect(), 0)).await?;
        let (classifier, rest) = numbers.split_first().expect("the classifier has voted");
        let (embedding, classes) = rest.split_at(width);
        let experts = classes.as_chunks::<CLASSES>().0.iter().map(|logits| log_odds(*logits)).collect();
        Ok((Votes { classifier: *classifier, experts }, embedding.to_vec()))
    }

    /// The score that these votes amount to.
    ///
    /// # Errors
    /// [`crate::Error`] with the code `GPU_DEVICE_LOST` if they are no numbers.
    pub fn fuse(&self, votes: &Votes) -> Result<Score> {
        if !votes.are_finite() {
            return Err(no_numbers());
        }
        Ok(Score::from_logit(self.manifest.fusion.log_odds(votes)))
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
}

fn no_numbers() -> Error {
    Error::device_lost("the compute device's answer is no number: it is broken, or these weights never worked")
}
