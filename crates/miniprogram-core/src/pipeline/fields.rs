use std::fmt::{self, Debug, Display};

use serde_json::{Map, Value};

use super::Reply;
use crate::error::{Error, Result};
use crate::status::{Coded, StatusTable};
use crate::time::Timestamp;
use crate::wire;

/// The fields of an object in a reply, read one by one with the tolerance of
/// [`wire`](crate::vendor_api::wire). Fields that were not read, or could not be, are left for [`rest`](Self::rest).
///
/// A field that is absent, null, empty or of the wrong type counts as not reported: it reads as none and affects
/// no other field. Lists depend on the reader. For a caller, a list that is not reported is empty, and an
/// unreadable entry is omitted. For an effect, which compares lists, both are errors: an incomplete list proves
/// nothing ([`Reply::is_compared`]).
pub struct Fields<'a> {
    reply: &'a Reply,
    /// The prefix of a field's name in an error: empty, or ending with a dot.
    within: String,
    fields: Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// Reads the fields of an object in a reply. `within` is the path of the object, such as `data`;
    /// empty for the reply itself.
    #[must_use]
    pub fn new(reply: &'a Reply, within: &str, fields: Map<String, Value>) -> Self {
        let within = if within.is_empty() { String::new() } else { format!("{within}.") };
        Self { reply, within, fields }
    }

    /// Returns a string, never one of whitespace only. Surrounding whitespace is kept.
    pub fn text(&mut self, name: &str) -> Option<String> {
        self.take(name, wire::text)
    }

    /// Returns an id without surrounding whitespace, never 0 or negative.
    pub fn id<I: From<String>>(&mut self, name: &str) -> Option<I> {
        let none = |value: &Value| wire::number(value).is_some_and(|number| number <= 0);
        let id = self.take(name, |value| if none(value) { Some(None) } else { wire::id(value).map(Some) });
        id.flatten().map(I::from)
    }

    /// Returns an integer.
    pub fn number(&mut self, name: &str) -> Option<i64> {
        self.take(name, wire::number)
    }

    /// Returns a finite number.
    pub fn decimal(&mut self, name: &str) -> Option<f64> {
        self.take(name, wire::decimal)
    }

    /// Returns a flag.
    pub fn flag(&mut self, name: &str) -> Option<bool> {
        self.take(name, wire::flag)
    }

    /// Returns seconds since the Unix epoch; 0 and negative values count as not reported.
    pub fn time(&mut self, name: &str) -> Option<Timestamp> {
        self.number(name).filter(|seconds| *seconds > 0).map(Timestamp::from_unix)
    }

    /// Returns a code of a table with its meaning: a number, or a word if the table has words.
    pub fn coded<S: Copy + Display>(&mut self, name: &str, table: &StatusTable<S>) -> Option<Coded<S>> {
        self.take(name, |value| table.read(value)).map(|code| Coded::new(table, code))
    }

    /// Returns a value as it was sent; none if it is empty.
    pub fn value(&mut self, name: &str) -> Option<Value> {
        self.take(name, |value| Some(value.clone()))
    }

    /// Returns the fields of an object, of which there may be none.
    pub fn object(&mut self, name: &str) -> Option<Fields<'a>> {
        let fields = match self.fields.get(name)? {
            Value::Object(fields) => Some(fields.clone()),
            empty if wire::is_empty(empty) => None,
            _ => return None,
        };
        self.fields.shift_remove(name);
        fields.map(|fields| self.below(name, fields))
    }

    /// Returns the strings of a list.
    ///
    /// # Errors
    /// [`Protocol`](crate::ErrorKind::Protocol), for an effect only, if the field is not a list or has any other
    /// entry.
    pub fn texts(&mut self, name: &str) -> Result<Vec<String>> {
        self.list(name, |_, _, entry| Ok(wire::text(entry)))
    }

    /// Returns the integers of a list.
    ///
    /// # Errors
    /// The errors of [`texts`](Self::texts).
    pub fn numbers(&mut self, name: &str) -> Result<Vec<i64>> {
        self.list(name, |_, _, entry| Ok(wire::number(entry)))
    }

    /// Returns each object of a list, converted by `read`. An entry that `read` rejects is omitted, and is left
    /// for [`rest`](Self::rest).
    ///
    /// # Errors
    /// For an effect only: [`Protocol`](crate::ErrorKind::Protocol) if the field is not a list or has an entry
    /// that is not an object; the errors of `read`.
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

    /// Like [`each`](Self::each), for a list whose absence proves nothing: an effect accepts null as an empty
    /// list, but not an absent list.
    ///
    /// # Errors
    /// The errors of [`each`](Self::each); for an effect, [`Protocol`](crate::ErrorKind::Protocol) if the list is not
    /// reported.
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

    /// Returns a field that its reader requires.
    ///
    /// # Errors
    /// [`Protocol`](crate::ErrorKind::Protocol), naming the field, if `read` finds nothing.
    pub fn required<T>(&mut self, name: &str, read: impl FnOnce(&mut Self, &str) -> Option<T>) -> Result<T> {
        read(self, name).ok_or_else(|| self.missing(name))
    }

    /// Returns a field that an effect compares. If it is not reported, a caller gets none and an effect gets an
    /// error.
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

    /// Returns whether a field is present and not empty, whatever it holds.
    #[must_use]
    pub fn is_told(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(|value| !wire::is_empty(value))
    }

    /// Adds a value to the unread fields.
    pub fn keep(&mut self, name: &str, value: Value) {
        self.fields.insert(name.to_owned(), value);
    }

    /// Returns the fields of an object below this one under a name, wherever the object comes from.
    #[must_use]
    pub fn below(&self, name: &str, fields: Map<String, Value>) -> Fields<'a> {
        Self::new(self.reply, &format!("{}{name}", self.within), fields)
    }

    /// Returns all remaining fields without taking them out.
    #[must_use]
    pub fn copy(&self) -> Map<String, Value> {
        self.fields.clone()
    }

    /// Returns the unread fields.
    pub fn rest(&mut self) -> Map<String, Value> {
        std::mem::take(&mut self.fields)
    }

    /// Creates an error that names a field. The description must quote no secret.
    #[must_use]
    pub fn wrong(&self, name: &str, what: &str) -> Error {
        self.reply.protocol(what).with_field(format!("{}{name}", self.within))
    }

    /// Takes out a field that can be read. An empty field is taken out too; any other stays.
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
            return if compared { Err(self.wrong(name, "is not a list")) } else { Ok(Vec::new()) };
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

impl Reply {
    /// Returns the fields of this reply; none if it is not an object.
    #[must_use]
    pub fn fields(&self) -> Fields<'_> {
        Fields::new(self, "", self.json.as_object().cloned().unwrap_or_default())
    }
}

impl Debug for Fields<'_> {
    /// Only names: a value may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.fields.keys()).finish()
    }
}
