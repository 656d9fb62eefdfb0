//! One trainee -> one per device, whose gradients burn averages during each backward pass (data parallel).
//!
//! All of the exchange is burn's: parameters are marked as distributed, and its CUDA backend reduces their gradients with
//! NCCL. With one device nothing is marked and nothing exchanged. Batch norms see their own device's part of the batch, as
//! in every data-parallel framework that does not synchronise them; the first device's running statistics are kept.

use anyhow::{Result, anyhow};
use burn::{
    module::{Module, ModuleMapper, Param},
    tensor::{
        Device, Tensor,
        distributed::{DistributedConfig, DistributedContext, ReduceOperation, all_reduce},
    },
};

/// One device's place among those that train together.
#[derive(Debug, Clone)]
pub struct Rank {
    /// 0 logs and writes checkpoints.
    pub number: usize,
    /// All devices, without gradient recording.
    pub devices: Vec<Device>,
}

impl Rank {
    /// A device that trains alone.
    pub fn alone(device: Device) -> Self {
        Self { number: 0, devices: vec![device] }
    }

    /// This rank's device.
    pub fn device(&self) -> &Device {
        &self.devices[self.number]
    }

    /// True for the one that logs and writes checkpoints.
    pub fn leads(&self) -> bool {
        self.number == 0
    }

    /// This rank's part of a batch's items; all parts together are the batch, and none is empty if there are at least
    /// two items for each device (which batch norms need).
    pub fn part<'a, T>(&self, items: &'a [T]) -> &'a [T] {
        let (ranks, all) = (self.devices.len(), items.len());
        &items[self.number * all / ranks..(self.number + 1) * all / ranks]
    }

    /// The mean of a loss over all devices: every rank sees the same value, so that all stop together on a NaN.
    pub fn mean(&self, loss: Tensor<1>) -> Tensor<1> {
        if self.devices.len() == 1 {
            return loss;
        }
        all_reduce(loss, ReduceOperation::Mean, self.devices.clone()).resolve()
    }

    /// A copy of a network on this rank's device, with gradients recorded, and shared where there are several devices.
    pub fn fork<M: Module>(&self, module: M) -> M {
        if self.devices.len() == 1 {
            return module;
        }
        // Clones share a batch norm's running statistics; what `valid` returns has its own.
        module.valid().fork(self.device()).train().map(&mut Share)
    }
}

/// Marks every trainable parameter: its gradient is averaged over the devices that hold a parameter of the same id.
struct Share;

impl ModuleMapper for Share {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, tensor, mapper) = param.consume();
        let tensor = if tensor.is_require_grad() { tensor.set_distributed(id) } else { tensor };
        Param::from_mapped_value(id, tensor, mapper)
    }
}

/// Runs `work` once per device, each on a thread of its own, and returns the leader's result.
///
/// # Errors
/// The leader's, or else any other's.
pub fn run<T: Send>(devices: &[Device], work: impl Fn(Rank) -> Result<T> + Sync) -> Result<T> {
    if let [device] = devices {
        return work(Rank::alone(device.clone()));
    }
    let _exchange =
        DistributedContext::init(devices.to_vec(), DistributedConfig { all_reduce_op: ReduceOperation::Mean });
    let results: Vec<Result<T>> = std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = (0..devices.len())
            .map(|number| scope.spawn(move || work(Rank { number, devices: devices.to_vec() })))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| Err(anyhow!("a device's training thread panicked"))))
            .collect()
    });
    results.into_iter().collect::<Result<Vec<T>>>().map(|mut all| all.remove(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_the_batch_once() {
        let items: Vec<usize> = (0..7).collect();
        let devices = vec![Device::flex(); 3];
        let parts: Vec<usize> =
            (0..3).flat_map(|number| Rank { number, devices: devices.clone() }.part(&items).to_vec()).collect();
        assert_eq!(parts, items);
    }
}
