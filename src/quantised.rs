//! Safetensors bytes <-> the same with their convolutions in 8 bits: half the download, computed in f32 all the same.
//!
//! Each output channel of a kernel has a scale of its own, `w = scale * q` with whole `q` in -127..=127 (symmetric
//! per-channel quantisation: Krishnamoorthi, *Quantizing deep convolutional networks for efficient inference*, 2018). A
//! kernel `NAME` is stored as I8 under its name and shape, its scales as F32 `[out]` under `NAME.scale`. Everything else,
//! biases, linear layers and kernels of few weights, stays as it is.

use std::collections::BTreeMap;

use burn::tensor::f16;
use safetensors::{
    Dtype, SafeTensors, serialize,
    tensor::{SafeTensorError, TensorView},
};

use crate::error::{Error, Result};

const SCALE: &str = ".scale";
/// Kernels with fewer weights an output channel stay in 16 bits: depthwise ones and stems, where a scale costs as much as 8
/// bits save, and rounding costs most (the experts' logits move by a third as much without).
const LEAST: usize = 32;
/// Kernels wider than one pixel with fewer weights in all stay in 16 bits too: a classifier's first layers, whose rounding all
/// others amplify, for 20 KB of the download.
const SMALL: usize = 5_000;

/// Bytes of one tensor, with type and shape.
type Stored = (Dtype, Vec<usize>, Vec<u8>);

/// Kernels (`[out, in, height, width]`, F16 or F32) to 8 bits.
///
/// # Errors
/// [`Error::is_weights`] if the bytes are no safetensors, or a kernel is of another type or not finite.
pub fn pack(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut packed = BTreeMap::new();
    for (name, view) in SafeTensors::deserialize(bytes).map_err(unreadable)?.iter() {
        let shape = view.shape().to_vec();
        let small = |shape: &[usize]| {
            let channel = shape[1..].iter().product::<usize>();
            channel < LEAST || (shape[2] * shape[3] > 1 && shape[0] * channel < SMALL)
        };
        if shape.len() != 4 || small(&shape) {
            packed.insert(name.to_owned(), (view.dtype(), shape, view.data().to_vec()));
            continue;
        }
        let kernel = floats(name, &view)?;
        let (mut scales, mut values) = (Vec::new(), Vec::new());
        for channel in kernel.chunks((kernel.len() / shape[0].max(1)).max(1)) {
            let largest = channel.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
            let scale = if largest > 0.0 { largest / 127.0 } else { 1.0 };
            scales.extend(scale.to_le_bytes());
            values.extend(channel.iter().map(|value| (value / scale).round() as i8 as u8));
        }
        packed.insert(format!("{name}{SCALE}"), (Dtype::F32, vec![shape[0]], scales));
        packed.insert(name.to_owned(), (Dtype::I8, shape, values));
    }
    stored(&packed)
}

/// A tensor's values, whatever they were stored in.
#[derive(Debug, Clone, PartialEq)]
pub struct Floats {
    /// Its name in the file.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// As many as the shape says, the last dimension fastest.
    pub values: Vec<f32>,
}

/// All tensors of safetensors bytes, kernels that [`pack`] made among them; scales are used up. Costs a few milliseconds of
/// every first score, so it reads the bytes once and copies none twice.
///
/// # Errors
/// [`Error::is_weights`] if the bytes are no safetensors, a tensor is of another type than F16, F32 or I8 or not finite,
/// or a kernel in 8 bits lacks its scales.
pub fn unpack(bytes: &[u8]) -> Result<Vec<Floats>> {
    let tensors = SafeTensors::deserialize(bytes).map_err(unreadable)?;
    let packed = |name: &str| tensors.tensor(name).is_ok_and(|view| view.dtype() == Dtype::I8);
    let mut unpacked = Vec::new();
    for (name, view) in tensors.iter() {
        if name.strip_suffix(SCALE).is_some_and(packed) {
            continue;
        }
        let values = if packed(name) {
            let missing = || Error::weights(format!("the weights {name} are in 8 bits and lack scales that fit them"));
            let scales = tensors.tensor(&format!("{name}{SCALE}")).map_err(|_| missing())?;
            let scales = floats(name, &scales)?;
            let data = view.data();
            if scales.is_empty()
                || !scales.iter().all(|scale| (scale * 128.0).is_finite())
                || view.shape().first() != Some(&scales.len())
                || !data.len().is_multiple_of(scales.len())
            {
                return Err(missing());
            }
            let mut values = Vec::with_capacity(data.len());
            for (channel, scale) in data.chunks((data.len() / scales.len()).max(1)).zip(scales) {
                values.extend(channel.iter().map(|value| f32::from(*value as i8) * scale));
            }
            values
        } else {
            floats(name, &view)?
        };
        unpacked.push(Floats { name: name.to_owned(), shape: view.shape().to_vec(), values });
    }
    Ok(unpacked)
}

fn floats(name: &str, view: &TensorView<'_>) -> Result<Vec<f32>> {
    let values: Vec<f32> = match view.dtype() {
        Dtype::F16 => view.data().chunks_exact(2).map(|two| f16::from_le_bytes([two[0], two[1]]).to_f32()).collect(),
        Dtype::F32 => {
            view.data().chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect()
        }
        other => return Err(Error::weights(format!("the weights {name} are {other:?}, neither F16 nor F32"))),
    };
    if values.iter().all(|value| value.is_finite()) {
        Ok(values)
    } else {
        Err(Error::weights(format!("the weights {name} are not finite")))
    }
}

