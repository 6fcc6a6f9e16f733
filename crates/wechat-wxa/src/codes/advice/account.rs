//! Registration, bound accounts, plugin applications.

use miniprogram_core::vendor_api::codes::Advice;
pub(in crate::codes) use miniprogram_core::vendor_api::codes::advice::ALREADY_BOUND as BOUND;

pub(in crate::codes) const BIND_FIRST: Advice =
    Advice::new("bind the two accounts first", "请先绑定这两个账号");
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
    "该管理员、手机号或身份证已被列入黑名单，请商家更换",
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
pub(in crate::codes) const PLUGIN_NOT_PENDING: Advice = Advice::new(
    "read the applications first: only a pending one can be accepted or refused",
    "只有待确认的插件申请才能同意或拒绝，请先查询申请列表",
);
pub(in crate::codes) const PLUGIN_REFUSE_FIRST: Advice =
    Advice::new("refuse the application first, then delete it", "只能删除已拒绝的申请，请先拒绝再删除");
pub(in crate::codes) const PLUGIN_APPLICANT: Advice =
    Advice::new("name an app that is in the list of applications", "请填写申请列表中的 AppID");
pub(in crate::codes) const NOT_LINKED: Advice = Advice::new(
    "let the merchant ask WeChat why the app may not be linked",
    "该小程序禁止被关联，请商家向微信确认原因",
);
pub(in crate::codes) const OWNER_KIND: Advice = Advice::new(
    "let the merchant register the app in another way: this kind of owner cannot reuse its official account",
    "该公众号主体类型不支持快速创建小程序，请商家以其他方式注册",
);
pub(in crate::codes) const VERIFY_FIRST: Advice = Advice::new(
    "let the merchant have the official account verified first",
    "公众号未认证，请商家先完成认证",
);
pub(in crate::codes) const COPY_VERIFICATION: Advice = Advice::new(
    "start again with `copy_wx_verify` 1: this kind of owner must take its verification over",
    "政府、媒体和其他组织须复用微信认证，请以 `copy_wx_verify` 为 1 重新发起",
);
pub(in crate::codes) const REGISTRATION_RUNS: Advice = Advice::new(
    "wait until the registration from this official account that is running has ended",
    "该公众号有快速创建的小程序在流程中，请等其结束",
);
pub(in crate::codes) const SCAN_AGAIN: Advice = Advice::new(
    "let the merchant see whether the app was registered all the same: a repeated call finds the ticket spent; if not, scan again",
    "请商家先确认小程序是否已创建成功（重复调用会使扫码凭证失效），未创建则重新扫码获取 `ticket`",
);
pub(in crate::codes) const RETURN_ADDRESS: Advice =
    Advice::new("correct the return address of the consent page", "请更正授权页的回调地址");
pub(in crate::codes) const OVERSEAS: Advice = Advice::new(
    "let the merchant use an account from mainland China: an overseas one cannot do this",
    "海外账号不支持此操作，请商家使用境内主体的账号",
);
pub(in crate::codes) const ADMINISTRATOR: Advice =
    Advice::new("let the merchant check who is named as administrator", "管理员信息无效，请商家核对");
pub(in crate::codes) const MERCHANT_FIRST: Advice =
    Advice::new("let the merchant apply to open the store first", "请商家先申请开通门店");
