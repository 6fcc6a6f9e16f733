//! Codes 61000 to 76999: component platform, that is authorization, tokens and privacy interfaces.
//!
//! Messages are those of document 002 where it prints one, otherwise the `errmsg` of WeChat's public error tables,
//! otherwise a gloss.

use crate::endpoints;
use std::time::Duration;

use miniprogram_core::ErrorKind::{
    Config, Conflict, InvalidArgument, NotFound, PermissionDenied, QuotaExhausted, TokenRejected,
    Unauthorized, Unavailable,
};
use miniprogram_core::Retry;
use miniprogram_core::vendor_api::codes::CodeRow;
use miniprogram_core::vendor_api::codes::Owner::{Merchant, Platform};

use super::advice::{access, account, domain, privacy, quota, request, token};
use super::{CODE_CALLS, TICKET_CALLS};

// One row per line.
#[rustfmt::skip]
pub(super) const ROWS: &[CodeRow] = &[
    CodeRow::new(61000, InvalidArgument, "invalid component type"),
    CodeRow::new(61001, InvalidArgument, "component type and component appid is not match"),
    CodeRow::new(61003, Unauthorized, "component is not authorized by this account").advice(access::NOT_AUTHORIZED),
    CodeRow::new(61004, PermissionDenied, "access clientip is not registered").advice(access::WHITE_LIST),
    CodeRow::new(61005, Config, "component ticket is expired").advice(token::NEWEST_TICKET),
    CodeRow::new(61005, TokenRejected, "component ticket is expired").only(TICKET_CALLS).retry(Retry::AfterChange).advice(token::NEWEST_TICKET),
    CodeRow::new(61006, Config, "component ticket is invalid").advice(token::NEWEST_TICKET),
    CodeRow::new(61006, TokenRejected, "component ticket is invalid").only(TICKET_CALLS).retry(Retry::AfterChange).advice(token::NEWEST_TICKET),
    CodeRow::new(61007, PermissionDenied, "api is unauthorized to component").owner(Merchant).advice(access::GRANT),
    CodeRow::new(61008, InvalidArgument, "component req key is duplicated"),
    CodeRow::new(61009, InvalidArgument, "code is invalid").owner(Merchant).advice(token::NEW_CODE),
    CodeRow::new(61009, Unauthorized, "code is invalid").only(CODE_CALLS).advice(token::NEW_CODE),
    CodeRow::new(61010, Unauthorized, "code is expired").advice(token::NEW_CODE),
    CodeRow::new(61011, InvalidArgument, "invalid component").advice(token::PLATFORM_ID),
    CodeRow::new(61012, InvalidArgument, "invalid option name").advice(access::OPTION),
    CodeRow::new(61013, InvalidArgument, "invalid option value").advice(access::OPTION),
    CodeRow::new(61014, TokenRejected, "must use component token for component api").retry(Retry::AfterChange).advice(token::WANTS_COMPONENT),
    CodeRow::new(61015, TokenRejected, "must use biz account token for not component api").retry(Retry::AfterChange).advice(token::WANTS_AUTHORIZER),
    CodeRow::new(61016, PermissionDenied, "function category of API need be confirmed by component").advice(access::CONFIRM_SET),
    CodeRow::new(61017, PermissionDenied, "function category is not authorized").owner(Merchant).advice(access::GRANT),
    CodeRow::new(61018, Conflict, "already confirm").advice(access::CONFIRMED),
    CodeRow::new(61019, Conflict, "not need confirm").advice(access::CONFIRMED),
    CodeRow::new(61020, InvalidArgument, "err parameter"),
    CodeRow::new(61021, Conflict, "can't confirm"),
    CodeRow::new(61022, Conflict, "can't resubmit"),
    CodeRow::new(61023, Unauthorized, "refresh_token is invalid").owner(Platform).advice(token::REFRESH_TOKEN_GONE),
    CodeRow::new(61024, TokenRejected, "must use api(api_component_token) to get token for component acct").retry(Retry::AfterChange).advice(token::WANTS_COMPONENT_CALL),
    CodeRow::new(61025, PermissionDenied, "read-only option").advice(access::OPTION_READ_ONLY),
    CodeRow::new(61026, PermissionDenied, "register access deny"),
    CodeRow::new(61027, QuotaExhausted, "register limit exceed").advice(quota::REGISTRATIONS),
    CodeRow::new(61028, Conflict, "component is unpublished").owner(Platform).advice(access::PUBLISH_PLATFORM),
    CodeRow::new(61029, Conflict, "component need republish with base category").owner(Platform).advice(access::PUBLISH_PLATFORM_AGAIN),
    CodeRow::new(61030, PermissionDenied, "component cancel authorization not allowed").advice(access::NOT_CANCELLED),
    CodeRow::new(61035, Conflict, "the api not need apply").advice(privacy::NO_APPLICATION),
    CodeRow::new(61039, Unavailable, "隐私接口检查任务未完成，请稍等一分钟再重试").retry(Retry::Backoff).wait(Duration::from_secs(60)).advice(privacy::SCAN_RUNS),
    CodeRow::new(61039, Unavailable, "隐私接口检查任务未完成，请稍等一分钟再重试").only(const { &[&endpoints::PRIVACY_SCAN] }).retry(Retry::Backoff).wait(Duration::from_secs(60)).advice(privacy::SCAN_RUNS_READ),
    CodeRow::new(61040, PermissionDenied, "ext.json配置的隐私接口xxx无权限，请申请权限后再提交审核…").advice(privacy::INTERFACE),
    CodeRow::new(61041, NotFound, "The appuin has not set orderpath").advice(privacy::ORDER_PATH),
    CodeRow::new(61051, PermissionDenied, "invalid realname type").owner(Merchant).advice(account::OWNER_KIND),
    CodeRow::new(61052, PermissionDenied, "need to be certified").owner(Merchant).advice(account::VERIFY_FIRST),
    CodeRow::new(61053, QuotaExhausted, "realname exceed limits").retry(Retry::AfterChange).owner(Merchant).advice(quota::OWNER_ACCOUNTS),
    CodeRow::new(61054, PermissionDenied, "realname in black list").owner(Merchant).advice(access::LIFT_BAN),
    CodeRow::new(61055, QuotaExhausted, "exceed quota per month").advice(quota::MONTH),
    CodeRow::new(61056, InvalidArgument, "copy_wx_verify is required option").advice(account::COPY_VERIFICATION),
    CodeRow::new(61057, Conflict, "公众号仍有快速创建的账号在流程中").owner(Merchant).advice(account::REGISTRATION_RUNS),
    CodeRow::new(61058, InvalidArgument, "invalid ticket").owner(Merchant).advice(account::SCAN_AGAIN),
    CodeRow::new(61058, TokenRejected, "invalid ticket").only(TICKET_CALLS).retry(Retry::AfterChange).advice(token::NEWEST_TICKET),
    CodeRow::new(61060, InvalidArgument, "转 uri 不合法").advice(account::RETURN_ADDRESS),
    CodeRow::new(61061, PermissionDenied, "overseas access deny").owner(Merchant).advice(account::OVERSEAS),
    CodeRow::new(61063, QuotaExhausted, "admin exceed limits").retry(Retry::AfterChange).owner(Merchant).advice(quota::ANOTHER),
    CodeRow::new(61064, PermissionDenied, "admin in black list").owner(Merchant).advice(account::BLACKLISTED),
    CodeRow::new(61065, QuotaExhausted, "idcard exceed limits").retry(Retry::AfterChange).owner(Merchant).advice(quota::ANOTHER),
    CodeRow::new(61066, PermissionDenied, "idcard in black list").owner(Merchant).advice(account::BLACKLISTED),
    CodeRow::new(61067, QuotaExhausted, "mobile exceed limits").retry(Retry::AfterChange).owner(Merchant).advice(quota::ANOTHER),
    CodeRow::new(61068, PermissionDenied, "mobile in black list").owner(Merchant).advice(account::BLACKLISTED),
    CodeRow::new(61069, InvalidArgument, "invalid admin").owner(Merchant).advice(account::ADMINISTRATOR),
    CodeRow::new(61070, InvalidArgument, "name, idcard, wechat name not in accordance").owner(Merchant).advice(account::LEGAL_PERSON),
    CodeRow::new(61450, Unavailable, "system error").open().advice(request::BUSY),
    CodeRow::new(61451, InvalidArgument, "invalid parameter"),
    CodeRow::new(61500, InvalidArgument, "date format error"),
    CodeRow::new(65316, QuotaExhausted, "domain count reach limit").retry(Retry::AfterChange).advice(domain::MAKE_ROOM),
    CodeRow::new(76001, NotFound, "rid does not exist").advice(request::RID),
    CodeRow::new(76002, InvalidArgument, "rid empty or malformed").advice(request::RID),
    CodeRow::new(76003, PermissionDenied, "rid belongs to another account").advice(request::RID_OWNER),
    CodeRow::new(76004, NotFound, "rid older than 7 days").advice(request::RID_OLD),
    CodeRow::new(76021, InvalidArgument, "cgi_path wrong").advice(request::CGI_PATH),
    CodeRow::new(76022, TokenRejected, "token does not fit the account that owns the API").retry(Retry::AfterChange).advice(token::NOT_OF_OWNER),
];
