//! Request bodies, with room for unmodelled fields.

use miniprogram_core::Result;
use serde_json::{Map, Value};

use crate::REFUSE;

/// A JSON object to be sent.
pub(crate) struct Body {
    operation: &'static str,
    /// Every modelled field, whether it is sent or not.
    modelled: Vec<&'static str>,
    fields: Map<String, Value>,
}

impl Body {
    pub(crate) fn new(operation: &'static str) -> Self {
        Self { operation, modelled: Vec::new(), fields: Map::new() }
    }

    pub(crate) fn with(self, name: &'static str, value: impl Into<Value>) -> Self {
        self.with_some(name, Some(value))
    }

    /// Adds a field, or omits it if there is no value.
    pub(crate) fn with_some(mut self, name: &'static str, value: Option<impl Into<Value>>) -> Self {
        self.modelled.push(name);
        if let Some(value) = value {
            self.fields.insert(name.to_owned(), value.into());
        }
        self
    }

    /// Returns the object with the unmodelled fields added. `at` is its position in the request.
    pub(crate) fn finish(mut self, at: &str, extra: &Map<String, Value>) -> Result<Value> {
        if let Some(name) = extra.keys().find(|name| self.modelled.contains(&name.as_str())) {
            let field = format!("{at}extra.{name}");
            return Err(REFUSE.invalid(
                self.operation,
                field,
                "must be given in its own field, not in extra",
            ));
        }
        self.fields.extend(extra.clone());
        Ok(Value::Object(self.fields))
    }
}
