//! Keeps tokens out of the request log.

use crate::call::Call;

/// How much of a body the log keeps.
const BODY: usize = 2000;
const MASK: &str = "***";

fn is_secret(name: &str) -> bool {
    name.ends_with("token") || name.ends_with("secret")
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
    match token.filter(|token| !token.is_empty()) {
        Some(token) => short(&text.replace(token, MASK)),
        None => short(&text),
    }
}

fn short(text: &str) -> String {
    text.chars().take(BODY).collect()
}
