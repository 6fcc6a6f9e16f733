#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod alarm;
mod authorize;
mod builder;
mod errors;
mod events;
mod flight;
mod manager;
mod meter;
mod renewal;
mod run;
mod saving;
mod slots;
mod status;
mod task;
mod trip;

pub use alarm::{Alarm, AlarmSink, LogAlarms};
pub use authorize::{AuthorizationLink, Authorized};
pub use builder::TokenManagerBuilder;
pub use manager::{RenewalState, TokenManager};
pub use status::{TicketStatus, TokenStatus};
