//! The receiver over real sockets: checks, binding, inbox, handlers, limits, operations.

#![expect(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

mod acceptance;
mod binding;
mod claiming;
mod connections;
mod foreign;
mod handlers;
mod hostile;
mod intake;
mod refusals;
mod secrets;
mod sqlite;
mod status;
mod support;
mod vendors;
