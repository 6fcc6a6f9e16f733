//! Registration, accounts bound together, plugins applied for.

use miniprogram_core::codes::Advice;

pub(in crate::codes) const BIND_FIRST: Advice =
    Advice::new("bind the two accounts first", "请先绑定这两个账号");
pub(in crate::codes) const BOUND: Advice =
    Advice::new("nothing to do: it is bound already", "已绑定，无需处理");
pub(in crate::codes) const SAME_OWNER: Advice =
    Advice::new("bind only accounts of the same owner", "主体不一致，只能绑定同一主体的账号");
pub(in crate::codes) const OPEN_FIRST: Advice =
    Advice::new("bind an open account first", "请先绑定开放平台账号");
pub(in crate::codes) const OPEN_BY_API: Advice = Advice::new(
    "use an open account that was made through the interface and is verified",
    "请使用通过接口创建且已认证的开放平台账号",
);
pub(in crate::codes) const BLACKLISTED: Advice = Advice::new(
    "let the merchant name another person: this one is on a black list",
    "该手机号或身份证已被列入黑名单，请商家更换",
);
pub(in crate::codes) const LEGAL_PERSON: Advice = Advice::new(
    "let the merchant check the legal person's name, identity number and WeChat id",
    "法人姓名、身份证号与微信实名不一致，请商家核对",
);
pub(in crate::codes) const ENTERPRISE: Advice =
    Advice::new("let the merchant check the enterprise's code and its type", "请商家核对企业代码及其类型");
pub(in crate::codes) const TASK: Advice = Advice::new(
    "wait up to a day: a task for this owner is running",
    "该主体有任务正在处理，请最多等待 24 小时",
);
pub(in crate::codes) const FACE: Advice =
    Advice::new("wait for the legal person's face check", "请等待法人完成人脸核验");
pub(in crate::codes) const CHECK: Advice =
    Advice::new("wait until the check has ended", "信息校验中，请等待完成");
pub(in crate::codes) const PLUGIN_ADDED: Advice =
    Advice::new("nothing to do: the plugin is added or applied for already", "插件已添加或已申请，无需处理");
pub(in crate::codes) const PLUGIN_PENDING: Advice =
    Advice::new("wait a day: the application is still pending", "申请 24 小时内不可删除，请稍后再试");
