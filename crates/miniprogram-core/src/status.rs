//! Shared statuses, each accompanied by the vendor's own code, and the tables that translate them.

mod declare;

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
#[cfg(feature = "client")]
use serde_json::Value;

use crate::vendor::Vendor;
use crate::vendor_error::Code;
#[cfg(feature = "client")]
use crate::wire;

macro_rules! statuses {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* })*) => {$(
        $(#[$doc])*
        ///
        /// Later versions may add variants. The vendor's code is provided alongside as a [`RawStatus`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $text)] $variant,)*
        }

        impl $name {
            /// Returns the machine name, as used in JSON.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    )*};
}

statuses! {
    /// The stage of an uploaded version.
    Stage {
        /// The vendor is still processing the upload.
        Uploading = "uploading",
        /// The upload failed; there is nothing to submit.
        UploadFailed = "upload_failed",
        /// Uploaded, not submitted.
        Development = "development",
        /// Submitted, no verdict yet.
        InReview = "in_review",
        /// The audit failed.
        Rejected = "rejected",
        /// The audit passed; not released yet.
        Approved = "approved",
        /// Online.
        Released = "released",
        /// Being rolled back to the version before.
        RollingBack = "rolling_back",
        /// An unlisted code; see the raw status.
        Unknown = "unknown",
    }
    /// The status of an audit.
    AuditStatus {
        /// Never submitted, or withdrawn so that it can be submitted again.
        NotSubmitted = "not_submitted",
        /// No verdict yet.
        InReview = "in_review",
        /// Passed.
        Approved = "approved",
        /// Failed; the reason says why.
        Rejected = "rejected",
        /// Withdrawn by the platform.
        Withdrawn = "withdrawn",
        /// The vendor needs more time.
        Delayed = "delayed",
        /// An unlisted code; see the raw status.
        Unknown = "unknown",
    }
    /// The status of a gray (phased) release.
    GrayStatus {
        /// Planned, not started.
        Initial = "initial",
        /// Serving a share of the users.
        Running = "running",
        /// Halted.
        Paused = "paused",
        /// All users have the new version.
        Finished = "finished",
        /// Cancelled.
        Deleted = "deleted",
        /// An unlisted code; see the raw status.
        Unknown = "unknown",
    }
    /// Whether users can open the online version.
    VisitStatus {
        /// They can.
        Open = "open",
        /// They cannot.
        Closed = "closed",
        /// An unlisted code, or one that does not say; see the raw status.
        Unknown = "unknown",
    }
    /// The vendor's progress in processing an upload.
    UploadStatus {
        /// Still being processed.
        Processing = "processing",
        /// It failed.
        Failed = "failed",
        /// An unlisted code; see the raw status.
        Unknown = "unknown",
    }
}

impl AuditStatus {
    /// Returns whether the status is final: approved, rejected or withdrawn.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Approved | Self::Rejected | Self::Withdrawn)
    }
}

impl GrayStatus {
    /// Returns whether some users may still be on another version because of this plan.
    #[must_use]
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Initial | Self::Running | Self::Paused)
    }
}

/// The number or word that a vendor sent, and the table that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RawStatus {
    /// The vendor that sent it.
    pub vendor: Vendor,
    /// The name of the vendor's table, as in [`StatusTable::name`].
    pub table: Cow<'static, str>,
    /// The number or word.
    pub code: Code,
}

impl RawStatus {
    /// Creates a code of a table.
    #[must_use]
    pub fn new(vendor: Vendor, table: impl Into<Cow<'static, str>>, code: impl Into<Code>) -> Self {
        Self { vendor, table: table.into(), code: code.into() }
    }
}

impl fmt::Display for RawStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.vendor, self.table, self.code)
    }
}

/// A code in a table or of an endpoint, as a constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RowCode {
    /// A number.
    Number(i64),
    /// A word.
    Word(&'static str),
}

impl RowCode {
    /// Returns the number, if it is one.
    #[must_use]
    pub const fn as_number(self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(number),
            Self::Word(_) => None,
        }
    }
}

impl PartialEq<Code> for RowCode {
    fn eq(&self, code: &Code) -> bool {
        match (self, code) {
            (Self::Number(own), Code::Number(number)) => own == number,
            (Self::Word(own), Code::Text(text)) => own == text,
            _ => false,
        }
    }
}

impl fmt::Display for RowCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Word(word) => f.pad(word),
        }
    }
}

/// One line of a [`StatusTable`]: the vendor's code, the shared meaning, the vendor's own label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusRow<S: 'static> {
    /// The vendor's number or word.
    pub code: RowCode,
    /// The shared status it means.
    pub status: S,
    /// The vendor's own label for it.
    pub label: &'static str,
}

impl<S: Copy> StatusRow<S> {
    /// Creates a row with a numeric code.
    #[must_use]
    pub const fn new(code: i64, status: S, label: &'static str) -> Self {
        Self { code: RowCode::Number(code), status, label }
    }

    /// Creates a row with a word as its code.
    #[must_use]
    pub const fn of_word(code: &'static str, status: S, label: &'static str) -> Self {
        Self { code: RowCode::Word(code), status, label }
    }
}

