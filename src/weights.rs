//! Manifest (JSON) and checksummed safetensors bytes -> filled networks.
//!
//! Weights are refused unless their size and sha-256 are the manifest's and the manifest's input contract is this
//! code's: a network fed another margin or value range gives plausible nonsense (invariant 6).

use std::collections::BTreeMap;

use burn::{
    store::{ModuleSnapshot, burn_pack},
    tensor::{Bytes, DType},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    crop::{CROP_MARGIN, CROP_SIZE},
    error::{Error, Result},
    quantised,
    score::OperatingPoint,
};

/// Version of the manifest's own layout.
pub const FORMAT: u32 = 1;

/// Key of the face detector in [`Manifest::networks`].
pub const DETECTOR: &str = "detector";
/// Key of the liveness classifier in [`Manifest::networks`].
pub const CLASSIFIER: &str = "classifier";
/// Key of the depth view's decoder in [`Manifest::networks`]: the one network that a manifest may lack.
pub const DECODER: &str = "decoder";

/// What a set of weights is, what it expects as input and how it measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: u32,
    /// What the classifier expects as input.
    pub contract: Contract,
    /// Files by role: [`DETECTOR`], [`CLASSIFIER`], and where there is a depth view [`DECODER`].
    pub networks: BTreeMap<String, NetworkFile>,
    /// Named thresholds with their measured error rates.
    #[serde(rename = "operatingPoints")]
    pub operating_points: BTreeMap<String, OperatingPoint>,
    /// Where the weights come from.
    pub training: Training,
}

/// The input that a classifier was trained on. Equal to [`Contract::current`] or refused.
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
}

