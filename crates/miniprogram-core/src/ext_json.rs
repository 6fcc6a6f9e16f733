//! The merchant's values for a template.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::strict_json::parse_strict_json;

/// The text is not one JSON object. Converts to an [`Error`](crate::Error) of kind
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) that names the field `ext_json`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be the text of one JSON object: {0}")]
pub struct InvalidExtJson(String);

/// The merchant's values for a template: the JSON text of one object, sent to the vendor verbatim.
///
/// Vendor crates have typed builders for it.
///
/// ```
/// use miniprogram_core::ExtJson;
///
/// let ext: ExtJson = r#"{"extEnable":true,"ext":{"shop":"面包店"}}"#.parse()?;
/// assert_eq!(ext.as_str(), r#"{"extEnable":true,"ext":{"shop":"面包店"}}"#);
/// assert!("[1]".parse::<ExtJson>().is_err());
/// // Which of two fields of one name a vendor would use is undefined.
/// assert!(r#"{"directCommit":true,"directCommit":false}"#.parse::<ExtJson>().is_err());
/// # Ok::<(), miniprogram_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ExtJson(String);

impl ExtJson {
    /// Creates it from an object made by a builder.
    #[must_use]
    pub fn from_object(object: &Map<String, Value>) -> Self {
        let mut text = String::new();
        use fmt::Write;
        let _ = write!(text, "{}", Printed(object));
        Self(text)
    }

    /// Returns the JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns a field of the object, if present.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<Value> {
        let mut object: Map<String, Value> = serde_json::from_str(&self.0).ok()?;
        object.remove(name)
    }
}

struct Printed<'a>(&'a Map<String, Value>);

impl fmt::Display for Printed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self.0).map_err(|_| fmt::Error)?)
    }
}

impl Default for ExtJson {
    fn default() -> Self {
        Self("{}".to_owned())
    }
}

impl fmt::Debug for ExtJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ExtJson({} bytes)", self.0.len())
    }
}

impl std::str::FromStr for ExtJson {
    type Err = InvalidExtJson;

    fn from_str(text: &str) -> Result<Self, InvalidExtJson> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for ExtJson {
    type Error = InvalidExtJson;

    fn try_from(text: String) -> Result<Self, InvalidExtJson> {
        match parse_strict_json(&text) {
            Ok(_) => Ok(Self(text)),
            Err(problem) => Err(InvalidExtJson(problem.to_string())),
        }
    }
}

impl From<ExtJson> for String {
    fn from(ext: ExtJson) -> Self {
        ext.0
    }
}
/// Declares the methods of a vendor's builder of [`ExtJson`] that set one field each, and `with_field`, which sets any:
/// per method its argument, the field's name, and the value. The builder is a struct with a
/// [`Map`](serde_json::Map); the macro's first argument is its field.
///
/// ```
/// use miniprogram_core::{ExtJson, ext_json_fields};
/// use serde_json::{Map, Value};
///
/// #[derive(Default)]
/// struct AcmeExtJson {
///     fields: Map<String, Value>,
/// }
///
/// impl AcmeExtJson {
///     ext_json_fields! { fields;
///         /// `extAppid`: the merchant's app.
///         with_ext_appid(app: impl Into<String>) = "extAppid", app.into();
///     }
/// }
///
/// let ext = AcmeExtJson::default().with_ext_appid("42").with_field("debug", true);
/// assert_eq!(ExtJson::from_object(&ext.fields).as_str(), r#"{"extAppid":"42","debug":true}"#);
/// ```
#[macro_export]
macro_rules! ext_json_fields {
    ($fields:ident; $(
        $(#[$about:meta])*
        $name:ident($argument:ident: $type:ty) = $field:literal, $value:expr;
    )*) => {
        /// Sets any field as it is to appear in the text; for fields that have no method here. A later value replaces
        /// an earlier one of the same name.
        pub fn with_field(mut self, name: impl Into<String>, value: impl Into<serde_json::Value>) -> Self {
            self.$fields.insert(name.into(), value.into());
            self
        }

        $(
            $(#[$about])*
            pub fn $name(self, $argument: $type) -> Self {
                self.with_field($field, $value)
            }
        )*
    };
}
