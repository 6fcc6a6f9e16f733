use std::fmt::{self, Debug};
use std::time::Duration;

use serde_json::{Map, Value};

use super::{Event, EventCredential, positive_id};
use crate::error::{Error, Result};
use crate::error_kind::ErrorKind;
use crate::outcome::Outcome;
use crate::redact::MASK;
use crate::secret::Secret;
use crate::time::Timestamp;
use crate::vendor::Vendor;

/// The fields of an event's payload, read with tolerance for what vendors write: numbers as numbers or strings,
/// absent, null and empty as equivalent, one element or a list of elements, and additional fields.
///
/// A method returns `None` for a value that is not present. A value of another shape is an error that names the
/// field and quotes no part of it.
///
/// ```
/// use miniprogram_core::vendor_api::Fields;
/// use miniprogram_core::{Event, EventKind, Vendor};
///
/// const ACME: Vendor = Vendor::new("acme");
/// let payload = serde_json::json!({"id": "7", "note": null, "info": {"name": "a"}});
/// let event = Event::new(ACME, EventKind::Unknown, "moved".into(), payload);
///
/// let fields = Fields::of(&event, ACME)?;
/// assert_eq!(fields.required("id", Fields::number)?, 7);
/// assert_eq!(fields.text("note")?, None);
/// let info = fields.required("info", Fields::object)?;
/// assert_eq!(info.required("place", Fields::text).unwrap_err().field(), Some("info.place"));
/// # Ok::<(), miniprogram_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Fields<'a> {
    vendor: Vendor,
    fields: &'a Map<String, Value>,
    /// The credential that was in the masked field.
    credential: Option<&'a EventCredential>,
    /// The prefix of a field's name in an error.
    path: String,
}

impl<'a> Fields<'a> {
    /// Returns the fields of the payload.
    ///
    /// # Errors
    /// [`InvalidArgument`](ErrorKind::InvalidArgument), naming `vendor`, if the event belongs to another vendor;
    /// [`Protocol`](ErrorKind::Protocol), naming `payload`, if that is not an object.
    pub fn of(event: &'a Event<'_>, vendor: Vendor) -> Result<Self> {
        if event.vendor != vendor {
            let detail = format!("must be {vendor}, is {}", event.vendor);
            return Err(Error::invalid(OPERATION, "vendor", detail).for_vendor(vendor));
        }
        match &event.payload {
            Value::Object(fields) => {
                Ok(Self { vendor, fields, credential: event.credential.as_ref(), path: String::new() })
            }
            _ => Err(malformed(vendor, "payload", "is not an object")),
        }
    }

    /// Returns whether the field is present and neither null nor an empty string.
    #[must_use]
    pub fn holds(&self, name: &str) -> bool {
        self.field(name).is_some()
    }

    /// Returns a string, or a number or boolean as a string. Nothing is trimmed.
    ///
    /// # Errors
    /// [`Protocol`](ErrorKind::Protocol), naming the field, if it is an object or a list.
    pub fn text(&self, name: &str) -> Result<Option<String>> {
        self.field(name)
            .map(|value| scalar(value).ok_or_else(|| self.wrong(name, "is not a string")))
            .transpose()
    }

    /// Returns a secret: a field's [`text`](Self::text), or the event's credential if the field shows the mask
    /// because the credential was taken from it.
    ///
    /// Returns `None` if the field is masked and the event has no credential, as after it was printed.
    ///
    /// # Errors
    /// The errors of [`text`](Self::text).
    pub fn secret(&self, name: &str) -> Result<Option<Secret>> {
        Ok(match self.text(name)? {
            Some(text) if text == MASK => self.credential.map(|credential| credential.secret().clone()),
            text => text.map(Secret::from),
        })
    }

