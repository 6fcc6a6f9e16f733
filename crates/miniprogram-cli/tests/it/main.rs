//! The command, run as a process: over real sockets against the simulator where it calls a vendor.

#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

mod dry_run;
mod events;
mod exit_codes;
mod help;
mod output;
mod qr_code;
mod secrets;
mod sim;
mod support;
mod verbs;
mod watch;
