//! Requests to Baidu and its responses, over a scripted transport; pushes; the tables. One binary, linked once.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

#[cfg(feature = "client")]
mod alliance;
#[cfg(feature = "client")]
mod alliance_tokens;
#[cfg(feature = "client")]
mod authorization;
#[cfg(feature = "client")]
mod effects;
#[cfg(feature = "callback")]
mod event_details;
#[cfg(feature = "callback")]
mod events;
#[cfg(feature = "client")]
mod info_effects;
#[cfg(feature = "client")]
mod info_limits;
#[cfg(feature = "client")]
mod info_replies;
#[cfg(feature = "client")]
mod info_requests;
#[cfg(feature = "kafka")]
mod kafka;
#[cfg(feature = "client")]
mod limits;
#[cfg(feature = "client")]
mod replies;
#[cfg(feature = "client")]
mod requests;
#[cfg(feature = "client")]
mod support;
mod tables;
mod values;
