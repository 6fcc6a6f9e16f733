#![cfg_attr(feature = "client", doc = include_str!("../README.md"))]
#![cfg_attr(
    not(feature = "client"),
    doc = "Baidu's error codes and pushes; the rest needs the feature `client`."
)]

#[cfg(feature = "client")]
mod app_info;
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
#[cfg(feature = "client")]
mod ext_json;
#[cfg(feature = "client")]
mod form;
#[cfg(feature = "client")]
mod package;
#[cfg(feature = "client")]
mod plan;
#[cfg(feature = "client")]
mod refuse;
#[cfg(feature = "client")]
mod release;
#[cfg(feature = "client")]
mod reply;
#[cfg(feature = "client")]
mod wire;

use miniprogram_core::Vendor;

#[cfg(feature = "client")]
pub use app_info::AppInfo;
#[cfg(feature = "client")]
pub use audit::SubmitExtra;
#[cfg(feature = "client")]
pub use client::{BaiduApp, BaiduPlatform};
#[cfg(feature = "client")]
pub use ext_json::ExtJsonBuilder;
#[cfg(feature = "client")]
pub use package::{Package, PackageQuery};

/// Baidu.
pub const BAIDU: Vendor = Vendor::new("baidu");
