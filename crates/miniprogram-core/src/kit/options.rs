use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Refusals;
use crate::error::Result;

/// Reads the options of an effect, such as those of a submission, for a vendor: the vendor's type, of which every field
/// is optional. `of` is what the error of an unknown field calls the effect.
///
/// # Errors
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument), naming the field, if it is none of `known` or has another
/// type.
pub fn read_options<T: DeserializeOwned>(
    refuse: Refusals,
    operation: &'static str,
    of: &str,
    fields: &Map<String, Value>,
    known: &[&str],
) -> Result<T> {
    if let Some(name) = fields.keys().find(|name| !known.contains(&name.as_str())) {
        let rule = format!("is not a field of {of}; the fields are {}", known.join(", "));
        return Err(refuse.invalid(operation, name.clone(), rule));
    }
    serde_path_to_error::deserialize(&Value::Object(fields.clone())).map_err(|problem| {
        // What serde says of a value quotes it, and there may be a password in it.
        refuse.invalid(operation, problem.path().to_string(), "has another type than this field")
    })
}
