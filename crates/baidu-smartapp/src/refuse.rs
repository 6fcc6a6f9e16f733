//! What is refused before a request, and in which words.

use miniprogram_core::{Error, ErrorKind, Result};

use crate::BAIDU;

/// A required text that is not there.
pub(crate) fn required(operation: &'static str, field: &'static str, text: &str) -> Result<()> {
    if text.trim().is_empty() {
        return Err(Error::invalid(operation, field, "must not be empty").for_vendor(BAIDU));
    }
    Ok(())
}

/// The state does not allow it; nothing was sent.
pub(crate) fn conflict(operation: &'static str, why: impl Into<String>) -> Error {
    Error::new(ErrorKind::Conflict, operation).for_vendor(BAIDU).with_detail(why)
}
