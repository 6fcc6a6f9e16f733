//! Codes 86000 to 87999: third-party calls.
//!
//! Messages are those of document 002 where it prints one, otherwise the `errmsg` of WeChat's public error tables,
//! otherwise a gloss.

use crate::endpoints;
use miniprogram_core::ErrorKind::{
    Conflict, ContentRejected, InvalidArgument, NotFound, PermissionDenied, QuotaExhausted, RateLimited,
};
use miniprogram_core::vendor_api::codes::CodeRow;
use miniprogram_core::vendor_api::codes::Owner::Merchant;

use super::advice::{access, audit, code, domain, filing, name, privacy, quota, release, tester};

// One row per line.
#[rustfmt::skip]
pub(super) const ROWS: &[CodeRow] = &[
    CodeRow::new(86000, PermissionDenied, "不是由第三方代小程序进行调用").advice(access::BY_PLATFORM),
    CodeRow::new(86001, NotFound, "不存在第三方的已经提交的代码").advice(code::UPLOAD_FIRST),
    CodeRow::new(86002, Conflict, "小程序还未设置昵称、头像、简介。请先设置完后再重新提交。").owner(Merchant).advice(audit::BASIC_DATA),
    CodeRow::new(86002, Conflict, "小程序未初始化完成").only(const { &[&endpoints::START_GRAY_RELEASE] }).owner(Merchant).advice(release::NOT_INITIALISED),
    CodeRow::new(86003, PermissionDenied, "component do not has category mall").advice(access::PLATFORM_SETS),
    CodeRow::new(86004, InvalidArgument, "invalid wechat").advice(tester::WECHAT_ID),
    CodeRow::new(86005, RateLimited, "wechat limit frequency").advice(quota::OFTEN),
    CodeRow::new(86007, PermissionDenied, "小程序禁止提交").owner(Merchant).advice(access::LIFT_BAN),
    CodeRow::new(86008, PermissionDenied, "platform punished: all submissions blocked").advice(access::LIFT_PLATFORM_BAN),
    CodeRow::new(86009, PermissionDenied, "服务商新增小程序代码提审能力被限制").advice(access::LIFT_PLATFORM_BAN),
    CodeRow::new(86010, PermissionDenied, "服务商迭代小程序代码提审能力被限制").advice(access::LIFT_PLATFORM_BAN),
    CodeRow::new(86011, ContentRejected, "trial-app name hits a reserved word").advice(name::RESERVED),
    CodeRow::new(86012, InvalidArgument, "openid not valid"),
    CodeRow::new(86017, InvalidArgument, "trial-app name must have 4–30 characters").advice(name::TRIAL_LENGTH),
    CodeRow::new(86020, InvalidArgument, "app name not allowed (uploadmedia)"),
    CodeRow::new(86069, InvalidArgument, "owner_setting必填字段字段缺失").advice(privacy::OWNER),
    CodeRow::new(86070, InvalidArgument, "privacy: notice_method missing").advice(privacy::NOTICE),
    CodeRow::new(86071, InvalidArgument, "privacy_ver参数无效").advice(privacy::VERSION),
    CodeRow::new(86072, InvalidArgument, "privacy: store_expire_timestamp wrong (form: 30天)").advice(privacy::STORE),
    CodeRow::new(86073, InvalidArgument, "privacy: ext_file_media_id wrong").advice(privacy::FILE),
    CodeRow::new(86074, Conflict, "privacy: no published guide, so privacy_ver=1 is impossible").advice(privacy::NOT_PUBLISHED),
    CodeRow::new(86075, Conflict, "privacy: ext_file_media_id of the published guide cannot be changed").advice(privacy::FILE_FIXED),
    CodeRow::new(86100, InvalidArgument, "domain must be given without a protocol").advice(domain::NO_PROTOCOL),
    CodeRow::new(86101, InvalidArgument, "api.weixin.qq.com cannot be configured").advice(domain::NOT_WECHATS),
    CodeRow::new(86102, QuotaExhausted, "domain changes of this month used up (50)").advice(domain::MONTH),
    CodeRow::new(86201, InvalidArgument, "upload icp media fail").advice(filing::MEDIA_KIND),
    CodeRow::new(86202, InvalidArgument, "apply icp filing fail").advice(filing::HINTS),
    CodeRow::new(86205, InvalidArgument, "media_id不合法").advice(filing::MEDIA),
    CodeRow::new(86324, Conflict, "当前正在审核中，请勿重复提交").advice(audit::PENDING),
    CodeRow::new(86328, InvalidArgument, "无法读取图片识别内容，请尝试重新提交或重新上传图片").owner(Merchant).advice(filing::PHOTO),
    CodeRow::new(86328, NotFound, "无法找到资源").only(const { &[&endpoints::FACE_CHECK_TASK] }).advice(filing::TASK),
    CodeRow::new(86330, Conflict, "备案审核订单未处于可以撤回的状态").advice(filing::NOT_NOW),
    CodeRow::new(86353, Conflict, "小程序未备案，不支持注销").advice(filing::NONE_FILED),
    CodeRow::new(86355, InvalidArgument, "主办者与小程序主体不一致").owner(Merchant).advice(filing::OTHER_OWNER),
    CodeRow::new(86368, NotFound, "不存在可撤回的审核订单").advice(filing::NOTHING_OPEN),
    CodeRow::new(87006, PermissionDenied, "this is game miniprogram, submit audit is forbidden").owner(Merchant).advice(audit::MINI_GAME),
    CodeRow::new(87009, InvalidArgument, "invalid signature"),
    CodeRow::new(87011, Conflict, "现网已经在灰度发布，不能进行版本回退").advice(release::GRAY_RUNS),
    CodeRow::new(87012, Conflict, "该版本不能回退，可能的原因:1:无上一个线上版用于回退 2:此版本为已回退版本，不能回退 3:此版本为回退功能上线之前的版本，不能回退").advice(release::ONE_STEP),
    CodeRow::new(87012, Conflict, "no audit to withdraw").only(const { &[&endpoints::WITHDRAW_AUDIT] }).advice(audit::NOTHING_OPEN),
    CodeRow::new(87013, QuotaExhausted, "撤回次数达到上限（每天一次，每个月10次）").advice(audit::WITHDRAWALS),
    CodeRow::new(87014, ContentRejected, "risky content").advice(audit::RISKY),
];
