//! Audits: submitting, tracking, withdrawing, expediting.

use miniprogram_core::vendor_api::codes::Advice;

pub(in crate::codes) const OPEN: Advice = Advice::new(
    "wait for the verdict on the version in audit, or withdraw that one first",
    "已有版本在审核中，请等待审核结果，或先用 `withdraw_audit` 撤回",
);
pub(in crate::codes) const TAGS: Advice = Advice::new(
    "send at most 10 tags of at most 20 characters each in `tag`, one space between them",
    "`tag` 最多 10 个标签、每个不超过 20 字，用一个空格分隔",
);
pub(in crate::codes) const ADDRESS: Advice =
    Advice::new("send a page that `pages` lists as `address`", "`address` 请填写 `pages` 返回的页面路径");
pub(in crate::codes) const ITEM: Advice = Advice::new(
    "fill in every item of `item_list`: category names and ids are required",
    "请补全 `item_list` 的每一项，类目名称和 ID 为必填",
);
pub(in crate::codes) const TITLE: Advice =
    Advice::new("shorten `title` to at most 32 characters", "`title` 不得超过 32 个字");
pub(in crate::codes) const ITEMS: Advice =
    Advice::new("send 1 to 5 items in `item_list`", "`item_list` 须为 1 到 5 项");
pub(in crate::codes) const WHICH: Advice = Advice::new(
    "check the audit id: it must be an audit of this app, as returned by `submit_audit` or `latest_audit`",
    "请核对审核单 ID，须是该小程序由 `submit_audit` 或 `latest_audit` 返回的",
);
pub(in crate::codes) const NEVER_SUBMITTED: Advice = Advice::new(
    "submit a version first: the vendor shows no audit of this app",
    "该小程序还没有提审记录，请先用 `submit_audit` 提审",
);
pub(in crate::codes) const MATERIAL: Advice =
    Advice::new("let the merchant add the material that the vendor asks for", "请商家按要求补充材料");
pub(in crate::codes) const PENDING: Advice =
    Advice::new("wait for the verdict that is pending", "审核中，请等待审核结果，不要重复提交");
pub(in crate::codes) const TOO_LONG: Advice = Advice::new(
    "shorten `version_desc`, or send less in `preview_info`",
    "请缩短 `version_desc` 或减少 `preview_info` 的内容",
);
pub(in crate::codes) const QUOTA: Advice = Advice::new(
    "wait for the next month; `audit_quota` shows what is left for all apps of the platform together",
    "本月提审额度已用完（该第三方平台下所有小程序共用），请下月再提审，可用 `audit_quota` 查询",
);
pub(in crate::codes) const UGC: Advice = Advice::new(
    "declare in `ugc_declare` how users' content is handled, and submit again",
    "请在 `ugc_declare` 中声明 UGC 内容的安全处理方式后重新提审",
);
pub(in crate::codes) const BASIC_DATA: Advice = Advice::new(
    "let the merchant set name, avatar and introduction first, then submit again",
    "请商家先设置好名称、头像和简介，再重新提审",
);
pub(in crate::codes) const MINI_GAME: Advice = Advice::new(
    "let the merchant submit a mini game in the vendor's console",
    "小游戏不支持由第三方平台提审，请商家到微信公众平台提审",
);
pub(in crate::codes) const NOTHING_OPEN: Advice = Advice::new(
    "read `latest_audit`: none is waiting, or the verdict came first",
    "没有可撤回的审核单，请用 `latest_audit` 查询，可能已有审核结果",
);
pub(in crate::codes) const WITHDRAWALS: Advice = Advice::new(
    "wait for the next day, or for the next month once that allowance is used up",
    "今日撤回次数已用完，请明天再撤回；若当月次数也已用完，则须等到下月",
);
pub(in crate::codes) const EXPEDITE_BUSY: Advice = Advice::new(
    "check with `audit_quota` whether the allowance went down, then repeat later",
    "请用 `audit_quota` 确认加急额度是否已扣，稍后再试",
);
pub(in crate::codes) const NOT_WAITING: Advice = Advice::new(
    "read `audit_status`: it is not submitted, or has its verdict",
    "请用 `audit_status` 查询，可能尚未提审或已经审完",
);
pub(in crate::codes) const ORDINARY: Advice = Advice::new(
    "wait for the ordinary audit: this one cannot be expedited",
    "该审核单不支持加急，请等待正常审核",
);
pub(in crate::codes) const EXPEDITED: Advice =
    Advice::new("nothing to do: the audit is expedited already", "已加急成功，请勿重复提交");
pub(in crate::codes) const EXPEDITES: Advice = Advice::new(
    "wait for the next month: this allowance grows with the quality of submissions",
    "本月加急额度已用完，请下月再试；提高提审质量可获得更多额度",
);
pub(in crate::codes) const LIVE: Advice = Advice::new(
    "unbind the development app first: it has live streaming",
    "该开发小程序已开通直播，请先解绑开发小程序再发布",
);
pub(in crate::codes) const RISKY: Advice = Advice::new(
    "change the content that breaks the rules, then submit again",
    "内容含违规信息，请修改后重新提交",
);
