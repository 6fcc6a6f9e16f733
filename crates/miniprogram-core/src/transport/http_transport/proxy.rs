use std::fmt;

use url::Url;

use crate::error::{Error, Result};
use crate::error_kind::ErrorKind;
use crate::secret::Secret;

/// A proxy between this machine and the vendor, such as one with a fixed outgoing address.
///
/// | scheme | protocol | who resolves the vendor's name |
/// |---|---|---|
/// | `http`, `https` | HTTP, with `CONNECT` to an `https` address | the proxy |
/// | `socks5` | SOCKS 5 | this machine |
/// | `socks5h` | SOCKS 5 | the proxy |
///
/// `Debug` shows scheme, host and port, and never the credentials.
#[derive(Clone)]
pub struct Proxy {
    /// Without user and password.
    url: Url,
    credentials: Option<(String, Secret)>,
}

impl Proxy {
    /// Parses a URL such as `http://user:password@proxy.example.com:3128` or `socks5h://127.0.0.1:1080`. Reserved
    /// characters of user and password are percent-encoded.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) that names `proxy` and states which rule the URL violates; the text is not repeated.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse =
            |why: &str| Err(Error::new(ErrorKind::Config, "transport").with_field("proxy").with_detail(why));
        let Ok(mut url) = Url::parse(text) else {
            return refuse(
                "is not an absolute URL; write scheme, host and port, such as http://127.0.0.1:3128",
            );
        };
        if !matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h") {
            return refuse("must be http, https, socks5 or socks5h");
        }
        if url.host_str().is_none_or(str::is_empty) {
            return refuse("must name a host");
        }
        if url.query().is_some() || url.fragment().is_some() || !matches!(url.path(), "" | "/") {
            return refuse("must contain only scheme, user, password, host and port");
        }
        let decoded = |part: &str| {
            let escaped = part.replace('+', "%2B").replace('=', "%3D").replace('&', "%26");
            let pair = form_urlencoded::parse(escaped.as_bytes()).next();
            pair.map(|(text, _)| text.into_owned()).unwrap_or_default()
        };
        let credentials = match (url.username(), url.password()) {
            ("", None) => None,
            (user, password) => Some((decoded(user), Secret::new(decoded(password.unwrap_or_default())))),
        };
        if url.set_username("").and_then(|()| url.set_password(None)).is_err() {
            return refuse("must name a host");
        }
        Ok(Self { url, credentials })
    }

    /// Sets user and password, in place of those of the URL.
    #[must_use]
    pub fn with_credentials(mut self, user: impl Into<String>, password: Secret) -> Self {
        self.credentials = Some((user.into(), password));
        self
    }

    pub(super) fn build(&self) -> reqwest::Result<reqwest::Proxy> {
        let proxy = reqwest::Proxy::all(self.url.clone())?;
        Ok(match &self.credentials {
            Some((user, password)) => proxy.basic_auth(user, password.expose()),
            None => proxy,
        })
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("url", &self.url.as_str())
            .field("credentials", &self.credentials.as_ref().map(|_| "***"))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_password_are_decoded_and_never_shown() {
        let proxy = Proxy::parse("http://us%40er:canary%2F+1@127.0.0.1:3128").unwrap();
        let (user, password) = proxy.credentials.clone().unwrap();
        assert_eq!((user.as_str(), password.expose()), ("us@er", "canary/+1"));
        assert_eq!(
            format!("{proxy:?}"),
            r#"Proxy { url: "http://127.0.0.1:3128/", credentials: Some("***") }"#
        );
        let proxy = Proxy::parse("socks5h://[::1]:1080").unwrap();
        assert!(proxy.credentials.is_none());
    }

    #[test]
    fn what_is_not_a_proxy_is_refused_without_repeating_it() {
        for bad in [
            "canary:3128",
            "ftp://canary:3128",
            "http://",
            "http://127.0.0.1/canary",
            "http://127.0.0.1/?canary",
            "canary",
        ] {
            let error = Proxy::parse(bad).unwrap_err();
            assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("proxy")), "{bad}");
            assert!(!format!("{error:?}").contains("canary"), "{error:?}");
        }
    }
}
