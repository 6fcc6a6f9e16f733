//! Domains of the app and of the platform.

use miniprogram_core::vendor_api::codes::Advice;
pub(in crate::codes) use miniprogram_core::vendor_api::codes::advice::DOMAIN_NOT_SET as NOT_SET;

pub(in crate::codes) const NOT_AN_APP: Advice = Advice::new(
    "send the token of a mini program: domains of other accounts are not set here",
    "该账号不是小程序，请使用小程序的 authorizer_access_token",
);
pub(in crate::codes) const MAKE_ROOM: Advice = Advice::new(
    "remove domains that are no longer used: waiting does not make room",
    "域名数量已达上限，请先删除不再使用的域名",
);
pub(in crate::codes) const NOTHING_LEFT: Advice = Advice::new(
    "read the domains: they are set already, or the platform has not registered them",
    "请先查询域名：可能已经设置，或尚未登记到第三方平台",
);
pub(in crate::codes) const NOT_REGISTERED: Advice =
    Advice::new("register the domain with the platform first", "请先把该域名登记为第三方平台的服务器域名");
pub(in crate::codes) const RULES: Advice = Advice::new(
    "correct the domains in the `invalid_` lists of the response; `change_server_domains_directly` may take them",
    "请修正返回的 `invalid_` 列表中的域名，也可尝试 `change_server_domains_directly`",
);
pub(in crate::codes) const ICP: Advice = Advice::new(
    "let the merchant file the domain with the authorities (ICP) first",
    "请商家先为该域名完成 ICP 备案",
);
pub(in crate::codes) const RULES_AND_ICP: Advice = Advice::new(
    "correct the domains in the `invalid_` lists, and have those in `no_icp_domain` filed (ICP)",
    "请修正 `invalid_` 列表中的域名，并为 `no_icp_domain` 中的域名完成 ICP 备案",
);
pub(in crate::codes) const MAYBE_ICP: Advice = Advice::new(
    "check that every domain has its ICP filing: this was seen where one had none",
    "请检查域名是否都已完成 ICP 备案，曾见于未备案的域名",
);
pub(in crate::codes) const NO_PROTOCOL: Advice =
    Advice::new("send the domain without `https://` or another protocol", "域名不要带 `https://` 等协议头");
pub(in crate::codes) const NOT_WECHATS: Advice = Advice::new(
    "leave out api.weixin.qq.com: it cannot be configured",
    "`api.weixin.qq.com` 不可配置，请从列表中去掉",
);
pub(in crate::codes) const MONTH: Advice = Advice::new(
    "wait for the next month: domains may be changed 50 times a month",
    "域名每月最多修改 50 次，本月次数已用完，请下月再试",
);
pub(in crate::codes) const SAME: Advice =
    Advice::new("nothing to do: the domains are already as requested", "业务域名没有变化，无需处理");
pub(in crate::codes) const PLATFORM_HAS_NONE: Advice =
    Advice::new("set the platform's own web-view domains first", "请先设置第三方平台的业务域名");
pub(in crate::codes) const NOT_PLATFORMS: Advice = Advice::new(
    "add the domain to the platform's web-view domains first",
    "请先把该域名加入第三方平台的业务域名",
);
pub(in crate::codes) const PERSONAL: Advice = Advice::new(
    "leave web-view domains alone: personal apps cannot have them",
    "个人主体的小程序不支持设置业务域名",
);
pub(in crate::codes) const INVALID: Advice =
    Advice::new("correct or remove the invalid domain in the list", "列表中有无效域名，请更正或去掉");
