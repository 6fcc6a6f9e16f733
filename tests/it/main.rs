//! The tests that cross crates: both vendors against the simulator, over real sockets.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic, and prints its seed")]

mod add_a_vendor;
mod authorization;
mod completeness;
mod conformance;
mod fleet;
mod harness;
mod inherent_effects;
mod layers;
mod random_walk;
mod tolerance;
mod transport;
