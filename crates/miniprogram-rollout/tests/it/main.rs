//! The tests of the crate.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a helper that fails fails its test, and a seed is printed"
)]

mod engine;
#[path = "../fleet/mod.rs"]
mod fleet;
#[cfg(all(feature = "hooks", target_os = "linux"))]
mod hooks;
mod plan;
#[cfg(unix)]
#[path = "../../../miniprogram-store/tests/it/postgres.rs"]
mod postgres;
#[cfg(feature = "report")]
mod report;
#[cfg(unix)]
mod two_drivers;
