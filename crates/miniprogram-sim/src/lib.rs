#![doc = include_str!("../README.md")]

use miniprogram_core::Vendor;

mod admin;
mod baidu;
mod body;
mod call;
mod callback;
mod clock;
mod config;
mod endpoint;
mod error;
mod faults;
mod gate;
mod hub;
mod masks;
mod outgoing;
mod pushes;
mod server;
mod spec;
mod tokens;
mod truth;
mod verdict;
mod wechat;
mod world;

pub use callback::Callback;
pub use clock::SimClock;
pub use config::SimConfig;
pub use error::SimError;
pub use faults::{Disturbance, Fault, FaultRule, Lands, PushFault, PushFaultRule, Scope, When};
pub use server::Simulator;
pub use spec::{AppSpec, State};
pub use truth::{AppTruth, AuditTruth, GrayTruth, LoggedRequest, SentPush, VersionTruth};
pub use verdict::{AuditPolicy, Decision};

/// WeChat.
pub const WECHAT: Vendor = Vendor::new("wechat");
/// Baidu.
pub const BAIDU: Vendor = Vendor::new("baidu");
