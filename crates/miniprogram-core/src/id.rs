//! Identifiers: opaque text, regardless of the type in which a vendor sends them.

use std::fmt;

use serde::{Deserialize, Serialize};

mod subject;

pub use subject::{SubjectId, SubjectRef};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        ///
        /// Opaque text; a vendor that sends integers converts them at its boundary. Serialized as a string.
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Creates the id from the given text, unchanged.
            #[must_use]
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            /// Returns the id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Returns the id as a number from 1 to 2^63 - 1, if it is one in plain digits.
            #[must_use]
            pub fn as_number(&self) -> Option<i64> {
                positive_number(&self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(id)
            }
        }

        impl From<u64> for $name {
            fn from(id: u64) -> Self {
                Self(id.to_string())
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    )*};
}

/// Digits only, no leading zero, 1 to 2^63 - 1.
fn positive_number(text: &str) -> Option<i64> {
    let plain = !text.is_empty() && !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

ids! {
    /// A merchant's mini program that has authorized the platform.
    AppId
    /// The third-party platform itself.
    PlatformId
    /// A template in the platform's template library. 0 is a valid id at some vendors.
    TemplateId
    /// A draft that is not a template yet.
    DraftId
    /// An uploaded code package, for vendors that number packages.
    PackageId
    /// One submission for audit. For vendors that audit packages this is the package id.
    AuditId
}

impl From<PackageId> for AuditId {
    fn from(id: PackageId) -> Self {
        Self(id.0)
    }
}

impl From<AuditId> for PackageId {
    fn from(id: AuditId) -> Self {
        Self(id.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_recognised_only_in_plain_form() {
        assert_eq!(AuditId::from("745815").as_number(), Some(745_815));
        assert_eq!(AuditId::from("9223372036854775807").as_number(), Some(i64::MAX));
        for text in ["", "0", "007", "-1", "+1", "1e3", "9223372036854775808", "１"] {
            assert_eq!(AuditId::from(text).as_number(), None, "{text:?}");
        }
    }
}
