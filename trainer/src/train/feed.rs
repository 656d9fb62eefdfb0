//! Batches of an epoch -> tensors on a device, the next ones read from disk while the present one trains.

use std::{sync::mpsc, thread, time::Instant};

use anyhow::Result;
use burn::tensor::Device;

use super::parallel::Rank;
use crate::data::batches::Data;

/// Batches that wait for a training step.
const READ_AHEAD: usize = 3;

/// Hands this rank's part of each batch to `take`, in order, with its number and the seconds that it was waited for.
///
/// # Errors
/// If a file has gone or is damaged, or `take` fails.
pub fn each_batch<D: Data>(
    data: &D,
    batches: &[Vec<D::Item>],
    rank: &Rank,
    device: &Device,
    mut take: impl FnMut(usize, D::Batch, f64) -> Result<()>,
) -> Result<()> {
    thread::scope(|scope| {
        let (send, receive) = mpsc::sync_channel(READ_AHEAD);
        scope.spawn(move || {
            for items in batches {
                // A closed channel: whoever took the batches has failed, and says so.
                if send.send(data.read(rank.part(items))).is_err() {
                    break;
                }
            }
        });
        let mut batches = receive.into_iter();
        for number in 0.. {
            let asked = Instant::now();
            let Some(numbers) = batches.next() else { break };
            let waited = asked.elapsed().as_secs_f64();
            take(number, data.tensors(numbers?, device), waited)?;
        }
        Ok(())
    })
}
