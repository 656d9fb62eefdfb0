//! A network -> the bytes of its weights as the package ships them: safetensors, in 16 or 8 bits (or 32, to compare with); and
//! the text of the manifest beside them.

use anyhow::{Result, ensure};
use bonafide::{quantised, weights::Manifest};
use burn::{
    store::{FloatCastAdapter, ModuleSnapshot, SafetensorsStore},
    tensor::DType,
};
use clap::ValueEnum;

/// How finely weights are stored. Networks compute in 32 bits, whatever it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Precision {
    /// 32 bits: nothing is lost, for comparisons.
    Full,
    /// 16 bits.
    Half,
    /// Convolutions in 8 bits, the rest in 16 (see [`quantised`]).
    Int8,
}

/// A module as safetensors. The same weights give the same bytes: burn's own metadata come in any order, so there are
/// none.
///
/// # Errors
/// If it cannot be serialised.
pub fn serialise<M: ModuleSnapshot>(module: &M, precision: Precision) -> Result<Vec<u8>> {
    let dtype = if precision == Precision::Full { DType::F32 } else { DType::F16 };
    let mut store = SafetensorsStore::from_bytes(None).clear_metadata().with_to_adapter(FloatCastAdapter::to(dtype));
    module.save_into(&mut store).map_err(|e| anyhow::anyhow!("the weights cannot be serialised: {e}"))?;
    let bytes = store.get_bytes().map_err(|e| anyhow::anyhow!("the weights cannot be serialised: {e}"))?;
    Ok(match precision {
        Precision::Full | Precision::Half => bytes.to_vec(),
        Precision::Int8 => quantised::pack(&bytes)?,
    })
}

/// A manifest as its file holds it.
///
/// # Errors
/// If no weights could be loaded by it, or it would read otherwise: a number that is none is written as nothing.
pub fn manifest_text(manifest: &Manifest) -> Result<String> {
    let text = format!("{}\n", serde_json::to_string_pretty(manifest)?);
    ensure!(Manifest::parse(&text)? == *manifest, "the manifest does not read as it was written: is a number none?");
    Ok(text)
}

#[cfg(test)]
mod tests {
    use bonafide::{
        network::{Classifier, WIDTH},
        weights::load_safetensors,
    };
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn a_manifest_reads_as_it_was_written_or_is_refused() {
        let shipped = include_str!("../../../pkg/weights/manifest.json");
        let manifest = Manifest::parse(shipped).unwrap();
        assert_eq!(manifest_text(&manifest).unwrap(), shipped);
        for none in [f32::NAN, f32::INFINITY] {
            let manifest = Manifest { largest_change: Some(none), ..manifest.clone() };
            assert!(manifest_text(&manifest).unwrap_err().to_string().contains("does not read as it was written"));
        }
    }

    #[test]
    fn the_same_weights_give_the_same_bytes() {
        let device = Device::flex();
        let classifier = Classifier::new(WIDTH, &device).fold();
        for precision in Precision::value_variants().iter().copied() {
            let bytes = serialise(&classifier, precision).unwrap();
            for _ in 0..4 {
                assert!(serialise(&classifier, precision).unwrap() == bytes);
            }
            let again = load_safetensors(Classifier::folded(&device), &bytes).unwrap();
            assert!(serialise(&again, precision).unwrap() == bytes, "{precision:?}");
        }
    }
}