/// The mapping from a vendor's codes to a shared status. This is public data: callers can list the known codes.
#[derive(Debug)]
pub struct StatusTable<S: 'static> {
    vendor: Vendor,
    name: &'static str,
    unknown: S,
    rows: &'static [StatusRow<S>],
}

impl<S: Copy + fmt::Display> StatusTable<S> {
    /// Creates a table of a vendor. `unknown` is the status of every unlisted code.
    #[must_use]
    pub const fn new(vendor: Vendor, name: &'static str, unknown: S, rows: &'static [StatusRow<S>]) -> Self {
        Self { vendor, name, unknown, rows }
    }

    /// Returns the vendor that the table belongs to.
    #[must_use]
    pub const fn vendor(&self) -> Vendor {
        self.vendor
    }

    /// Returns the table's name, as in [`RawStatus::table`].
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns every known code.
    #[must_use]
    pub const fn rows(&self) -> &'static [StatusRow<S>] {
        self.rows
    }

    /// Reads a code as it was sent. A table with words reads strings as words, unless one is the digits of a number of
    /// the table; a table of numbers reads numbers and digits alone.
    #[cfg(feature = "client")]
    pub(crate) fn read(&self, value: &Value) -> Option<Code> {
        let number = wire::number(value).map(Code::Number);
        let is_listed = |code: &Code| self.rows.iter().any(|row| row.code == *code);
        match value.as_str().map(str::trim) {
            Some(word) if self.has_words() && !number.as_ref().is_some_and(is_listed) => {
                (!word.is_empty()).then(|| Code::from(word))
            }
            _ => number,
        }
    }

    #[cfg(feature = "client")]
    fn has_words(&self) -> bool {
        self.rows.iter().any(|row| row.code.as_number().is_none())
    }

    /// Returns the shared status of a code, and the code.
    #[must_use]
    pub fn translate(&self, code: impl Into<Code>) -> (S, RawStatus) {
        let code = code.into();
        let row = self.rows.iter().find(|row| row.code == code);
        (row.map_or(self.unknown, |row| row.status), RawStatus::new(self.vendor, self.name, code))
    }

    /// Renders the whole table as text: every number from one below the first to one above the last, including
    /// gaps, then every word.
    #[must_use]
    pub fn render(&self) -> String {
        use fmt::Write;
        let mut text = format!("{} {}\n", self.vendor, self.name);
        let numbers = self.rows.iter().filter_map(|row| row.code.as_number());
        let (first, last) = (numbers.clone().min(), numbers.max());
        for number in first.zip(last).into_iter().flat_map(|(first, last)| first - 1..=last + 1) {
            let label = self
                .rows
                .iter()
                .find(|row| row.code.as_number() == Some(number))
                .map_or("-", |row| row.label);
            let _ = writeln!(text, "{number:>4}  {:<14} {label}", self.translate(number).0);
        }
        for row in self.rows.iter().filter(|row| row.code.as_number().is_none()) {
            let _ = writeln!(text, "{}  {:<14} {}", row.code, row.status, row.label);
        }
        text
    }
}

/// A value and the code that represents it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Coded<S> {
    /// The meaning of the code.
    pub value: S,
    /// The code, and the table that it belongs to.
    pub raw: RawStatus,
}

impl<S: Copy + fmt::Display> Coded<S> {
    /// Creates a value from a code of a table.
    #[must_use]
    pub fn new(table: &StatusTable<S>, code: impl Into<Code>) -> Self {
        let (value, raw) = table.translate(code);
        Self { value, raw }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static TABLE: StatusTable<VisitStatus> = StatusTable::new(
        Vendor::new("acme"),
        "visit",
        VisitStatus::Unknown,
        &[StatusRow::new(1, VisitStatus::Open, "serving"), StatusRow::new(3, VisitStatus::Closed, "paused")],
    );

    #[test]
    fn an_unlisted_number_keeps_its_code() {
        let (status, raw) = TABLE.translate(99);
        assert_eq!((status, raw.code, raw.table.as_ref()), (VisitStatus::Unknown, 99.into(), "visit"));
    }

    #[test]
    fn a_vendor_may_send_words() {
        static WORDS: StatusTable<VisitStatus> = StatusTable::new(
            Vendor::new("acme"),
            "visit",
            VisitStatus::Unknown,
            &[StatusRow::of_word("ON_SALE", VisitStatus::Open, "serving")],
        );
        assert_eq!(WORDS.translate("ON_SALE").0, VisitStatus::Open);
        let (status, raw) = WORDS.translate("GONE");
        assert_eq!((status, raw.to_string().as_str()), (VisitStatus::Unknown, "acme visit GONE"));
        let json = serde_json::to_value(&raw).unwrap();
        assert_eq!(json["code"], "GONE");
        assert_eq!(serde_json::from_value::<RawStatus>(json).unwrap(), raw);
        assert_eq!(serde_json::to_value(TABLE.translate(3).1).unwrap()["code"], 3);
        insta::assert_snapshot!(WORDS.render(), @r"
        acme visit
        ON_SALE  open           serving
        ");
    }

    #[test]
    fn a_rendered_table_shows_gaps_and_neighbours() {
        insta::assert_snapshot!(TABLE.render(), @r"
        acme visit
           0  unknown        -
           1  open           serving
           2  unknown        -
           3  closed         paused
           4  unknown        -
        ");
    }
}