fn stored(tensors: &BTreeMap<String, Stored>) -> Result<Vec<u8>> {
    let views: std::result::Result<Vec<_>, _> = tensors
        .iter()
        .map(|(name, (dtype, shape, data))| TensorView::new(*dtype, shape.clone(), data).map(|view| (name, view)))
        .collect();
    serialize(views.map_err(unreadable)?, None).map_err(unreadable)
}

fn unreadable(error: SafeTensorError) -> Error {
    Error::weights(format!("the weights cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(tensors: &[(&str, Dtype, &[usize], Vec<u8>)]) -> Vec<u8> {
        let all = tensors
            .iter()
            .map(|(name, dtype, shape, data)| ((*name).to_owned(), (*dtype, shape.to_vec(), data.clone())));
        stored(&all.collect()).unwrap()
    }

    fn bytes_of(values: &[f32]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    #[test]
    fn each_channel_keeps_its_own_precision_and_the_rest_its_bytes() {
        let values: Vec<f32> = (0..72).map(|at| (at as f32 - 7.3).sin() * if at < 36 { 0.01 } else { 30.0 }).collect();
        let half: Vec<u8> = [1.5, -2.0].iter().flat_map(|v| f16::from_f32(*v).to_le_bytes()).collect();
        let whole = file(&[
            ("conv.weight", Dtype::F32, &[2, 9, 2, 2], bytes_of(&values)),
            ("zero.weight", Dtype::F32, &[2, 32, 1, 1], bytes_of(&[0.0; 64])),
            ("depthwise.weight", Dtype::F32, &[2, 1, 3, 3], bytes_of(&values[..18])),
            ("linear.weight", Dtype::F16, &[1, 2], half),
        ]);
        let packed = pack(&whole).unwrap();
        assert_eq!(packed, pack(&whole).unwrap(), "the same weights give the same bytes");
        let unpacked = unpack(&packed).unwrap();
        let read = |name| unpacked.iter().find(|tensor: &&Floats| tensor.name == name).unwrap();
        for (at, (is, was)) in read("conv.weight").values.iter().zip(&values).enumerate() {
            let largest = if at < 36 { 0.01 } else { 30.0 };
            assert!((is - was).abs() <= 0.51 * largest / 127.0, "{at}: {is} for {was}");
        }
        assert_eq!(read("zero.weight").values, [0.0; 64]);
        assert_eq!(read("depthwise.weight").values, values[..18], "too few weights to gain anything");
        assert_eq!(
            (&read("linear.weight").values[..], &read("linear.weight").shape[..]),
            (&[1.5, -2.0][..], &[1, 2][..])
        );
        assert_eq!(unpacked.len(), 4, "scales are used up");
    }

    #[test]
    fn what_is_not_in_8_bits_is_read_as_it_is() {
        let plain = file(&[
            ("a.weight", Dtype::F32, &[1, 1, 1, 1], bytes_of(&[0.3])),
            ("a.scale", Dtype::F32, &[], bytes_of(&[2.0])),
        ]);
        let mut read: Vec<_> = unpack(&plain).unwrap().into_iter().map(|tensor| (tensor.name, tensor.values)).collect();
        read.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(read, [("a.scale".to_owned(), vec![2.0]), ("a.weight".to_owned(), vec![0.3])]);
        for (dtype, data) in [(Dtype::F32, bytes_of(&[f32::NAN])), (Dtype::I64, vec![0; 8])] {
            assert!(unpack(&file(&[("a", dtype, &[1], data)])).unwrap_err().is_weights(), "{dtype:?}");
        }
    }

    #[test]
    fn kernels_without_their_scales_are_refused() {
        let kernel = ("k", Dtype::I8, &[2_usize, 1, 1, 1][..], vec![1, 255]);
        for scales in [
            None,
            Some((Dtype::F32, vec![1], bytes_of(&[0.1]))),
            Some((Dtype::F32, vec![0], vec![])),
            Some((Dtype::F32, vec![2], bytes_of(&[0.1, f32::NAN]))),
            Some((Dtype::F32, vec![2], bytes_of(&[0.1, f32::MAX]))),
            Some((Dtype::I8, vec![2], vec![1, 2])),
        ] {
            let mut tensors = vec![kernel.clone()];
            if let Some((dtype, shape, data)) = &scales {
                tensors.push(("k.scale", *dtype, shape, data.clone()));
            }
            assert!(unpack(&file(&tensors)).unwrap_err().is_weights(), "{scales:?}");
        }
        let scalar = [("k", Dtype::I8, &[][..], vec![1]), ("k.scale", Dtype::F32, &[1], bytes_of(&[0.1]))];
        assert!(unpack(&file(&scalar)).unwrap_err().is_weights());
        let empty = [("k", Dtype::I8, &[2, 0, 1, 1][..], vec![]), ("k.scale", Dtype::F32, &[2], bytes_of(&[0.1, 0.1]))];
        assert!(unpack(&file(&empty)).is_ok());
        let infinite = file(&[("k", Dtype::F32, &[1, 32, 1, 1], bytes_of(&[f32::INFINITY; 32]))]);
        assert!(pack(&infinite).unwrap_err().is_weights());
        for bytes in [&[][..], b"{}", &[0xff; 64]] {
            assert!(unpack(bytes).unwrap_err().is_weights());
            assert!(pack(bytes).unwrap_err().is_weights());
        }
    }
}
