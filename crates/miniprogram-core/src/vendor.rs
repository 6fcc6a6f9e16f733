//! The vendor that a response, an error or an event came from.

use std::fmt;

use serde::de::{Error as _, Unexpected};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const MAX: usize = 31;

/// The machine name of a vendor: 1 to 31 characters of `a-z`, `0-9`, `-` and `_`, starting with a letter.
///
/// This crate knows no vendor. Each vendor crate exports its own constant, and a third party adds one in the same
/// way:
///
/// ```
/// use miniprogram_core::Vendor;
///
/// const ACME: Vendor = Vendor::new("acme");
///
/// fn is_acme(vendor: Vendor) -> bool {
///     matches!(vendor, ACME)
/// }
/// assert!(is_acme("acme".parse().unwrap()));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Vendor {
    name: [u8; MAX],
    len: u8,
}

impl Vendor {
    /// Creates the name of a vendor.
    ///
    /// # Panics
    /// If the name violates the rule above; in a `const` this is a compile error.
    #[must_use]
    pub const fn new(name: &str) -> Self {
        match Self::checked(name.as_bytes()) {
            Some(vendor) => vendor,
            None => panic!(
                "a vendor name has 1 to 31 characters out of a-z, 0-9, '-' and '_', the first a letter"
            ),
        }
    }

    const fn checked(bytes: &[u8]) -> Option<Self> {
        if bytes.is_empty() || bytes.len() > MAX || !bytes[0].is_ascii_lowercase() {
            return None;
        }
        let mut name = [0; MAX];
        let mut at = 0;
        while at < bytes.len() {
            let byte = bytes[at];
            if !(byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_') {
                return None;
            }
            name[at] = byte;
            at += 1;
        }
        Some(Self { name, len: bytes.len() as u8 })
    }

    /// Returns the machine name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.name[..usize::from(self.len)]).unwrap_or_default()
    }
}

impl fmt::Display for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vendor({})", self.as_str())
    }
}

/// The text is not a valid vendor name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a vendor name has 1 to 31 characters out of a-z, 0-9, '-' and '_', the first a letter; got {0:?}")]
pub struct InvalidVendor(String);

impl std::str::FromStr for Vendor {
    type Err = InvalidVendor;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::checked(text.as_bytes()).ok_or_else(|| InvalidVendor(text.chars().take(64).collect()))
    }
}

impl Serialize for Vendor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Vendor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse()
            .map_err(|_| D::Error::invalid_value(Unexpected::Str(&text), &"the machine name of a vendor"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACME: Vendor = Vendor::new("acme");

    #[test]
    fn a_vendor_survives_serde_and_serves_as_a_pattern() {
        let back: Vendor = serde_json::from_str(&serde_json::to_string(&ACME).unwrap()).unwrap();
        assert!(matches!(back, ACME));
        assert_eq!(format!("{back} {back:?}"), "acme Vendor(acme)");
    }

    #[test]
    fn names_that_break_the_rule_are_refused() {
        for bad in ["", "Acme", "1acme", "a b", "a/b", "abcdefghijklmnopqrstuvwxyz0123456", "微信"] {
            assert!(bad.parse::<Vendor>().is_err(), "{bad:?} was accepted");
        }
    }
}
