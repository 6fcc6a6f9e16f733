#![doc = include_str!("../README.md")]

#[cfg(feature = "client")]
mod audit;
#[cfg(feature = "client")]
mod before;
#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
mod code;
pub mod codes;
#[cfg(feature = "client")]
mod dialect;
#[cfg(feature = "callback")]
pub mod event;
mod ext_json;
#[cfg(feature = "client")]
mod plan;
#[cfg(feature = "client")]
mod refuse;
#[cfg(feature = "client")]
mod release;
#[cfg(feature = "client")]
mod wire;

use miniprogram_core::Vendor;

#[cfg(feature = "client")]
pub use audit::{SubmitExtra, UgcDeclare};
#[cfg(feature = "client")]
pub use client::{WeChatApp, WeChatPlatform};
#[cfg(feature = "client")]
pub use code::PrivacyScan;
pub use ext_json::WeChatExtJson;

/// WeChat.
pub const WECHAT: Vendor = Vendor::new("wechat");
