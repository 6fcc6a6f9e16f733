//! Forms: the only kind of body that Baidu accepts.

use std::borrow::Cow;

use http::Method;
use miniprogram_core::Result;
use miniprogram_core::transport::Body;
use miniprogram_core::vendor_api::pipeline::Call;
use serde_json::{Map, Value};

use crate::REFUSE;
use crate::dialect::BaiduDialect;

/// The fields of a form, in order.
pub(crate) type Fields = Vec<(Cow<'static, str>, String)>;

/// Converts fields to those of a form: strings as they are, anything else as JSON text. Null cannot be represented.
fn to_form(operation: &'static str, fields: &Map<String, Value>) -> Result<Fields> {
    let field = |(name, value): (&String, &Value)| {
        let text = match value {
            Value::Null => {
                let why = "must not be null: a form has no such value";
                return Err(REFUSE.invalid(operation, name.clone(), why));
            }
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        Ok((Cow::Owned(name.clone()), text))
    };
    fields.iter().map(field).collect()
}

/// Builds a call of an unmodelled endpoint.
pub(crate) fn raw_call(
    method: Method,
    path: &str,
    query: &[(&str, &str)],
    body: Option<&Value>,
) -> Result<Call> {
    const OPERATION: &str = "call";
    let invalid = |field, rule| Err(REFUSE.invalid(OPERATION, field, rule));
    let body = match body {
        Some(Value::Object(fields)) => Body::Form(to_form(OPERATION, fields)?),
        None | Some(Value::Null) => Body::Empty,
        Some(_) => return invalid("body", "must be an object: its fields are those of the form"),
    };
    let call = Call::raw(method, path, query, body).map_err(|error| error.for_vendor(crate::BAIDU))?;
    call.check(&BaiduDialect)?;
    // A GET uses up a code or a refresh token as well.
    Ok(if path.contains("/oauth/") { call.with_effect() } else { call })
}

/// Converts the unmodelled fields. `taken` are the request's own fields, which must not be overridden.
pub(crate) fn extra(
    operation: &'static str,
    fields: &Map<String, Value>,
    taken: &[&'static str],
) -> Result<Fields> {
    let is_taken = |name: &&String| *name == "access_token" || taken.contains(&name.as_str());
    if let Some(name) = fields.keys().find(is_taken) {
        let why = "must not be in `extra`: the request has a field of that name";
        return Err(REFUSE.invalid(operation, name.clone(), why));
    }
    to_form(operation, fields)
}
