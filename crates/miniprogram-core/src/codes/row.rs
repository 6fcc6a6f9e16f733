use std::time::Duration;

use super::Owner;
use crate::advice::{Advice, Language};
use crate::endpoint::{self, Endpoint};
use crate::error_kind::{ErrorKind, Retry};
use crate::vendor_error::Code;

/// What a code received in response to an effect says about that effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Certainty {
    /// The vendor refused: nothing happened.
    Refused,
    /// The vendor was busy: the effect may have happened nevertheless.
    Open,
}

/// One line of a [`CodeTable`](super::CodeTable).
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct CodeRow {
    /// The vendor's number; 0 if `text` holds a word instead.
    pub number: i64,
    /// The vendor's word, for codes that are text.
    pub text: Option<&'static str>,
    /// The endpoints that the row applies to. Without any, and without a name: all others.
    pub endpoints: &'static [&'static Endpoint],
    /// The name of a second meaning of the code, which only the vendor's message reveals.
    pub variant: Option<&'static str>,
    /// The error kind that the code maps to.
    pub kind: ErrorKind,
    /// The vendor's message, or a short gloss if it prints none.
    pub meaning: &'static str,
    retry: Option<Retry>,
    certainty: Certainty,
    owner: Option<Owner>,
    advice: Option<Advice>,
    wait: Option<Duration>,
}

impl CodeRow {
    /// Creates the row of a numeric code with the kind's own retry rule, owner and advice.
    #[must_use]
    pub const fn new(number: i64, kind: ErrorKind, meaning: &'static str) -> Self {
        Self {
            number,
            text: None,
            endpoints: &[],
            variant: None,
            kind,
            meaning,
            retry: None,
            certainty: Certainty::Refused,
            owner: None,
            advice: None,
            wait: None,
        }
    }

    /// Creates the row of a code that is a word.
    #[must_use]
    pub const fn word(text: &'static str, kind: ErrorKind, meaning: &'static str) -> Self {
        let mut row = Self::new(0, kind, meaning);
        row.text = Some(text);
        row
    }

    /// Limits the row to some endpoints. It takes precedence over the row that applies to all.
    #[must_use]
    pub const fn only(mut self, endpoints: &'static [&'static Endpoint]) -> Self {
        self.endpoints = endpoints;
        self
    }

    /// Names the row as a second meaning of its code. It is found by that name, in place of an operation.
    #[must_use]
    pub const fn variant(mut self, name: &'static str) -> Self {
        self.variant = Some(name);
        self
    }

    /// Returns the operations that the row applies to, none if it applies to all others: the name of the second
    /// meaning, the methods of the client, the paths.
    #[must_use]
    pub fn operations(&self) -> Vec<&'static str> {
        self.variant.into_iter().chain(endpoint::names(self.endpoints)).collect()
    }

    /// Returns whether the row applies only to some operations.
    #[must_use]
    pub const fn is_limited(&self) -> bool {
        self.variant.is_some() || !self.endpoints.is_empty()
    }

    pub(super) fn applies_to(&self, operation: &str) -> bool {
        self.variant == Some(operation) || self.endpoints.iter().any(|endpoint| endpoint.is_named(operation))
    }

    /// Marks that the effect may have happened although the vendor returned this code.
    #[must_use]
    pub const fn open(mut self) -> Self {
        self.certainty = Certainty::Open;
        self
    }

    /// Sets the retry rule.
    #[must_use]
    pub const fn retry(mut self, retry: Retry) -> Self {
        self.retry = Some(retry);
        self
    }

    /// Sets who has to act.
    #[must_use]
    pub const fn owner(mut self, owner: Owner) -> Self {
        self.owner = Some(owner);
        self
    }

    /// Sets what to do next, if the kind's own advice is too general.
    #[must_use]
    pub const fn advice(mut self, advice: Advice) -> Self {
        self.advice = Some(advice);
        self
    }

    /// Sets how long to wait before retrying.
    #[must_use]
    pub const fn wait(mut self, wait: Duration) -> Self {
        self.wait = Some(wait);
        self
    }

    /// Returns the code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self.text {
            Some(text) => Code::Text(text.into()),
            None => Code::Number(self.number),
        }
    }

    /// Returns what the response says about an effect.
    #[must_use]
    pub const fn certainty(&self) -> Certainty {
        self.certainty
    }

    /// Returns how long to wait, if the vendor says so.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        self.wait
    }

    /// Returns whether to retry.
    #[must_use]
    pub const fn retry_rule(&self) -> Retry {
        match self.retry {
            Some(retry) => retry,
            None => self.kind.retry(),
        }
    }

    /// Returns what to do next, in English.
    #[must_use]
    pub const fn advice_text(&self) -> &'static str {
        self.advice_in(Language::English)
    }

    /// Returns what to do next.
    #[must_use]
    pub const fn advice_in(&self, language: Language) -> &'static str {
        self.translated_advice().text(language)
    }

    /// Returns what to do next, in every language.
    #[must_use]
    pub const fn translated_advice(&self) -> Advice {
        match self.advice {
            Some(advice) => advice,
            None => self.kind.both_advices(),
        }
    }

    /// Returns who has to act.
    #[must_use]
    pub fn owner_of_move(&self) -> Owner {
        self.owner.unwrap_or(match self.kind {
            ErrorKind::Unauthorized | ErrorKind::ContentRejected => Owner::Merchant,
            ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Protocol | ErrorKind::Vendor => {
                Owner::Vendor
            }
            _ => Owner::Platform,
        })
    }

    pub(super) fn is(&self, code: &Code) -> bool {
        match (code, self.text) {
            (Code::Number(number), None) => *number == self.number,
            (Code::Text(word), Some(text)) => word == text,
            _ => false,
        }
    }
}
