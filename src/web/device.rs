//! A backend's name -> a burn device in the browser. The only file that knows which module it is compiled into.

use burn::tensor::Device;

use crate::{
    answers::Backend,
    error::{Error, Result},
};

/// An open device and what to call it.
pub(super) struct Opened {
    pub(super) device: Device,
    pub(super) backend: Backend,
    pub(super) adapter: Option<String>,
}

/// Opens `"cpu"` or `"webgpu"`.
///
/// # Errors
/// `WEBGPU_UNAVAILABLE` without WebGPU, `INVALID_INPUT` for another name.
pub(super) async fn open(backend: &str) -> Result<Opened> {
    match backend {
        "cpu" => Ok(Opened { device: Device::flex(), backend: Backend::Cpu, adapter: None }),
        "webgpu" => webgpu().await,
        other => Err(Error::invalid_input(format!("there is no backend {other:?}: use \"cpu\" or \"webgpu\""))),
    }
}

#[cfg(feature = "webgpu")]
async fn webgpu() -> Result<Opened> {
    use std::cell::RefCell;
    thread_local! {
        // burn initialises its runtime once; a second engine shares it.
        static OPEN: RefCell<Option<(Device, String)>> = const { RefCell::new(None) };
    }
    let known = OPEN.with_borrow(Clone::clone);
    let (device, adapter) = match known {
        Some(known) => known,
        None => {
            let opened = Device::wgpu_options().init_with_setup_async().await;
            let (device, setup): (Device, burn_wgpu::WgpuSetup) = opened.map_err(|e| {
                Error::device(format!("WebGPU has no usable adapter here ({e}): use the backend \"cpu\""))
            })?;
            let opened = (device, setup.adapter.get_info().name);
            OPEN.with_borrow_mut(|known| *known = Some(opened.clone()));
            opened
        }
    };
    Ok(Opened { device, backend: Backend::WebGpu, adapter: Some(adapter) })
}

#[cfg(not(feature = "webgpu"))]
async fn webgpu() -> Result<Opened> {
    Err(Error::device("this is the CPU module, it has no WebGPU: load the WebGPU module"))
}
