//! Masks tokens and passwords in the request log.

use miniprogram_core::vendor_api::redact::{MASK, is_secret_name, masked_text};

use crate::call::Call;

/// How many characters of a body the log keeps.
const BODY: usize = 2000;

/// Formats parameters as a query, with secrets masked.
pub(crate) fn pairs(pairs: &[(String, String)]) -> String {
    let mut text = form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs {
        text.append_pair(name, if is_secret_name(name) { MASK } else { value });
    }
    text.finish()
}

/// Formats a body, with secrets masked.
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
    short(&without(token, &masked_text(String::from_utf8_lossy(&call.body).into_owned())))
}

/// Masks the request's own token in a text.
fn without(token: Option<&str>, text: &str) -> String {
    match token.filter(|token| !token.is_empty()) {
        Some(token) => text.replace(token, MASK),
        None => text.to_owned(),
    }
}

fn short(text: &str) -> String {
    text.chars().take(BODY).collect()
}
