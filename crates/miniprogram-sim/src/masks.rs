//! Keeps tokens and passwords out of the request log.

use serde_json::Value;

use crate::call::Call;

/// How much of a body the log keeps.
const BODY: usize = 2000;
const MASK: &str = "***";
/// How the names of secrets end.
const SECRETS: [&str; 7] =
    ["token", "secret", "pwd", "password", "ticket", "auth_code", "authorization_code"];

fn is_secret(name: &str) -> bool {
    name == "code" || SECRETS.iter().any(|end| name.ends_with(end))
}

/// Parameters as a query, secrets masked.
pub(crate) fn pairs(pairs: &[(String, String)]) -> String {
    let mut text = form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs {
        text.append_pair(name, if is_secret(name) { MASK } else { value });
    }
    text.finish()
}

/// A body, secrets masked.
pub(crate) fn body(call: &Call, token: Option<&str>) -> String {
    if call.is_multipart() {
        let files = call.files.iter().map(|file| {
            (
                file.name.clone(),
                format!("{} ({}, {} bytes)", file.file_name, file.content_type, file.bytes.len()),
            )
        });
        return short(&pairs(&call.form.iter().cloned().chain(files).collect::<Vec<_>>()));
    }
    if !call.has_json_body() {
        return short(&pairs(&call.form));
    }
    let text = String::from_utf8_lossy(&call.body);
    let named = SECRETS.iter().chain(&["\"code"]).any(|end| text.contains(&format!("{end}\"")));
    if named && let Ok(mut json) = serde_json::from_str(&text) {
        mask(&mut json);
        return short(&json.to_string());
    }
    match token.filter(|token| !token.is_empty()) {
        Some(token) => short(&text.replace(token, MASK)),
        None => short(&text),
    }
}

/// Masks the secret members of JSON, at any depth.
fn mask(json: &mut Value) {
    match json {
        Value::Object(members) => {
            for (name, value) in members {
                if is_secret(name) {
                    *value = Value::from(MASK);
                } else {
                    mask(value);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(mask),
        _ => {}
    }
}

fn short(text: &str) -> String {
    text.chars().take(BODY).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_inside_json_are_masked_at_any_depth() {
        let mut json = serde_json::json!({ "batch_req": { "path": "a", "test_pwd": "canary", "list": [{ "app_secret": "canary" }] } });
        mask(&mut json);
        assert_eq!(
            json.to_string(),
            r#"{"batch_req":{"path":"a","test_pwd":"***","list":[{"app_secret":"***"}]}}"#
        );
    }
}
