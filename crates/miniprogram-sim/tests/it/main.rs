//! The simulator over real loopback sockets, on a virtual clock.

#![expect(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

mod admin;
mod baidu;
mod clocks;
mod faults;
mod pushes;
mod support;
mod wechat;
