//! Bona fide photos -> a prepared folder of simulated presentations, and whether it is to be trusted.
//!
//! [`synthesize`] makes the folder; [`audit`], [`realism`], [`ruler`] and [`contact`] look at what it made. Nothing here knows
//! networks that train.

pub mod audit;
pub mod contact;
pub mod realism;
pub mod ruler;
pub mod synthesize;
