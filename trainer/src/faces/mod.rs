//! A frame -> its faces, and a face's pseudo-depth.
//!
//! [`detect`] finds faces, [`depth`] gives one of them a surface and draws it; [`Finder`] is both, as options choose them. [`experts`] says what others think of a face.
//! Nothing here knows data sets, classes or what is trained.

pub mod depth;
pub mod detect;
pub mod draw;
pub mod experts;
mod finder;

pub use finder::{FaceArgs, Finder};
