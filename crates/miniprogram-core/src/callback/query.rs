//! Strict reading of a push's query string.

use std::borrow::Cow;

use crate::error::Error;
use crate::event::CallbackCheck;
use crate::vendor::Vendor;

/// Why a query was rejected. It quotes no part of the query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// A known parameter occurs twice; it is ambiguous which one applies.
    #[error("a parameter is repeated")]
    Repeated,
    /// A percent sign without two hex digits, or bytes that are not UTF-8.
    #[error("a parameter is not percent-encoded UTF-8")]
    Encoding,
}

/// Reads the known parameters of a raw query string without `?` and returns their values in the given order.
///
/// Names are decoded before they are compared, so `%6eonce` repeats `nonce`. Unknown parameters are skipped.
/// Values are borrowed from the query unless they contain an escape.
///
/// # Errors
/// [`QueryError`].
pub fn query_parameters<'q, const N: usize>(
    query: &'q str,
    known: [&str; N],
) -> Result<[Option<Cow<'q, str>>; N], QueryError> {
    let mut found = [const { None }; N];
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = percent_decoded(name)?;
        let Some(at) = known.iter().position(|known| *known == name) else { continue };
        if found[at].replace(percent_decoded(value)?).is_some() {
            return Err(QueryError::Repeated);
        }
    }
    Ok(found)
}

/// Returns a parameter that a vendor has to send. `what` names it in the error.
///
/// # Errors
/// [`CallbackCheck::Query`] if it is absent or empty.
pub fn required_parameter<'q>(
    vendor: Vendor,
    value: Option<Cow<'q, str>>,
    what: &str,
) -> Result<Cow<'q, str>, Error> {
    let missing = || CallbackCheck::Query.because(vendor, format!("{what} is missing"));
    value.filter(|text| !text.is_empty()).ok_or_else(missing)
}

/// Returns the time of the parameter `timestamp`.
///
/// # Errors
/// [`CallbackCheck::Query`] if it is not a [`signed_time`].
pub fn timestamp_parameter(vendor: Vendor, timestamp: &str) -> Result<i64, Error> {
    let detail = "the timestamp must have 9 to 11 digits, the first not 0";
    signed_time(timestamp).ok_or_else(|| CallbackCheck::Query.because(vendor, detail))
}

/// Checks the parameter `nonce`.
///
/// # Errors
/// [`CallbackCheck::Query`] if it is not a nonce ([`is_nonce`]).
pub fn check_nonce_parameter(vendor: Vendor, nonce: &str) -> Result<(), Error> {
    match is_nonce(nonce) {
        true => Ok(()),
        false => {
            let detail = "the nonce must be 1 to 32 letters, digits, `_` or `-`";
            Err(CallbackCheck::Query.because(vendor, detail))
        }
    }
}

fn percent_decoded(text: &str) -> Result<Cow<'_, str>, QueryError> {
    let Some(first) = text.bytes().position(|byte| byte == b'%' || byte == b'+') else {
        return Ok(Cow::Borrowed(text));
    };
    let mut bytes = Vec::with_capacity(text.len());
    bytes.extend_from_slice(&text.as_bytes()[..first]);
    let mut rest = text.as_bytes()[first..].iter();
    while let Some(&byte) = rest.next() {
        bytes.push(match byte {
            b'%' => match (rest.next().and_then(hex_digit), rest.next().and_then(hex_digit)) {
                (Some(high), Some(low)) => high * 16 + low,
                _ => return Err(QueryError::Encoding),
            },
            b'+' => b' ',
            other => other,
        });
    }
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| QueryError::Encoding)
}

fn hex_digit(byte: &u8) -> Option<u8> {
    char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Parses the epoch seconds of a signed timestamp: 9 to 11 digits, the first not 0.
#[must_use]
pub fn signed_time(text: &str) -> Option<i64> {
    let plain =
        (9..=11).contains(&text.len()) && !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

/// Returns whether the text is a valid nonce: 1 to 32 letters, digits, `_` or `-`.
#[must_use]
pub fn is_nonce(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// Returns whether the text may be echoed in response to the check of a callback URL: 1 to 128 letters, digits or
/// characters of `_-+/=.`. Anything else could make the URL serve a page written by someone else.
#[must_use]
pub fn is_echo(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-+/=.".contains(&b))
}
