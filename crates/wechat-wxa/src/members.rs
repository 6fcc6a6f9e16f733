//! Reads the members of an answer one by one; what nobody has read is left for `extra`.

use std::fmt::Display;

use miniprogram_core::pipeline::Reply;
use miniprogram_core::{Error, Result, StatusTable, Timestamp};
use serde_json::{Map, Value};

use crate::dialect::whole;
use crate::values::Coded;
use crate::{WECHAT, wire};

/// The members of an answer or of an object in it. Numbers may be text, text may be numbers; null and empty text are
/// like an absent member.
pub(crate) struct Members<'a> {
    reply: &'a Reply,
    path: String,
    members: Map<String, Value>,
}

impl<'a> Members<'a> {
    /// The members of the whole answer, the envelope's own left out.
    pub(crate) fn of(reply: &'a Reply) -> Self {
        let mut members = reply.json.as_object().cloned().unwrap_or_default();
        members.shift_remove("errcode");
        members.shift_remove("errmsg");
        Self { reply, path: String::new(), members }
    }

    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(self.wrong(name, "is no text")),
        }
    }

    pub(crate) fn number(&mut self, name: &str) -> Result<Option<i64>> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
            Some(value) => match whole(&value) {
                Some(number) => Ok(Some(number)),
                None => Err(self.wrong(name, "is no whole number")),
            },
        }
    }

    pub(crate) fn flag(&mut self, name: &str) -> Result<Option<bool>> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) if text == "true" => Ok(Some(true)),
            Some(Value::String(text)) if text == "false" => Ok(Some(false)),
            Some(value) => match whole(&value) {
                Some(number @ (0 | 1)) => Ok(Some(number == 1)),
                _ => Err(self.wrong(name, "is neither true nor false")),
            },
        }
    }

    /// Seconds since the Unix epoch; 0 is "not told".
    pub(crate) fn time(&mut self, name: &str) -> Result<Option<Timestamp>> {
        Ok(wire::time(self.number(name)?))
    }

    pub(crate) fn coded<S: Copy + Display>(
        &mut self,
        name: &str,
        table: &StatusTable<S>,
    ) -> Result<Option<Coded<S>>> {
        Ok(self.number(name)?.map(|code| Coded::new(table, code)))
    }

    /// A list of texts; empty if it is not there.
    pub(crate) fn texts(&mut self, name: &str) -> Result<Vec<String>> {
        self.items(name)?
            .into_iter()
            .enumerate()
            .map(|(at, item)| match item {
                Value::String(text) => Ok(text),
                Value::Number(number) => Ok(number.to_string()),
                _ => Err(self.wrong(&format!("{name}[{at}]"), "is no text")),
            })
            .collect()
    }

    /// A list of numbers; empty if it is not there.
    pub(crate) fn numbers(&mut self, name: &str) -> Result<Vec<i64>> {
        self.items(name)?
            .iter()
            .enumerate()
            .map(|(at, item)| {
                whole(item).ok_or_else(|| self.wrong(&format!("{name}[{at}]"), "is no whole number"))
            })
            .collect()
    }

    pub(crate) fn object(&mut self, name: &str) -> Result<Option<Members<'a>>> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Object(members)) => Ok(Some(self.below(name, members))),
            Some(_) => Err(self.wrong(name, "is no object")),
        }
    }

    /// Each object of a list; none if it is not there.
    pub(crate) fn each<T>(
        &mut self,
        name: &str,
        mut read: impl FnMut(&mut Members<'a>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut list = Vec::new();
        for (at, item) in self.items(name)?.into_iter().enumerate() {
            let name = format!("{name}[{at}]");
            match item {
                Value::Object(members) => list.push(read(&mut self.below(&name, members))?),
                _ => return Err(self.wrong(&name, "is no object")),
            }
        }
        Ok(list)
    }

    /// Each object of a list that the answer cannot do without; null is an empty one.
    pub(crate) fn each_of<T>(
        &mut self,
        name: &str,
        read: impl FnMut(&mut Members<'a>) -> Result<T>,
    ) -> Result<Vec<T>> {
        if !self.members.contains_key(name) {
            return Err(self.missing(name));
        }
        self.each(name, read)
    }

    /// A member that the answer cannot do without.
    pub(crate) fn required<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Self, &str) -> Result<Option<T>>,
    ) -> Result<T> {
        read(self, name)?.ok_or_else(|| self.missing(name))
    }

    /// Whether a member is there and neither null nor an empty text.
    pub(crate) fn is_told(&self, name: &str) -> bool {
        crate::dialect::is_told(self.members.get(name))
    }

    /// What nobody has read.
    pub(crate) fn rest(&mut self) -> Map<String, Value> {
        std::mem::take(&mut self.members)
    }

    fn items(&mut self, name: &str) -> Result<Vec<Value>> {
        match self.take(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => Ok(items),
            Some(Value::String(text)) if text.is_empty() => Ok(Vec::new()),
            Some(_) => Err(self.wrong(name, "is no list")),
        }
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        self.members.shift_remove(name).filter(|value| !value.is_null())
    }

    fn below(&self, name: &str, members: Map<String, Value>) -> Members<'a> {
        Members { reply: self.reply, path: self.path_of(name), members }
    }

    fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    fn missing(&self, name: &str) -> Error {
        self.wrong(name, "is missing")
    }

    /// A member that cannot be understood; the words never quote a secret.
    pub(crate) fn wrong(&self, name: &str, what: &str) -> Error {
        self.reply.protocol(what).with_field(self.path_of(name)).for_vendor(WECHAT)
    }
}
