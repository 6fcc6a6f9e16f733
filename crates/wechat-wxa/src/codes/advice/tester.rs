//! Testers.

use miniprogram_core::vendor_api::codes::Advice;

pub(in crate::codes) const UNKNOWN: Advice = Advice::new(
    "check the WeChat id, and that the person can be found by it",
    "请核对微信号，并确认对方允许通过微信号搜索到自己",
);
pub(in crate::codes) const FULL: Advice = Advice::new(
    "unbind a tester with `unbind_tester` first; `testers` lists them",
    "体验者数量已达上限，请先用 `testers` 查询并用 `unbind_tester` 解绑",
);
pub(in crate::codes) const TOO_MANY_APPS: Advice = Advice::new(
    "choose another person, or let this one leave another app",
    "该用户绑定的小程序过多，请换人，或让其先退出其他小程序",
);
pub(in crate::codes) const BOUND: Advice =
    Advice::new("nothing to do: the tester is bound already", "该用户已是体验者，无需处理");
pub(in crate::codes) const WECHAT_ID: Advice = Advice::new(
    "send the person's WeChat id, not the openid or the phone number",
    "请填写对方的微信号，不是 openid 或手机号",
);
pub(in crate::codes) const WHO: Advice =
    Advice::new("send `wechatid` or `userstr`", "请传入 `wechatid` 或 `userstr`");
pub(in crate::codes) const USERSTR: Advice =
    Advice::new("send a `userstr` that `testers` lists", "`userstr` 请填写 `testers` 返回的值");
