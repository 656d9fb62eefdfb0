//! Folders -> image files -> pixels, figures of them, the skin's tone; tiles -> a sheet in a file.
//!
//! Nothing here knows data sets, classes or networks.

pub mod features;
pub mod photo;
pub mod search;
pub mod sheet;
pub mod skin;
