//! One error type: what happened, whether anything took effect, the vendor's words, and what may be done next.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::vendor::Vendor;

/// The result of every call of this family of crates.
pub type Result<T, E = Error> = std::result::Result<T, E>;

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

/// A vendor's code: most are numbers, OAuth errors are text. Serialized as it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Code {
    /// A number.
    Number(i64),
    /// A word, such as `invalid_grant`.
    Text(Cow<'static, str>),
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl From<i64> for Code {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<String> for Code {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl std::str::FromStr for Code {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        Ok(text.parse().map_or_else(|_| Self::Text(Cow::Owned(text.to_owned())), Self::Number))
    }
}

/// What the vendor answered, unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct VendorError {
    /// Who answered.
    pub vendor: Vendor,
    /// The vendor's code.
    pub code: Code,
    /// The vendor's words, exactly as received.
    pub message: String,
    /// The id under which the vendor can find the request.
    pub request_id: Option<String>,
}

impl VendorError {
    /// An answer with a code and words.
    #[must_use]
    pub fn new(vendor: Vendor, code: impl Into<Code>, message: impl Into<String>) -> Self {
        Self { vendor, code: code.into(), message: message.into(), request_id: None }
    }

    /// Adds the id of the request.
    #[must_use]
    pub fn with_request_id(mut self, request_id: Option<String>) -> Self {
        self.request_id = request_id;
        self
    }
}

impl fmt::Display for VendorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} code {}", self.vendor, self.code)?;
        if self.message.is_empty() { Ok(()) } else { write!(f, ": {}", Printable(&self.message)) }
    }
}

/// Prints a vendor's text without control characters, so that it cannot forge lines of a log or drive a terminal.
pub(crate) struct Printable<'a>(pub(crate) &'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        self.0.chars().try_for_each(|c| {
            if c.is_control() { write!(f, "{}", c.escape_default()) } else { f.write_char(c) }
        })
    }
}

/// Why a call or a callback failed.
///
/// `{}` prints operation, kind and the vendor's code and words; `{:#}` adds what to do next. Neither holds a URL, a
/// token or a key.
///
/// ```
/// use miniprogram_core::{Error, ErrorKind, Outcome, Vendor, VendorError};
///
/// let error = Error::new(ErrorKind::RateLimited, "release")
///     .with_outcome(Outcome::NotDone)
///     .with_vendor(VendorError::new(Vendor::new("acme"), 45009, "api freq out of limit"));
/// assert_eq!(error.to_string(), "release: rate limited (acme code 45009: api freq out of limit)");
/// ```
pub struct Error(Box<Repr>);

