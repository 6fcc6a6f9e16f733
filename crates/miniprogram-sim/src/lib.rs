#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

use miniprogram_core::Vendor;

mod acceptance;
mod admin;
mod authorization;
mod baidu;
mod body;
mod call;
mod callback;
mod clock;
mod config;
mod decisions;
mod endpoint;
mod error;
mod faults;
mod handle;
mod hub;
mod outgoing;
mod page;
mod picture;
mod platform;
mod provider;
mod pushes;
mod receiver;
mod redact;
mod requests;
mod server;
mod spec;
mod tokens;
mod truth;
mod verdict;
mod wechat;
mod world;

pub use acceptance::AcceptanceReport;
pub use baidu::{ForcedOffline, IllegalField, NameRules, OfflineFault};
pub use callback::Callback;
pub use clock::SimClock;
pub use config::SimConfig;
pub use decisions::{DecisionInfo, decisions};
pub use endpoint::EndpointInfo;
pub use error::SimError;
pub use faults::{Disturbance, Fault, FaultRule, Lands, PushFault, PushFaultRule, Scope, Untold, When};
pub use platform::DomainKind;
pub use receiver::PushReceiver;
pub use server::PushAnswer;
pub use server::Simulator;
pub use spec::{AllianceKey, AppSpec, State};
pub use truth::{
    AppTruth, AuditTruth, GrayTruth, LoggedRequest, MessageTruth, ReviewTruth, SentPush, VersionTruth,
};
pub use verdict::{AuditPolicy, Decision, ReviewItem};

/// WeChat.
pub const WECHAT: Vendor = Vendor::new("wechat");
/// Baidu.
pub const BAIDU: Vendor = Vendor::new("baidu");

/// Returns every simulated endpoint; a path appears once per method and operation.
#[must_use]
pub fn endpoints() -> Vec<EndpointInfo> {
    let mut all: Vec<EndpointInfo> = Vec::new();
    for endpoint in wechat::endpoints().chain(baidu::endpoints()) {
        // Some accept two kinds of token.
        if !all.contains(&endpoint) {
            all.push(endpoint);
        }
    }
    all
}
