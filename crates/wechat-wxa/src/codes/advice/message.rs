//! Messages to users.

use miniprogram_core::vendor_api::codes::Advice;

pub(in crate::codes) const NOT_FOLLOWED: Advice = Advice::new(
    "leave this recipient out until the user follows the account",
    "接收者未关注该账号，请待其关注后再发送",
);
pub(in crate::codes) const BLACKLISTED: Advice = Advice::new(
    "let the merchant take the recipient off the account's black list",
    "接收者在黑名单中，请商家先将其移出",
);
pub(in crate::codes) const EMPTY: Advice =
    Advice::new("send a text that is not empty", "消息内容为空，请填写文本内容");
pub(in crate::codes) const TOO_LATE: Advice = Advice::new(
    "wait for the user's next message: the time to answer the last one is over",
    "已超过可回复的时间，请等用户再次发消息",
);
pub(in crate::codes) const TOO_MANY: Advice = Advice::new(
    "wait for the user's next message: the replies allowed to the last one are used up",
    "对该用户的回复条数已达上限，请等用户再次发消息",
);
pub(in crate::codes) const REFUSED: Advice = Advice::new(
    "leave this recipient out: the user has switched messages off",
    "用户已关闭消息接收，请不要再向其发送",
);
