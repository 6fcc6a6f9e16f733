use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Refusals;
use crate::audit::SubmitOptions;
use crate::error::Result;

const OPERATION: &str = "submit_audit";

/// Reads the fields of a submission for a vendor: the vendor's type, of which every field is optional.
///
/// # Errors
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument), naming the field, if it is none of `known` or has another
/// type.
pub fn read_submission<T: DeserializeOwned>(
    refuse: Refusals,
    options: &SubmitOptions,
    known: &[&str],
) -> Result<T> {
    let fields = options.fields();
    if let Some(name) = fields.keys().find(|name| !known.contains(&name.as_str())) {
        let rule = format!("is not a field of a submission; the fields are {}", known.join(", "));
        return Err(refuse.invalid(OPERATION, name.clone(), rule));
    }
    serde_path_to_error::deserialize(&Value::Object(fields.clone())).map_err(|problem| {
        // What serde says of a value quotes it, and there may be a password in it.
        refuse.invalid(OPERATION, problem.path().to_string(), "has another type than this field")
    })
}
