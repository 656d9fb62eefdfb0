//! Photos -> trained, evaluated and exported weights for `bonafide`.
//!
//! Rooms in the order of the data path; each may know those before it and none after it (tests/rooms.rs):
//!
//! ```text
//! kernels  run  picture  measure  weights  recapture
//! faces -> data -> simulate -> train -> evaluate -> fuse -> ship -> sessions -> turns -> cover -> protocol
//! ```
//!
//! Networks, crop and value range come from the root crate; nothing here resizes or normalises on its way into a network.

pub mod cover;
pub mod data;
pub mod evaluate;
pub mod faces;
pub mod fuse;
pub mod kernels;
pub mod measure;
pub mod picture;
pub mod protocol;
pub mod recapture;
pub mod run;
pub mod sessions;
pub mod ship;
pub mod simulate;
pub mod train;
pub mod turns;
pub mod weights;
