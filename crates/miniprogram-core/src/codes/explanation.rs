use serde::Serialize;

use super::{Advice, CodeRow, Language, Owner};
use crate::error::{Code, ErrorKind, Retry};
use crate::vendor::Vendor;

/// What to do about a code that no table lists.
const UNLISTED: Advice = Advice::new(
    "look the code up in the vendor's documentation: it is not listed here, and is not repeated by itself",
    "未收录该错误码，请查阅平台方的官方文档；不会自动重试",
);

/// What a vendor's code means; the JSON form of `explain`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// Whose code it is.
    pub vendor: Vendor,
    /// The code.
    pub code: Code,
    /// The table that lists it; none if nobody has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<&'static str>,
    /// What it is here.
    pub kind: ErrorKind,
    /// Whether to repeat.
    pub retry: Retry,
    /// The vendor's words.
    pub meaning: &'static str,
    /// What to do next: English, unless [`in_language`](Self::in_language) says otherwise.
    pub advice: &'static str,
    /// Whose move it is.
    pub owner: Owner,
    /// What it means to some operations, where none was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Meaning>,
    #[serde(skip)]
    advices: Advice,
}

impl Explanation {
    /// A code's explanation from the row found for it in the named table.
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

    /// What to do next, in every language.
    #[must_use]
    pub const fn translated_advice(&self) -> Advice {
        self.advices
    }

    /// The same with the advice in this language.
    #[must_use]
    pub const fn in_language(mut self, language: Language) -> Self {
        self.advice = self.advices.text(language);
        self
    }
}

/// What a code means to some operations only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Meaning {
    /// The operations: method names, endpoint paths, or the name that tells a second meaning apart.
    pub operations: &'static [&'static str],
    /// What it is there.
    pub kind: ErrorKind,
    /// The vendor's words.
    pub meaning: &'static str,
}

impl Meaning {
    /// The meaning of a row.
    #[must_use]
    pub const fn of(row: &CodeRow) -> Self {
        Self { operations: row.operations, kind: row.kind, meaning: row.meaning }
    }

    /// The same under other names.
    #[must_use]
    pub const fn under(mut self, operations: &'static [&'static str]) -> Self {
        self.operations = operations;
        self
    }
}
