//! Allowances.

use miniprogram_core::vendor_api::codes::Advice;
pub(in crate::codes) use miniprogram_core::vendor_api::codes::advice::MAKE_ROOM;

pub(in crate::codes) const CALLS: Advice = Advice::new(
    "slow down, and repeat after a growing pause",
    "调用过于频繁，请降低调用频率，并逐步延长重试间隔",
);
pub(in crate::codes) const DAY: Advice = Advice::new("wait for the next day", "今日额度已用完，请明天再试");
pub(in crate::codes) const TOTAL: Advice = Advice::new(
    "ask the vendor for a larger allowance: this one is not reset automatically",
    "总额度已用完且不会自动恢复，请向百度申请提额",
);
pub(in crate::codes) const NAME_CHANGES: Advice = Advice::new(
    "wait until name changes are possible again; `app_info` shows how many are left",
    "名称修改次数已用完，请等次数恢复，可用 `app_info` 查询",
);
pub(in crate::codes) const ICON_CHANGES: Advice = Advice::new(
    "wait until icon changes are possible again; `app_info` shows how many are left",
    "头像修改次数已用完，请等次数恢复，可用 `app_info` 查询",
);
pub(in crate::codes) const DESCRIPTION_CHANGES: Advice = Advice::new(
    "wait until description changes are possible again; `app_info` shows how many are left",
    "简介修改次数已用完，请等次数恢复，可用 `app_info` 查询",
);
pub(in crate::codes) const CATEGORY_CHANGES: Advice = Advice::new(
    "wait until category changes are possible again; `app_info` shows how many are left",
    "服务类目修改次数已用完，请等次数恢复，可用 `app_info` 查询",
);
pub(in crate::codes) const SERVER_DOMAIN_CHANGES: Advice = Advice::new(
    "wait before `change_server_domains` again, and send all domains in one call",
    "服务器域名修改次数已用完，请等次数恢复，之后尽量一次提交全部域名",
);
pub(in crate::codes) const WEB_VIEW_DOMAIN_CHANGES: Advice = Advice::new(
    "wait before `change_web_view_domains` again, and send all domains in one call",
    "业务域名修改次数已用完，请等次数恢复，之后尽量一次提交全部域名",
);
pub(in crate::codes) const AUDITS: Advice = Advice::new(
    "wait for the next week; `audit_quota` shows what is left",
    "本周期提审次数已用完，请等下周再提审，可用 `audit_quota` 查询",
);
pub(in crate::codes) const NO_FAST_REVIEW: Advice = Advice::new(
    "submit the ordinary way: the platform has no allowance for fast reviews",
    "第三方平台没有加急审核额度，请按普通流程提审",
);
pub(in crate::codes) const FAST_REVIEWS: Advice = Advice::new(
    "submit the ordinary way, or wait for the next allowance of fast reviews",
    "加急审核额度已用完，请按普通流程提审，或等额度恢复",
);
