//! Tokens, secrets and tickets.

use miniprogram_core::vendor_api::codes::Advice;

pub(in crate::codes) const NOT_NEWEST: Advice = Advice::new(
    "fetch a new access token and repeat once; if the error persists, check the secret and that only one process refreshes",
    "请重新获取 access_token 后重试一次；仍失败则检查 AppSecret，并确认只有一个进程在刷新 token",
);
pub(in crate::codes) const EXPIRED: Advice =
    Advice::new("fetch a new access token, then repeat once", "access_token 已过期，请刷新后重试一次");
pub(in crate::codes) const OF_ANOTHER: Advice = Advice::new(
    "fetch a new access token of this app, then repeat once",
    "请重新获取该小程序自己的 access_token，再重试一次",
);
pub(in crate::codes) const COMPONENT_EXPIRED: Advice = Advice::new(
    "fetch a new component token, then repeat once",
    "请重新获取 component_access_token，再重试一次",
);
pub(in crate::codes) const COMPONENT_MISSING: Advice = Advice::new(
    "fetch the component token and send it in the query",
    "请先获取 component_access_token，并放在 query 里传递",
);
pub(in crate::codes) const NOT_SENT: Advice = Advice::new(
    "send the access token in the query: this request carried none",
    "请求未携带 access_token，请放在 query 里传递",
);
pub(in crate::codes) const WANTS_COMPONENT: Advice = Advice::new(
    "send the component token: this call does not take the token of an app",
    "该接口须使用 component_access_token，请不要传 authorizer_access_token",
);
pub(in crate::codes) const WANTS_AUTHORIZER: Advice = Advice::new(
    "send the app's authorizer token: this call does not take the component token",
    "该接口须使用 authorizer_access_token，请不要传 component_access_token",
);
pub(in crate::codes) const WANTS_COMPONENT_CALL: Advice = Advice::new(
    "fetch the token with `api_component_token`",
    "第三方平台账号请用 `api_component_token` 获取 token",
);
pub(in crate::codes) const NOT_A_MINI_PROGRAM: Advice = Advice::new(
    "send the token of a mini program, not that of another kind of account",
    "请使用小程序的 access_token，不要使用公众号等其他账号的",
);
pub(in crate::codes) const NOT_OF_PLATFORM: Advice =
    Advice::new("send a token that was fetched through the platform", "请使用通过第三方平台获取的 token");
pub(in crate::codes) const NOT_OF_OWNER: Advice =
    Advice::new("send the token of the account that owns the interface", "请使用该接口所属账号的 token");
pub(in crate::codes) const SECRET: Advice = Advice::new(
    "correct the app secret: a new token does not help",
    "请核对并更正 AppSecret（重新获取 token 不能解决）",
);
pub(in crate::codes) const PLATFORM_SECRET: Advice = Advice::new(
    "correct the appid and secret of the platform: a new token does not help",
    "请核对并更正第三方平台的 AppID 和 AppSecret（重新获取 token 不能解决）",
);
pub(in crate::codes) const ID_AND_SECRET: Advice = Advice::new(
    "correct the appid and the secret in the body: a new token does not help",
    "请核对并更正请求体中的 AppID 和 AppSecret（重新获取 token 不能解决）",
);
pub(in crate::codes) const NEWEST_TICKET: Advice = Advice::new(
    "store the newest `component_verify_ticket` that WeChat pushed, then fetch the component token again",
    "请保存微信最新推送的 `component_verify_ticket`，再重新获取 component_access_token",
);
pub(in crate::codes) const REFRESH_TOKEN_GONE: Advice = Advice::new(
    "fetch the refresh token again with `api_get_authorizer_list`; failing that, let the merchant authorize again",
    "请用 `api_get_authorizer_list` 重新拉取 refresh_token；仍不可用则请商家重新授权",
);
pub(in crate::codes) const REFRESH_TOKEN_EXPIRED: Advice = Advice::new(
    "let the merchant authorize again: the refresh token has expired",
    "refresh_token 已过期，请商家重新授权",
);
pub(in crate::codes) const PASSWORD_CHANGED: Advice = Advice::new(
    "let the merchant authorize again: the owner changed the password, which ended both tokens",
    "账号修改密码导致 access_token 和 refresh_token 都已失效，请商家重新授权",
);
pub(in crate::codes) const NEW_CODE: Advice = Advice::new(
    "let the merchant authorize again: a code works once and for a short time, and one copied from an address bar must be percent-decoded first",
    "授权码只能使用一次且有效期很短，请商家重新授权以获取新的授权码；从浏览器地址栏复制的授权码须先做 URL 解码",
);
pub(in crate::codes) const PLATFORM_ID: Advice = Advice::new(
    "correct `component_appid`: WeChat does not know this platform",
    "请更正 `component_appid`，微信没有这个第三方平台",
);
