//! Real processes, killed, with every unsynced write dropped: what was acknowledged or committed must be there
//! afterwards.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic, and prints its seed")]

mod copies;
mod fleet;
#[path = "../../../miniprogram-store/tests/it/postgres.rs"]
mod postgres;
mod process;
mod receiver;
mod side_by_side;
mod tokens;
mod unsynced;
