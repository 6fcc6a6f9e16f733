#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod binding;
mod connections;
mod dispatch;
mod health;
mod intake;
mod limits;
mod lookup;
mod lookups;
mod metrics;
mod platform;
#[cfg(feature = "prometheus")]
mod prometheus;
mod readiness;
mod refusal;
mod room;
mod routes;
mod server;
mod service;
mod state;

pub use health::HealthCheck;
pub use limits::{Limits, RetryPolicy};
pub use platform::CallbackPlatform;
#[cfg(feature = "prometheus")]
pub use prometheus::metrics_handle;
pub use service::{CallbackService, CallbackServiceBuilder};
