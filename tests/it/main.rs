//! The tests that cross the crates: both vendors against the simulator, over real sockets.

mod conformance;
mod fleet;
mod harness;
mod secrets;
