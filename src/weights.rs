//! Verified safetensors bytes -> filled networks. Which bytes are the right ones is the manifest's business.

pub use bonafide_core::manifest::{
    CLASSIFIER, COVER, Contract, DECODER, DETECTOR, EXPERTS, ExpertsContract, FORMAT, Manifest, NetworkFile, Training,
    sha256,
};
use burn::{
    store::{ModuleSnapshot, burn_pack},
    tensor::{Bytes, DType},
};

use crate::{
    error::{Error, Result},
    quantised,
};

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
    fn bytes_that_do_not_fit_are_refused_even_with_a_matching_checksum() {
        let device = Device::flex();
        let unfolded = stored(&Classifier::new(WIDTH, &device));
        let whole = stored(&Classifier::new(WIDTH, &device).fold());
        for bytes in [unfolded, whole[..whole.len() / 2].to_vec(), vec![], vec![0xff; 64], b"{}".to_vec()] {
            assert!(load_safetensors(Classifier::folded(&device), &bytes).unwrap_err().is_weights());
        }
    }
}
