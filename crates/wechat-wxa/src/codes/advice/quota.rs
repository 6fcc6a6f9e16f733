//! Allowances.

use miniprogram_core::vendor_api::codes::Advice;
pub(in crate::codes) use miniprogram_core::vendor_api::codes::advice::MAKE_ROOM;

pub(in crate::codes) const DAY: Advice = Advice::new(
    "wait for the next day: this call's allowance is used up; `api_quota` shows it, `clear_quota` resets it",
    "该接口今日额度已用完，请明天再试；可用 `api_quota` 查询、用 `clear_quota` 清零",
);
pub(in crate::codes) const MINUTE: Advice =
    Advice::new("slow down and repeat in the next minute", "请降低调用频率，下一分钟再试");
pub(in crate::codes) const OFTEN: Advice =
    Advice::new("wait a while: the same thing was changed too often", "操作过于频繁，请过一段时间再试");
pub(in crate::codes) const MONTH: Advice =
    Advice::new("wait for the next month", "本月额度已用完，请下月再试");
pub(in crate::codes) const RESETS: Advice = Advice::new(
    "wait for the next month: an allowance may be reset ten times a month",
    "每月最多清零 10 次，本月次数已用完，请下月再试",
);
pub(in crate::codes) const ANOTHER: Advice = Advice::new(
    "free a place first, or use another one: waiting does not help",
    "绑定数量已达上限，请先解绑或更换",
);
pub(in crate::codes) const OWNER_ACCOUNTS: Advice = Advice::new(
    "let the merchant close accounts that are no longer used",
    "该主体的账号数已达上限，请商家先注销不再使用的账号",
);
pub(in crate::codes) const FIVE_A_DAY: Advice = Advice::new(
    "wait for the next day: five attempts a day for one WeChat id",
    "同一微信号每天最多尝试 5 次，请明天再试",
);
pub(in crate::codes) const REGISTRATIONS: Advice = Advice::new(
    "wait until registrations are possible again, or ask WeChat for more",
    "注册数量已达上限，请等额度恢复，或向微信申请提额",
);
pub(in crate::codes) const FIVE_A_SECOND: Advice =
    Advice::new("slow down to five calls a second", "该接口每秒最多调用 5 次，请降低调用频率");