impl Contract {
    /// What this code produces and expects.
    pub fn current() -> Self {
        Self {
            size: CROP_SIZE,
            margin: CROP_MARGIN,
            range: [0.0, 1.0],
            channels: "rgb".into(),
            network: "resnet18x0.25-128-64-32-1".into(),
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

    /// Parses a manifest.
    ///
    /// # Errors
    /// [`Error::is_weights`] if it is not a manifest, or a threshold or rate lies outside `[0, 1]`;
    /// [`Error::is_incompatible`] if its format or contract is not this code's.
    pub fn parse(json: &str) -> Result<Self> {
        // The format comes first: a manifest of another format need not have this one's fields.
        #[derive(Deserialize)]
        struct Header {
            format: u32,
        }
        let malformed = |e: serde_json::Error| Error::weights(format!("the weights' manifest cannot be read: {e}"));
        let header: Header = serde_json::from_str(json).map_err(malformed)?;
        if header.format != FORMAT {
            return Err(Error::incompatible(format!(
                "the weights' manifest has format {}, this version reads {FORMAT}: use weights and code of one release",
                header.format
            )));
        }
        let manifest: Self = serde_json::from_str(json).map_err(malformed)?;
        let current = Contract::current();
        if manifest.contract != current {
            return Err(Error::incompatible(format!(
                "the weights were made for the input {:?}, this code produces {current:?}: use weights and code of one release",
                manifest.contract
            )));
        }
        if let Some((name, point)) = manifest.operating_points.iter().find(|(_, point)| !point.is_whole()) {
            return Err(Error::weights(format!(
                "the weights' manifest has numbers outside 0 to 1 at the operating point {name:?}: {point:?}"
            )));
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

/// Fills `module` from safetensors bytes; every tensor must be there, none left over; floats of 16 bits, and kernels in 8
/// (see [`quantised`]), become f32.
///
/// # Errors
/// [`Error::is_weights`] if the bytes are not safetensors or do not fit the module. The half-filled module is dropped.
pub fn load_safetensors<M: ModuleSnapshot>(mut module: M, bytes: &[u8]) -> Result<M> {
    let tensors = quantised::unpack(bytes)?.into_iter().map(|quantised::Floats { name, shape, values }| {
        burn_pack::Tensor::new(name, DType::F32, shape, None, Bytes::from_elems(values))
    });
    let applied = module.apply(tensors.collect(), None, None, false);
    if let Some(error) = applied.errors.first() {
        return Err(Error::weights(format!("the weights do not fit the network: {error}")));
    }
    if let Some((missing, _)) = applied.missing.first() {
        return Err(Error::weights(format!("the weights lack {missing}")));
    }
    if let Some(unused) = applied.unused.first() {
        return Err(Error::weights(format!("the weights hold {unused}, which the network has not")));
    }
    Ok(module)
}

/// Lower-case hexadecimal SHA-256.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Classifier, WIDTH};
    use burn::{
        store::{FloatCastAdapter, SafetensorsStore},
        tensor::{Device, Tensor},
    };

    fn stored(classifier: &Classifier) -> Vec<u8> {
        let mut store = SafetensorsStore::from_bytes(None).with_to_adapter(FloatCastAdapter::to(DType::F16));
        classifier.save_into(&mut store).unwrap();
        store.get_bytes().unwrap()
    }

    fn manifest(bytes: &[u8]) -> Manifest {
        Manifest {
            format: FORMAT,
            contract: Contract::current(),
            networks: [(CLASSIFIER.to_string(), NetworkFile::describe("classifier.safetensors", bytes))].into(),
            operating_points: [("balanced".to_string(), OperatingPoint { threshold: 0.5, apcer: 0.1, bpcer: 0.1 })]
                .into(),
            training: Training { data: String::new(), commit: String::new(), config: serde_json::Value::Null },
        }
    }

    #[test]
    fn half_precision_weights_round_trip() {
        let device = Device::flex();
        let classifier = Classifier::new(WIDTH, &device).fold();
        let loaded = load_safetensors(Classifier::folded(&device), &stored(&classifier)).unwrap();
        let x = Tensor::ones([1, 3, 64, 64], &device);
        let difference = (classifier.forward(x.clone()) - loaded.forward(x)).abs().into_scalar::<f32>();
        assert!(difference < 1e-2, "{difference}");
    }

    #[test]
    fn damaged_bytes_are_refused() {
        let bytes = stored(&Classifier::new(WIDTH, &Device::flex()).fold());
        let manifest = manifest(&bytes);
        assert!(manifest.bytes(CLASSIFIER, |_| Some(bytes.clone())).is_ok());
        let mut flipped = bytes.clone();
        flipped[5_000] ^= 1;
        for damaged in [None, Some(vec![]), Some(bytes[..bytes.len() - 1].to_vec()), Some(flipped)] {
            assert!(manifest.bytes(CLASSIFIER, |_| damaged).unwrap_err().is_weights());
        }
        assert!(manifest.bytes("nonesuch", |_| Some(bytes.clone())).unwrap_err().is_weights());
    }

    #[test]
    fn bytes_that_do_not_fit_are_refused_even_with_a_matching_checksum() {
        let device = Device::flex();
        let unfolded = stored(&Classifier::new(WIDTH, &device));
        let whole = stored(&Classifier::new(WIDTH, &device).fold());
        for bytes in [unfolded, whole[..whole.len() / 2].to_vec(), vec![], vec![0xff; 64], b"{}".to_vec()] {
            assert!(load_safetensors(Classifier::folded(&device), &bytes).unwrap_err().is_weights());
        }
    }

    #[test]
    fn other_contracts_and_formats_are_refused() {
        let good = serde_json::to_value(manifest(b"")).unwrap();
        assert!(Manifest::parse(&good.to_string()).is_ok());
        for (pointer, value) in [
            ("/contract/margin", serde_json::json!(1.2)),
            ("/contract/range", serde_json::json!([0.0, 255.0])),
            ("/contract/channels", serde_json::json!("bgr")),
            ("/format", serde_json::json!(2)),
        ] {
            let mut other = good.clone();
            *other.pointer_mut(pointer).unwrap() = value;
            assert!(Manifest::parse(&other.to_string()).unwrap_err().is_incompatible(), "{pointer}");
        }
        for text in ["", "{", "[]", "null", "{\"format\":1}"] {
            assert!(Manifest::parse(text).unwrap_err().is_weights(), "{text}");
        }
    }
}
