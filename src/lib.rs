//! Face liveness on the device: camera frames in, a liveness score and a verdict out.
//!
//! The modules are the data path, in order:
//!
//! ```text
//! frame -> region -> face -> crop  -> network (classifier) -> fusion -> score -> session -> verdict
//!                      |  -> views -> network (experts) ----┘                    |
//!                      └--> quality ---------------------------------------------┘
//! pipeline wires them up to the score of one frame and the depth view, watch to whole sessions; weights fills the networks
//! ```
//!
//! [`Frame`](frame::Frame) borrows RGBA pixels and [`region`] resamples them. [`face`] finds the face, [`crop`] cuts it
//! out as the `[1, 3, 224, 224]` tensor that the classifier reads, [`views`] as the `[N, 3, 80, 80]` that the experts do.
//! [`network`] holds all of them, [`fusion`] makes one log-odds of what they say, and [`score`] turns it into P(bona fide).
//! [`pipeline::Pipeline`] runs all of that on any burn device. [`quality`] says how a frame was taken, and a
//! [`session::Session`] turns scores and qualities over time into one verdict. A [`transcript`] binds it to a server's nonce,
//! and [`verify`] is that server's side. Whatever needs no network lies in the crate `bonafide-core` and is re-exported here.
//!
//! The same crate trains (the `trainer` package depends on it) and runs in the browser (`src/web`, wasm32 only), so
//! there is one preprocessing and one definition of each network. Outside `web` nothing here names the browser, the
//! file system or a burn backend, but for `packed`, which asks whether a layer lies on the CPU: callers bring a
//! [`burn::tensor::Device`] and bytes.

pub mod crop;
pub mod face;
pub mod network;
mod packed;
#[cfg(feature = "pictures")]
pub mod picture;
pub mod pipeline;
pub mod quantised;
mod readback;
pub mod views;
pub mod watch;
#[cfg(all(target_family = "wasm", feature = "web"))]
pub mod web;
pub mod weights;

pub use bonafide_core::{
    Error, Result, answers, error, frame, fusion, quality, reduced, region, score, session, transcript, verify,
};
