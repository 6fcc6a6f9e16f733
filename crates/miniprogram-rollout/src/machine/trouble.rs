//! A failed call, as far as a state and a ledger keep it, and what the machine does about it.

use std::time::Duration;

use miniprogram_core::vendor_api::Printable;
use miniprogram_core::{Code, Error, ErrorKind, Outcome, Retry};
use serde::{Deserialize, Serialize};

/// The longest message that is kept, in characters.
const LONGEST: usize = 400;

/// A failed call: the fields of the error's [report](Error::report), which contain no secret. The vendor's other
/// fields are left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Trouble {
    /// The method that failed.
    pub operation: String,
    /// The kind of failure.
    pub kind: ErrorKind,
    /// What is known about the effect.
    pub outcome: Outcome,
    /// Whether and when the same call may be repeated.
    pub retry: Retry,
    /// How long the vendor asks to wait, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub retry_after: Option<u64>,
    /// Whether nothing was sent because an earlier effect of the app is not settled.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub held_up: bool,
    /// The vendor's code.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code: Option<Code>,
    /// The vendor's message or the library's, made printable and shortened.
    pub message: String,
    /// The invalid field.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub field: Option<String>,
    /// The vendor's id of the request.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub request_id: Option<String>,
    /// What to do next, in English.
    pub advice: String,
    /// How many requests of the effect were sent.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub attempts: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl From<&Error> for Trouble {
    fn from(error: &Error) -> Self {
        let report = error.report();
        let text = |text: &str| Printable(text).to_string().chars().take(LONGEST).collect();
        Self {
            operation: text(report.operation),
            kind: report.kind,
            outcome: report.outcome,
            retry: error.retry(),
            retry_after: error.retry_after().map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
            held_up: report.outcome == Outcome::NotSent && error.intent().is_some(),
            code: report.code.cloned(),
            message: text(&report.message),
            field: report.field.map(text),
            request_id: report.request_id.map(text),
            advice: text(report.advice),
            attempts: error.attempts(),
        }
    }
}

/// What the machine does about a failed call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Nothing: the effect took place, only its value was lost.
    Done,
    /// The same call again after a pause: it settles what is open. Bounded by [`Patience::unknown`](super::Patience).
    Settle,
    /// The same call again, later. Bounded by [`Patience::failures`](super::Patience).
    Later,
    /// The same call again when the vendor allows it. Not bounded: the limit ends by itself.
    Allowed,
    /// Read what the state is, since it is not what was expected.
    Look,
    /// The merchant has to authorize the platform again. No further call.
    Authorize,
    /// Something local is wrong. It says nothing about the app, so a person decides.
    Person,
    /// The vendor will not do it.
    Refused,
}

impl Trouble {
    pub(super) const fn remedy(&self) -> Remedy {
        if matches!(self.kind, ErrorKind::Unauthorized) {
            return Remedy::Authorize;
        }
        match self.outcome {
            Outcome::Done => Remedy::Done,
            // The state is neither the one before nor the one after: only reading tells why.
            Outcome::Unknown if matches!(self.kind, ErrorKind::Conflict) => Remedy::Look,
            Outcome::Unknown => Remedy::Settle,
            Outcome::NotSent if self.held_up => Remedy::Settle,
            Outcome::NotSent | Outcome::NotDone => self.remedy_of_a_refusal(),
        }
    }

    const fn remedy_of_a_refusal(&self) -> Remedy {
        match (self.kind, self.retry) {
            (ErrorKind::RateLimited | ErrorKind::QuotaExhausted, _) | (_, Retry::NextWindow) => {
                Remedy::Allowed
            }
            (_, Retry::Backoff | Retry::AfterRefresh) => Remedy::Later,
            (ErrorKind::Protocol | ErrorKind::Cancelled, _) => Remedy::Later,
            (ErrorKind::Conflict | ErrorKind::NotFound, _) => Remedy::Look,
            (ErrorKind::Config | ErrorKind::Store, _) => Remedy::Person,
            _ => Remedy::Refused,
        }
    }

