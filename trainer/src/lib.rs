//! Photos -> trained, evaluated and exported weights for `bonafide`.
//!
//! The data path, in order:
//!
//! ```text
//! dataset -> prepare or synthesize (detect, depth, recapture) -> examples (augment) -> pretrain -> finetune -> depth_view, evaluate -> export, card
//! ```
//!
//! Networks, crop and value range come from the root crate; nothing here resizes or normalises on its way into a network.

pub mod aenet;
pub mod audit;
pub mod augment;
pub mod bench;
pub mod card;
pub mod config;
pub mod contact;
pub mod critic;
pub mod dataset;
pub mod depth;
pub mod depth_view;
pub mod detect;
pub mod device;
pub mod drawn;
pub mod evaluate;
pub mod examples;
pub mod export;
pub mod features;
pub mod feed;
pub mod finetune;
pub mod fuse;
pub mod imagenet;
pub mod import;
pub mod init;
pub mod kernels;
pub mod liveness;
pub mod losses;
pub mod named;
#[cfg(feature = "onnx")]
pub mod onnx;
pub mod parallel;
pub mod photo;
pub mod precision;
pub mod prepare;
pub mod prepared;
pub mod pretrain;
pub mod preview;
pub mod protocol;
pub mod realism;
pub mod recapture;
pub mod replay;
pub mod run;
pub mod score;
pub mod sheet;
pub mod skin;
pub mod stage;
pub mod store;
pub mod synthesize;
pub mod train;
