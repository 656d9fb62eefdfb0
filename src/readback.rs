//! Tensor on any device -> values in memory, without blocking the thread.

use burn::tensor::Tensor;

use crate::error::{Error, Result};

/// The values of a tensor, row-major. A blocking read would panic in a browser.
pub(crate) async fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>> {
    let data = tensor
        .into_data_async()
        .await
        .map_err(|e| Error::device_lost(format!("the compute device failed while its result was read: {e:?}")))?;
    data.try_into_vec()
        .map_err(|e| Error::device_lost(format!("the compute device returned another type than f32: {e:?}")))
}
