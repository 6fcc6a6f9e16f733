//! Tokens, tickets and keys.

use miniprogram_core::vendor_api::codes::Advice;

pub(in crate::codes) const REFRESH: Advice = Advice::new(
    "fetch a new access token for this app, then repeat once",
    "请重新获取该小程序的 access_token，再重试一次",
);
pub(in crate::codes) const REFRESH_OR_RIGHT: Advice = Advice::new(
    "fetch a new access token and repeat once; if the error persists, the access right is missing",
    "请重新获取 access_token 后重试一次；仍失败则说明没有访问权限，请商家重新授权",
);
pub(in crate::codes) const BAD_OR_MISSING: Advice = Advice::new(
    "fetch a new access token and repeat once: the token itself is bad or missing",
    "access_token 缺失或无效，请重新获取后重试一次",
);
pub(in crate::codes) const ALLIANCE: Advice = Advice::new(
    "fetch a new token with `client_credentials`, then repeat once: this call does not take the token of an app",
    "请用 `client_credentials` 重新获取 token 后重试一次，开源联盟接口不使用小程序的授权 token",
);
pub(in crate::codes) const NEWEST_TICKET: Advice = Advice::new(
    "store the newest ticket that Baidu pushed, then fetch the platform token again",
    "请保存百度最新推送的 ticket，再重新获取第三方平台 access_token",
);
pub(in crate::codes) const NEXT_TICKET: Advice = Advice::new(
    "wait up to ten minutes for the next ticket, then fetch the platform token again",
    "请等待下一次 ticket 推送（每 10 分钟一次），再获取第三方平台 access_token",
);
pub(in crate::codes) const PLATFORM_KEY: Advice = Advice::new(
    "correct `client_id`: it must be the key of the platform",
    "请核对 `client_id`，须为第三方平台的 Key",
);
pub(in crate::codes) const CLIENT: Advice =
    Advice::new("correct `client_id` and `client_secret`", "请核对 `client_id` 和 `client_secret`");
pub(in crate::codes) const ALLIANCE_CLIENT: Advice = Advice::new(
    "send the AppKey and AppSecret of the mini program as `client_id` and `client_secret`",
    "`client_id` 和 `client_secret` 须为该小程序的 AppKey 和 AppSecret",
);
pub(in crate::codes) const GRANT: Advice = Advice::new(
    "check `grant_type`, `code` and `refresh_token`: a refresh token works once",
    "请检查 `grant_type`、`code` 和 `refresh_token`，refresh_token 只能使用一次",
);
pub(in crate::codes) const GRANT_TYPE: Advice = Advice::new(
    "send the `grant_type` of this call: `app_to_tp_authorization_code`, `app_to_tp_refresh_token` or `client_credentials`",
    "请检查 `grant_type`，应为 `app_to_tp_authorization_code`、`app_to_tp_refresh_token` 或 `client_credentials`",
);
pub(in crate::codes) const SCOPE: Advice =
    Advice::new("send `smartapp_snsapi_base` as `scope`", "`scope` 请填写 `smartapp_snsapi_base`");
pub(in crate::codes) const RECOVER: Advice = Advice::new(
    "recover with `auth/retrieve/authorizationcode`; failing that, let the merchant authorize again",
    "请用 `auth/retrieve/authorizationcode` 找回授权码重新换取 token；仍失败则请商家重新授权",
);
pub(in crate::codes) const REDIRECT: Advice = Advice::new(
    "send the return address that is registered for the platform",
    "回调地址须与第三方平台登记的域名一致",
);
pub(in crate::codes) const DEVICE_POLL: Advice =
    Advice::new("wait more than five seconds between two queries", "轮询间隔须大于 5 秒");
pub(in crate::codes) const DEVICE_WAIT: Advice =
    Advice::new("wait until the user has decided", "请等待用户确认");
pub(in crate::codes) const DEVICE_DECLINED: Advice =
    Advice::new("let the merchant authorize again: it was declined", "用户已拒绝授权，请商家重新授权");
pub(in crate::codes) const AES_KEY: Advice =
    Advice::new("set a key of 43 characters", "请设置 43 位的消息加密 Key");
