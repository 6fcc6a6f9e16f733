//! Forms: the only kind of body that Baidu takes.

use std::borrow::Cow;

use miniprogram_core::{Error, Result};
use serde_json::{Map, Value};

use crate::BAIDU;

/// The fields of a form, in order.
pub(crate) type Fields = Vec<(Cow<'static, str>, String)>;

/// Members as the fields of a form: text as it is, anything else as JSON text. Null has no such form.
pub(crate) fn fields(operation: &'static str, members: &Map<String, Value>) -> Result<Fields> {
    let field = |(name, value): (&String, &Value)| {
        let text = match value {
            Value::Null => {
                let why = "must not be null: a form has no such value";
                return Err(Error::invalid(operation, name.clone(), why).for_vendor(BAIDU));
            }
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        Ok((Cow::Owned(name.clone()), text))
    };
    members.iter().map(field).collect()
}

/// The fields that nobody has modelled. `taken` are the request's own: nothing may hide under one of them.
pub(crate) fn extra(
    operation: &'static str,
    members: &Map<String, Value>,
    taken: &[&'static str],
) -> Result<Fields> {
    let is_taken = |name: &&String| *name == "access_token" || taken.contains(&name.as_str());
    if let Some(name) = members.keys().find(is_taken) {
        let why = "must not stand in `extra`: the request has a field of that name";
        return Err(Error::invalid(operation, name.clone(), why).for_vendor(BAIDU));
    }
    fields(operation, members)
}
