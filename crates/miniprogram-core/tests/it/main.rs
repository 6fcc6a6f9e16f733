//! The HTTP transport over real sockets of the loopback interface.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod proxies;
mod reaching;
mod servers;
