//! The same tolerance for derived structs: `#[serde(default, deserialize_with = "lenient::text")]`.
//!
//! None of these fails on a value of the wrong type. With `default` an absent field reads like null.
//!
//! ```
//! use miniprogram_core::wire::lenient;
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

/// As [`text`](super::text).
///
/// # Errors
/// Those of the deserializer, for what is not JSON.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(super::text(&Value::deserialize(deserializer)?))
}

/// As [`id`](super::id), in the type of the id.
///
/// # Errors
/// Those of the deserializer, for what is not JSON.
pub fn id<'de, D: Deserializer<'de>, I: From<String>>(deserializer: D) -> Result<Option<I>, D::Error> {
    Ok(super::id(&Value::deserialize(deserializer)?).map(I::from))
}

/// As [`number`](super::number).
///
/// # Errors
/// Those of the deserializer, for what is not JSON.
pub fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(super::number(&Value::deserialize(deserializer)?))
}

/// As [`number`](super::number), from 0 up.
///
/// # Errors
/// Those of the deserializer, for what is not JSON.
pub fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(number(deserializer)?.and_then(|count| u64::try_from(count).ok()))
}

/// As [`decimal`](super::decimal).
///
/// # Errors
/// Those of the deserializer, for what is not JSON.
pub fn decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    Ok(super::decimal(&Value::deserialize(deserializer)?))
}

/// As [`flag`](super::flag).
///
/// # Errors
/// Those of the deserializer, for what is not JSON.
pub fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(super::flag(&Value::deserialize(deserializer)?))
}

/// Seconds since the Unix epoch. 0 and what is below it are not told.
///
/// # Errors
/// Those of the deserializer, for what is not JSON.
pub fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    Ok(number(deserializer)?.filter(|seconds| *seconds > 0).map(Timestamp::from_unix))
}

/// An object; anything else is none.
///
/// # Errors
/// Those of the object's own fields.
pub fn object<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    match Value::deserialize(deserializer)? {
        value @ Value::Object(_) => T::deserialize(value).map(Some).map_err(serde::de::Error::custom),
        _ => Ok(None),
    }
}

/// The objects among the [`entries`](super::entries) of a list; anything else in it is left out.
///
/// # Errors
/// Those of the objects' own fields.
pub fn objects<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let entries = super::entries(&Value::deserialize(deserializer)?).unwrap_or_default();
    let objects = entries.into_iter().filter(Value::is_object);
    objects.map(|entry| T::deserialize(entry).map_err(serde::de::Error::custom)).collect()
}

/// The texts among the [`entries`](super::entries) of a list; anything else in it is left out.
///
/// # Errors
/// Those of the deserializer, for what is not JSON.
pub fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let entries = super::entries(&Value::deserialize(deserializer)?).unwrap_or_default();
    Ok(entries.iter().filter_map(super::text).collect())
}
