//! `--device cpu|cuda|wgpu` -> a burn device, or one sentence that says why not.

use anyhow::{Result, bail};
use burn::tensor::Device;
use clap::ValueEnum;

/// Where training computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DeviceChoice {
    /// burn's pure-Rust CPU backend.
    Cpu,
    /// An NVIDIA GPU; needs `--features cuda` at build time and a driver.
    Cuda,
    /// A GPU through Vulkan or Metal; needs `--features wgpu` at build time.
    Wgpu,
}

impl DeviceChoice {
    /// Opens the device, without gradient recording (`.autodiff()` adds it).
    ///
    /// # Errors
    /// If this build lacks the backend or this machine the GPU.
    pub fn open(self) -> Result<Device> {
        match self {
            Self::Cpu => Ok(Device::flex()),
            Self::Cuda => cuda(),
            Self::Wgpu => wgpu(),
        }
    }
}

#[cfg(feature = "cuda")]
fn cuda() -> Result<Device> {
    // `Device::cuda` panics where there is no driver, so ask first.
    if Device::enumerate(burn::tensor::DeviceType::Cuda).is_empty() {
        bail!("no CUDA device was found: check the NVIDIA driver with `nvidia-smi`, or use --device cpu");
    }
    Ok(Device::cuda(0))
}

#[cfg(not(feature = "cuda"))]
fn cuda() -> Result<Device> {
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

#[cfg(all(test, not(feature = "cuda")))]
mod tests {
    use super::*;

    #[test]
    fn cuda_answers_in_one_sentence_where_it_was_not_built_in() {
        let sentence = DeviceChoice::Cuda.open().unwrap_err().to_string();
        assert!(sentence.contains("--features cuda") && sentence.lines().count() == 1, "{sentence}");
    }
}
