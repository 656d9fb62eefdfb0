//! Manifest (JSON) -> what a set of weights is, and whether bytes are the files that it names. Knows no networks.
//!
//! Weights are refused unless their size and sha-256 are the manifest's and the manifest's input contract is this
//! code's: a network fed another margin or value range gives plausible nonsense (invariant 6).

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    crop::{CROP_MARGIN, CROP_SIZE, MARGINS},
    error::{Error, Result},
    fusion::Fusion,
    score::OperatingPoint,
    views::{SCALES, VIEW_SIZE},
};

/// Version of the manifest's own layout. Version 1, which knew of no experts, is read too.
pub const FORMAT: u32 = 2;

/// Key of the face detector in [`Manifest::networks`].
pub const DETECTOR: &str = "detector";
/// Key of the liveness classifier in [`Manifest::networks`].
pub const CLASSIFIER: &str = "classifier";
/// Key of the depth view's decoder in [`Manifest::networks`]. A manifest may lack it, and the [`EXPERTS`].
pub const DECODER: &str = "decoder";
/// Key of the network that sees covers in [`Manifest::networks`]. A manifest may lack it: its checks then look for none.
pub const COVER: &str = "cover";
/// Keys of the experts in [`Manifest::networks`], in the order in which they vote.
pub const EXPERTS: [&str; 2] = ["minifasnet-v2", "minifasnet-v1se"];

/// What a set of weights is, what it expects as input and how it measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: u32,
    /// What the networks expect as input.
    pub contract: Contract,
    /// Files by role: [`DETECTOR`], [`CLASSIFIER`], where there is a depth view [`DECODER`], where covers are seen [`COVER`],
    /// and where there are experts both of theirs.
    pub networks: BTreeMap<String, NetworkFile>,
    /// How the networks' votes become one score; without it the classifier's is the score.
    #[serde(default, skip_serializing_if = "Fusion::is_default")]
    pub fusion: Fusion,
    /// Named thresholds of that score with their measured error rates.
    #[serde(rename = "operatingPoints")]
    pub operating_points: BTreeMap<String, OperatingPoint>,
    /// See [`Setup::largest_change`](crate::session::Setup::largest_change); `trainer sessions --changes` measures it.
    #[serde(rename = "largestChange", default, skip_serializing_if = "Option::is_none")]
    pub largest_change: Option<f32>,
    /// Where the weights come from.
    pub training: Training,
}

/// The input that the networks were trained on. Equal to [`Contract::current`] or refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contract {
    /// Side of the crop in pixels.
    pub size: usize,
    /// Side of the crop over the longer side of the face box.
    pub margin: f32,
    /// Range of a channel's values.
    pub range: [f32; 2],
    /// Order of the channels.
    pub channels: String,
    /// Architecture.
    pub network: String,
    /// What the experts expect; `None` for weights without experts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experts: Option<ExpertsContract>,
}

/// The input of the second opinion's networks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExpertsContract {
    /// Side of a view in pixels.
    pub size: usize,
    /// Sides of the views over the longer side of the face box.
    pub scales: Vec<f32>,
    /// Range of a channel's values.
    pub range: [f32; 2],
    /// Order of the channels.
    pub channels: String,
    /// How a frame's pixels become a view's: one bilinear sample each, see [`crate::region::sample_plain`].
    pub sampling: String,
    /// Architectures.
    pub networks: Vec<String>,
}

impl Contract {
    /// What this code produces and expects, for weights with experts or without.
    pub fn current(experts: bool) -> Self {
        Self {
            size: CROP_SIZE,
            margin: CROP_MARGIN,
            range: [0.0, 1.0],
            channels: "rgb".into(),
            network: "resnet18x0.25-128-64-32-1".into(),
            experts: experts.then(|| ExpertsContract {
                size: VIEW_SIZE,
                scales: SCALES.to_vec(),
                range: [0.0, 255.0],
                channels: "bgr".into(),
                sampling: "bilinear".into(),
                networks: EXPERTS.map(Into::into).into(),
            }),
        }
    }
}

/// One file of weights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkFile {
    /// File name, relative to the manifest.
    pub file: String,
    /// Lower-case hexadecimal SHA-256 of its bytes.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
}

impl NetworkFile {
    /// Describes `bytes` as `file`.
    pub fn describe(file: &str, bytes: &[u8]) -> Self {
        Self { file: file.into(), sha256: sha256(bytes), bytes: bytes.len() as u64 }
    }

    fn verify(&self, bytes: &[u8]) -> Result<()> {
        if bytes.len() as u64 != self.bytes {
            return Err(Error::weights(format!(
                "{} has {} bytes, its manifest says {}: the download was cut short or the file replaced",
                self.file,
                bytes.len(),
                self.bytes
            )));
        }
        if sha256(bytes) != self.sha256 {
            return Err(Error::weights(format!(
                "{} is not the file that its manifest describes (sha-256 differs): deploy both from one release",
                self.file
            )));
        }
        Ok(())
    }
}

