//! What a liveness check is, without its networks: builds in seconds, knows no tensors, no files, no clock of its own.
//!
//! ```text
//! reduced -> frame -> region -> face -> crop, views (which squares) -> [networks, in the crate bonafide] -> fusion -> score
//!                                 └-> quality -> session -> transcript -> verify; answers: what a page is told
//! manifest says what a set of weights is
//! ```
//!
//! The crate `bonafide` re-exports all of it beside its networks. A server that only verifies needs this one alone.

pub mod answers;
pub mod crop;
pub mod error;
pub mod face;
pub mod frame;
pub mod fusion;
pub mod manifest;
pub mod quality;
pub mod reduced;
pub mod region;
pub mod score;
pub mod session;
pub mod transcript;
pub mod verify;
pub mod views;

pub use error::{Error, Result};
