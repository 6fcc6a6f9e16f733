//! Refusals before a request is sent, and their messages.

use std::ops::RangeInclusive;

use miniprogram_core::{Error, ErrorKind, Result};

use crate::BAIDU;

/// Checks that a required text is present.
pub(crate) fn required(operation: &'static str, field: &'static str, text: &str) -> Result<()> {
    if text.trim().is_empty() {
        return Err(Error::invalid(operation, field, "must not be empty").for_vendor(BAIDU));
    }
    Ok(())
}

/// Reports that the state does not allow the operation; nothing was sent.
pub(crate) fn conflict(operation: &'static str, why: impl Into<String>) -> Error {
    Error::new(ErrorKind::Conflict, operation).for_vendor(BAIDU).with_detail(why)
}

/// Checks that a text has neither too few nor too many characters.
pub(crate) fn characters(
    operation: &'static str,
    field: &'static str,
    text: &str,
    allowed: RangeInclusive<usize>,
) -> Result<()> {
    measured(operation, field, text.chars().count(), allowed, "characters")
}

/// Checks the width of a text: a wide character, such as a Chinese one, has two units, any other character one.
pub(crate) fn width(
    operation: &'static str,
    field: &'static str,
    text: &str,
    allowed: RangeInclusive<usize>,
) -> Result<()> {
    let units = text.chars().map(|c| if is_wide(c) { 2 } else { 1 }).sum();
    measured(operation, field, units, allowed, "units of width, a Chinese character being 2")
}

fn measured(
    operation: &'static str,
    field: &'static str,
    size: usize,
    allowed: RangeInclusive<usize>,
    unit: &str,
) -> Result<()> {
    if allowed.contains(&size) {
        return Ok(());
    }
    let why = format!("must have {} to {} {unit}; has {size}", allowed.start(), allowed.end());
    Err(Error::invalid(operation, field, why).for_vendor(BAIDU))
}

/// Whether a character is printed as wide as a Chinese one (Unicode's East Asian Width: wide or full-width).
fn is_wide(c: char) -> bool {
    matches!(c,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{303e}'
        | '\u{3041}'..='\u{a4cf}'
        | '\u{a960}'..='\u{a97c}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff01}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1faff}'
        | '\u{20000}'..='\u{3fffd}')
}

/// Checks texts that a field joins by commas: none may be empty or contain a comma.
pub(crate) fn listed(operation: &'static str, field: &'static str, texts: &[String]) -> Result<()> {
    for text in texts {
        required(operation, field, text)?;
        if text.contains(',') {
            let why = "must hold no comma: the vendor separates several by it";
            return Err(Error::invalid(operation, field, why).for_vendor(BAIDU));
        }
    }
    Ok(())
}
