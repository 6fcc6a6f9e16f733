//! Shared statuses, each always beside the vendor's own number, and the tables that translate them.

mod declare;

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::vendor::Vendor;

macro_rules! statuses {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* })*) => {$(
        $(#[$doc])*
        ///
        /// Open: later versions may add variants. The vendor's number travels beside it as a [`RawStatus`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $text)] $variant,)*
        }

        impl $name {
            /// The machine name, as in JSON.
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
    /// Where an uploaded version stands.
    Stage {
        /// The vendor still processes the upload.
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
        /// On its way back to the version before.
        RollingBack = "rolling_back",
        /// A number that no table lists; see the raw status.
        Unknown = "unknown",
    }
    /// Where an audit stands.
    AuditStatus {
        /// Never submitted, or withdrawn so that it can be submitted again.
        NotSubmitted = "not_submitted",
        /// No verdict yet.
        InReview = "in_review",
        /// Passed.
        Approved = "approved",
        /// Failed; the reason says why.
        Rejected = "rejected",
        /// Taken back by the platform.
        Withdrawn = "withdrawn",
        /// The vendor needs more time.
        Delayed = "delayed",
        /// A number that no table lists; see the raw status.
        Unknown = "unknown",
    }
    /// Where a gray release stands.
    GrayStatus {
        /// Planned, not started.
        Initial = "initial",
        /// Serving a share of the users.
        Running = "running",
        /// Halted.
        Paused = "paused",
        /// Everybody has the new version.
        Finished = "finished",
        /// Cancelled.
        Deleted = "deleted",
        /// A number that no table lists; see the raw status.
        Unknown = "unknown",
    }
    /// Whether users can open the online version.
    VisitStatus {
        /// They can.
        Open = "open",
        /// They cannot.
        Closed = "closed",
        /// A number that no table lists, or one that does not say; see the raw status.
        Unknown = "unknown",
    }
    /// How far the vendor is with an upload.
    UploadStatus {
        /// Still at work.
        Processing = "processing",
        /// It failed.
        Failed = "failed",
        /// A number that no table lists; see the raw status.
        Unknown = "unknown",
    }
}

impl AuditStatus {
    /// Whether no further verdict will come: approved, rejected or withdrawn.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Approved | Self::Rejected | Self::Withdrawn)
    }
}

impl GrayStatus {
    /// Whether some users may still be on another version because of this plan.
    #[must_use]
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Initial | Self::Running | Self::Paused)
    }
}

/// The number that a vendor sent, and the table that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RawStatus {
    /// Who sent it.
    pub vendor: Vendor,
    /// The name of the vendor's table, as in [`StatusTable::name`].
    pub table: Cow<'static, str>,
    /// The number.
    pub code: i64,
}

impl RawStatus {
    /// A number of a table.
    #[must_use]
    pub fn new(vendor: Vendor, table: impl Into<Cow<'static, str>>, code: i64) -> Self {
        Self { vendor, table: table.into(), code }
    }
}

impl fmt::Display for RawStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.vendor, self.table, self.code)
    }
}

/// One line of a [`StatusTable`]: the vendor's number, the shared meaning, the vendor's own label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusRow<S: 'static> {
    /// The vendor's number.
    pub code: i64,
    /// What it means here.
    pub status: S,
    /// The vendor's own words for it.
    pub label: &'static str,
}

/// How a vendor's numbers translate into a shared status. Public data: callers can list the known numbers.
#[derive(Debug)]
pub struct StatusTable<S: 'static> {
    vendor: Vendor,
    name: &'static str,
    unknown: S,
    rows: &'static [StatusRow<S>],
}

impl<S: Copy + fmt::Display> StatusTable<S> {
    /// A table of a vendor. `unknown` is what every number means that no row lists.
    #[must_use]
    pub const fn new(vendor: Vendor, name: &'static str, unknown: S, rows: &'static [StatusRow<S>]) -> Self {
        Self { vendor, name, unknown, rows }
    }

    /// Whose table it is.
    #[must_use]
    pub const fn vendor(&self) -> Vendor {
        self.vendor
    }

    /// The table's name, as it stands in [`RawStatus::table`].
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Every known number.
    #[must_use]
    pub const fn rows(&self) -> &'static [StatusRow<S>] {
        self.rows
    }

    /// The shared meaning of a number, and the number.
    #[must_use]
    pub fn translate(&self, code: i64) -> (S, RawStatus) {
        let row = self.rows.iter().find(|row| row.code == code);
        (row.map_or(self.unknown, |row| row.status), RawStatus::new(self.vendor, self.name, code))
    }

    /// The whole table as text: every number from one below the first to one above the last, gaps included.
    #[must_use]
    pub fn render(&self) -> String {
        use fmt::Write;
        let mut text = format!("{} {}\n", self.vendor, self.name);
        let codes = self.rows.iter().map(|row| row.code);
        let (first, last) = (codes.clone().min().unwrap_or(0), codes.max().unwrap_or(0));
        for code in first - 1..=last + 1 {
            let label = self.rows.iter().find(|row| row.code == code).map_or("-", |row| row.label);
            let _ = writeln!(text, "{code:>4}  {:<14} {label}", self.translate(code).0);
        }
        text
    }
}

/// A value and the number that stands for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Coded<S> {
    /// What the number means.
    pub value: S,
    /// The number, and the table that it belongs to.
    pub raw: RawStatus,
}

impl<S: Copy + fmt::Display> Coded<S> {
    /// A number of a table.
    #[must_use]
    pub fn new(table: &StatusTable<S>, code: i64) -> Self {
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
        &[
            StatusRow { code: 1, status: VisitStatus::Open, label: "serving" },
            StatusRow { code: 3, status: VisitStatus::Closed, label: "paused" },
        ],
    );

    #[test]
    fn an_unlisted_number_keeps_its_code() {
        let (status, raw) = TABLE.translate(99);
        assert_eq!((status, raw.code, raw.table.as_ref()), (VisitStatus::Unknown, 99, "visit"));
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
