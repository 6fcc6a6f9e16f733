//! Domains of the app and of the platform.

use miniprogram_core::vendor_api::codes::Advice;
pub(in crate::codes) use miniprogram_core::vendor_api::codes::advice::DOMAIN_NOT_SET as NOT_SET;

pub(in crate::codes) const NOT_SET_AT_PLATFORM: Advice =
    Advice::new("nothing to delete: the platform never set the domain", "第三方平台未设置过该域名，无需删除");
pub(in crate::codes) const CHECK_FILE: Advice =
    Advice::new("put the verification file at the root of the domain", "请把校验文件放到域名根目录下");
pub(in crate::codes) const WEB_VIEW_FULL: Advice = Advice::new(
    "remove web-view domains that are no longer used: waiting does not make room",
    "业务域名数量已达上限，请先删除不再使用的域名",
);
pub(in crate::codes) const SERVER_FULL: Advice = Advice::new(
    "remove server domains that are no longer used: waiting does not make room",
    "服务器域名数量已达上限，请先删除不再使用的域名",
);
pub(in crate::codes) const TYPE: Advice = Advice::new(
    "send at least one kind of domain, such as `request_domain`",
    "请至少传一种域名，例如 `request_domain`",
);
pub(in crate::codes) const WEB_VIEW: Advice = Advice::new(
    "send `web_view_domain`: this call sets web-view domains only",
    "请传入 `web_view_domain`，该接口只设置业务域名",
);
pub(in crate::codes) const FORM: Advice = Advice::new(
    "send each domain with its protocol, https:// or wss://",
    "域名须带协议，仅支持 https:// 和 wss://",
);
pub(in crate::codes) const EMPTY: Advice = Advice::new(
    "send at least one domain for `add`, `delete` and `set`",
    "`add`、`delete`、`set` 操作的域名不能为空",
);
pub(in crate::codes) const NOT_REGISTERED: Advice =
    Advice::new("register the domain at the platform first", "请先在第三方平台登记该域名或其父域名");
pub(in crate::codes) const SITEMAP_FILE: Advice =
    Advice::new("repeat later: the addresses did not reach the vendor", "文件上传失败，请稍后重试");
pub(in crate::codes) const SITEMAP_ACCOUNT: Advice =
    Advice::new("let the merchant bind a search account first", "请商家先绑定搜索资源平台账号");
pub(in crate::codes) const SITEMAP_DAY: Advice = Advice::new(
    "send fewer addresses today: 3000 at the weekly level, 5000 at the daily one",
    "请减少当日提交数量：周级每天 3000 条，天级每天 5000 条",
);
pub(in crate::codes) const SITEMAP_LIST: Advice = Advice::new(
    "check the app, `type` and the number of addresses in `url_list`",
    "请检查小程序、`type` 和 `url_list` 的条数",
);
pub(in crate::codes) const ROBOTS: Advice = Advice::new(
    "correct the robots file; for a template name one that `templates` lists",
    "请修正 robots 文件；若针对模板，请填写 `templates` 返回的模板 ID",
);
