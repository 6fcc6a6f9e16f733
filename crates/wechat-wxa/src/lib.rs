#![cfg_attr(feature = "client", doc = include_str!("../README.md"))]
#![cfg_attr(
    not(feature = "client"),
    doc = "WeChat's error codes and pushes; the rest needs the feature `client`."
)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "callback")]
mod acceptance;
#[cfg(feature = "client")]
mod account;
#[cfg(feature = "client")]
mod audit;
#[cfg(feature = "client")]
mod audit_status;
#[cfg(feature = "client")]
mod authorization;
#[cfg(feature = "client")]
mod body;
#[cfg(feature = "client")]
mod category_admin;
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
mod ext_json;
#[cfg(feature = "client")]
mod fields;
#[cfg(feature = "client")]
mod media;
#[cfg(feature = "client")]
mod message;
#[cfg(feature = "client")]
mod privacy;
#[cfg(feature = "client")]
mod quota;
#[cfg(feature = "client")]
mod records;
#[cfg(feature = "client")]
mod release;
#[cfg(feature = "client")]
mod templates;
#[cfg(feature = "client")]
mod testers;
pub mod values;
#[cfg(feature = "client")]
mod wire;

use miniprogram_core::Vendor;

#[cfg(feature = "callback")]
pub use acceptance::{AcceptanceActions, AcceptanceResponder, AcceptanceTask};
#[cfg(feature = "client")]
pub use account::{
    AccountInfo, Changes, IconChange, NameAudit, NameAuditState, NameChange, NameCheck, VerificationInfo,
};
#[cfg(feature = "client")]
pub use audit::{AuditItem, SubmitOptions, UgcDeclare};
#[cfg(feature = "client")]
pub use authorization::WeChatAuthorization;
#[cfg(feature = "client")]
pub use category_admin::{
    AccountCategories, AccountCategory, CatalogueCategory, CatalogueCertificate, CategoryCertificate,
    NewCategory,
};
#[cfg(feature = "client")]
pub use client::{WeChatApp, WeChatPlatform, plan_call};
#[cfg(feature = "client")]
pub use code::PrivacyScan;
#[cfg(feature = "client")]
pub use domains::{
    CheckFile, DomainChange, DomainResult, EffectiveServerDomains, EffectiveWebViewDomains,
    PlatformDomainChange, PlatformDomains, PrefetchDomain, PrefetchDomains, ServerDomains,
    WebViewDomainChange, WebViewDomainResult,
};
#[cfg(feature = "callback")]
pub use event::acceptance_test::ACCEPTANCE_ACCOUNTS;
#[cfg(feature = "callback")]
pub use event::protocol::WeChatCallback;
pub use ext_json::WeChatExtJson;
#[cfg(feature = "client")]
pub use media::{AuditMedia, Material, MediaFile, PrivacyFile};
#[cfg(feature = "client")]
pub use privacy::{
    OrderPath, OrderPathRequest, PrivacyApplication, PrivacyGuide, PrivacyInterface, PrivacyInterfaceRequest,
    PrivacyOwner, PrivacySetting, PrivacyUse,
};
#[cfg(feature = "client")]
pub use quota::{ApiQuota, RateLimit, RequestInfo};
#[cfg(feature = "client")]
pub use records::{AppealRecord, IllegalRecord};
#[cfg(feature = "client")]
pub use release::GrayReleaseOptions;
#[cfg(feature = "client")]
pub use templates::WeChatTemplates;
#[cfg(feature = "client")]
pub use testers::{Tester, TesterRef};

/// The vendor WeChat.
pub const WECHAT: Vendor = Vendor::new("wechat");

/// The refusals of arguments, before a request is sent.
#[cfg(feature = "client")]
const REFUSE: miniprogram_core::vendor_api::kit::Refusals =
    miniprogram_core::vendor_api::kit::Refusals::new(WECHAT);
