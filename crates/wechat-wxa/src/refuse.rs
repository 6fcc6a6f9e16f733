//! Refusals before a request is sent, and their messages.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use miniprogram_core::{Error, ErrorKind, Result};

use crate::WECHAT;

/// Refuses an argument that breaks a rule.
pub(crate) fn invalid(
    operation: &'static str,
    field: impl Into<Cow<'static, str>>,
    rule: impl Into<String>,
) -> Error {
    Error::invalid(operation, field, rule).for_vendor(WECHAT)
}

/// Checks that a required text is present.
pub(crate) fn required(operation: &'static str, field: &'static str, text: &str) -> Result<()> {
    if text.is_empty() { Err(invalid(operation, field, "must not be empty")) } else { Ok(()) }
}

/// Checks the number of characters of a required text.
pub(crate) fn characters(
    operation: &'static str,
    field: &'static str,
    text: &str,
    limits: RangeInclusive<usize>,
) -> Result<()> {
    let length = text.chars().count();
    if limits.contains(&length) {
        return Ok(());
    }
    let rule = format!("must have {} to {} characters, has {length}", limits.start(), limits.end());
    Err(invalid(operation, field, rule))
}

/// Refuses an argument that WeChat cannot use, rather than dropping it.
pub(crate) fn unsupported(operation: &'static str, field: &'static str, why: &str) -> Error {
    Error::unsupported(WECHAT, operation).with_field(field).with_detail(why)
}

/// Reports that the state does not allow the operation; nothing was sent.
pub(crate) fn conflict(operation: &'static str, why: impl Into<String>) -> Error {
    Error::new(ErrorKind::Conflict, operation).for_vendor(WECHAT).with_detail(why)
}
