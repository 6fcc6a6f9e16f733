//! The command, run as a process: over real sockets against the simulator if it calls a vendor.

#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

mod alliance;
#[cfg(feature = "kafka")]
mod alliance_watch;
mod app;
mod damage;
#[cfg(unix)]
mod doctor;
mod dry_run;
mod effects;
mod events;
mod exit_codes;
mod explain;
mod help;
mod operating;
mod output;
mod platform;
#[path = "../../../miniprogram-store/tests/it/postgres.rs"]
mod postgres;
mod proxy;
mod qr_code;
#[cfg(unix)]
mod questions;
#[cfg(unix)]
mod receiver;
mod rehearsals;
#[cfg(unix)]
mod rollouts;
mod secrets;
mod sim;
mod support;
mod templates;
mod verbs;
mod watch;
