//! Codes up to 44999: general ones.
//!
//! Messages are those of document 003 where it prints one, otherwise a gloss of the list in Baidu's SDKs and older
//! chapters.

use crate::endpoints;
use miniprogram_core::ErrorKind::{
    Config, Conflict, ContentRejected, InvalidArgument, NotFound, PermissionDenied, QuotaExhausted,
    RateLimited, TokenRejected, Unavailable, Vendor,
};
use miniprogram_core::Retry;
use miniprogram_core::vendor_api::codes::CodeRow;
use miniprogram_core::vendor_api::codes::Owner::Merchant;

use super::advice::{access, code, domain, media, name, release, request, token};
use super::{METHOD_NOT_SUPPORTED, PHONE_CALLS, SITEMAP_CALLS, TICKET_CALLS, TOKEN_NOT_VALID};

// One row per line.
#[rustfmt::skip]
pub(super) const ROWS: &[CodeRow] = &[
    CodeRow::new(0, Vendor, "success").advice(request::SUCCEEDED),
    CodeRow::new(-1, Vendor, "unknown failure").advice(request::SUPPORT),
    CodeRow::new(-1024, Vendor, "business exception without detail").advice(request::SUPPORT),
    CodeRow::new(404, NotFound, "page or route does not exist").advice(request::PATH),
    CodeRow::new(405, PermissionDenied, "not authorized").advice(access::NO_RIGHT),
    CodeRow::new(500, Unavailable, "unknown server failure, try later").open().advice(request::BUSY),
    CodeRow::new(501, Unavailable, "网络繁忙").open().advice(request::BUSY),
    CodeRow::new(501, InvalidArgument, "请求方式不支持").variant(METHOD_NOT_SUPPORTED).advice(request::METHOD),
    CodeRow::new(502, Config, "client authentication failed: wrong client_id, or a stale ticket").advice(token::NEWEST_TICKET),
    CodeRow::new(502, TokenRejected, "client authentication failed: wrong client_id, or a stale ticket").only(TICKET_CALLS).retry(Retry::AfterChange).advice(token::NEWEST_TICKET),
    CodeRow::new(1000, Unavailable, "internal error").open().advice(request::BUSY),
    CodeRow::new(2002, InvalidArgument, "invalid parameter").advice(request::CORRECT),
    CodeRow::new(2002, InvalidArgument, "unknown program, bad level or bad number of addresses").only(SITEMAP_CALLS).advice(domain::SITEMAP_LIST),
    CodeRow::new(2003, QuotaExhausted, "template library is full (50)").retry(Retry::AfterChange).advice(code::LIBRARY_FULL),
    CodeRow::new(3001, InvalidArgument, "invalid parameter (customer message)"),
    CodeRow::new(4001, InvalidArgument, "wrong template_id (message template)").advice(code::MESSAGE_TEMPLATE),
    CodeRow::new(4002, Unavailable, "message push call failed").open().advice(request::BUSY),
    CodeRow::new(4003, InvalidArgument, "invalid form"),
    CodeRow::new(4004, InvalidArgument, "invalid scene id"),
    CodeRow::new(5000, Unavailable, "degraded service, try later").open().advice(request::BUSY),
    CodeRow::new(6001, PermissionDenied, "no permission").advice(access::NO_RIGHT),
    CodeRow::new(6002, Unavailable, "upstream request failed").open().advice(request::BUSY),
    CodeRow::new(10001, Conflict, "search account (熊掌号) must be bound first").owner(Merchant).advice(domain::SITEMAP_ACCOUNT),
    CodeRow::new(30001, InvalidArgument, "invalid parameter (legacy)").advice(request::CORRECT),
    CodeRow::new(30007, PermissionDenied, "当前登录账号无操作权限").advice(access::NO_RIGHT),
    CodeRow::new(30013, QuotaExhausted, "count over the limit"),
    CodeRow::new(30013, QuotaExhausted, "count over the limit").only(SITEMAP_CALLS).advice(domain::SITEMAP_DAY),
    CodeRow::new(30022, InvalidArgument, "open id is not valid for this program"),
    CodeRow::new(40000, Conflict, "record already exists"),
    CodeRow::new(40001, InvalidArgument, "请求参数内容或格式非法").advice(request::CORRECT),
    CodeRow::new(40002, InvalidArgument, "return address outside the registered domain").advice(token::REDIRECT),
    CodeRow::new(40003, Unavailable, "page error, try later").open().advice(request::BUSY),
    CodeRow::new(40004, RateLimited, "authorization page temporarily blocked by excessive access").advice(access::CONSENT_BUSY),
    CodeRow::new(40005, Unavailable, "server-side sharding failure").open().advice(request::BUSY),
    CodeRow::new(40006, InvalidArgument, "file too large").advice(media::SIZE),
    CodeRow::new(40007, PermissionDenied, "platform lacks this permission").advice(access::PLATFORM_RIGHT),
    CodeRow::new(40008, PermissionDenied, "caller IP not on the allow-list").advice(access::ALLOW_LIST),
    CodeRow::new(40009, Vendor, "network-wide publication review failed").advice(request::SUPPORT),
    CodeRow::new(40010, Conflict, "QR uuid expired, refresh").advice(access::SCAN_AGAIN),
    CodeRow::new(40011, Conflict, "developer must scan to bind first").owner(Merchant).advice(access::SCAN),
    CodeRow::new(40012, Conflict, "developer has not confirmed yet").owner(Merchant).advice(access::CONFIRM),
    CodeRow::new(40013, Conflict, "program bound to another platform").owner(Merchant).advice(access::OTHER_BINDING),
    CodeRow::new(40014, QuotaExhausted, "platform's binding limit reached").retry(Retry::AfterChange).advice(access::PLATFORM_FULL),
    CodeRow::new(40015, Conflict, "already bound").advice(access::BOUND),
    CodeRow::new(40016, InvalidArgument, "template description not allowed").advice(code::TEMPLATE_NAME),
    CodeRow::new(40017, ContentRejected, "subject name is blacklisted").owner(Merchant).advice(name::OWNER_FORBIDDEN),
    CodeRow::new(40018, NotFound, "already on the last page").advice(request::LAST_PAGE),
    CodeRow::new(40028, NotFound, "未查询到主体信息").owner(Merchant).advice(release::OWNER_DATA),
    CodeRow::new(40032, Conflict, "未查询到线上包或者审核通过的包").advice(release::NONE_ONLINE),
    CodeRow::new(40045, Conflict, "小程序状态不正确").advice(release::STATE),
    CodeRow::new(40045, Conflict, "小程序状态不正确").only(const { &[&endpoints::APPLY_RECOVERY] }).advice(release::TRAFFIC_NOT_CLOSED),
    CodeRow::new(40045, Conflict, "小程序状态不正确").only(const { &[&endpoints::SUBMIT_AUDIT] }).advice(release::SUBMIT_STATE),
    CodeRow::new(40045, Conflict, "小程序状态不正确").only(const { &[&endpoints::WITHDRAW_AUDIT] }).advice(release::WITHDRAW_STATE),
    CodeRow::new(40045, Conflict, "小程序状态不正确").only(const { &[&endpoints::RELEASE] }).advice(release::RELEASE_STATE),
    CodeRow::new(40045, Conflict, "小程序状态不正确").only(const { &[&endpoints::ROLLBACK] }).advice(release::ROLLBACK_STATE),
    CodeRow::new(40045, Conflict, "小程序状态不正确").only(const { &[&endpoints::PAUSE, &endpoints::RESUME] }).advice(release::VISIT_STATE),
    CodeRow::new(40045, Conflict, "小程序状态不正确").only(PHONE_CALLS).advice(release::PHONE_STATE),
    CodeRow::new(40045, Conflict, "小程序状态不正确").only(const { &[&endpoints::UPDATE_OFFLINE_INFO] }).advice(release::OFFLINE_STATE),
    CodeRow::new(41000, InvalidArgument, "wrong parameter type").advice(request::CORRECT),
    CodeRow::new(44000, PermissionDenied, "wrong user name or password"),
    CodeRow::new(44001, PermissionDenied, "no access right").retry(Retry::AfterRefresh).advice(token::REFRESH_OR_RIGHT),
    CodeRow::new(44001, TokenRejected, "token not valid").variant(TOKEN_NOT_VALID).advice(token::REFRESH),
    CodeRow::new(44002, TokenRejected, "token was logged out").advice(token::REFRESH),
    CodeRow::new(44003, TokenRejected, "token expired").advice(token::REFRESH),
    CodeRow::new(44004, TokenRejected, "token verification failed").advice(token::REFRESH),
];
