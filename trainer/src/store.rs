//! A network -> the bytes of its weights as the package ships them: f16 safetensors.

use anyhow::Result;
use burn::{
    store::{FloatCastAdapter, ModuleSnapshot, SafetensorsStore},
    tensor::DType,
};

/// A module as f16 safetensors.
///
/// # Errors
/// If it cannot be serialised.
pub fn serialise<M: ModuleSnapshot>(module: &M) -> Result<Vec<u8>> {
    let mut store = SafetensorsStore::from_bytes(None).with_to_adapter(FloatCastAdapter::to(DType::F16));
    module.save_into(&mut store).map_err(|e| anyhow::anyhow!("the weights cannot be serialised: {e}"))?;
    Ok(store.get_bytes().map_err(|e| anyhow::anyhow!("the weights cannot be serialised: {e}"))?.to_vec())
}
