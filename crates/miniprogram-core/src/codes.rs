//! Tables of the vendors' error codes: what a code means, whose move it is, whether to repeat.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::{Code, ErrorKind, Retry};
use crate::vendor::Vendor;

/// Whose move it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Owner {
    /// The third-party platform: its code, configuration or permissions.
    Platform,
    /// The merchant who owns the app.
    Merchant,
    /// The vendor: wait, or ask its support.
    Vendor,
}

impl Owner {
    /// The machine name, as in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Merchant => "merchant",
            Self::Vendor => "vendor",
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a code answered to an effect says about that effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Certainty {
    /// The vendor refused: nothing happened.
    Refused,
    /// The vendor was busy: it may have happened all the same.
    Open,
}

/// One line of a [`CodeTable`].
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct CodeRow {
    /// The vendor's number; 0 where `text` holds a word instead.
    pub number: i64,
    /// The vendor's word, for codes that are text.
    pub text: Option<&'static str>,
    /// The operations it is meant for: method names, or endpoint paths for the low-level call. Empty: all others.
    pub operations: &'static [&'static str],
    /// What it is here.
    pub kind: ErrorKind,
    /// The vendor's words, or a short gloss where it prints none.
    pub meaning: &'static str,
    retry: Option<Retry>,
    certainty: Certainty,
    owner: Option<Owner>,
    advice: Option<&'static str>,
    wait: Option<Duration>,
}

impl CodeRow {
    /// A numbered code with the kind's own retry rule, owner and advice.
    #[must_use]
    pub const fn new(number: i64, kind: ErrorKind, meaning: &'static str) -> Self {
        Self {
            number,
            text: None,
            operations: &[],
            kind,
            meaning,
            retry: None,
            certainty: Certainty::Refused,
            owner: None,
            advice: None,
            wait: None,
        }
    }

    /// A code that is a word.
    #[must_use]
    pub const fn word(text: &'static str, kind: ErrorKind, meaning: &'static str) -> Self {
        let mut row = Self::new(0, kind, meaning);
        row.text = Some(text);
        row
    }

    /// Limits the row to some operations: it is looked up before the row that holds for all.
    #[must_use]
    pub const fn only(mut self, operations: &'static [&'static str]) -> Self {
        self.operations = operations;
        self
    }

    /// The effect may have happened although the vendor answered this.
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

    /// Sets whose move it is.
    #[must_use]
    pub const fn owner(mut self, owner: Owner) -> Self {
        self.owner = Some(owner);
        self
    }

    /// Sets what to do next.
    #[must_use]
    pub const fn advice(mut self, advice: &'static str) -> Self {
        self.advice = Some(advice);
        self
    }

    /// Sets how long to wait before repeating.
    #[must_use]
    pub const fn wait(mut self, wait: Duration) -> Self {
        self.wait = Some(wait);
        self
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self.text {
            Some(text) => Code::Text(text.into()),
            None => Code::Number(self.number),
        }
    }

    /// What the answer says about an effect.
    #[must_use]
    pub const fn certainty(&self) -> Certainty {
        self.certainty
    }

    /// How long to wait, where the vendor says so.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        self.wait
    }

    /// Whether to repeat.
    #[must_use]
    pub fn retry_rule(&self) -> Retry {
        self.retry.unwrap_or_else(|| crate::error::Error::new(self.kind, "").retry())
    }

    /// What to do next.
    #[must_use]
    pub fn advice_text(&self) -> &'static str {
        self.advice.unwrap_or_else(|| self.kind.advice())
    }

    /// Whose move it is.
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

    fn is(&self, code: &Code) -> bool {
        match (code, self.text) {
            (Code::Number(number), None) => *number == self.number,
            (Code::Text(word), Some(text)) => word == text,
            _ => false,
        }
    }
}

/// A vendor's codes. Public data: callers can list them, and a snapshot shows the whole.
#[derive(Debug)]
pub struct CodeTable {
    vendor: Vendor,
    name: &'static str,
    groups: &'static [&'static [CodeRow]],
}

impl CodeTable {
    /// A table of a vendor, in as many groups of rows as its source has chapters; the name tells a vendor's tables
    /// apart (`errno`, `gateway`, `oauth`, …).
    #[must_use]
    pub const fn new(vendor: Vendor, name: &'static str, groups: &'static [&'static [CodeRow]]) -> Self {
        Self { vendor, name, groups }
    }

    /// Whose table it is.
    #[must_use]
    pub const fn vendor(&self) -> Vendor {
        self.vendor
    }

    /// The table's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Every row.
    pub fn rows(&self) -> impl Iterator<Item = &'static CodeRow> + use<> {
        self.groups.iter().flat_map(|group| group.iter())
    }

    /// The row of a code: the one for this operation, else the one for all, else none.
    #[must_use]
    pub fn find(&self, code: &Code, operation: Option<&str>) -> Option<&'static CodeRow> {
        let rows = || self.rows().filter(|row| row.is(code));
        operation
            .and_then(|operation| rows().find(|row| row.operations.contains(&operation)))
            .or_else(|| rows().find(|row| row.operations.is_empty()))
    }

    /// What a code means: the answer to `explain`. A code that no row lists is of kind `vendor`.
    #[must_use]
    pub fn explain(&self, code: &Code, operation: Option<&str>) -> Explanation {
        let row = self.find(code, operation);
        let unlisted = CodeRow::new(0, ErrorKind::Vendor, "").retry(Retry::No);
        let found = row.unwrap_or(&unlisted);
        Explanation {
            vendor: self.vendor,
            code: code.clone(),
            table: row.is_some().then_some(self.name),
            kind: found.kind,
            retry: found.retry_rule(),
            meaning: found.meaning,
            advice: found.advice_text(),
            owner: found.owner_of_move(),
        }
    }

    /// The whole table as text, one row a line.
    #[must_use]
    pub fn render(&self) -> String {
        use fmt::Write;
        let mut text = format!("{} {}\n", self.vendor, self.name);
        for row in self.rows() {
            let operations =
                if row.operations.is_empty() { "*".to_owned() } else { row.operations.join(",") };
            let open = if row.certainty == Certainty::Open { "open" } else { "refused" };
            let _ = writeln!(
                text,
                "{} | {operations} | {} | {} | {open} | {} | {}",
                row.code(),
                row.kind.as_str(),
                row.retry_rule(),
                row.owner_of_move(),
                row.meaning
            );
        }
        text
    }
}

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
    /// What to do next.
    pub advice: &'static str,
    /// Whose move it is.
    pub owner: Owner,
}
