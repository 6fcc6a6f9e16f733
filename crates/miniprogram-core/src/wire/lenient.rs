//! The same tolerant reading for derived structs: `#[serde(default, deserialize_with = "lenient::text")]`.
//!
//! None of these functions fails on a value of the wrong type. With `default` an absent field reads like null.
//!
//! ```
//! use miniprogram_core::vendor_api::wire::lenient;
//!
//! #[derive(serde::Deserialize)]
//! struct Audit {
//!     #[serde(default, deserialize_with = "lenient::number")]
//!     status: Option<i64>,
//!     #[serde(default, deserialize_with = "lenient::text")]
//!     reason: Option<String>,
//! }
//!
//! let audit: Audit = serde_json::from_str(r#"{"status": "2", "reason": ""}"#)?;
//! assert_eq!((audit.status, audit.reason), (Some(2), None));
//! # Ok::<(), serde_json::Error>(())
//! ```

use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde_json::Value;

use crate::Timestamp;

/// Deserializes like [`text`](super::text).
///
/// # Errors
/// The errors of the deserializer, for invalid JSON.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(super::text(&Value::deserialize(deserializer)?))
}

/// Deserializes like [`id`](super::id), into the type of the id.
///
/// # Errors
/// The errors of the deserializer, for invalid JSON.
pub fn id<'de, D: Deserializer<'de>, I: From<String>>(deserializer: D) -> Result<Option<I>, D::Error> {
    Ok(super::id(&Value::deserialize(deserializer)?).map(I::from))
}

/// Deserializes like [`number`](super::number).
///
/// # Errors
/// The errors of the deserializer, for invalid JSON.
pub fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(super::number(&Value::deserialize(deserializer)?))
}

/// Deserializes like [`number`](super::number), non-negative only.
///
/// # Errors
/// The errors of the deserializer, for invalid JSON.
pub fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(number(deserializer)?.and_then(|count| u64::try_from(count).ok()))
}

/// Deserializes like [`decimal`](super::decimal).
///
/// # Errors
/// The errors of the deserializer, for invalid JSON.
pub fn decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    Ok(super::decimal(&Value::deserialize(deserializer)?))
}

/// Deserializes like [`flag`](super::flag).
///
/// # Errors
/// The errors of the deserializer, for invalid JSON.
pub fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(super::flag(&Value::deserialize(deserializer)?))
}

/// Deserializes seconds since the Unix epoch. 0 and negative values count as not reported.
///
/// # Errors
/// The errors of the deserializer, for invalid JSON.
pub fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    Ok(number(deserializer)?.filter(|seconds| *seconds > 0).map(Timestamp::from_unix))
}

/// Deserializes an object; any other value is none.
///
/// # Errors
/// The errors of the object's own fields.
pub fn object<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    match Value::deserialize(deserializer)? {
        value @ Value::Object(_) => T::deserialize(value).map(Some).map_err(serde::de::Error::custom),
        _ => Ok(None),
    }
}

/// Deserializes the objects among the [`entries`](super::entries) of a list; other entries are omitted.
///
/// # Errors
/// The errors of the objects' own fields.
pub fn objects<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let entries = super::entries(&Value::deserialize(deserializer)?).unwrap_or_default();
    let objects = entries.into_iter().filter(Value::is_object);
    objects.map(|entry| T::deserialize(entry).map_err(serde::de::Error::custom)).collect()
}

/// Deserializes the strings among the [`entries`](super::entries) of a list; other entries are omitted.
///
/// # Errors
/// The errors of the deserializer, for invalid JSON.
pub fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let entries = super::entries(&Value::deserialize(deserializer)?).unwrap_or_default();
    Ok(entries.iter().filter_map(super::text).collect())
}
