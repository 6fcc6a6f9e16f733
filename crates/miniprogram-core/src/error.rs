//! One error type: what happened, whether anything took effect, the vendor's message, and what to do next.

mod report;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use report::ErrorReport;

use crate::advice::{Advice, Language};
use crate::error_kind::{ErrorKind, Retry};
use crate::ext_json::InvalidExtJson;
use crate::intent::{EarlierEffect, Intent};
use crate::outcome::Outcome;
use crate::printable::Printable;
use crate::vendor::Vendor;
use crate::vendor_error::{Code, VendorError};

/// The result of every call of this family of crates.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call or a callback failed.
///
/// `{}` prints the operation, the kind and the vendor's code and message; `{:#}` adds, on the same line, what is
/// known about the effect and what to do next. Neither contains a URL, a token or a key.
///
/// ```
/// use miniprogram_core::{Error, ErrorKind, Outcome, Vendor, VendorError};
///
/// let error = Error::new(ErrorKind::RateLimited, "release")
///     .with_outcome(Outcome::NotDone)
///     .with_vendor(VendorError::new(Vendor::new("acme"), 45009, "api freq out of limit"));
/// assert_eq!(error.to_string(), "release: rate limited (acme code 45009: api freq out of limit)");
/// ```
///
/// A clone shares the cause, so one failure can be reported to several waiting callers.
#[derive(Clone)]
pub struct Error(Box<Repr>);

#[derive(Clone)]
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
    advice: Option<NextStep>,
    retry_after: Option<Duration>,
    attempts: u32,
    intent: Option<Box<Intent>>,
    earlier: Option<Box<EarlierEffect>>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// What to do about an effect whose outcome is unknown.
const OPEN: Advice = Advice::new(
    "repeat the call: it asks the vendor first, and returns what became of this one; or settle its intent",
    "请重复同一调用：会先向平台方查询，并返回本次操作的结果；也可以对其 intent 调用 settle",
);

