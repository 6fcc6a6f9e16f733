//! Component platform: authorization, tokens, privacy interfaces.
//!
//! Words: document 002 where it prints some, else the `errmsg` of WeChat's public error tables, else a gloss.

use std::time::Duration;

use miniprogram_core::ErrorKind::{
    Config, Conflict, InvalidArgument, NotFound, PermissionDenied, QuotaExhausted, TokenRejected,
    Unauthorized, Unavailable,
};
use miniprogram_core::Retry;
use miniprogram_core::codes::CodeRow;
use miniprogram_core::codes::Owner::{Merchant, Platform};

use super::advice;

// One row a line.
#[rustfmt::skip]
pub(super) const ROWS: &[CodeRow] = &[
    CodeRow::new(61000, InvalidArgument, "invalid component type"),
    CodeRow::new(61001, InvalidArgument, "component type and component appid is not match"),
    CodeRow::new(61003, Unauthorized, "component is not authorized by this account").advice("let the merchant authorize the platform: there is no authorization"),
    CodeRow::new(61004, PermissionDenied, "access clientip is not registered").advice(advice::WHITE_LIST),
    CodeRow::new(61005, Config, "component ticket is expired").advice(advice::NEWEST_TICKET),
    CodeRow::new(61006, Config, "component ticket is invalid").advice(advice::NEWEST_TICKET),
    CodeRow::new(61007, PermissionDenied, "api is unauthorized to component").owner(Merchant).advice(advice::GRANT),
    CodeRow::new(61008, InvalidArgument, "component req key is duplicated"),
    CodeRow::new(61009, InvalidArgument, "code is invalid").owner(Merchant).advice(advice::NEW_CODE),
    CodeRow::new(61010, Unauthorized, "code is expired").advice(advice::NEW_CODE),
    CodeRow::new(61011, InvalidArgument, "invalid component"),
    CodeRow::new(61012, InvalidArgument, "invalid option name"),
    CodeRow::new(61013, InvalidArgument, "invalid option value"),
    CodeRow::new(61014, TokenRejected, "must use component token for component api").retry(Retry::AfterChange).advice("send the component token: this call does not take the token of an app"),
    CodeRow::new(61015, TokenRejected, "must use biz account token for not component api").retry(Retry::AfterChange).advice("send the app's authorizer token: this call does not take the component token"),
    CodeRow::new(61016, PermissionDenied, "function category of API need be confirmed by component").advice("confirm the permission set in the platform's console"),
    CodeRow::new(61017, PermissionDenied, "function category is not authorized").owner(Merchant).advice(advice::GRANT),
    CodeRow::new(61018, Conflict, "already confirm").advice("nothing to do: it is confirmed already"),
    CodeRow::new(61019, Conflict, "not need confirm"),
    CodeRow::new(61020, InvalidArgument, "err parameter"),
    CodeRow::new(61021, Conflict, "can't confirm"),
    CodeRow::new(61022, Conflict, "can't resubmit"),
    CodeRow::new(61023, Unauthorized, "refresh_token is invalid").owner(Platform).advice(advice::REFRESH_TOKEN_GONE),
    CodeRow::new(61024, TokenRejected, "must use api(api_component_token) to get token for component acct").retry(Retry::AfterChange).advice("fetch the token with `api_component_token`"),
    CodeRow::new(61025, PermissionDenied, "read-only option"),
    CodeRow::new(61026, PermissionDenied, "register access deny"),
    CodeRow::new(61027, QuotaExhausted, "register limit exceed"),
    CodeRow::new(61028, Conflict, "component is unpublished").owner(Platform).advice("publish the platform at the vendor first"),
    CodeRow::new(61029, Conflict, "component need republish with base category").owner(Platform).advice("publish the platform at the vendor again"),
    CodeRow::new(61030, PermissionDenied, "component cancel authorization not allowed"),
    CodeRow::new(61035, Conflict, "the api not need apply").advice("nothing to do: the interface needs no application"),
    CodeRow::new(61039, Unavailable, "隐私接口检查任务未完成，请稍等一分钟再重试").retry(Retry::Backoff).wait(Duration::from_secs(60)).advice("wait about a minute and submit again; do not upload again"),
    CodeRow::new(61040, PermissionDenied, "ext.json配置的隐私接口xxx无权限，请申请权限后再提交审核…").advice("apply for the privacy interface, or declare `privacy_api_not_use` when submitting"),
    CodeRow::new(61041, NotFound, "The appuin has not set orderpath").advice("set the path of the order page first"),
    CodeRow::new(61058, InvalidArgument, "invalid ticket").advice(advice::NEWEST_TICKET),
    CodeRow::new(61070, InvalidArgument, "name, idcard, wechat name not in accordance").owner(Merchant),
    CodeRow::new(61450, Unavailable, "system error").open(),
    CodeRow::new(61451, InvalidArgument, "invalid parameter"),
    CodeRow::new(61500, InvalidArgument, "date format error"),
    CodeRow::new(65316, QuotaExhausted, "domain count reach limit").retry(Retry::AfterChange).advice(advice::MAKE_ROOM),
    CodeRow::new(76001, NotFound, "rid does not exist"),
    CodeRow::new(76002, InvalidArgument, "rid empty or malformed"),
    CodeRow::new(76003, PermissionDenied, "rid belongs to another account"),
    CodeRow::new(76004, NotFound, "rid older than 7 days"),
    CodeRow::new(76021, InvalidArgument, "cgi_path wrong"),
    CodeRow::new(76022, TokenRejected, "token does not fit the account that owns the API").retry(Retry::AfterChange).advice("send the token of the account that owns the interface"),
];
