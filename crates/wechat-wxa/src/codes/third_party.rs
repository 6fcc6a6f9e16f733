//! Third-party calls, 86xxx and 87xxx.
//!
//! Words: document 002 where it prints some, else the `errmsg` of WeChat's public error tables, else a gloss.

use miniprogram_core::ErrorKind::{
    Conflict, ContentRejected, InvalidArgument, NotFound, PermissionDenied, QuotaExhausted, RateLimited,
};
use miniprogram_core::codes::CodeRow;
use miniprogram_core::codes::Owner::Merchant;

use super::advice;

// One row a line.
#[rustfmt::skip]
pub(super) const ROWS: &[CodeRow] = &[
    CodeRow::new(86000, PermissionDenied, "不是由第三方代小程序进行调用").advice("call it as the third-party platform, with the token of the merchant's app"),
    CodeRow::new(86001, NotFound, "不存在第三方的已经提交的代码").advice(advice::UPLOAD_FIRST),
    CodeRow::new(86002, Conflict, "小程序还未设置昵称、头像、简介。请先设置完后再重新提交。").owner(Merchant).advice("let the merchant set name, avatar and introduction first"),
    CodeRow::new(86002, Conflict, "小程序未初始化完成").only(&["start_gray_release", "/wxa/grayrelease"]).owner(Merchant).advice("let the merchant complete the app's basic data first"),
    CodeRow::new(86004, InvalidArgument, "invalid wechat"),
    CodeRow::new(86005, RateLimited, "wechat limit frequency"),
    CodeRow::new(86007, PermissionDenied, "小程序禁止提交").owner(Merchant).advice(advice::LIFT_BAN),
    CodeRow::new(86008, PermissionDenied, "platform punished: all submissions blocked").advice(advice::LIFT_PLATFORM_BAN),
    CodeRow::new(86009, PermissionDenied, "服务商新增小程序代码提审能力被限制").advice(advice::LIFT_PLATFORM_BAN),
    CodeRow::new(86010, PermissionDenied, "服务商迭代小程序代码提审能力被限制").advice(advice::LIFT_PLATFORM_BAN),
    CodeRow::new(86011, ContentRejected, "trial-app name hits a reserved word"),
    CodeRow::new(86012, InvalidArgument, "openid not valid"),
    CodeRow::new(86017, InvalidArgument, "trial-app name must have 4–30 characters"),
    CodeRow::new(86020, InvalidArgument, "app name not allowed (uploadmedia)"),
    CodeRow::new(86069, InvalidArgument, "owner_setting必填字段字段缺失"),
    CodeRow::new(86070, InvalidArgument, "privacy: notice_method missing"),
    CodeRow::new(86071, InvalidArgument, "privacy_ver参数无效"),
    CodeRow::new(86072, InvalidArgument, "privacy: store_expire_timestamp wrong (form: 30天)"),
    CodeRow::new(86073, InvalidArgument, "privacy: ext_file_media_id wrong"),
    CodeRow::new(86074, Conflict, "privacy: no published guide, so privacy_ver=1 is impossible").advice("publish a privacy guide first"),
    CodeRow::new(86075, Conflict, "privacy: ext_file_media_id of the published guide cannot be changed"),
    CodeRow::new(86100, InvalidArgument, "domain must be given without a protocol"),
    CodeRow::new(86101, InvalidArgument, "api.weixin.qq.com cannot be configured"),
    CodeRow::new(86102, QuotaExhausted, "domain changes of this month used up (50)").advice(advice::NEXT_MONTH),
    CodeRow::new(87006, PermissionDenied, "this is game miniprogram, submit audit is forbidden").advice("submit a mini game in the vendor's console"),
    CodeRow::new(87009, InvalidArgument, "invalid signature"),
    CodeRow::new(87011, Conflict, "现网已经在灰度发布，不能进行版本回退").advice("cancel the gray release, or let it finish, before a rollback"),
    CodeRow::new(87012, Conflict, "该版本不能回退，可能的原因:1:无上一个线上版用于回退 2:此版本为已回退版本，不能回退 3:此版本为回退功能上线之前的版本，不能回退").advice("look at the versions online: one step back is all there is"),
    CodeRow::new(87012, Conflict, "no audit to withdraw").only(&["withdraw_audit", "/wxa/undocodeaudit"]).advice("read the latest audit: none is waiting, or the verdict came first"),
    CodeRow::new(87013, QuotaExhausted, "撤回次数达到上限（每天一次，每个月10次）").advice("wait for the next day, or for the next month once that allowance is used up"),
    CodeRow::new(87014, ContentRejected, "risky content"),
];
