use std::collections::BTreeSet;
use std::time::Duration;

use url::Url;
use url::form_urlencoded::Serializer;

use super::Refusals;
use crate::authorization::{AuthorizationRequest, IssuedToken, PreAuthorizationCode};
use crate::error::Result;
use crate::pipeline::Fields;
use crate::secret::Secret;
use crate::token::AccessToken;

const PAGE: &str = "authorization_url";

/// Checks what the URL of an authorization page needs, and returns the pre-authorization code.
///
/// # Errors
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for a missing code, and for a `redirect_uri` that is not an
/// http or https URL.
pub fn page_code<'c>(
    refuse: Refusals,
    code: Option<&'c PreAuthorizationCode>,
    request: &AuthorizationRequest,
) -> Result<&'c str> {
    let code = code.map_or("", |code| code.code.expose());
    refuse.required(PAGE, "pre_auth_code", code)?;
    let back = Url::parse(&request.redirect_uri).ok();
    if back.is_some_and(|back| matches!(back.scheme(), "http" | "https")) {
        return Ok(code);
    }
    let rule = "must be an http or https URL of the domain that is registered for the platform";
    Err(refuse.invalid(PAGE, "redirect_uri", rule))
}

/// Builds the query of an authorization page from the vendor's own parameters and those in `extra`.
///
/// # Errors
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for a parameter without a name, and for a name that occurs
/// twice.
pub fn page_query<'p>(
    refuse: Refusals,
    own: impl IntoIterator<Item = (&'p str, &'p str)>,
    request: &'p AuthorizationRequest,
) -> Result<String> {
    let extra = request.extra.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let mut query = Serializer::new(String::new());
    let mut names = BTreeSet::new();
    for (name, value) in own.into_iter().chain(extra) {
        if name.is_empty() {
            return Err(refuse.invalid(PAGE, "extra", "must not contain a parameter without a name"));
        }
        if !names.insert(name) {
            let rule = "must not be in `extra`: the URL has a parameter of that name";
            return Err(refuse.invalid(PAGE, name.to_owned(), rule));
        }
        query.append_pair(name, value);
    }
    Ok(query.finish())
}

/// Reads a secret of a response; `None` if it is absent, null or empty.
pub fn secret(fields: &mut Fields<'_>, name: &str) -> Option<Secret> {
    fields.text(name).map(Secret::new)
}

/// Reads the lifetime of a token or a code, `expires_in`.
///
/// # Errors
/// [`Protocol`](crate::ErrorKind::Protocol) if it is missing or not a positive number of seconds.
pub fn lifetime(fields: &mut Fields<'_>) -> Result<Duration> {
    let seconds = fields.required("expires_in", Fields::number)?;
    let positive = u64::try_from(seconds).ok().filter(|seconds| *seconds > 0);
    let why = || format!("must be a positive number of seconds, is {seconds}");
    positive.map(Duration::from_secs).ok_or_else(|| fields.wrong("expires_in", &why()))
}

/// Reads a required pre-authorization code and its [lifetime].
///
/// # Errors
/// [`Protocol`](crate::ErrorKind::Protocol) if it is missing, and the errors of [`lifetime`].
pub fn issued_code(fields: &mut Fields<'_>, name: &str) -> Result<PreAuthorizationCode> {
    let code = fields.required(name, secret)?;
    Ok(PreAuthorizationCode::new(code, lifetime(fields)?))
}

/// Reads a required access token and its [lifetime].
///
/// # Errors
/// [`Protocol`](crate::ErrorKind::Protocol) if it is missing or not valid, and the errors of [`lifetime`].
pub fn issued_token(fields: &mut Fields<'_>, name: &str) -> Result<IssuedToken> {
    let token = fields.required(name, secret)?;
    let why = "contains whitespace or control characters";
    let token = AccessToken::new(token).map_err(|_| fields.wrong(name, why))?;
    Ok(IssuedToken::new(token, lifetime(fields)?))
}
