//! Kinds of failure, and whether the same request may be retried.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::advice::{Advice, Language};

/// A public kind of failure with a stable machine name. Tables map the vendors' codes to these kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// A field is wrong; the error names it.
    InvalidArgument,
    /// The vendor does not support the operation; no request was sent.
    Unsupported,
    /// The access token was refused, even after one refresh.
    TokenRejected,
    /// The merchant's grant or refresh token is no longer valid: authorize again.
    Unauthorized,
    /// The platform lacks the permission, or the caller's address is not allowed.
    PermissionDenied,
    /// No such app, package, audit or template.
    NotFound,
    /// The state does not allow it.
    Conflict,
    /// Name, description, icon or extension content breaks the vendor's rules.
    ContentRejected,
    /// A quota is used up.
    QuotaExhausted,
    /// Too many requests.
    RateLimited,
    /// The vendor is busy, returned 5xx, or could not be connected to.
    Unavailable,
    /// No response within the deadline.
    Timeout,
    /// A response that cannot be understood, is missing or is too large.
    Protocol,
    /// A push was rejected.
    Callback,
    /// The local store failed.
    Store,
    /// The local configuration is wrong.
    Config,
    /// The caller gave up.
    Cancelled,
    /// An unlisted code; never retried.
    Vendor,
}

impl ErrorKind {
    /// Returns the machine name, as used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidArgument => "invalid_argument",
            Self::Unsupported => "unsupported",
            Self::TokenRejected => "token_rejected",
            Self::Unauthorized => "unauthorized",
            Self::PermissionDenied => "permission_denied",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::ContentRejected => "content_rejected",
            Self::QuotaExhausted => "quota_exhausted",
            Self::RateLimited => "rate_limited",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
            Self::Protocol => "protocol",
            Self::Callback => "callback",
            Self::Store => "store",
            Self::Config => "config",
            Self::Cancelled => "cancelled",
            Self::Vendor => "vendor",
        }
    }

    /// Returns whether and when a request that failed like this may usually be retried.
    #[must_use]
    pub const fn retry(self) -> Retry {
        match self {
            Self::RateLimited | Self::Unavailable | Self::Timeout => Retry::Backoff,
            Self::TokenRejected => Retry::AfterRefresh,
            Self::QuotaExhausted => Retry::NextWindow,
            Self::InvalidArgument
            | Self::NotFound
            | Self::Conflict
            | Self::ContentRejected
            | Self::PermissionDenied
            | Self::Unauthorized
            | Self::Config => Retry::AfterChange,
            Self::Unsupported
            | Self::Protocol
            | Self::Callback
            | Self::Store
            | Self::Cancelled
            | Self::Vendor => Retry::No,
        }
    }

    /// Returns what usually has to be done about it, in one English sentence.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        self.advice_in(Language::English)
    }

    /// Returns what usually has to be done about it, in one sentence.
    #[must_use]
    pub const fn advice_in(self, language: Language) -> &'static str {
        self.both_advices().text(language)
    }

    pub(crate) const fn both_advices(self) -> Advice {
        match self {
            Self::InvalidArgument => Advice::new(
                "correct the argument; the same request fails again",
                "请修正参数后再请求，原样重试仍会失败",
            ),
            Self::Unsupported => Advice::new(
                "this vendor cannot do it; ask `capabilities()` first",
                "该平台方不支持此操作，请先用 `capabilities()` 查询",
            ),
            Self::TokenRejected => Advice::new(
                "fetch a new access token for this app, then repeat once",
                "请重新获取该小程序的 access_token，再重试一次",
            ),
            Self::Unauthorized => {
                Advice::new("let the merchant authorize the platform again", "请商家重新授权给第三方平台")
            }
            Self::PermissionDenied => Advice::new(
                "have the permission granted, or the caller's address allowed",
                "请先开通所需权限，或将调用方 IP 加入白名单",
            ),
            Self::NotFound => {
                Advice::new("check the id and the app that it belongs to", "请核对 ID 以及它所属的小程序")
            }
            Self::Conflict => {
                Advice::new("read the current state, then decide", "请先查询当前状态，再决定下一步操作")
            }
            Self::ContentRejected => {
                Advice::new("change the content that the vendor refuses", "请修改被平台方拒绝的内容后再提交")
            }
            Self::QuotaExhausted => {
                Advice::new("wait until the quota is reset", "额度已用完，请等额度恢复后再试")
            }
            Self::RateLimited => {
                Advice::new("slow down and repeat after the wait", "请求过于频繁，请降低频率，稍后重试")
            }
            Self::Unavailable | Self::Timeout => Advice::new(
                "repeat later; after an effect, read the current state or settle its intent first",
                "请稍后重试；写操作须先确认上一次的结果",
            ),
            Self::Protocol => Advice::new(
                "after an effect, read the current state first; report the answer if it stays so",
                "写操作请先查询确认结果；若持续出现，请把返回内容反馈给平台方",
            ),
            Self::Callback => Advice::new(
                "refuse the push; check token, key and clock if it should have been genuine",
                "请拒绝该推送；若推送本应有效，请检查 token、密钥和系统时间",
            ),
            Self::Store => {
                Advice::new("repair the store before the next effect", "请先修复本地存储，再执行下一个写操作")
            }
            Self::Config => Advice::new("correct the configuration", "请修正本地配置"),
            Self::Cancelled => Advice::new(
                "read the current state, or settle the intent, before the next effect on this app",
                "对该小程序执行下一个写操作前，请先确认本次的结果",
            ),
            Self::Vendor => Advice::new(
                "look the code up at the vendor; it is not repeated automatically",
                "请查阅平台方的官方文档；该错误码不会自动重试",
            ),
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.as_str().replace('_', " "))
    }
}

/// Whether and when the same request may be retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Retry {
    /// Never.
    No,
    /// After a growing pause; for an effect only once its outcome is settled.
    Backoff,
    /// Once, with a new access token.
    AfterRefresh,
    /// When the quota is renewed: the next minute, day, week or month.
    NextWindow,
    /// After the argument or the state has been changed.
    AfterChange,
}

impl Retry {
    /// Returns the machine name, as used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Backoff => "backoff",
            Self::AfterRefresh => "after_refresh",
            Self::NextWindow => "next_window",
            Self::AfterChange => "after_change",
        }
    }
}

impl fmt::Display for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
