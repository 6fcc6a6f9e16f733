//! What is checked before a submission, and the results.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::audit::SubmitOptions;
use crate::codes::Owner;
use crate::error::Error;
use crate::error_kind::ErrorKind;
use crate::ext_json::ExtJson;

macro_rules! checks {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// What is checked before a version is submitted. Later versions may add checks.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum Check {
            $($(#[$doc])* $variant,)*
        }

        impl Check {
            /// Every check, in the order in which they are reported.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Returns the machine name, as used in JSON.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

checks! {
    /// The merchant has authorized the platform.
    Authorization = "authorization",
    /// The merchant has granted what uploads, audits and releases require.
    Permissions = "permissions",
    /// The vendor's last ticket for the platform is fresh.
    Ticket = "ticket",
    /// The app's token is valid, or can be renewed.
    Token = "token",
    /// The owner is verified, and nothing about the account is in the way.
    Account = "account",
    /// The app has the categories that a submission needs.
    Category = "category",
    /// The servers that the app may reach are set.
    Domains = "domains",
    /// The privacy guide covers the data that the code uses.
    PrivacySetting = "privacy_setting",
    /// The interfaces that read personal data are granted.
    PrivacyInterfaces = "privacy_interfaces",
    /// The app has its ICP filing.
    IcpFiling = "icp_filing",
    /// Submissions are left.
    Quota = "quota",
    /// No audit is open, and nothing else is in progress.
    OpenAudit = "open_audit",
    /// The version is newer than those that are online, approved or in review.
    Version = "version",
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How serious the result of a check is. The order is by weight: an error is the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CheckLevel {
    /// It was not checked; the detail says why. This proves nothing.
    Skipped,
    /// Nothing is in the way.
    Ok,
    /// The submission can succeed, but somebody should look.
    Warning,
    /// The submission would fail.
    Error,
}

impl CheckLevel {
    /// Returns the machine name, as used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Skipped => "skipped",
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for CheckLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The result of one check of an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CheckResult {
    /// What was checked.
    pub check: Check,
    /// How serious it is.
    pub level: CheckLevel,
    /// What was found, or why nothing was.
    pub detail: String,
    /// What to do about it, in one sentence.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub advice: Option<String>,
    /// Who has to act.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub owner: Option<Owner>,
}

impl CheckResult {
    fn new(check: Check, level: CheckLevel, detail: impl Into<String>) -> Self {
        Self { check, level, detail: detail.into(), advice: None, owner: None }
    }

    /// Creates the result of a check that found nothing in the way.
    #[must_use]
    pub fn ok(check: Check, detail: impl Into<String>) -> Self {
        Self::new(check, CheckLevel::Ok, detail)
    }

    /// Creates the result of a check that was not made.
    #[must_use]
    pub fn skipped(check: Check, why: impl Into<String>) -> Self {
        Self::new(check, CheckLevel::Skipped, why)
    }

    /// Creates a warning, with who has to act.
    #[must_use]
    pub fn warning(check: Check, owner: Owner, detail: impl Into<String>) -> Self {
        Self { owner: Some(owner), ..Self::new(check, CheckLevel::Warning, detail) }
    }

    /// Creates an error, with who has to act.
    #[must_use]
    pub fn error(check: Check, owner: Owner, detail: impl Into<String>) -> Self {
        Self { owner: Some(owner), ..Self::new(check, CheckLevel::Error, detail) }
    }

    /// Creates the result of a check whose read failed: an error if the merchant has not authorized the platform.
    /// Otherwise it is skipped, because a read that fails proves nothing about the app.
    #[must_use]
    pub fn failed(check: Check, error: &Error) -> Self {
        let found = match error.kind() {
            ErrorKind::Unauthorized => Self::error(check, Owner::Merchant, error.to_string()),
            _ => Self::skipped(check, error.to_string()),
        };
        found.with_advice(error.advice())
    }

    /// Sets what to do about it.
    #[must_use]
    pub fn with_advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// Keeps one result per check, the most serious one, in the order of [`Check::ALL`].
    #[must_use]
    pub fn merged(results: impl IntoIterator<Item = Self>) -> Vec<Self> {
        let mut merged: Vec<Self> = Vec::new();
        for result in results {
            match merged.iter_mut().find(|other| other.check == result.check) {
                Some(other) if other.level < result.level => *other = result,
                Some(_) => {}
                None => merged.push(result),
            }
        }
        merged.sort_by_key(|result| result.check);
        merged
    }
}

/// What is to be submitted, as far as it is known; nothing by default.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct CheckTarget {
    /// The version.
    pub version: Option<String>,
    /// The merchant's own values.
    pub ext: Option<ExtJson>,
    /// The options of the submission.
    pub submit: Option<SubmitOptions>,
    /// The checks that are not to be made, so that nothing is read for them.
    pub left_out: BTreeSet<Check>,
}

impl CheckTarget {
    /// Sets the version.
    #[must_use]
    pub fn with_version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// Sets the merchant's own values.
    #[must_use]
    pub fn with_ext(mut self, ext: ExtJson) -> Self {
        self.ext = Some(ext);
        self
    }

    /// Sets the options of the submission.
    #[must_use]
    pub fn with_submit(mut self, options: SubmitOptions) -> Self {
        self.submit = Some(options);
        self
    }

    /// Leaves a check out.
    #[must_use]
    pub fn without(mut self, check: Check) -> Self {
        self.left_out.insert(check);
        self
    }

    /// Returns whether a check is to be made.
    #[must_use]
    pub fn wants(&self, check: Check) -> bool {
        !self.left_out.contains(&check)
    }
}
