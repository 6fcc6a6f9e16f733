#![cfg_attr(feature = "client", doc = include_str!("../README.md"))]
#![cfg_attr(
    not(feature = "client"),
    doc = "Baidu's error codes and pushes; the rest needs the feature `client`."
)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "client")]
pub mod alliance;
#[cfg(feature = "client")]
mod app_info;
#[cfg(feature = "client")]
mod audit;
#[cfg(feature = "client")]
mod authorization;
#[cfg(feature = "client")]
mod checks;
#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
mod code;
pub mod codes;
#[cfg(feature = "client")]
pub mod commands;
#[cfg(feature = "client")]
mod dialect;
#[cfg(feature = "client")]
mod domains;
#[cfg(feature = "client")]
mod effects;
pub mod endpoints;
#[cfg(feature = "callback")]
pub mod event;
#[cfg(feature = "client")]
mod ext_json;
#[cfg(feature = "client")]
mod form;
#[cfg(feature = "client")]
mod image;
#[cfg(feature = "client")]
mod info;
#[cfg(feature = "client")]
mod missed_pushes;
#[cfg(feature = "client")]
mod package;
#[cfg(feature = "client")]
mod phone;
#[cfg(feature = "client")]
mod release;
#[cfg(feature = "client")]
mod reply;
#[cfg(feature = "client")]
mod templates;
pub mod values;

use miniprogram_core::Vendor;

#[cfg(feature = "client")]
pub use app_info::{
    AnnualReview, AppCategory, AppInfo, ChangeCount, ChangeCounts, Offline, PendingChange, PendingChanges,
    Permission, Subject,
};
#[cfg(feature = "client")]
pub use audit::SubmitOptions;
#[cfg(feature = "client")]
pub use authorization::BaiduAuthorization;
#[cfg(feature = "client")]
pub use client::{BaiduApp, BaiduPlatform, plan_call};
#[cfg(feature = "client")]
pub use code::UploadState;
#[cfg(feature = "client")]
pub use domains::{DomainChange, ServerDomains, WebViewDomainChange};
#[cfg(feature = "callback")]
pub use event::protocol::BaiduCallback;
#[cfg(feature = "client")]
pub use ext_json::ExtJsonBuilder;
#[cfg(feature = "client")]
pub use info::{
    CategoryChoice, CategoryNode, Examination, NameCheck, OfflineUpdate, QualificationImage,
    QualificationItem, QualificationRules,
};
#[cfg(feature = "client")]
pub use missed_pushes::{MissedPush, MissedPushQuery, MissedPushes};
#[cfg(feature = "client")]
pub use package::{Package, PackageQuery};
#[cfg(feature = "client")]
pub use phone::{PhonePermissionRequest, PhonePermissionState};
#[cfg(feature = "client")]
pub use templates::BaiduTemplates;

/// The vendor Baidu.
pub const BAIDU: Vendor = Vendor::new("baidu");

/// The refusals of arguments, before a request is sent.
#[cfg(feature = "client")]
const REFUSE: miniprogram_core::vendor_api::kit::Refusals =
    miniprogram_core::vendor_api::kit::Refusals::new(BAIDU);
