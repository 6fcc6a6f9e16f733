//! Authorization, permissions, addresses and restrictions.

use miniprogram_core::vendor_api::codes::Advice;

pub(in crate::codes) const NOT_AUTHORIZED: Advice = Advice::new(
    "let the merchant authorize the platform: there is no authorization",
    "商家尚未授权或已取消授权，请商家授权给第三方平台",
);
pub(in crate::codes) const GRANT: Advice = Advice::new(
    "let the merchant grant the permission set of this call; an exclusive set must be taken from the other platform first",
    "请商家重新授权，并勾选该接口对应的权限集；互斥的权限集须先取消对其他第三方平台的授权",
);
pub(in crate::codes) const GRANT_OR_TOKEN: Advice = Advice::new(
    "let the merchant grant the permission set of this call, an exclusive set after taking it from the other platform; if it is granted, check whether this kind of app may call it and whose token was sent",
    "请商家授权该接口对应的权限集，互斥的权限集须先取消对其他第三方平台的授权；若已授权，请检查小程序是否具备该接口能力、token 是否用错",
);
pub(in crate::codes) const CONFIRM_SET: Advice = Advice::new(
    "confirm the permission set in the platform's console",
    "请到微信开放平台的第三方平台后台确认该权限集",
);
pub(in crate::codes) const PLATFORM_SETS: Advice =
    Advice::new("add the missing permission sets to the platform", "请为第三方平台补齐缺少的权限集");
pub(in crate::codes) const RENEW: Advice = Advice::new(
    "let the merchant renew the permission of this interface: it has run out",
    "该接口的使用权限已到期，请商家续期",
);
pub(in crate::codes) const WHITE_LIST: Advice = Advice::new(
    "add the platform's outgoing address to its white list at the vendor",
    "请在第三方平台的 IP 白名单中添加服务器出口 IP",
);
pub(in crate::codes) const LIFT_BAN: Advice = Advice::new(
    "let the merchant settle the restriction with the vendor first",
    "账号已被限制，请商家先到微信公众平台处理并解除限制",
);
pub(in crate::codes) const PUNISHED: Advice = Advice::new(
    "let the merchant read the notice at mp.weixin.qq.com: the interface is blocked as a punishment",
    "该接口因违规被封禁，请商家登录 mp.weixin.qq.com 查看通知并处理",
);
pub(in crate::codes) const LIFT_PLATFORM_BAN: Advice = Advice::new(
    "settle the restriction in the platform's own console",
    "服务商自身能力受限，请到微信开放平台查看处罚通知并申诉或整改",
);
pub(in crate::codes) const VERIFY_APP: Advice =
    Advice::new("let the merchant have the app verified first", "请商家先完成小程序的微信认证");
pub(in crate::codes) const BY_PLATFORM: Advice = Advice::new(
    "call it as the third-party platform, with the token of the merchant's app",
    "该接口只能由第三方平台代调用，请使用商家小程序的 authorizer_access_token",
);
pub(in crate::codes) const QUICKLY_REGISTERED: Advice = Advice::new(
    "let the merchant do it in WeChat's console: only apps registered through the platform can do it here",
    "该接口仅限通过第三方平台快速注册的小程序使用，其他小程序请商家到公众平台操作",
);
pub(in crate::codes) const WITHDRAWN: Advice = Advice::new(
    "call the interface that has replaced this one: it is withdrawn",
    "该接口已下线，请改用替代接口",
);
pub(in crate::codes) const PUBLISH_PLATFORM: Advice =
    Advice::new("publish the platform at the vendor first", "请先完成第三方平台的全网发布");
pub(in crate::codes) const PUBLISH_PLATFORM_AGAIN: Advice =
    Advice::new("publish the platform at the vendor again", "请重新进行第三方平台的全网发布");
pub(in crate::codes) const CONFIRMED: Advice = Advice::new(
    "nothing to do: it is confirmed already, or needs no confirmation",
    "已确认或无需确认，不必处理",
);
pub(in crate::codes) const ADMIN_PENDING: Advice =
    Advice::new("wait until the administrator has confirmed, then repeat", "请等管理员确认后再重试");
pub(in crate::codes) const ADMIN_MUST: Advice =
    Advice::new("let the administrator confirm the call, then repeat", "请小程序管理员确认该次调用后再重试");
pub(in crate::codes) const ADMIN_DAY: Advice =
    Advice::new("wait a day: the administrator refused this address", "管理员已拒绝该 IP，请 24 小时后再试");
pub(in crate::codes) const ADMIN_HOUR: Advice =
    Advice::new("wait an hour: the administrator refused this address", "管理员已拒绝该 IP，请 1 小时后再试");
pub(in crate::codes) const APP_ID: Advice = Advice::new(
    "check the app id, and that the app may be used in this call",
    "请核对 AppID，并确认该小程序满足此接口的要求",
);
pub(in crate::codes) const OPTION: Advice =
    Advice::new("correct `option_name` and `option_value`", "请检查 `option_name` 和 `option_value` 的取值");
pub(in crate::codes) const OPTION_READ_ONLY: Advice =
    Advice::new("leave the option as it is: it can only be read", "该选项只读，不能设置");
pub(in crate::codes) const NOT_CANCELLED: Advice = Advice::new(
    "leave the authorization as it is: the platform may not cancel it",
    "该授权不允许由第三方平台取消",
);
