use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use serde::de::{Error as _, Unexpected};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const MAX: usize = 63;

/// The name of a method: 1 to 63 characters of `a-z`, `0-9` and `_`, starting with a letter.
///
/// ```
/// use miniprogram_core::vendor_api::MethodName;
///
/// const SET_NAME: MethodName = MethodName::new("set_name");
/// assert_eq!("set_name".parse(), Ok(SET_NAME));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MethodName(&'static str);

/// The text is not a valid method name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the name of a method has 1 to 63 characters out of a-z, 0-9 and '_', the first a letter")]
pub struct InvalidMethodName;

impl MethodName {
    /// Creates the name of a method.
    ///
    /// # Panics
    /// If the name violates the rule above; in a `const` this is a compile error.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        assert!(is_one(name.as_bytes()), "no name of a method");
        Self(name)
    }

    /// Returns the name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

const fn is_one(bytes: &[u8]) -> bool {
    if bytes.is_empty() || bytes.len() > MAX || !bytes[0].is_ascii_lowercase() {
        return false;
    }
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if !(byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_') {
            return false;
        }
        at += 1;
    }
    true
}

impl std::str::FromStr for MethodName {
    type Err = InvalidMethodName;

    /// Parses a name, for example from a stored intent. Each distinct name is kept for the lifetime of the
    /// process.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
        if !is_one(text.as_bytes()) {
            return Err(InvalidMethodName);
        }
        let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(name) = names.get(text) {
            return Ok(Self(name));
        }
        let name: &'static str = Box::leak(text.into());
        names.insert(name);
        Ok(Self(name))
    }
}

impl fmt::Display for MethodName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

impl fmt::Debug for MethodName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for MethodName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for MethodName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(|_| D::Error::invalid_value(Unexpected::Str(&text), &"the name of a method"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_str, json, to_value};

    use super::*;
    use crate::command::{Command, Operation};

    #[test]
    fn operations_are_their_methods_names() {
        for operation in Operation::ALL.into_iter().chain([Operation::Inherent(MethodName::new("set_name"))])
        {
            let text = to_value(operation).unwrap();
            assert_eq!(text, json!(operation.as_str()));
            assert_eq!(serde_json::from_value::<Operation>(text).unwrap(), operation);
        }
        assert_eq!(from_str::<Operation>("\"release\"").unwrap(), Operation::Release);
        for bad in ["", "Release", "set name", "1st", "名", &"a".repeat(64)] {
            assert!(serde_json::from_value::<Operation>(json!(bad)).is_err(), "{bad:?} was accepted");
        }
    }

    #[test]
    fn a_vendors_own_command_survives_the_journal() {
        let command = Command::inherent(MethodName::new("set_name"), &json!({ "name": "面包店" })).unwrap();
        let text = to_value(&command).unwrap();
        assert_eq!(text, json!({ "inherent": { "method": "set_name", "arguments": { "name": "面包店" } } }));
        assert_eq!(serde_json::from_value::<Command>(text).unwrap(), command);
        assert_eq!(command.operation().as_str(), "set_name");
        assert!(!format!("{command:?}").contains("面包店"), "arguments may hold a password");
    }
}
