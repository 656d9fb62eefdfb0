//! `--device cpu|cuda|cuda:0,1|wgpu` -> burn devices, or one sentence that says why not.

use std::{fmt, str::FromStr};

use anyhow::{Result, bail};
use burn::tensor::Device;

/// Where training computes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceChoice {
    /// burn's pure-Rust CPU backend.
    Cpu,
    /// NVIDIA GPUs by number; needs `--features cuda` at build time and a driver. More than one: data parallel.
    Cuda(Vec<usize>),
    /// A GPU through Vulkan or Metal; needs `--features wgpu` at build time.
    Wgpu,
}

impl FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let unknown = || format!("{text} is no device: cpu, cuda, cuda:1, cuda:0,1 or wgpu");
        match text.split_once(':') {
            None if text == "cpu" => Ok(Self::Cpu),
            None if text == "wgpu" => Ok(Self::Wgpu),
            None if text == "cuda" => Ok(Self::Cuda(vec![0])),
            Some(("cuda", numbers)) => {
                let numbers: Vec<usize> =
                    numbers.split(',').map(str::parse).collect::<std::result::Result<_, _>>().map_err(|_| unknown())?;
                let mut unique = numbers.clone();
                unique.sort_unstable();
                unique.dedup();
                if unique.len() < numbers.len() {
                    return Err(format!("{text} names a device twice"));
                }
                Ok(Self::Cuda(numbers))
            }
            _ => Err(unknown()),
        }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::Wgpu => f.write_str("wgpu"),
            Self::Cuda(numbers) => {
                write!(f, "cuda:{}", numbers.iter().map(usize::to_string).collect::<Vec<_>>().join(","))
            }
        }
    }
}

impl DeviceChoice {
    /// Opens the devices, without gradient recording (`.autodiff()` adds it). Never empty.
    ///
    /// # Errors
    /// If this build lacks the backend or this machine a GPU.
    pub fn open(&self) -> Result<Vec<Device>> {
        match self {
            Self::Cpu => Ok(vec![Device::flex()]),
            Self::Cuda(numbers) => cuda(numbers),
            Self::Wgpu => Ok(vec![wgpu()?]),
        }
    }

    /// Opens the first of them: evaluation needs no more.
    ///
    /// # Errors
    /// As [`DeviceChoice::open`].
    pub fn first(&self) -> Result<Device> {
        Ok(self.open()?.remove(0))
    }
}

#[cfg(feature = "cuda")]
fn cuda(numbers: &[usize]) -> Result<Vec<Device>> {
    // `Device::cuda` panics where there is no driver, so ask first.
    let there = Device::enumerate(burn::tensor::DeviceType::Cuda).len();
    if there == 0 {
        bail!("no CUDA device was found: check the NVIDIA driver with `nvidia-smi`, or use --device cpu");
    }
    if let Some(missing) = numbers.iter().find(|number| **number >= there) {
        bail!("there is no device cuda:{missing}: this machine has {there}, counted from 0");
    }
    Ok(numbers.iter().map(|number| Device::cuda(*number)).collect())
}

#[cfg(not(feature = "cuda"))]
fn cuda(_: &[usize]) -> Result<Vec<Device>> {
    bail!(
        "this build has no CUDA backend: rebuild with `cargo build --release -p trainer --features cuda`, or use --device cpu"
    )
}

#[cfg(feature = "wgpu")]
fn wgpu() -> Result<Device> {
    if Device::enumerate(burn::tensor::DeviceType::Wgpu).is_empty() {
        bail!("no GPU that Vulkan or Metal can use was found: use --device cpu");
    }
    Ok(Device::wgpu(burn::tensor::DeviceKind::DefaultDevice))
}

#[cfg(not(feature = "wgpu"))]
fn wgpu() -> Result<Device> {
    bail!(
        "this build has no wgpu backend: rebuild with `cargo build --release -p trainer --features wgpu`, or use --device cpu"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_by_name() {
        for (text, choice) in [
            ("cpu", DeviceChoice::Cpu),
            ("cuda", DeviceChoice::Cuda(vec![0])),
            ("cuda:2,0", DeviceChoice::Cuda(vec![2, 0])),
            ("wgpu", DeviceChoice::Wgpu),
        ] {
            assert_eq!(text.parse(), Ok(choice));
        }
        for text in ["", "gpu", "cuda:", "cuda:x", "cuda:1,", "cuda:1,1", "cpu:0"] {
            assert!(text.parse::<DeviceChoice>().is_err(), "{text}");
        }
    }

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn cuda_answers_in_one_sentence_where_it_was_not_built_in() {
        let sentence = DeviceChoice::Cuda(vec![0]).open().unwrap_err().to_string();
        assert!(sentence.contains("--features cuda") && sentence.lines().count() == 1, "{sentence}");
    }
}
