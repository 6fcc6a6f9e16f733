//! Payment, coupons, core pages and brand words.

use miniprogram_core::vendor_api::codes::Advice;

pub(in crate::codes) const LICENCE: Advice =
    Advice::new("let the merchant complete the business licence", "营业执照信息不完整，请商家补全");
pub(in crate::codes) const REVIEW_FAILED: Advice = Advice::new(
    "let the merchant correct the account's data and apply again",
    "支付账号审核失败，请商家修改资料后重新申请",
);
pub(in crate::codes) const IMPORT_FEWER: Advice =
    Advice::new("import fewer at a time", "单次导入过多，请分批导入");
pub(in crate::codes) const FIFTY: Advice =
    Advice::new("send at most 50 items at a time", "单次最多提交 50 条，请分批提交");
pub(in crate::codes) const TEN: Advice =
    Advice::new("send fewer: the limit is that of one app", "已超过单个小程序的上限，请减少数量");
pub(in crate::codes) const MESSAGES: Advice = Advice::new(
    "wait for the user's next message: five replies are allowed within 48 hours",
    "用户每次发消息后 48 小时内最多回复 5 条，请等用户再次发消息",
);
pub(in crate::codes) const MESSAGES_OFF: Advice =
    Advice::new("let the merchant enable customer messages first", "请商家先开通客服消息");
pub(in crate::codes) const BRAND_WORD: Advice =
    Advice::new("let the merchant have the brand word approved first", "请商家先通过品牌词审核");
