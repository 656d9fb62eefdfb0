//! A network -> the bytes of its weights as the package ships them: safetensors, in 16 or 8 bits (or 32, to compare with).

use anyhow::Result;
use bonafide::quantised;
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

#[cfg(test)]
mod tests {
    use bonafide::{
        network::{Classifier, WIDTH},
        weights::load_safetensors,
    };
    use burn::tensor::Device;

    use super::*;

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
