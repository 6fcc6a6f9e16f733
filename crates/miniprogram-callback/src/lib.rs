#![cfg_attr(all(feature = "wechat", feature = "baidu"), doc = include_str!("../README.md"))]
#![cfg_attr(
    not(all(feature = "wechat", feature = "baidu")),
    doc = "HTTP intake of callbacks of mini programs."
)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "wechat")]
mod acceptance;
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

#[cfg(feature = "wechat")]
pub use acceptance::{ACCEPTANCE_ACCOUNTS, AcceptanceActions, AcceptanceResponder, AcceptanceTask};
pub use health::HealthCheck;
pub use limits::{Limits, RetryPolicy};
pub use numbers::metrics_handle;
pub use platform::CallbackPlatform;
pub use service::{CallbackService, CallbackServiceBuilder};