    /// Returns an integer, or a string with an integer surrounded by whitespace.
    ///
    /// # Errors
    /// [`Protocol`](ErrorKind::Protocol), naming the field, if it is neither or does not fit in 64 bits.
    pub fn number(&self, name: &str) -> Result<Option<i64>> {
        let Some(value) = self.field(name) else { return Ok(None) };
        let number = match value {
            Value::Number(number) => number.as_i64(),
            Value::String(text) if text.trim().is_empty() => return Ok(None),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        number.map(Some).ok_or_else(|| self.wrong(name, "is not an integer"))
    }

    /// Returns an id: a number or its digits, from 1 to 2^63 - 1.
    ///
    /// Returns `None` for any other value, such as 0, a negative number, a fraction or text. The payload still
    /// holds such a value, but it identifies nothing.
    ///
    /// # Errors
    /// None; the return type matches that of the other methods, for [`required`](Self::required).
    pub fn id(&self, name: &str) -> Result<Option<String>> {
        Ok(self.field(name).and_then(positive_id).map(std::borrow::Cow::into_owned))
    }

    /// Returns a duration in seconds.
    ///
    /// # Errors
    /// [`Protocol`](ErrorKind::Protocol), naming the field, if it is not a non-negative integer.
    pub fn seconds(&self, name: &str) -> Result<Option<Duration>> {
        let span = |seconds| u64::try_from(seconds).map(Duration::from_secs);
        let seconds = self.number(name)?.map(span).transpose();
        seconds.map_err(|_| self.wrong(name, "is below 0"))
    }

    /// Returns a time in seconds since the Unix epoch.
    ///
    /// # Errors
    /// [`Protocol`](ErrorKind::Protocol), naming the field, if it is not an integer.
    pub fn time(&self, name: &str) -> Result<Option<Timestamp>> {
        Ok(self.number(name)?.map(Timestamp::from_unix))
    }

    /// Returns the fields of an object.
    ///
    /// # Errors
    /// [`Protocol`](ErrorKind::Protocol), naming the field, if it is not an object.
    pub fn object(&self, name: &str) -> Result<Option<Self>> {
        let Some(value) = self.field(name).filter(|value| !is_blank(value)) else { return Ok(None) };
        self.inside(name, value).map(Some)
    }

    /// Returns a list of objects. A single element need not be wrapped in a list, as in XML; empty elements are
    /// skipped.
    ///
    /// # Errors
    /// [`Protocol`](ErrorKind::Protocol), naming the field, if an element is not an object.
    pub fn objects(&self, name: &str) -> Result<Option<Vec<Self>>> {
        self.list(name, |value| self.inside(name, value))
    }

    /// Returns a list of the values that [`text`](Self::text) reads. A single element need not be wrapped in a
    /// list; empty elements are skipped.
    ///
    /// # Errors
    /// [`Protocol`](ErrorKind::Protocol), naming the field, if an element is an object or a list.
    pub fn texts(&self, name: &str) -> Result<Option<Vec<String>>> {
        self.list(name, |value| scalar(value).ok_or_else(|| self.wrong(name, "is not a list of strings")))
    }

    /// Returns a required field.
    ///
    /// # Errors
    /// [`Protocol`](ErrorKind::Protocol), naming the field, if it is absent, null or empty; the errors of `read`.
    pub fn required<T>(&self, name: &str, read: impl FnOnce(&Self, &str) -> Result<Option<T>>) -> Result<T> {
        read(self, name)?.ok_or_else(|| self.wrong(name, "is missing"))
    }

    fn field(&self, name: &str) -> Option<&'a Value> {
        self.fields.get(name).filter(|value| !value.is_null() && value.as_str() != Some(""))
    }

    fn inside(&self, name: &str, value: &'a Value) -> Result<Self> {
        let fields = value.as_object().ok_or_else(|| self.wrong(name, "is not an object"))?;
        Ok(Self { vendor: self.vendor, fields, credential: None, path: format!("{}{name}.", self.path) })
    }

