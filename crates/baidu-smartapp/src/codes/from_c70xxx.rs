//! Codes from 70000: coupons, messages, brand words, traffic, the service library, domains.
//!
//! Messages are those of document 003 where it prints one, otherwise a gloss of the list in Baidu's SDKs and older
//! chapters.

use miniprogram_core::ErrorKind::{
    Conflict, InvalidArgument, NotFound, PermissionDenied, QuotaExhausted, Unavailable, Vendor,
};
use miniprogram_core::Retry;
use miniprogram_core::vendor_api::codes::CodeRow;
use miniprogram_core::vendor_api::codes::Owner::Merchant;

use super::WEB_VIEW_CALLS;
use super::advice::{access, code, domain, name, other, quota, release, request};

// One row per line.
#[rustfmt::skip]
pub(super) const ROWS: &[CodeRow] = &[
    CodeRow::new(70000, Conflict, "coupon: banner exists"),
    CodeRow::new(70001, NotFound, "coupon: does not exist"),
    CodeRow::new(70002, QuotaExhausted, "coupon: import too large").retry(Retry::AfterChange).advice(other::IMPORT_FEWER),
    CodeRow::new(70003, InvalidArgument, "coupon: code too long"),
    CodeRow::new(90001, QuotaExhausted, "customer-message count over the limit").advice(other::MESSAGES),
    CodeRow::new(90002, Conflict, "customer messages not enabled").owner(Merchant).advice(other::MESSAGES_OFF),
    CodeRow::new(100001, InvalidArgument, "brand word: relation type invalid"),
    CodeRow::new(100002, InvalidArgument, "brand word: comma not allowed"),
    CodeRow::new(100003, InvalidArgument, "brand word: too long"),
    CodeRow::new(100004, Conflict, "brand word: already requested"),
    CodeRow::new(100005, InvalidArgument, "brand word: proof missing"),
    CodeRow::new(100006, PermissionDenied, "brand word: program not eligible"),
    CodeRow::new(100007, QuotaExhausted, "brand word: count over the limit").retry(Retry::AfterChange).advice(quota::MAKE_ROOM),
    CodeRow::new(100008, Vendor, "brand word: submission failed"),
    CodeRow::new(100009, Conflict, "brand word: under review").advice(name::VERDICT),
    CodeRow::new(100010, Conflict, "official mark needs an approved brand word").owner(Merchant).advice(other::BRAND_WORD),
    CodeRow::new(110001, Unavailable, "traffic switch failed, try later").advice(request::REPEAT),
    CodeRow::new(110002, PermissionDenied, "no permission to open traffic").advice(access::NO_RIGHT),
    CodeRow::new(110003, PermissionDenied, "no permission to take traffic offline").advice(access::NO_RIGHT),
    CodeRow::new(110004, Conflict, "traffic is already open").advice(release::TRAFFIC_OPEN),
    CodeRow::new(110005, Conflict, "traffic is already offline").advice(release::TRAFFIC_OFFLINE),
    CodeRow::new(120001, InvalidArgument, "service library: empty path"),
    CodeRow::new(120002, NotFound, "service library: no such resource"),
    CodeRow::new(120003, PermissionDenied, "service library: no permission"),
    CodeRow::new(120004, PermissionDenied, "service library: authorization error"),
    CodeRow::new(120005, InvalidArgument, "service library: invalid parameter"),
    CodeRow::new(120006, QuotaExhausted, "service library: more than 50 items").retry(Retry::AfterChange).advice(other::FIFTY),
    CodeRow::new(120007, PermissionDenied, "service library: user has no access"),
    CodeRow::new(470011, QuotaExhausted, "修改服务器域名超过限制次数").advice(quota::SERVER_DOMAIN_CHANGES),
    CodeRow::new(470012, QuotaExhausted, "修改业务域名超过限制次数").advice(quota::WEB_VIEW_DOMAIN_CHANGES),
    CodeRow::new(470013, InvalidArgument, "至少传递一个要被操作的服务域名类型").advice(domain::TYPE),
    CodeRow::new(470013, InvalidArgument, "至少传递一个要被操作的服务域名类型").only(WEB_VIEW_CALLS).advice(domain::WEB_VIEW),
    CodeRow::new(470014, InvalidArgument, "域名格式非法，请检查格式，协议目前只支持https:// https:// wss://").advice(domain::FORM),
    CodeRow::new(470015, InvalidArgument, "被操作的域名不能为空").advice(domain::EMPTY),
    CodeRow::new(470016, Conflict, "请求保存的域名不是第三方平台中已设置的小程序域名或子域名").advice(domain::NOT_REGISTERED),
    CodeRow::new(470017, Conflict, "删除的域名在小程序中没有设置过").advice(domain::NOT_SET),
    CodeRow::new(470018, InvalidArgument, "二维码 width 字段超过指定范围").advice(release::QR_WIDTH),
    CodeRow::new(470019, Conflict, "二维码 package_id 非法，只支持审核，开发，线上版本的 package").advice(release::QR_PACKAGE),
    CodeRow::new(470020, NotFound, "此小程序没有线上版本的包，需要指定 package_id").advice(release::QR_NONE_ONLINE),
    CodeRow::new(470021, InvalidArgument, "版本输入错误").advice(release::LIBRARY),
    CodeRow::new(470022, Unavailable, "program being created, try later").retry(Retry::Backoff).advice(code::BEING_MADE),
    CodeRow::new(10010100, InvalidArgument, "parameter validation failed").advice(request::CORRECT),
];