    pub(super) fn wait(&self) -> Duration {
        Duration::from_millis(self.retry_after.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use miniprogram_core::{Intent, Vendor, VendorError};
    use serde_json::Value;

    use super::*;

    const ACME: Vendor = Vendor::new("acme");

    #[test]
    fn outcome_kind_and_retry_decide_and_nothing_else() {
        let table: [(ErrorKind, Outcome, Remedy); 23] = [
            (ErrorKind::Unauthorized, Outcome::Unknown, Remedy::Authorize),
            (ErrorKind::Unauthorized, Outcome::NotDone, Remedy::Authorize),
            (ErrorKind::Protocol, Outcome::Done, Remedy::Done),
            (ErrorKind::Timeout, Outcome::Unknown, Remedy::Settle),
            (ErrorKind::Conflict, Outcome::Unknown, Remedy::Look),
            (ErrorKind::Unavailable, Outcome::NotSent, Remedy::Later),
            (ErrorKind::Timeout, Outcome::NotDone, Remedy::Later),
            (ErrorKind::TokenRejected, Outcome::NotDone, Remedy::Later),
            (ErrorKind::Protocol, Outcome::NotDone, Remedy::Later),
            (ErrorKind::Cancelled, Outcome::NotSent, Remedy::Later),
            (ErrorKind::RateLimited, Outcome::NotDone, Remedy::Allowed),
            (ErrorKind::QuotaExhausted, Outcome::NotDone, Remedy::Allowed),
            (ErrorKind::Conflict, Outcome::NotDone, Remedy::Look),
            (ErrorKind::Conflict, Outcome::NotSent, Remedy::Look),
            (ErrorKind::NotFound, Outcome::NotDone, Remedy::Look),
            (ErrorKind::Config, Outcome::NotSent, Remedy::Person),
            (ErrorKind::Store, Outcome::NotSent, Remedy::Person),
            (ErrorKind::InvalidArgument, Outcome::NotSent, Remedy::Refused),
            (ErrorKind::ContentRejected, Outcome::NotDone, Remedy::Refused),
            (ErrorKind::PermissionDenied, Outcome::NotDone, Remedy::Refused),
            (ErrorKind::Unsupported, Outcome::NotSent, Remedy::Refused),
            (ErrorKind::Callback, Outcome::NotSent, Remedy::Refused),
            (ErrorKind::Vendor, Outcome::NotDone, Remedy::Refused),
        ];
        for (kind, outcome, remedy) in table {
            let trouble = Trouble::from(&Error::new(kind, "release").with_outcome(outcome));
            assert_eq!(trouble.remedy(), remedy, "{kind:?} {outcome:?}");
        }
        let row = Error::new(ErrorKind::Vendor, "release").with_retry(Retry::NextWindow);
        assert_eq!(Trouble::from(&row).remedy(), Remedy::Allowed, "the row of a code decides");
    }

    #[test]
    fn an_earlier_effect_that_is_open_is_settled_by_the_same_call() {
        let intent = Intent::new(
            ACME,
            miniprogram_core::AppId::from("1"),
            miniprogram_core::Command::CancelGrayRelease,
            Value::Null,
            miniprogram_core::Timestamp::from_unix(0),
        );
        let error = Error::new(ErrorKind::Conflict, "release").with_intent(intent);
        assert_eq!(Trouble::from(&error).remedy(), Remedy::Settle);
    }

    #[test]
    fn a_vendors_words_are_kept_printable_and_short() {
        let long = format!("line\n{}", "x".repeat(1000));
        let error = Error::new(ErrorKind::Vendor, "release")
            .with_vendor(VendorError::new(ACME, 7, long).with_request_id(Some("r1".to_owned())))
            .with_retry_after(Some(Duration::from_secs(3)));
        let trouble = Trouble::from(&error);
        assert!(trouble.message.starts_with(r"line\nxxx") && trouble.message.len() == LONGEST);
        assert_eq!((trouble.code.clone(), trouble.request_id.as_deref()), (Some(7.into()), Some("r1")));
        assert_eq!(trouble.wait(), Duration::from_secs(3));
        let json = serde_json::to_string(&trouble).unwrap();
        assert_eq!(serde_json::from_str::<Trouble>(&json).unwrap(), trouble);
    }
}