    fn list<T>(&self, name: &str, read: impl Fn(&'a Value) -> Result<T>) -> Result<Option<Vec<T>>> {
        let Some(value) = self.field(name) else { return Ok(None) };
        let items = value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
        items
            .iter()
            .filter(|item| !item.is_null() && !is_blank(item))
            .map(read)
            .collect::<Result<_>>()
            .map(Some)
    }

    fn wrong(&self, name: &str, detail: &str) -> Error {
        malformed(self.vendor, format!("{}{name}", self.path), detail)
    }
}

/// Prints no field: tickets and authorization codes may be among them.
impl Debug for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fields")
            .field("vendor", &self.vendor)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// The name of the method that reads an event's payload, for every vendor.
const OPERATION: &str = "from_event";

fn malformed(vendor: Vendor, field: impl Into<std::borrow::Cow<'static, str>>, detail: &str) -> Error {
    Error::new(ErrorKind::Protocol, OPERATION)
        .for_vendor(vendor)
        .with_outcome(Outcome::NotDone)
        .with_field(field)
        .with_detail(detail)
        .with_advice("act on the event itself, whose payload is whole; report the push if it happens again")
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

fn is_blank(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::event::EventKind;

    const ACME: Vendor = Vendor::new("acme");

    fn event(payload: Value) -> Event<'static> {
        Event::new(ACME, EventKind::Unknown, "moved".into(), payload)
    }

    #[test]
    fn what_is_not_there_is_none_in_every_shape() {
        let event = event(json!({"null": null, "empty": "", "blank": " \n"}));
        let fields = Fields::of(&event, ACME).unwrap();
        for name in ["absent", "null", "empty"] {
            assert!(!fields.holds(name));
            assert_eq!(fields.text(name).unwrap(), None);
            assert_eq!(fields.number(name).unwrap(), None);
            assert!(fields.object(name).unwrap().is_none());
            assert!(fields.objects(name).unwrap().is_none());
            let error = fields.required(name, Fields::text).unwrap_err();
            assert_eq!((error.kind(), error.field()), (ErrorKind::Protocol, Some(name)));
            assert!(error.to_string().contains("is missing"), "{error}");
        }
        assert_eq!(fields.number("blank").unwrap(), None);
        assert!(fields.object("blank").unwrap().is_none());
        assert_eq!(fields.objects("blank").unwrap().unwrap().len(), 0);
        assert_eq!(fields.text("blank").unwrap().as_deref(), Some(" \n"));
    }

    #[test]
    fn a_secret_is_read_wherever_it_is() {
        let mut event = event(json!({"code": "s1", "other": "s2", "in": {"code": "***"}}));
        let secret = |event: &Event<'_>, name: &str| Fields::of(event, ACME).unwrap().secret(name).unwrap();
        assert_eq!(secret(&event, "code"), Some(Secret::new("s1")));
        event.take_credential("code", EventCredential::AuthorizationCode);
        assert_eq!(secret(&event, "code"), Some(Secret::new("s1")));
        assert_eq!(secret(&event, "other"), Some(Secret::new("s2")));
        let inner = Fields::of(&event, ACME).unwrap().required("in", Fields::object).unwrap();
        assert_eq!(inner.secret("code").unwrap(), None, "the credential was not taken from here");
        event.credential = None;
        assert_eq!(secret(&event, "code"), None, "the mask is no secret");
    }

    #[test]
    fn numbers_and_their_texts_are_one() {
        let event =
            event(json!({"n": -1, "t": " -1 ", "max": u64::MAX, "s": "3600", "low": -1, "list": ["a", 2]}));
        let fields = Fields::of(&event, ACME).unwrap();
        assert_eq!(fields.number("n").unwrap(), fields.number("t").unwrap());
        assert_eq!(fields.text("n").unwrap().as_deref(), Some("-1"));
        assert_eq!(fields.text("max").unwrap().as_deref(), Some("18446744073709551615"));
        assert_eq!(fields.number("max").unwrap_err().field(), Some("max"));
        assert_eq!(fields.seconds("s").unwrap(), Some(Duration::from_secs(3600)));
        assert_eq!(fields.seconds("low").unwrap_err().field(), Some("low"));
        assert_eq!(fields.texts("list").unwrap().unwrap(), ["a", "2"]);
        assert_eq!(fields.texts("n").unwrap().unwrap(), ["-1"]);
    }

    #[test]
    fn what_cannot_be_an_id_is_none() {
        let event = event(json!({
            "n": 7, "t": "7", "zero": 0, "empty": "", "low": -7, "word": "a7", "float": 7.0, "list": [7],
            "large": 9_223_372_036_854_775_808_u64, "larger": "18446744073709551616",
        }));
        let fields = Fields::of(&event, ACME).unwrap();
        assert_eq!(["n", "t"].map(|name| fields.id(name).unwrap()), [Some("7".into()), Some("7".into())]);
        for name in ["absent", "zero", "empty", "low", "word", "float", "list", "large", "larger"] {
            assert_eq!(fields.id(name).unwrap(), None, "{name}");
            assert_eq!(fields.required(name, Fields::id).unwrap_err().field(), Some(name));
        }
    }

    #[test]
    fn another_shape_is_an_error_that_names_the_field_and_quotes_nothing() {
        let event = event(
            json!({"a": {"b": {"c": ["canary"], "d": "canary"}}, "list": [{"e": true}, 1.5], "truth": true}),
        );
        let fields = Fields::of(&event, ACME).unwrap();
        let inside = fields.required("a", Fields::object).unwrap().required("b", Fields::object).unwrap();
        let errors = [
            (inside.text("c").unwrap_err(), "a.b.c"),
            (inside.number("d").unwrap_err(), "a.b.d"),
            (inside.object("d").unwrap_err(), "a.b.d"),
            (fields.objects("list").unwrap_err(), "list"),
            (fields.texts("list").unwrap_err(), "list"),
            (fields.number("truth").unwrap_err(), "truth"),
            (fields.text("a").unwrap_err(), "a"),
        ];
        for (error, field) in errors {
            assert_eq!((error.kind(), error.field()), (ErrorKind::Protocol, Some(field)));
            assert!(!format!("{error:#} {error:?} {fields:?}").contains("canary"));
        }
    }

    #[test]
    fn lists_of_one_may_stand_alone_and_empty_places_are_skipped() {
        let event = event(json!({"one": {"id": 1}, "some": [{"id": 1}, " ", null, {"id": 2}]}));
        let fields = Fields::of(&event, ACME).unwrap();
        for (name, expected) in [("one", vec![1]), ("some", vec![1, 2])] {
            let items = fields.objects(name).unwrap().unwrap();
            let ids: Result<Vec<_>> = items.iter().map(|item| item.required("id", Fields::number)).collect();
            assert_eq!(ids.unwrap(), expected);
        }
    }

    #[test]
    fn another_vendors_event_and_a_payload_that_is_none_are_refused() {
        let event = event(json!([]));
        let error = Fields::of(&event, Vendor::new("other")).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidArgument, Some("vendor")));
        let error = Fields::of(&event, ACME).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Protocol, Some("payload")));
    }
}
