//! A network -> the bytes of its weights as the package ships them: f16 safetensors.

use anyhow::Result;
use burn::{
    store::{FloatCastAdapter, ModuleSnapshot, SafetensorsStore},
    tensor::DType,
};

/// A module as f16 safetensors. The same weights give the same bytes: burn's own metadata come in any order, so there are
/// none.
///
/// # Errors
/// If it cannot be serialised.
pub fn serialise<M: ModuleSnapshot>(module: &M) -> Result<Vec<u8>> {
    let mut store =
        SafetensorsStore::from_bytes(None).clear_metadata().with_to_adapter(FloatCastAdapter::to(DType::F16));
    module.save_into(&mut store).map_err(|e| anyhow::anyhow!("the weights cannot be serialised: {e}"))?;
    Ok(store.get_bytes().map_err(|e| anyhow::anyhow!("the weights cannot be serialised: {e}"))?.to_vec())
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
        let bytes = serialise(&classifier).unwrap();
        for _ in 0..4 {
            assert!(serialise(&classifier).unwrap() == bytes);
        }
        let again = load_safetensors(Classifier::folded(&device), bytes.clone()).unwrap();
        assert!(serialise(&again).unwrap() == bytes);
    }
}
