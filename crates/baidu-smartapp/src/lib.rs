//! Baidu smart program open API: code packages, audits, releases and pushes, behind the miniprogram traits.

pub mod codes;
#[cfg(feature = "callback")]
pub mod event;

use miniprogram_core::Vendor;

/// Baidu.
pub const BAIDU: Vendor = Vendor::new("baidu");
