//! WeChat third-party platform API: code, audits, gray releases and pushes, behind the miniprogram traits.

pub mod codes;
#[cfg(feature = "callback")]
pub mod event;

use miniprogram_core::Vendor;

/// WeChat.
pub const WECHAT: Vendor = Vendor::new("wechat");
