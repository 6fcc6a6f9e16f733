#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod alarm;
mod authorize;
mod builder;
mod errors;
mod events;
mod manager;
mod metrics;
mod renewal;
mod run;
mod saving;
mod scopes;
mod single_flight;
mod status;
mod task;
mod work;

pub use alarm::{Alarm, AlarmSink, LogAlarms};
pub use authorize::{AuthorizationLink, Authorized};
pub use builder::TokenManagerBuilder;
pub use manager::{RenewalState, TokenManager};
pub use status::{TicketStatus, TokenStatus};
