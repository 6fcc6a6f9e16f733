//! General codes, up to 44999.
//!
//! Words: document 003 where it prints some, else a gloss of the list in Baidu's SDKs and older chapters.

use miniprogram_core::ErrorKind::{
    Config, Conflict, ContentRejected, InvalidArgument, NotFound, PermissionDenied, QuotaExhausted,
    RateLimited, TokenRejected, Unavailable, Vendor,
};
use miniprogram_core::Retry;
use miniprogram_core::codes::CodeRow;
use miniprogram_core::codes::Owner::Merchant;

use super::{METHOD_NOT_SUPPORTED, TOKEN_NOT_VALID, advice};

// One row a line.
#[rustfmt::skip]
pub(super) const ROWS: &[CodeRow] = &[
    CodeRow::new(0, Vendor, "success").advice("nothing to do: the call succeeded"),
    CodeRow::new(-1, Vendor, "unknown failure"),
    CodeRow::new(-1024, Vendor, "business exception without detail"),
    CodeRow::new(404, NotFound, "page or route does not exist"),
    CodeRow::new(405, PermissionDenied, "not authorized"),
    CodeRow::new(500, Unavailable, "unknown server failure, try later").open(),
    CodeRow::new(501, Unavailable, "网络繁忙").open(),
    CodeRow::new(501, InvalidArgument, "请求方式不支持").only(&[METHOD_NOT_SUPPORTED]).advice("send the call with the method that its documentation names"),
    CodeRow::new(502, Config, "client authentication failed: wrong client_id, or a stale ticket").advice(advice::NEWEST_TICKET),
    CodeRow::new(1000, Unavailable, "internal error").open(),
    CodeRow::new(2002, InvalidArgument, "invalid parameter"),
    CodeRow::new(2003, QuotaExhausted, "template library is full (50)").retry(Retry::AfterChange).advice("delete a template that is no longer used"),
    CodeRow::new(3001, InvalidArgument, "invalid parameter (customer message)"),
    CodeRow::new(4001, InvalidArgument, "wrong template_id (message template)"),
    CodeRow::new(4002, Unavailable, "message push call failed").open(),
    CodeRow::new(4003, InvalidArgument, "invalid form"),
    CodeRow::new(4004, InvalidArgument, "invalid scene id"),
    CodeRow::new(5000, Unavailable, "degraded service, try later").open(),
    CodeRow::new(6001, PermissionDenied, "no permission"),
    CodeRow::new(6002, Unavailable, "upstream request failed").open(),
    CodeRow::new(10001, Conflict, "search account (熊掌号) must be bound first").owner(Merchant),
    CodeRow::new(30001, InvalidArgument, "invalid parameter (legacy)"),
    CodeRow::new(30007, PermissionDenied, "当前登录账号无操作权限"),
    CodeRow::new(30013, QuotaExhausted, "count over the limit"),
    CodeRow::new(30022, InvalidArgument, "open id is not valid for this program"),
    CodeRow::new(40000, Conflict, "record already exists"),
    CodeRow::new(40001, InvalidArgument, "请求参数内容或格式非法"),
    CodeRow::new(40002, InvalidArgument, "return address outside the registered domain"),
    CodeRow::new(40003, Unavailable, "page error, try later").open(),
    CodeRow::new(40004, RateLimited, "authorization page temporarily blocked by excessive access"),
    CodeRow::new(40005, Unavailable, "server-side sharding failure").open(),
    CodeRow::new(40006, InvalidArgument, "file too large"),
    CodeRow::new(40007, PermissionDenied, "platform lacks this permission").advice("have the permission granted to the platform"),
    CodeRow::new(40008, PermissionDenied, "caller IP not on the allow-list").advice(advice::ALLOW_LIST),
    CodeRow::new(40009, Vendor, "network-wide publication review failed"),
    CodeRow::new(40010, Conflict, "QR uuid expired, refresh").advice("show a fresh QR code"),
    CodeRow::new(40011, Conflict, "developer must scan to bind first").owner(Merchant).advice("let the developer scan the QR code to bind first"),
    CodeRow::new(40012, Conflict, "developer has not confirmed yet").owner(Merchant).advice("wait until the developer has confirmed"),
    CodeRow::new(40013, Conflict, "program bound to another platform").owner(Merchant).advice("let the merchant end the binding to the other platform first"),
    CodeRow::new(40014, QuotaExhausted, "platform's binding limit reached").retry(Retry::AfterChange).advice(advice::MAKE_ROOM),
    CodeRow::new(40015, Conflict, "already bound").advice("nothing to do: it is bound already"),
    CodeRow::new(40016, InvalidArgument, "template description not allowed"),
    CodeRow::new(40017, ContentRejected, "subject name is blacklisted").owner(Merchant),
    CodeRow::new(40018, NotFound, "already on the last page").advice("nothing to do: the list ends here"),
    CodeRow::new(40028, NotFound, "未查询到主体信息"),
    CodeRow::new(40032, Conflict, "未查询到线上包或者审核通过的包").advice("have a version approved first"),
    CodeRow::new(40045, Conflict, "小程序状态不正确"),
    CodeRow::new(41000, InvalidArgument, "wrong parameter type"),
    CodeRow::new(44000, PermissionDenied, "wrong user name or password"),
    CodeRow::new(44001, PermissionDenied, "no access right").retry(Retry::AfterRefresh).advice("fetch a new access token and repeat once; if it stays, the access right is missing"),
    CodeRow::new(44001, TokenRejected, "token not valid").only(&[TOKEN_NOT_VALID]),
    CodeRow::new(44002, TokenRejected, "token was logged out"),
    CodeRow::new(44003, TokenRejected, "token expired"),
    CodeRow::new(44004, TokenRejected, "token verification failed"),
];
