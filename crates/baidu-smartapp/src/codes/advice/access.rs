//! Authorization, permissions and addresses.

use miniprogram_core::vendor_api::codes::Advice;
pub(in crate::codes) use miniprogram_core::vendor_api::codes::advice::ALREADY_BOUND as BOUND;

pub(in crate::codes) const NOT_AUTHORIZED: Advice = Advice::new(
    "let the merchant authorize the platform: there is no authorization",
    "该小程序未授权给第三方平台，请商家授权",
);
pub(in crate::codes) const AUTHORIZE_AGAIN: Advice =
    Advice::new("let the merchant authorize the platform again", "授权状态异常，请商家重新授权给第三方平台");
pub(in crate::codes) const NO_RIGHT: Advice = Advice::new(
    "check that the app is authorized to the platform with this permission; `app_info` shows what was granted",
    "请确认该小程序已授权此权限，可用 `app_info` 查询已授权的权限",
);
pub(in crate::codes) const GRANT: Advice = Advice::new(
    "let the merchant grant the permission to the platform, or send the platform's token where the call takes that",
    "请商家重新授权并勾选该接口对应的权限；若接口要求第三方平台的 token，请改用该 token",
);
pub(in crate::codes) const PLATFORM_RIGHT: Advice =
    Advice::new("have the permission granted to the platform", "请先为第三方平台申请该权限");
pub(in crate::codes) const ACCOUNT_RIGHT: Advice = Advice::new(
    "let the merchant grant account management to the platform",
    "请商家授权账号管理权限给第三方平台",
);
pub(in crate::codes) const DEVELOPMENT_RIGHT: Advice = Advice::new(
    "let the merchant grant the development permission to the platform",
    "请商家授权开发管理权限给第三方平台",
);
pub(in crate::codes) const ALLOW_LIST: Advice = Advice::new(
    "add the caller's address to the allow-list of the platform",
    "请在第三方平台的 IP 白名单中添加服务器出口 IP",
);
pub(in crate::codes) const AUTHORIZED: Advice =
    Advice::new("nothing to do: it is authorized already", "已授权，无需处理");
pub(in crate::codes) const CREATOR_ONLY: Advice = Advice::new(
    "let the merchant authorize on the consent page: only the platform that made the app may do it silently",
    "仅创建该小程序的第三方平台可静默授权，请商家走授权页授权",
);
pub(in crate::codes) const OTHER_PLATFORM: Advice = Advice::new(
    "let the merchant end the authorization of the other platform first",
    "该账号已授权给其他第三方平台，请商家先解除授权",
);
pub(in crate::codes) const OTHER_BINDING: Advice = Advice::new(
    "let the merchant end the binding to the other platform first",
    "已绑定其他第三方平台，请商家先解除绑定",
);
pub(in crate::codes) const PLATFORM_FULL: Advice = Advice::new(
    "end bindings that are no longer used: waiting does not make room",
    "第三方平台的绑定数量已达上限，请先解除不再使用的绑定",
);
pub(in crate::codes) const CONSENT_BUSY: Advice =
    Advice::new("wait a while before the consent page is opened again", "授权页访问过于频繁，请稍后再打开");
pub(in crate::codes) const CONSENT_REFERER: Advice = Advice::new(
    "open the consent page from the domain that is registered for it",
    "请从已登记的授权发起页域名打开授权页",
);
pub(in crate::codes) const NO_APP: Advice = Advice::new(
    "let the merchant create a mini program first: the account has none to authorize",
    "该账号下没有可授权的小程序，请商家先创建小程序",
);
pub(in crate::codes) const APP: Advice = Advice::new(
    "check the app id: the vendor does not know this mini program",
    "请核对小程序 ID，该小程序不存在",
);
pub(in crate::codes) const SCAN_AGAIN: Advice =
    Advice::new("show a fresh QR code", "二维码已过期，请刷新后重新扫码");
pub(in crate::codes) const SCAN: Advice =
    Advice::new("let the developer scan the QR code to bind first", "请开发者先扫码绑定");
pub(in crate::codes) const CONFIRM: Advice =
    Advice::new("wait until the developer has confirmed", "请等待开发者确认");
pub(in crate::codes) const VENDOR_ALLOW_LIST: Advice = Advice::new(
    "ask the vendor to put the app on the allow-list of this permission",
    "请向百度申请将该小程序加入此权限的白名单",
);
