//! The token chain over a real store, with a vendor in memory and with the simulator.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a helper that fails fails its test")]

mod support;
mod vendor;

mod ahead;
mod building;
mod events;
mod flights;
mod leases;
mod proofs;
mod protocol;
mod recovery;
mod simulator;
mod storing;