/// Where a set of weights comes from, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Training {
    /// Data that the classifier learned from.
    pub data: String,
    /// Commit of the code that trained it.
    pub commit: String,
    /// The run's resolved configuration.
    pub config: serde_json::Value,
}

impl Manifest {
    /// The operating point of that name.
    ///
    /// # Errors
    /// [`Error::is_invalid_input`] if these weights have none: the message lists those that they have.
    pub fn operating_point(&self, name: &str) -> Result<OperatingPoint> {
        self.operating_points.get(name).copied().ok_or_else(|| {
            let names: Vec<_> = self.operating_points.keys().map(String::as_str).collect();
            let names = names.join(", ");
            Error::invalid_input(format!("there is no operating point {name:?}: these weights have {names}"))
        })
    }

    /// Whether the experts vote.
    pub fn has_experts(&self) -> bool {
        self.fusion.experts.is_some()
    }

    /// Lower-case hexadecimal SHA-256 that names all that a score depends on: the files of detector, classifier and experts,
    /// the contract, and the fusion. Not the decoder nor the network that sees covers, which no score looks at, and not the
    /// operating points nor the largest change, which checks are held to by themselves.
    pub fn digest(&self) -> String {
        let file = |network| (network, self.networks.get(network).map(|file| file.sha256.as_str()));
        let experts = EXPERTS.map(file);
        let decides = (file(DETECTOR), file(CLASSIFIER), experts, &self.contract, &self.fusion);
        sha256(&serde_json::to_vec(&decides).expect("a manifest is plain data"))
    }

    /// Parses a manifest.
    ///
    /// # Errors
    /// [`Error::is_weights`] if it is not a manifest, a threshold or rate lies outside `[0, 1]`, a point refuses scores above
    /// its threshold, its fusion is none, its largest change is none, or it has some of what experts need and not all; [`Error::is_incompatible`] if its format or contract is not this code's.
    pub fn parse(json: &str) -> Result<Self> {
        // The format comes first: a manifest of another format need not have this one's fields.
        #[derive(Deserialize)]
        struct Header {
            format: u32,
        }
        let malformed = |e: serde_json::Error| Error::weights(format!("the weights' manifest cannot be read: {e}"));
        let header: Header = serde_json::from_str(json).map_err(malformed)?;
        if !(1..=FORMAT).contains(&header.format) {
            return Err(Error::incompatible(format!(
                "the weights' manifest has format {}, this version reads 1 to {FORMAT}: use weights and code of one release",
                header.format
            )));
        }
        let manifest: Self = serde_json::from_str(json).map_err(malformed)?;
        // The margin is the weights' own; everything else is the code's.
        let Contract { margin, ref experts, .. } = manifest.contract;
        let current = Contract { margin, ..Contract::current(experts.is_some()) };
        if manifest.contract != current || !MARGINS.contains(&margin) {
            return Err(Error::incompatible(format!(
                "the weights were made for the input {:?}, this code produces {current:?}: use weights and code of one release",
                manifest.contract
            )));
        }
        manifest.fusion.check()?;
        let experts = manifest.has_experts();
        let named = EXPERTS.map(|expert| manifest.networks.contains_key(expert));
        if manifest.contract.experts.is_some() != experts || named.iter().any(|named| *named != experts) {
            return Err(Error::weights(
                "the weights' manifest has a part of what experts need: their two files, their contract and their term of the fusion belong together",
            ));
        }
        check_change(manifest.largest_change)
            .map_err(|error| Error::weights(format!("the weights' manifest has {error}")))?;
        for (name, point) in &manifest.operating_points {
            if let Some(flaw) = point.flaw() {
                return Err(Error::weights(format!(
                    "the weights' manifest has {flaw} at the operating point {name:?}: {point:?}"
                )));
            }
        }
        Ok(manifest)
    }

    /// The verified bytes of a network, fetched by file name.
    ///
    /// # Errors
    /// [`Error::is_weights`] if the manifest has no such network, `fetch` has no such file, or its bytes differ from the
    /// manifest's.
    pub fn bytes(&self, network: &str, fetch: impl FnOnce(&str) -> Option<Vec<u8>>) -> Result<Vec<u8>> {
        let file = self
            .networks
            .get(network)
            .ok_or_else(|| Error::weights(format!("the weights' manifest names no {network}")))?;
        let bytes = fetch(&file.file).ok_or_else(|| {
            Error::weights(format!("the weights {} were not supplied: the manifest names them", file.file))
        })?;
        file.verify(&bytes)?;
        Ok(bytes)
    }
}

/// Whether embeddings can change so much.
///
/// # Errors
/// [`Error::is_invalid_input`] for a largest change that is no cosine distance above 0.
pub(crate) fn check_change(largest: Option<f32>) -> Result<()> {
    match largest {
        Some(largest) if !(largest > 0.0 && largest <= 2.0) => Err(Error::invalid_input(format!(
            "a largest change of {largest}: it is a cosine distance, above 0 and at most 2"
        ))),
        _ => Ok(()),
    }
}

/// Lower-case hexadecimal SHA-256.
pub fn sha256(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests;
