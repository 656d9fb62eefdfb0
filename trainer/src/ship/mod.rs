//! Evaluated runs -> what the package ships and its model card; and what ships, run on photos and recordings.
//!
//! Nothing here trains or measures, but for what fewer bits cost.

pub mod card;
pub mod export;
#[cfg(feature = "onnx")]
pub mod onnx;
pub mod precision;
pub mod replay;
pub mod score;
