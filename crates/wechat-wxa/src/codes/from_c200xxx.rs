//! Codes of six digits and more.
//!
//! Messages are those of document 002 where it prints one, otherwise the `errmsg` of WeChat's public error tables,
//! otherwise a gloss.

use miniprogram_core::ErrorKind::{
    ContentRejected, InvalidArgument, PermissionDenied, QuotaExhausted, RateLimited, Unavailable, Vendor,
};
use miniprogram_core::Retry;
use miniprogram_core::vendor_api::codes::CodeRow;
use miniprogram_core::vendor_api::codes::Owner::{Merchant, Platform};

use super::advice::{access, audit, code, domain, link, request};

// One row per line.
#[rustfmt::skip]
pub(super) const ROWS: &[CodeRow] = &[
    CodeRow::new(200011, PermissionDenied, "account banned").owner(Merchant).advice(access::LIFT_BAN),
    CodeRow::new(886000, QuotaExhausted, "本月发布次数达到上线（100次）").advice(link::PUBLICATIONS),
    CodeRow::new(886001, Unavailable, "系统繁忙，请重试").open().advice(request::BUSY_TASK),
    CodeRow::new(9400001, PermissionDenied, "该开发小程序已开通小程序直播权限，不支持发布版本。如需发版，请解绑开发小程序后再操作。").owner(Platform).advice(audit::LIVE),
    CodeRow::new(9402012, ContentRejected, "contain evil word").advice(audit::RISKY),
    CodeRow::new(9402202, RateLimited, "concurrent limit").retry(Retry::Backoff).advice(code::ONE_AT_A_TIME),
    CodeRow::new(9402203, InvalidArgument, "标准模板extjson错误").advice(code::STANDARD),
    CodeRow::new(9410016, InvalidArgument, "invalid domain in the list").advice(domain::INVALID),
    CodeRow::new(10060035, Vendor, "no public description").advice(request::UNDESCRIBED),
    CodeRow::new(10120002, InvalidArgument, "invalid params").advice(request::SERVICE_MARKET),
];
