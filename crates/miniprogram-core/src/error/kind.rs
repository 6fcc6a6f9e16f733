use std::fmt;

use serde::{Deserialize, Serialize};

/// A public kind of failure with a stable machine name; a vendor's code is mapped onto one of them by a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// A field is wrong; the error names it.
    InvalidArgument,
    /// The vendor has no such operation; no request was sent.
    Unsupported,
    /// The access token was refused, also after one refresh.
    TokenRejected,
    /// The merchant's grant or refresh token is gone: authorize again.
    Unauthorized,
    /// The platform lacks the permission, or the caller's address is not allowed.
    PermissionDenied,
    /// No such app, package, audit or template.
    NotFound,
    /// The state does not allow it.
    Conflict,
    /// Name, description, icon or extension content breaks the vendor's rules.
    ContentRejected,
    /// An allowance is used up.
    QuotaExhausted,
    /// Too fast.
    RateLimited,
    /// The vendor is busy, answered 5xx, or could not be connected to.
    Unavailable,
    /// No answer within the deadline.
    Timeout,
    /// An answer that cannot be understood, is missing or too large.
    Protocol,
    /// A push was refused.
    Callback,
    /// The local store failed.
    Store,
    /// The local configuration is wrong.
    Config,
    /// The caller gave up.
    Cancelled,
    /// A code that nobody has listed; never retried.
    Vendor,
}

impl ErrorKind {
    /// The machine name, as in JSON.
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

    /// What usually has to be done about it, in one sentence.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::InvalidArgument => "correct the argument; the same request fails again",
            Self::Unsupported => "this vendor cannot do it; ask `capabilities()` first",
            Self::TokenRejected => "fetch a new access token for this app, then repeat once",
            Self::Unauthorized => "let the merchant authorize the platform again",
            Self::PermissionDenied => "have the permission granted, or the caller's address allowed",
            Self::NotFound => "check the id and the app that it belongs to",
            Self::Conflict => "read the present state, then decide",
            Self::ContentRejected => "change the content that the vendor refuses",
            Self::QuotaExhausted => "wait until the allowance returns",
            Self::RateLimited => "slow down and repeat after the wait",
            Self::Unavailable | Self::Timeout => "repeat later; for an effect, settle its outcome first",
            Self::Protocol => "settle the outcome of an effect by asking; report the answer if it stays so",
            Self::Callback => "refuse the push; check token, key and clock if it should have been genuine",
            Self::Store => "repair the store before the next effect",
            Self::Config => "correct the configuration",
            Self::Cancelled => "settle the outcome before the next effect on this app",
            Self::Vendor => "look the code up at the vendor; it is not repeated by itself",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.as_str().replace('_', " "))
    }
}

/// What is known of an attempt's effect; it decides what may be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing left this machine.
    NotSent,
    /// The vendor refused, or was asked and shows nothing: no effect.
    NotDone,
    /// It took effect.
    Done,
    /// Nobody knows yet. Ask before anything is sent again.
    Unknown,
}

impl Outcome {
    /// The machine name, as in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotSent => "not_sent",
            Self::NotDone => "not_done",
            Self::Done => "done",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Whether and when the same request may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Retry {
    /// Never.
    No,
    /// After a growing pause; for an effect only once its outcome is settled.
    Backoff,
    /// Once, with another access token.
    AfterRefresh,
    /// When the allowance returns: the next minute, day, week or month.
    NextWindow,
    /// When the argument or the state has been changed.
    AfterChange,
}

impl Retry {
    /// The machine name, as in JSON.
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
