//! What Baidu sends, read tolerantly: numbers as text and text as numbers, absent and additional members.

mod app_info;
mod category;
mod info;
mod issued;
mod missed;
mod template;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error as _, Unexpected};
use serde_json::{Map, Value};
use serde_with::{DeserializeAs, serde_as};

pub(crate) use app_info::{
    AnnualReview, AppInfo, AppStatus, Category as AppCategory, Offline, Qualification as Subject,
};
pub(crate) use category::{Category, MAX_LEVELS, Qualification, QualificationRules, Qualifications};
pub(crate) use info::{Domains, NameCheck, PhonePermission, ServerDomains};
pub(crate) use issued::Issued;
pub(crate) use missed::{MissedPush, MissedPushes};
pub(crate) use template::{AddedTemplate, Template, TemplateList};

/// A text that may arrive as a number.
pub(crate) struct Text;

impl<'de> DeserializeAs<'de, String> for Text {
    fn deserialize_as<D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(text),
            Value::Number(number) => Ok(number.to_string()),
            other => Err(D::Error::invalid_type(unexpected(&other), &"a text or a number")),
        }
    }
}

/// A whole number that may arrive as text.
pub(crate) struct Number;

impl<'de> DeserializeAs<'de, i64> for Number {
    fn deserialize_as<D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
        let value = Value::deserialize(deserializer)?;
        integer(&value).ok_or_else(|| D::Error::invalid_type(unexpected(&value), &"a whole number"))
    }
}

/// A whole number that may arrive as text, as null or as an empty text.
pub(crate) struct MaybeNumber;

impl<'de> DeserializeAs<'de, Option<i64>> for MaybeNumber {
    fn deserialize_as<D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Null => Ok(None),
            Value::String(text) if text.trim().is_empty() => Ok(None),
            value => match integer(&value) {
                Some(number) => Ok(Some(number)),
                None => Err(D::Error::invalid_type(unexpected(&value), &"a whole number")),
            },
        }
    }
}

/// A whole number, or its decimal digits.
pub(crate) fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// An object that may be null, or an empty text or list in its place.
pub(crate) struct Filled;

impl<'de, T: DeserializeOwned> DeserializeAs<'de, Option<T>> for Filled {
    fn deserialize_as<D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Null => Ok(None),
            Value::String(text) if text.is_empty() => Ok(None),
            Value::Array(entries) if entries.is_empty() => Ok(None),
            value => T::deserialize(value).map(Some).map_err(D::Error::custom),
        }
    }
}

/// A list that may also be one entry, entries by some key, null or an empty text.
pub(crate) struct List;

impl<'de, T: DeserializeOwned> DeserializeAs<'de, Vec<T>> for List {
    fn deserialize_as<D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
        let entries = match Value::deserialize(deserializer)? {
            Value::Null => Vec::new(),
            Value::String(text) if text.is_empty() => Vec::new(),
            Value::Array(entries) => entries,
            Value::Object(by_key) if by_key.values().all(Value::is_object) => by_key.into_values().collect(),
            one @ Value::Object(_) => vec![one],
            other => return Err(D::Error::invalid_type(unexpected(&other), &"a list")),
        };
        entries.into_iter().map(|entry| T::deserialize(entry).map_err(D::Error::custom)).collect()
    }
}

/// The same, or a truth value.
pub(crate) fn lenient_integer(value: &Value) -> Option<i64> {
    match value {
        Value::Bool(flag) => Some(i64::from(*flag)),
        other => integer(other),
    }
}

fn unexpected(value: &Value) -> Unexpected<'_> {
    match value {
        Value::Null => Unexpected::Unit,
        Value::Bool(flag) => Unexpected::Bool(*flag),
        Value::Number(_) => Unexpected::Other("another number"),
        Value::String(_) => Unexpected::Other("another text"),
        Value::Array(_) => Unexpected::Seq,
        Value::Object(_) => Unexpected::Map,
    }
}

/// A package of `package/get`, `package/getdetail` and `package/gettrial`. All members are optional: most of them are
/// missing while an upload is processed. Source: documents 000 and 001.
#[serde_as]
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    #[serde_as(as = "Option<Text>")]
    pub(crate) package_id: Option<String>,
    #[serde_as(as = "Option<Text>")]
    pub(crate) version: Option<String>,
    #[serde_as(as = "Option<Text>")]
    pub(crate) version_desc: Option<String>,
    #[serde_as(as = "Option<Number>")]
    pub(crate) status: Option<i64>,
    #[serde_as(as = "Option<Text>")]
    pub(crate) msg: Option<String>,
    #[serde_as(as = "Option<Text>")]
    pub(crate) remark: Option<String>,
    #[serde_as(as = "Option<Text>")]
    pub(crate) committer: Option<String>,
    #[serde_as(as = "Option<Text>")]
    pub(crate) commit_time: Option<String>,
    #[serde_as(as = "Option<Text>")]
    pub(crate) rollback_version: Option<String>,
    #[serde_as(as = "Option<Number>")]
    pub(crate) upload_status: Option<i64>,
    #[serde_as(as = "Option<Text>")]
    pub(crate) upload_status_desc: Option<String>,
    #[serde_as(as = "Option<Number>")]
    pub(crate) upload_err_code: Option<i64>,
    #[serde_as(as = "Option<Text>")]
    pub(crate) upload_err_msg: Option<String>,
    #[serde(flatten)]
    pub(crate) extra: Map<String, Value>,
}

/// `package/auditquota`.
#[serde_as]
#[derive(Debug, Deserialize)]
pub(crate) struct AuditQuota {
    #[serde_as(as = "Option<Number>")]
    pub(crate) quota_type: Option<i64>,
    #[serde_as(as = "Number")]
    pub(crate) quota_times: i64,
    #[serde_as(as = "Number")]
    pub(crate) remain_times: i64,
}

/// `app/getsupportversion`. `now_version` must be there; null or empty says that none was set.
#[serde_as]
#[derive(Debug, Deserialize)]
pub(crate) struct SupportVersion {
    #[serde_as(as = "Option<Text>", no_default)]
    pub(crate) now_version: Option<String>,
    #[serde(default)]
    pub(crate) items: Option<OneOrMany<LibraryVersion>>,
}

/// One version that users have.
#[serde_as]
#[derive(Debug, Deserialize)]
pub(crate) struct LibraryVersion {
    #[serde_as(as = "Text")]
    pub(crate) version: String,
    #[serde_as(as = "Option<serde_with::PickFirst<(_, serde_with::DisplayFromStr)>>")]
    pub(crate) percentage: Option<f64>,
}

/// A list that the documents also call an object: one entry, or entries by some key.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMany<T> {
    Many(Vec<T>),
    One(T),
    ByKey(BTreeMap<String, T>),
}

impl<T> OneOrMany<T> {
    pub(crate) fn into_vec(self) -> Vec<T> {
        match self {
            Self::Many(entries) => entries,
            Self::One(entry) => vec![entry],
            Self::ByKey(entries) => entries.into_values().collect(),
        }
    }
}
