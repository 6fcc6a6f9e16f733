#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod binding;
mod dispatch;
mod health;
mod intake;
mod limits;
mod lookup;
mod numbers;
mod platform;
mod refusal;
mod routes;
mod server;
mod service;

pub use health::HealthCheck;
pub use limits::{Limits, RetryPolicy};
pub use numbers::metrics_handle;
pub use platform::CallbackPlatform;
pub use service::{CallbackService, CallbackServiceBuilder};
