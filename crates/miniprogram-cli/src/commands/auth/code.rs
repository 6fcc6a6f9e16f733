//! The code of an authorization, as the merchant's browser shows it.

use miniprogram::{Error, Secret};
use url::form_urlencoded;

const OPERATION: &str = "exchange";

/// Reads a code: alone, as it stands in an address, or with the whole address. `parameter` is its name there.
pub(super) fn read(given: &Secret, parameter: &str) -> Result<Secret, Error> {
    let text = given.expose().trim();
    if text.is_empty() {
        return Err(Error::invalid(OPERATION, "code", "must not be empty"));
    }
    let is_address = text.starts_with("https://") || text.starts_with("http://");
    let query = match text.split_once('?') {
        Some((_, query)) if is_address => query,
        _ if is_address => "",
        _ => return Ok(if is_encoded(text) { decoded(text) } else { Secret::new(text) }),
    };
    let query = query.split('#').next().unwrap_or_default();
    let found = query.split('&').find_map(|pair| pair.strip_prefix(parameter)?.strip_prefix('='));
    match found.filter(|code| !code.is_empty()) {
        Some(code) => Ok(decoded(code)),
        None => Err(Error::invalid(OPERATION, "code", format!("is an address without `{parameter}`"))
            .with_advice("copy the address that the browser shows after the merchant has agreed")),
    }
}

/// Whether every percent sign begins an encoded byte. No vendor's code contains one.
fn is_encoded(text: &str) -> bool {
    let mut parts = text.split('%');
    let whole = parts.next().is_some_and(|first| first.len() < text.len());
    whole
        && parts.all(|part| part.get(..2).is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit())))
}

/// A plus sign stands for itself: no code contains a space.
fn decoded(value: &str) -> Secret {
    let pair = format!("code={}", value.replace('+', "%2B"));
    let code = form_urlencoded::parse(pair.as_bytes()).next().map(|(_, code)| code.into_owned());
    Secret::new(code.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_however_it_is_copied() {
        for given in [
            "queryauthcode@@@a-B_9+",
            " queryauthcode@@@a-B_9+\n",
            "queryauthcode%40%40%40a-B_9%2B",
            "https://platform.example.com/back?auth_code=queryauthcode%40%40%40a-B_9%2B&expires_in=600",
            "http://platform.example.com/back?shop=1&auth_code=queryauthcode@@@a-B_9+#top",
        ] {
            let code = read(&Secret::new(given), "auth_code").unwrap();
            assert_eq!(code.expose(), "queryauthcode@@@a-B_9+", "{given}");
        }
        for opaque in ["100%", "a%zz", "a%4"] {
            assert_eq!(read(&Secret::new(opaque), "auth_code").unwrap().expose(), opaque);
        }
    }

    #[test]
    fn an_address_without_a_code_is_refused_and_not_shown() {
        for given in [
            "https://canary.example.com/back",
            "https://canary.example.com/back?pre_auth_code=canary",
            "https://canary.example.com/back?auth_code=&x=canary",
            "https://canary.example.com/back?x=1#auth_code=canary",
        ] {
            let error = read(&Secret::new(given), "auth_code").unwrap_err();
            assert_eq!(error.field(), Some("code"));
            assert!(!format!("{error:?}{error:#}").contains("canary"), "{error:?}");
        }
    }
}
