//! Real processes, really killed, and every write dropped that was not synced: what was acknowledged or committed must
//! be there afterwards.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic, and prints its seed")]

mod process;
mod receiver;
mod tokens;
mod unsynced;
