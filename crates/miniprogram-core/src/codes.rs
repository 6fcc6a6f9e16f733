//! Tables of the vendors' error codes: what a code means, who has to act, and whether to retry.

use std::fmt;

use serde::{Deserialize, Serialize};

pub mod advice;
mod explanation;
mod row;
mod table;

pub use explanation::{Explanation, Meaning};
pub use row::{Certainty, CodeRow};
pub use table::CodeTable;

pub use crate::advice::{Advice, Language};

/// Who has to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Owner {
    /// The third-party platform: its code, configuration or permissions.
    Platform,
    /// The merchant who owns the app.
    Merchant,
    /// The vendor: wait, or contact its support.
    Vendor,
}

impl Owner {
    /// Returns the machine name, as used in JSON.
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
