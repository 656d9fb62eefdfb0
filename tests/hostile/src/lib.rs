//! Damaged input for every parser, and what must hold for any bytes at all.

pub mod damage;
pub mod holds;

use std::{cell::Cell, fmt::Debug};

use proptest::{
    strategy::Strategy,
    test_runner::{Config, RngSeed, TestRunner},
};

/// Runs `holds` on `cases` values, the same ones each time; how many it accepted.
///
/// # Panics
/// If `holds` does, with the smallest value that it does so for.
pub fn run<T: Debug>(cases: u32, strategy: &impl Strategy<Value = T>, holds: impl Fn(T) -> bool) -> u32 {
    let config = Config { cases, rng_seed: RngSeed::Fixed(7), failure_persistence: None, ..Config::default() };
    let accepted = Cell::new(0);
    let result = TestRunner::new(config).run(strategy, |value| {
        accepted.set(accepted.get() + u32::from(holds(value)));
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    accepted.get()
}
