//! What can be trained on: an epoch as batches, read from disk and brought to a device. Knows nothing of training.

use anyhow::Result;
use burn::tensor::Device;

/// A data set that a network can be trained on.
pub trait Data: Sync {
    /// One example and how to change it.
    type Item: Send + Sync;
    /// A batch as plain numbers, on its way from the reading thread to the device.
    type Numbers: Send;
    /// A batch as tensors.
    type Batch;

    /// The batches of an epoch, from 0: the same whenever they are asked for.
    fn epoch(&self, epoch: usize) -> Vec<Vec<Self::Item>>;

    /// Reads a batch's pixels.
    ///
    /// # Errors
    /// If a file has gone or is damaged.
    fn read(&self, items: &[Self::Item]) -> Result<Self::Numbers>;

    /// Brings a batch to a device.
    fn tensors(&self, numbers: Self::Numbers, device: &Device) -> Self::Batch;
}
