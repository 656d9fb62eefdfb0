//! Scores with their classes and people -> error rates, intervals, a calibration.
//!
//! ```text
//! logistic -> calibration ------------------------------------v
//! table, words -> labelled -> ranked -> metrics, intervals -> evaluation -> parts -> whole
//! ```
//!
//! Nothing here knows what gave the scores: no network, no picture, no data set; nor how figures are shown.

pub mod calibration;
pub mod evaluation;
pub mod intervals;
pub mod labelled;
pub mod logistic;
pub mod metrics;
pub mod parts;
pub mod ranked;
pub mod table;
pub mod whole;
pub mod words;

pub use evaluation::Evaluation;
pub use labelled::{Labelled, Unscored};
pub use whole::evaluate_scores;
