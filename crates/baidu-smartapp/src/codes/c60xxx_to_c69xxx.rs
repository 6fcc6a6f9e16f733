//! Codes 60000 to 69999: payment, onboarding, search and packages.
//!
//! Messages are those of document 003 where it prints one, otherwise a gloss of the list in Baidu's SDKs and older
//! chapters.

use crate::endpoints;
use miniprogram_core::ErrorKind::{
    Conflict, ContentRejected, InvalidArgument, NotFound, PermissionDenied, QuotaExhausted, Unavailable,
    Vendor,
};
use miniprogram_core::Retry;
use miniprogram_core::vendor_api::codes::CodeRow;
use miniprogram_core::vendor_api::codes::Owner::Merchant;
use miniprogram_core::vendor_api::endpoint::Endpoint;

use super::advice::{access, account, code, domain, media, name, other, quota, release, request};
use super::{SITEMAP_CALLS, TEMPLATE_UNKNOWN};

/// The calls that name a template and send no robots file: for these, 63002 refers to the template.
const TEMPLATE_CALLS: &[&Endpoint] = &[&endpoints::UPLOAD_CODE, &endpoints::DELETE_TEMPLATE];

// One row per line.
#[rustfmt::skip]
pub(super) const ROWS: &[CodeRow] = &[
    CodeRow::new(60000, InvalidArgument, "payment: invalid parameter"),
    CodeRow::new(60001, Conflict, "payment: account already bound"),
    CodeRow::new(60002, Conflict, "payment: account not bound"),
    CodeRow::new(60003, Conflict, "payment: business licence incomplete").owner(Merchant).advice(other::LICENCE),
    CodeRow::new(60004, InvalidArgument, "payment: legal representative's name length"),
    CodeRow::new(60005, InvalidArgument, "payment: identity number must have 18 digits"),
    CodeRow::new(60005, Conflict, "search account not bound").only(SITEMAP_CALLS).owner(Merchant).advice(domain::SITEMAP_ACCOUNT),
    CodeRow::new(60006, NotFound, "payment: no review record"),
    CodeRow::new(60007, Vendor, "payment: service creation failed"),
    CodeRow::new(60008, NotFound, "payment: service does not exist"),
    CodeRow::new(60009, Conflict, "payment: service exists"),
    CodeRow::new(60010, Vendor, "payment: service update failed"),
    CodeRow::new(60011, InvalidArgument, "payment: image not from the upload endpoint").advice(media::UPLOAD_FIRST),
    CodeRow::new(60012, Conflict, "payment: account exists"),
    CodeRow::new(60013, NotFound, "payment: account does not exist"),
    CodeRow::new(60014, Conflict, "payment: developer settings missing"),
    CodeRow::new(60015, Vendor, "payment: account abnormal"),
    CodeRow::new(60016, Conflict, "payment: account review failed").owner(Merchant).advice(other::REVIEW_FAILED),
    CodeRow::new(60017, Conflict, "payment: account under review").advice(name::VERDICT),
    CodeRow::new(60018, Conflict, "payment: settings under review").advice(name::VERDICT),
    CodeRow::new(60019, Conflict, "payment: service under review").advice(name::VERDICT),
    CodeRow::new(60020, InvalidArgument, "payment: empty request body"),
    CodeRow::new(60021, NotFound, "payment: no data"),
    CodeRow::new(61000, Conflict, "publication permission check failed").advice(account::CHECK),
    CodeRow::new(61001, Conflict, "check of this permission failed").advice(account::CHECK),
    CodeRow::new(61002, Conflict, "permission already present").advice(account::PERMISSION_THERE),
    CodeRow::new(62000, Unavailable, "internal error (onboarding)").open().advice(request::BUSY),
    CodeRow::new(62001, NotFound, "company registration not found"),
    CodeRow::new(63000, PermissionDenied, "development permission required").owner(Merchant).advice(access::DEVELOPMENT_RIGHT),
    CodeRow::new(63001, Unavailable, "robots upload failed").advice(request::REPEAT),
    CodeRow::new(63002, InvalidArgument, "robots file malformed").advice(domain::ROBOTS),
    CodeRow::new(63002, NotFound, "template id unknown").only(TEMPLATE_CALLS).variant(TEMPLATE_UNKNOWN).advice(code::TEMPLATE),
    CodeRow::new(64001, Conflict, "authenticity certification already done").advice(release::CERTIFIED),
    CodeRow::new(65001, PermissionDenied, "traffic-owner permission cannot be changed"),
    CodeRow::new(65002, PermissionDenied, "traffic-owner permission needs the allow-list").advice(access::VENDOR_ALLOW_LIST),
    CodeRow::new(66001, QuotaExhausted, "more than 10 core pages").retry(Retry::AfterChange).advice(other::TEN),
    CodeRow::new(66002, QuotaExhausted, "more than 10 keywords per page").retry(Retry::AfterChange).advice(other::TEN),
    CodeRow::new(66003, Conflict, "duplicate path, title, description or keyword"),
    CodeRow::new(66004, InvalidArgument, "title or description missing"),
    CodeRow::new(66005, PermissionDenied, "program may not submit core pages"),
    CodeRow::new(66006, ContentRejected, "forbidden words in path, title or description"),
    CodeRow::new(66007, ContentRejected, "forbidden words in keyword"),
    CodeRow::new(66008, InvalidArgument, "home page takes no title or description"),
    CodeRow::new(66009, PermissionDenied, "program may not operate core pages"),
    CodeRow::new(66010, PermissionDenied, "platform may not operate core pages"),
    CodeRow::new(67001, Conflict, "user did not subscribe to the template"),
    CodeRow::new(68001, Unavailable, "waiting list could not be read (fast review)").advice(request::REPEAT),
    CodeRow::new(68002, QuotaExhausted, "platform has no fast-review quota").retry(Retry::AfterChange).advice(quota::NO_FAST_REVIEW),
    CodeRow::new(68003, QuotaExhausted, "fast-review quota used up").advice(quota::FAST_REVIEWS),
    CodeRow::new(68004, Vendor, "fast-review submission failed").advice(release::FAST_REVIEW),
    CodeRow::new(69001, Conflict, "name not approved yet: package review refused").owner(Merchant).advice(release::NAME_PENDING),
    CodeRow::new(69002, Conflict, "category not approved yet: package review refused").owner(Merchant).advice(release::CATEGORY_PENDING),
    CodeRow::new(69003, Conflict, "name and category not approved yet: package review refused").owner(Merchant).advice(release::BOTH_PENDING),
    CodeRow::new(69004, InvalidArgument, "ext_json contains unparseable characters").advice(code::EXT),
    CodeRow::new(69005, NotFound, "package does not exist").advice(code::PACKAGE),
    CodeRow::new(69006, InvalidArgument, "too many source templates (batch)").advice(code::BATCH),
    CodeRow::new(69007, NotFound, "target template is gone (batch)").advice(code::BATCH_TARGET),
    CodeRow::new(69008, NotFound, "source template does not exist (batch)").advice(code::BATCH_SOURCE),
    CodeRow::new(69009, Unavailable, "upload service temporarily unavailable").open().advice(code::UPLOAD_BUSY),
    CodeRow::new(69010, InvalidArgument, "template file could not be parsed").advice(code::TEMPLATE_FILE),
    CodeRow::new(69011, Unavailable, "review service temporarily unavailable").open().advice(release::AUDIT_BUSY),
    CodeRow::new(69012, Unavailable, "release service temporarily unavailable").open().advice(release::RELEASE_BUSY),
    CodeRow::new(69013, QuotaExhausted, "review quota of the current period used up").advice(quota::AUDITS),
];