/// What to do next, if the kind's own advice is too general.
#[derive(Debug, Clone)]
enum NextStep {
    /// In English only.
    English(Cow<'static, str>),
    /// In every language.
    Translated(Advice),
}

impl From<InvalidExtJson> for Error {
    fn from(problem: InvalidExtJson) -> Self {
        Self::invalid("upload_code", "ext_json", problem.to_string())
    }
}

impl Error {
    /// Creates an error of an operation, named after the method that failed. The outcome is [`Outcome::NotSent`]
    /// until [`with_outcome`](Self::with_outcome) sets another.
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
            intent: None,
            earlier: None,
            source: None,
        }))
    }

    /// Creates the error for an operation or argument that the vendor does not support. No request was sent.
    #[must_use]
    pub fn unsupported(vendor: Vendor, operation: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Unsupported, operation).for_vendor(vendor)
    }

    /// Creates the error for an invalid argument: names the field and states the rule and the value. No request
    /// was sent.
    #[must_use]
    pub fn invalid(
        operation: impl Into<Cow<'static, str>>,
        field: impl Into<Cow<'static, str>>,
        detail: impl Into<String>,
    ) -> Self {
        Self::new(ErrorKind::InvalidArgument, operation).with_field(field).with_detail(detail)
    }

    /// Sets what is known about the effect.
    #[must_use]
    pub fn with_outcome(mut self, outcome: Outcome) -> Self {
        self.0.outcome = outcome;
        self
    }

    /// Names the vendor, for an error without a vendor's code.
    #[must_use]
    pub fn for_vendor(mut self, vendor: Vendor) -> Self {
        self.0.vendor = Some(vendor);
        self
    }

    /// Sets the vendor's response.
    #[must_use]
    pub fn with_vendor(mut self, answer: VendorError) -> Self {
        self.0.vendor = Some(answer.vendor);
        self.0.request_id = answer.request_id.clone().or(self.0.request_id);
        self.0.vendor_error = Some(answer);
        self
    }

    /// Sets the id by which the vendor's support can find the request.
    #[must_use]
    pub fn with_request_id(mut self, request_id: Option<String>) -> Self {
        self.0.request_id = request_id.or(self.0.request_id);
        self
    }

    /// Names the invalid field, in the spelling of the vendor or the trait.
    #[must_use]
    pub fn with_field(mut self, field: impl Into<Cow<'static, str>>) -> Self {
        self.0.field = Some(field.into());
        self
    }

    /// Describes what is wrong. Never put a secret or a URL here.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Sets whether the same request may be retried, if the kind alone does not determine it.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.0.retry = Some(retry);
        self
    }

    /// Sets what to do next, in English, if the kind's own advice is too general.
    #[must_use]
    pub fn with_advice(mut self, advice: impl Into<Cow<'static, str>>) -> Self {
        self.0.advice = Some(NextStep::English(advice.into()));
        self
    }

    /// Returns whether this error has advice of its own, set by [`with_advice`](Self::with_advice) or
    /// [`with_translated_advice`](Self::with_translated_advice), and not its kind's.
    #[must_use]
    pub const fn has_own_advice(&self) -> bool {
        self.0.advice.is_some()
    }

    /// Sets what to do next in every language, such as the advice of a code's row.
    #[must_use]
    pub fn with_translated_advice(mut self, advice: Advice) -> Self {
        self.0.advice = Some(NextStep::Translated(advice));
        self
    }

    /// Sets how long to wait before retrying.
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

    /// Attaches the effect whose outcome is unknown.
    #[must_use]
    pub fn with_intent(mut self, intent: Intent) -> Self {
        self.0.intent = Some(Box::new(intent));
        self
    }

    /// Attaches the outcome of an earlier effect.
    #[must_use]
    pub fn with_earlier(mut self, earlier: EarlierEffect) -> Self {
        self.0.earlier = Some(Box::new(earlier));
        self
    }

    /// Names the operation, if a lower layer did not know it.
    #[must_use]
    pub fn with_operation(mut self, operation: impl Into<Cow<'static, str>>) -> Self {
        self.0.operation = operation.into();
        self
    }

    /// Attaches the cause. It must contain no secret and no URL.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    /// Returns the kind of failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns what is known about the effect.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.0.outcome
    }

    /// Returns the method that failed.
    #[must_use]
    pub fn operation(&self) -> &str {
        &self.0.operation
    }

    /// Returns the vendor concerned, if there is one.
    #[must_use]
    pub fn vendor(&self) -> Option<Vendor> {
        self.0.vendor
    }

    /// Returns the vendor's response, if it had a code.
    #[must_use]
    pub fn vendor_error(&self) -> Option<&VendorError> {
        self.0.vendor_error.as_ref()
    }

    /// Returns the fields of the vendor's response other than code, message and request id, such as the list of
    /// invalid items.
    ///
    /// Secrets in them are masked. `None` if there are no such fields.
    #[must_use]
    pub fn vendor_fields(&self) -> Option<&serde_json::Map<String, serde_json::Value>> {
        self.vendor_error().map(|answer| &answer.fields).filter(|fields| !fields.is_empty())
    }

    /// Returns the vendor's code, if it returned one.
    #[must_use]
    pub fn code(&self) -> Option<&Code> {
        self.vendor_error().map(|answer| &answer.code)
    }

    /// Returns the id by which the vendor can find the request (WeChat `rid`, Baidu trace id).
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// Returns the invalid field.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        self.0.field.as_deref()
    }

    /// Returns a description of what is wrong, in addition to the vendor's message.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// Returns whether and when the same request may be retried.
    #[must_use]
    pub fn retry(&self) -> Retry {
        self.0.retry.unwrap_or(self.0.kind.retry())
    }

    /// Returns how long to wait before retrying, if known.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Returns what to do next, in one English sentence.
    #[must_use]
    pub fn advice(&self) -> &str {
        self.advice_in(Language::English)
    }

    /// Returns what to do next, in one sentence. Advice that was given only in English stays English.
    #[must_use]
    pub fn advice_in(&self, language: Language) -> &str {
        match &self.0.advice {
            Some(NextStep::English(advice)) => advice,
            Some(NextStep::Translated(advice)) => advice.text(language),
            None if self.0.outcome == Outcome::Unknown && self.0.intent.is_some() => OPEN.text(language),
            None => self.0.kind.advice_in(language),
        }
    }

    /// Returns how many requests of the effect were sent.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Returns the effect whose outcome is unknown. With outcome [`Unknown`](Outcome::Unknown) it is the effect
    /// of the failed call. With [`NotSent`](Outcome::NotSent) it is an earlier effect of the same app, which has
    /// to be settled before anything is sent.
    ///
    /// Pass it to [`Subject::settle`](crate::Subject::settle), which queries the vendor and closes it, or repeat
    /// the call, which settles it too. It implements serde, so another process can settle it.
    #[must_use]
    pub fn intent(&self) -> Option<&Intent> {
        self.0.intent.as_deref()
    }

    /// Returns the outcome of an effect that an earlier call on the app left open, if this call settled one
    /// before it failed.
    #[must_use]
    pub fn earlier(&self) -> Option<&EarlierEffect> {
        self.0.earlier.as_deref()
    }

    /// Returns whether the same request may be retried unchanged: the retry advice allows it and nothing can have
    /// happened.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self.retry(), Retry::Backoff)
            && matches!(self.outcome(), Outcome::NotSent | Outcome::NotDone)
    }

    /// Returns the JSON form of the error, as printed by the command line and in logs.
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
            vendor_fields: self.vendor_fields(),
            advice: self.advice(),
            earlier: self.earlier(),
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

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.operation, self.0.kind)?;
        if let Some(field) = &self.0.field {
            write!(f, ": `{}`", Printable(field))?;
        }
        if let Some(detail) = &self.0.detail {
            write!(f, "{} {}", if self.0.field.is_some() { "" } else { ":" }, Printable(detail))?;
        }
        match (&self.0.vendor_error, self.0.vendor) {
            (Some(answer), _) => write!(f, " ({answer})")?,
            (None, Some(vendor)) => write!(f, " ({vendor})")?,
            (None, None) => {}
        }
        if f.alternate() {
            write!(f, "; outcome {}; {}", self.0.outcome, Printable(self.advice()))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What `main` prints when it returns an error: the text for a person, then the causes.
        write!(f, "{self:#}")?;
        let mut cause = std::error::Error::source(self);
        while let Some(source) = cause {
            write!(f, "; caused by: {}", Printable(&source.to_string()))?;
            cause = source.source();
        }
        Ok(())
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
        let error = Error::invalid("submit_audit", "item_list", "must contain 1 to 5 items, has 6");
        insta::assert_snapshot!(error, @"submit_audit: invalid argument: `item_list` must contain 1 to 5 items, has 6");
        insta::assert_snapshot!(format!("{error:#}"), @"submit_audit: invalid argument: `item_list` must contain 1 to 5 items, has 6; outcome not_sent; correct the argument; the same request fails again");
    }

    #[test]
    fn what_main_prints_of_an_error_is_its_text_and_the_causes() {
        let cause = std::io::Error::other("no such\nhost");
        let error = Error::new(ErrorKind::Unavailable, "release").with_source(cause);
        assert_eq!(format!("{error:?}"), format!("{error:#}; caused by: no such\\nhost"));
    }

    #[test]
    fn a_vendors_words_cannot_forge_a_line_of_a_log() {
        let answer = VendorError::new(Vendor::new("acme"), 7, "bad\n2026 INFO all is well\u{1b}[31m");
        let error = Error::new(ErrorKind::Vendor, "release").with_vendor(answer);
        assert!(!error.to_string().contains(['\n', '\u{1b}']), "{error}");
        assert!(error.report().message.contains('\n'), "the words themselves are kept as received");
    }

    #[test]
    fn the_longer_form_adds_what_to_do_next_on_the_same_line() {
        let answer = VendorError::new(Vendor::new("acme"), 7, "bad\r\n2026 INFO all is well\u{1b}[31m");
        let error = Error::new(ErrorKind::Conflict, "release")
            .with_outcome(Outcome::NotDone)
            .with_vendor(answer)
            .with_field("list\n[0]")
            .with_advice("wait for the verdict,\nthen release");
        let line = format!("{error:#}");
        assert!(line.starts_with(&error.to_string()), "{line}");
        assert!(!line.contains(char::is_control), "{line}");
        assert!(line.ends_with(r"; outcome not_done; wait for the verdict,\nthen release"), "{line}");
    }

    #[test]
    fn advice_is_told_in_the_language_asked_for() {
        let error = Error::new(ErrorKind::Conflict, "release");
        assert_eq!(error.advice_in(Language::Chinese), ErrorKind::Conflict.advice_in(Language::Chinese));
        let error = error.with_translated_advice(Advice::new("wait", "请等待"));
        assert_eq!((error.advice(), error.advice_in(Language::Chinese)), ("wait", "请等待"));
        assert!(format!("{error:#}").ends_with("; wait"), "what is printed is English: {error:#}");
        assert!(error.has_own_advice() && !Error::new(ErrorKind::Conflict, "release").has_own_advice());
        let error = error.with_advice("call the vendor");
        assert_eq!(error.advice_in(Language::Chinese), "call the vendor");
    }

    #[test]
    fn every_kind_has_advice_in_every_language() {
        for kind in [
            ErrorKind::InvalidArgument,
            ErrorKind::Unsupported,
            ErrorKind::TokenRejected,
            ErrorKind::Unauthorized,
            ErrorKind::PermissionDenied,
            ErrorKind::NotFound,
            ErrorKind::Conflict,
            ErrorKind::ContentRejected,
            ErrorKind::QuotaExhausted,
            ErrorKind::RateLimited,
            ErrorKind::Unavailable,
            ErrorKind::Timeout,
            ErrorKind::Protocol,
            ErrorKind::Callback,
            ErrorKind::Store,
            ErrorKind::Config,
            ErrorKind::Cancelled,
            ErrorKind::Vendor,
        ] {
            let [en, zh] = Language::ALL.map(|language| kind.advice_in(language));
            assert!(en.is_ascii() && !en.is_empty() && en == kind.advice(), "{kind}: {en}");
            assert!(zh.contains(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), "{kind}: {zh}");
        }
    }

    #[test]
    fn the_json_form_leaves_absent_fields_out() {
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
