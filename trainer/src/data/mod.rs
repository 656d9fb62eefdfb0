//! Data sets -> prepared folders -> examples -> batches of tensors.
//!
//! ```text
//! dataset (published layouts) -> prepare -> prepared (the folder) -> examples (item: augment, retouch) -> training -> batches (batch)
//! ```
//!
//! Nothing here knows what is trained on the batches, or how its scores are measured.

pub mod augment;
pub mod batch;
pub mod batches;
mod crops;
pub mod dataset;
pub mod examples;
pub mod item;
mod known;
pub mod prepare;
pub mod prepared;
pub mod preview;
pub mod retouch;
pub(crate) mod scene;
mod training;
