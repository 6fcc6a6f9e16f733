//! The tests of the crate.

mod plan;