#[derive(Debug)]
struct Repr {
    kind: ErrorKind,
    outcome: Outcome,
    operation: Cow<'static, str>,
    vendor: Option<Vendor>,
    vendor_error: Option<VendorError>,
    request_id: Option<String>,
    field: Option<Cow<'static, str>>,
    detail: Option<String>,
    retry: Option<Retry>,
    advice: Option<Cow<'static, str>>,
    retry_after: Option<Duration>,
    attempts: u32,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of an operation, named like the method that failed. The outcome is [`Outcome::NotSent`] until
    /// [`with_outcome`](Self::with_outcome) says otherwise.
    #[must_use]
    pub fn new(kind: ErrorKind, operation: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Repr {
            kind,
            outcome: Outcome::NotSent,
            operation: operation.into(),
            vendor: None,
            vendor_error: None,
            request_id: None,
            field: None,
            detail: None,
            retry: None,
            advice: None,
            retry_after: None,
            attempts: 0,
            source: None,
        }))
    }

    /// The vendor has no such operation, or cannot honour an argument. No request was sent.
    #[must_use]
    pub fn unsupported(vendor: Vendor, operation: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Unsupported, operation).for_vendor(vendor)
    }

    /// An argument breaks a rule: names the field, says the rule and the value. No request was sent.
    #[must_use]
    pub fn invalid(
        operation: impl Into<Cow<'static, str>>,
        field: impl Into<Cow<'static, str>>,
        detail: impl Into<String>,
    ) -> Self {
        Self::new(ErrorKind::InvalidArgument, operation).with_field(field).with_detail(detail)
    }

    /// Sets what is known of the effect.
    #[must_use]
    pub fn with_outcome(mut self, outcome: Outcome) -> Self {
        self.0.outcome = outcome;
        self
    }

    /// Names the vendor when it has not answered a code.
    #[must_use]
    pub fn for_vendor(mut self, vendor: Vendor) -> Self {
        self.0.vendor = Some(vendor);
        self
    }

    /// Keeps what the vendor answered.
    #[must_use]
    pub fn with_vendor(mut self, answer: VendorError) -> Self {
        self.0.vendor = Some(answer.vendor);
        self.0.request_id = answer.request_id.clone().or(self.0.request_id);
        self.0.vendor_error = Some(answer);
        self
    }

    /// Names the request for the vendor's support.
    #[must_use]
    pub fn with_request_id(mut self, request_id: Option<String>) -> Self {
        self.0.request_id = request_id.or(self.0.request_id);
        self
    }

    /// Names the field at fault, in the vendor's or the trait's spelling.
    #[must_use]
    pub fn with_field(mut self, field: impl Into<Cow<'static, str>>) -> Self {
        self.0.field = Some(field.into());
        self
    }

    /// Says in words what is wrong. Never put a secret or a URL here.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Sets whether the same request may be repeated, where the kind alone does not say.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.0.retry = Some(retry);
        self
    }

    /// Sets what to do next, where the kind's own advice is too general.
    #[must_use]
    pub fn with_advice(mut self, advice: impl Into<Cow<'static, str>>) -> Self {
        self.0.advice = Some(advice.into());
        self
    }

    /// Sets how long to wait before repeating.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.0.retry_after = wait.or(self.0.retry_after);
        self
    }

    /// Sets how many requests of the effect were sent.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// Names the operation that a lower layer did not know.
    #[must_use]
    pub fn with_operation(mut self, operation: impl Into<Cow<'static, str>>) -> Self {
        self.0.operation = operation.into();
        self
    }

    /// Keeps the cause. It must hold no secret and no URL.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The kind of failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What is known of the effect.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.0.outcome
    }

    /// The method that failed.
    #[must_use]
    pub fn operation(&self) -> &str {
        &self.0.operation
    }

    /// The vendor concerned, where one is.
    #[must_use]
    pub fn vendor(&self) -> Option<Vendor> {
        self.0.vendor
    }

    /// The vendor's answer, where it gave a code.
    #[must_use]
    pub fn vendor_error(&self) -> Option<&VendorError> {
        self.0.vendor_error.as_ref()
    }

    /// The vendor's code, where it gave one.
    #[must_use]
    pub fn code(&self) -> Option<&Code> {
        self.vendor_error().map(|answer| &answer.code)
    }

    /// The id under which the vendor can find the request (WeChat `rid`, Baidu trace id).
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The field at fault.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        self.0.field.as_deref()
    }

    /// What is wrong in words, beside the vendor's.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// Whether and when the same request may be repeated.
    #[must_use]
    pub fn retry(&self) -> Retry {
        self.0.retry.unwrap_or(match self.0.kind {
            ErrorKind::RateLimited | ErrorKind::Unavailable | ErrorKind::Timeout => Retry::Backoff,
            ErrorKind::TokenRejected => Retry::AfterRefresh,
            ErrorKind::QuotaExhausted => Retry::NextWindow,
            ErrorKind::InvalidArgument
            | ErrorKind::NotFound
            | ErrorKind::Conflict
            | ErrorKind::ContentRejected
            | ErrorKind::PermissionDenied
            | ErrorKind::Unauthorized
            | ErrorKind::Config => Retry::AfterChange,
            _ => Retry::No,
        })
    }

    /// How long to wait before repeating, where known.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// What to do next, in one sentence.
    #[must_use]
    pub fn advice(&self) -> &str {
        self.0.advice.as_deref().unwrap_or_else(|| self.0.kind.advice())
    }

    /// How many requests of the effect were sent.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Whether the same request may be repeated as it is: the retry advice allows it and nothing can have happened.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self.retry(), Retry::Backoff)
            && matches!(self.outcome(), Outcome::NotSent | Outcome::NotDone)
    }

    /// The error as the command line and logs print it in JSON.
    #[must_use]
    pub fn report(&self) -> ErrorReport<'_> {
        ErrorReport {
            kind: self.kind(),
            outcome: self.outcome(),
            vendor: self.vendor(),
            operation: self.operation(),
            code: self.code(),
            message: self.message(),
            field: self.field(),
            request_id: self.request_id(),
            advice: self.advice(),
        }
    }

    fn message(&self) -> String {
        match (&self.0.detail, &self.0.vendor_error) {
            (Some(detail), Some(answer)) if !answer.message.is_empty() => {
                format!("{detail}: {}", answer.message)
            }
            (Some(detail), _) => detail.clone(),
            (None, Some(answer)) => answer.message.clone(),
            (None, None) => match &self.0.source {
                Some(source) => source.to_string(),
                None => self.0.kind.to_string(),
            },
        }
    }
}

