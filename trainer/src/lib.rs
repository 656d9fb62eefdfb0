//! Photos -> trained, evaluated and exported weights for `bonafide`.
//!
//! The data path, in order:
//!
//! ```text
//! photo -> dataset -> depth, recapture -> examples -> augment -> pretrain -> finetune -> evaluate -> export
//! ```
//!
//! Networks, crop and value range come from the root crate; nothing here resizes or normalises on its way into a network.

pub mod augment;
pub mod config;
pub mod critic;
pub mod dataset;
pub mod depth;
pub mod device;
pub mod evaluate;
pub mod examples;
pub mod export;
pub mod finetune;
pub mod import;
pub mod losses;
pub mod photo;
pub mod pretrain;
pub mod recapture;
pub mod run;
pub mod score;
pub mod sheet;
pub mod stage;
pub mod store;
