//! Face crop `[B, 3, 224, 224]` -> pseudo-depth `[B, 1, 224, 224]`: the pretraining network of the PDGAN method.

use burn::{
    module::Module,
    tensor::{Device, Tensor},
};

use super::{
    decoder::Decoder,
    encoder::{Encoder, channels},
};

/// Encoder and decoder. After pretraining the encoder becomes the classifier's backbone and the decoder rests.
#[derive(Module, Debug)]
pub struct Generator {
    /// The backbone.
    pub encoder: Encoder,
    /// Draws the depth.
    pub decoder: Decoder,
}

impl Generator {
    /// A He-initialised generator whose encoder has the given `width` (see [`Encoder::new`]).
    pub fn new(width: f64, device: &Device) -> Self {
        Self { encoder: Encoder::new(width, device), decoder: Decoder::new(channels(width)[3], device) }
    }

    /// `[B, 3, 224, 224]` in `[0, 1]` -> `[B, 1, 224, 224]` in `[0, 1]`, nearest is 1, an attack is all zeros.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.decoder.forward(self.encoder.forward(x))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::WIDTH;

    #[test]
    fn draws_a_map_of_the_crops_size() {
        let device = Device::flex();
        let map = Generator::new(WIDTH, &device).forward(Tensor::ones([1, 3, 224, 224], &device));
        assert_eq!(map.dims(), [1, 1, 224, 224]);
        let values: Vec<f32> = map.into_data().try_into_vec().unwrap();
        assert!(values.iter().all(|value| (0.0..=1.0).contains(value)));
    }
}