/// The JSON form of an [`Error`]; members without a value are left out.
#[derive(Debug, Serialize)]
#[non_exhaustive]
pub struct ErrorReport<'a> {
    /// The kind's machine name.
    pub kind: ErrorKind,
    /// What is known of the effect.
    pub outcome: Outcome,
    /// The vendor concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<Vendor>,
    /// The method that failed.
    pub operation: &'a str,
    /// The vendor's code, a number or a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'a Code>,
    /// The vendor's words, or ours where the vendor gave none.
    pub message: String,
    /// The field at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<&'a str>,
    /// The vendor's id of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<&'a str>,
    /// What to do next.
    pub advice: &'a str,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.operation, self.0.kind)?;
        if let Some(field) = &self.0.field {
            write!(f, ": `{field}`")?;
        }
        if let Some(detail) = &self.0.detail {
            write!(f, "{} {}", if self.0.field.is_some() { "" } else { ":" }, Printable(detail))?;
        }
        match (&self.0.vendor_error, self.0.vendor) {
            (Some(answer), _) => write!(f, " ({answer})")?,
            (None, Some(vendor)) => write!(f, " ({vendor})")?,
            (None, None) => {}
        }
        if f.alternate() { write!(f, "; outcome {}; {}", self.0.outcome, self.advice()) } else { Ok(()) }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Error").field(&self.0).finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_word_wide_and_reads_as_one_line() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
        let error = Error::invalid("submit_audit", "item_list", "must hold 1 to 5 items, has 6");
        insta::assert_snapshot!(error, @"submit_audit: invalid argument: `item_list` must hold 1 to 5 items, has 6");
        insta::assert_snapshot!(format!("{error:#}"), @"submit_audit: invalid argument: `item_list` must hold 1 to 5 items, has 6; outcome not_sent; correct the argument; the same request fails again");
    }

    #[test]
    fn a_vendors_words_cannot_forge_a_line_of_a_log() {
        let answer = VendorError::new(Vendor::new("acme"), 7, "bad\n2026 INFO all is well\u{1b}[31m");
        let error = Error::new(ErrorKind::Vendor, "release").with_vendor(answer);
        assert!(!error.to_string().contains(['\n', '\u{1b}']), "{error}");
        assert!(error.report().message.contains('\n'), "the words themselves are kept as received");
    }

    #[test]
    fn the_json_form_leaves_absent_members_out() {
        let error = Error::unsupported(Vendor::new("acme"), "start_gray_release");
        insta::assert_json_snapshot!(error.report(), @r#"
        {
          "kind": "unsupported",
          "outcome": "not_sent",
          "vendor": "acme",
          "operation": "start_gray_release",
          "message": "unsupported",
          "advice": "this vendor cannot do it; ask `capabilities()` first"
        }
        "#);
    }
}
