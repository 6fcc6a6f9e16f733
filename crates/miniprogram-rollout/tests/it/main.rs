//! The tests of the crate.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod engine;
#[path = "../fleet/mod.rs"]
mod fleet;
#[cfg(all(feature = "hooks", target_os = "linux"))]
mod hooks;
mod plan;
#[cfg(feature = "report")]
mod report;
