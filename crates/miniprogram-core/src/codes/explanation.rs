use serde::Serialize;

use super::{Advice, CodeRow, Language, Owner};
use crate::error_kind::{ErrorKind, Retry};
use crate::vendor::Vendor;
use crate::vendor_error::Code;

/// What to do about an unlisted code.
const UNLISTED: Advice = Advice::new(
    "look the code up in the vendor's documentation: it is not listed here, and is not retried automatically",
    "未收录该错误码，请查阅平台方的官方文档；不会自动重试",
);

/// What a vendor's code means; the JSON form of `explain`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// The vendor that the code belongs to.
    pub vendor: Vendor,
    /// The code.
    pub code: Code,
    /// The table that lists it; none if it is unlisted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<&'static str>,
    /// The error kind that the code maps to.
    pub kind: ErrorKind,
    /// Whether to retry.
    pub retry: Retry,
    /// The vendor's message.
    pub meaning: &'static str,
    /// What to do next: English, unless [`in_language`](Self::in_language) says otherwise.
    pub advice: &'static str,
    /// Who has to act.
    pub owner: Owner,
    /// Meanings for specific operations, if no operation was given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Meaning>,
    #[serde(skip)]
    advices: Advice,
}

impl Explanation {
    /// Creates a code's explanation from the row found for it in the named table.
    pub(super) fn new(vendor: Vendor, code: Code, found: Option<(&'static str, &CodeRow)>) -> Self {
        let unlisted = CodeRow::new(0, ErrorKind::Vendor, "").retry(Retry::No).advice(UNLISTED);
        let row = found.map_or(&unlisted, |(_, row)| row);
        Self {
            vendor,
            code,
            table: found.map(|(table, _)| table),
            kind: row.kind,
            retry: row.retry_rule(),
            meaning: row.meaning,
            advice: row.advice_text(),
            owner: row.owner_of_move(),
            also: Vec::new(),
            advices: row.translated_advice(),
        }
    }

    /// Returns what to do next, in every language.
    #[must_use]
    pub const fn translated_advice(&self) -> Advice {
        self.advices
    }

    /// Returns the same explanation with the advice in this language.
    #[must_use]
    pub fn in_language(mut self, language: Language) -> Self {
        self.advice = self.advices.text(language);
        self
    }
}

/// What a code means for specific operations only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Meaning {
    /// The operations: method names, endpoint paths, or the name that distinguishes a second meaning.
    pub operations: Vec<&'static str>,
    /// The error kind it maps to there.
    pub kind: ErrorKind,
    /// The vendor's message.
    pub meaning: &'static str,
}

impl Meaning {
    /// Returns the meaning of a row.
    #[must_use]
    pub fn of(row: &CodeRow) -> Self {
        Self { operations: row.operations(), kind: row.kind, meaning: row.meaning }
    }

    /// Returns the same meaning under another name.
    #[must_use]
    pub fn under(mut self, operation: &'static str) -> Self {
        self.operations = vec![operation];
        self
    }
}
