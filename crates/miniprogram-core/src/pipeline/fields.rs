use std::fmt::{self, Debug, Display};

use serde_json::{Map, Value};

use super::Reply;
use crate::error::{Error, Result};
use crate::status::{Coded, StatusTable};
use crate::time::Timestamp;
use crate::vendor::Vendor;
use crate::wire;

/// The fields of an object in a reply, read one by one with the tolerance of [`wire`]; whatever nobody has read, or
/// could read, is left for [`rest`](Self::rest).
///
/// A field that is absent, null, empty or of the wrong type is not told: it reads as none, and costs nothing but
/// itself. Lists differ by who reads them. For a caller, a list that is not told is an empty one, and an entry that
/// cannot be read is left out of it. For an effect, which compares lists, both are errors: what a list does not tell
/// proves nothing ([`Reply::is_compared`]).
pub struct Fields<'a> {
    reply: &'a Reply,
    vendor: Vendor,
    /// What stands before a field's name in an error: empty, or with a dot at its end.
    within: String,
    fields: Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// The fields of an object in a reply of a vendor. `within` is where it stands, such as `data`; empty for the
    /// reply itself.
    #[must_use]
    pub fn new(reply: &'a Reply, vendor: Vendor, within: &str, fields: Map<String, Value>) -> Self {
        let within = if within.is_empty() { String::new() } else { format!("{within}.") };
        Self { reply, vendor, within, fields }
    }

    /// A text, never one of whitespace only. Whitespace around it is kept.
    pub fn text(&mut self, name: &str) -> Option<String> {
        self.take(name, wire::text)
    }

    /// An id without the whitespace around it, never 0 or negative.
    pub fn id<I: From<String>>(&mut self, name: &str) -> Option<I> {
        let none = |value: &Value| wire::number(value).is_some_and(|number| number <= 0);
        let id = self.take(name, |value| if none(value) { Some(None) } else { wire::id(value).map(Some) });
        id.flatten().map(I::from)
    }

    /// A whole number.
    pub fn number(&mut self, name: &str) -> Option<i64> {
        self.take(name, wire::number)
    }

    /// A finite number.
    pub fn decimal(&mut self, name: &str) -> Option<f64> {
        self.take(name, wire::decimal)
    }

    /// A flag.
    pub fn flag(&mut self, name: &str) -> Option<bool> {
        self.take(name, wire::flag)
    }

    /// Seconds since the Unix epoch; 0 and what is below it are not told.
    pub fn time(&mut self, name: &str) -> Option<Timestamp> {
        self.number(name).filter(|seconds| *seconds > 0).map(Timestamp::from_unix)
    }

    /// A number of a table.
    pub fn coded<S: Copy + Display>(&mut self, name: &str, table: &StatusTable<S>) -> Option<Coded<S>> {
        self.number(name).map(|code| Coded::new(table, code))
    }

    /// A value as it was sent; none if it is empty.
    pub fn value(&mut self, name: &str) -> Option<Value> {
        self.take(name, |value| Some(value.clone()))
    }

    /// The fields of an object, which may be none.
    pub fn object(&mut self, name: &str) -> Option<Fields<'a>> {
        let fields = match self.fields.get(name)? {
            Value::Object(fields) => Some(fields.clone()),
            empty if wire::is_empty(empty) => None,
            _ => return None,
        };
        self.fields.shift_remove(name);
        fields.map(|fields| self.below(name, fields))
    }

    /// The texts of a list.
    ///
    /// # Errors
    /// [`Protocol`](crate::ErrorKind::Protocol), for an effect only, if the field is no list or has another entry.
    pub fn texts(&mut self, name: &str) -> Result<Vec<String>> {
        self.list(name, |_, _, entry| Ok(wire::text(entry)))
    }

    /// The whole numbers of a list.
    ///
    /// # Errors
    /// Those of [`texts`](Self::texts).
    pub fn numbers(&mut self, name: &str) -> Result<Vec<i64>> {
        self.list(name, |_, _, entry| Ok(wire::number(entry)))
    }

    /// Each object of a list, as `read` makes it out. An entry that it refuses is left out of the list, and stays
    /// behind for [`rest`](Self::rest).
    ///
    /// # Errors
    /// For an effect only: [`Protocol`](crate::ErrorKind::Protocol) if the field is no list or has an entry that is no
    /// object; those of `read`.
    pub fn each<T>(
        &mut self,
        name: &str,
        mut read: impl FnMut(&mut Fields<'a>) -> Result<T>,
    ) -> Result<Vec<T>> {
        self.list(name, |fields, name, entry| match entry {
            Value::Object(entry) => read(&mut fields.below(name, entry.clone())).map(Some),
            _ => Ok(None),
        })
    }

    /// Like [`each`](Self::each), for a list whose absence says nothing: an effect takes null for an empty list, but no
    /// absent one.
    ///
    /// # Errors
    /// Those of [`each`](Self::each); for an effect, [`Protocol`](crate::ErrorKind::Protocol) if the list is not told.
    pub fn each_of<T>(
        &mut self,
        name: &str,
        read: impl FnMut(&mut Fields<'a>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let told = matches!(self.fields.get(name), Some(Value::Array(_) | Value::Null));
        if self.reply.is_compared() && !told {
            return Err(self.missing(name));
        }
        self.each(name, read)
    }

    /// A field that its reader cannot do without.
    ///
    /// # Errors
    /// [`Protocol`](crate::ErrorKind::Protocol), naming the field, if `read` finds nothing.
    pub fn required<T>(&mut self, name: &str, read: impl FnOnce(&mut Self, &str) -> Option<T>) -> Result<T> {
        read(self, name).ok_or_else(|| self.missing(name))
    }

    /// A field that an effect compares: none for a caller if it is not told, an error for an effect.
    ///
    /// # Errors
    /// For an effect only: [`Protocol`](crate::ErrorKind::Protocol), naming the field, if `read` finds nothing.
    pub fn compared<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Self, &str) -> Option<T>,
    ) -> Result<Option<T>> {
        match read(self, name) {
            None if self.reply.is_compared() => Err(self.missing(name)),
            found => Ok(found),
        }
    }

    /// Whether a field is there and not empty, whatever it holds.
    #[must_use]
    pub fn is_told(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(|value| !wire::is_empty(value))
    }

    /// Puts a value among what nobody has read.
    pub fn keep(&mut self, name: &str, value: Value) {
        self.fields.insert(name.to_owned(), value);
    }

    /// The fields of an object that stands below this one under a name, wherever it comes from.
    #[must_use]
    pub fn below(&self, name: &str, fields: Map<String, Value>) -> Fields<'a> {
        Self::new(self.reply, self.vendor, &format!("{}{name}", self.within), fields)
    }

    /// Everything that is left, without taking it out.
    #[must_use]
    pub fn copy(&self) -> Map<String, Value> {
        self.fields.clone()
    }

    /// What nobody has read.
    pub fn rest(&mut self) -> Map<String, Value> {
        std::mem::take(&mut self.fields)
    }

    /// An error that names a field. The words must quote no secret.
    #[must_use]
    pub fn wrong(&self, name: &str, what: &str) -> Error {
        self.reply.protocol(what).with_field(format!("{}{name}", self.within)).for_vendor(self.vendor)
    }

    /// Takes out a field that can be read; an empty one is taken out too, anything else stays.
    fn take<T>(&mut self, name: &str, read: impl FnOnce(&Value) -> Option<T>) -> Option<T> {
        let value = self.fields.get(name)?;
        let found = if wire::is_empty(value) { None } else { Some(read(value)?) };
        self.fields.shift_remove(name);
        found
    }

    fn list<T>(
        &mut self,
        name: &str,
        mut read: impl FnMut(&Self, &str, &Value) -> Result<Option<T>>,
    ) -> Result<Vec<T>> {
        let compared = self.reply.is_compared();
        let Some(value) = self.fields.get(name) else { return Ok(Vec::new()) };
        let Some(entries) = wire::entries(value) else {
            return if compared { Err(self.wrong(name, "is no list")) } else { Ok(Vec::new()) };
        };
        let (mut list, mut left) = (Vec::new(), Vec::new());
        for (at, entry) in entries.into_iter().enumerate() {
            let name = format!("{name}[{at}]");
            match read(self, &name, &entry) {
                Ok(Some(item)) => list.push(item),
                Err(error) if compared => return Err(error),
                Ok(None) if compared => return Err(self.wrong(&name, "cannot be read")),
                _ if wire::is_empty(&entry) => {}
                _ => left.push(entry),
            }
        }
        self.fields.shift_remove(name);
        if !left.is_empty() {
            self.fields.insert(name.to_owned(), Value::Array(left));
        }
        Ok(list)
    }

    fn missing(&self, name: &str) -> Error {
        let there = self.fields.get(name).is_some_and(|value| !wire::is_empty(value));
        self.wrong(name, if there { "is of the wrong type" } else { "is missing" })
    }
}

impl Debug for Fields<'_> {
    /// Names alone: a value may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.fields.keys()).finish()
    }
}
