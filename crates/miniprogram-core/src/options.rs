//! Options of an effect that differ by vendor, as the fields of one JSON object.

use serde_json::Value;

/// Declares the options of an effect: a JSON object whose fields only the vendor's crate knows. The second name is a
/// function that says which values count as absent: options that say the same are equal, so a repeated call is
/// recognized.
macro_rules! vendor_options {
    ($(#[$doc:meta])* $name:ident, $is_absent:path) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
        #[serde(from = "serde_json::Map<String, serde_json::Value>")]
        pub struct $name(serde_json::Map<String, serde_json::Value>);

        impl $name {
            /// Sets a field.
            #[must_use]
            pub fn with_field(mut self, name: impl Into<String>, value: impl Into<serde_json::Value>) -> Self {
                let (name, value) = (name.into(), value.into());
                if $is_absent(&value) {
                    self.0.remove(&name);
                } else {
                    self.0.insert(name, value);
                }
                self
            }

            /// Returns the fields.
            #[must_use]
            pub const fn fields(&self) -> &serde_json::Map<String, serde_json::Value> {
                &self.0
            }
        }

        impl From<serde_json::Map<String, serde_json::Value>> for $name {
            fn from(mut fields: serde_json::Map<String, serde_json::Value>) -> Self {
                fields.retain(|_, value| !$is_absent(value));
                Self(fields)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(stringify!($name))?;
                f.debug_set().entries(self.0.keys()).finish()
            }
        }
    };
}

pub(crate) use vendor_options;

/// Whether a value is null, or an empty list or object.
pub(crate) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(object) => object.is_empty(),
        _ => false,
    }
}

/// Whether a value is empty, or a flag that is not set.
pub(crate) fn is_empty_or_false(value: &Value) -> bool {
    is_empty(value) || *value == Value::Bool(false)
}
