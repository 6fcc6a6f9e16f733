//! Says in words why a connection could not be opened.

use std::error::Error;
use std::{fmt, io};

/// Why a connection could not be opened, without a URL, and the error of the HTTP client.
#[derive(Debug)]
pub(super) struct NotConnected {
    why: String,
    problem: reqwest::Error,
}

impl fmt::Display for NotConnected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl Error for NotConnected {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.problem)
    }
}

impl NotConnected {
    /// `problem` must have no URL.
    pub(super) fn new(problem: reqwest::Error) -> Self {
        let first: &(dyn Error + 'static) = &problem;
        let chain: Vec<_> = std::iter::successors(Some(first), |error| (*error).source()).collect();
        let why = if problem.is_timeout() { "no answer in time".to_owned() } else { why(&chain) };
        Self { why, problem }
    }
}

/// Returns the reason that a chain of errors has, outermost first.
fn why(chain: &[&(dyn Error + 'static)]) -> String {
    let texts: Vec<String> = chain.iter().map(|error| error.to_string()).collect();
    let innermost = texts.last().map(String::as_str).unwrap_or_default();
    if texts.iter().any(|text| text.contains("dns error")) {
        return format!("no such host: {innermost}");
    }
    let io = chain.iter().rev().find_map(|error| error.downcast_ref::<io::Error>());
    let known = match io.map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => Some("refused: nothing listens there"),
        Some(io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof) => {
            Some("closed by the other side: it may expect another scheme, http or https")
        }
        Some(io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable) => {
            Some("no route to the host")
        }
        Some(io::ErrorKind::AddrNotAvailable) => Some("the local address is not an address of this machine"),
        Some(io::ErrorKind::TimedOut) => Some("no answer in time"),
        _ => None,
    };
    let known = known.or(match innermost {
        text if text.contains("UnknownIssuer") => {
            Some("certificate of an unknown issuer: its authority is not trusted")
        }
        text if text.contains("not valid for name") || text.contains("NotValidForName") => {
            Some("certificate of another host")
        }
        text if text.contains("certificate") && text.contains("xpired") => {
            Some("certificate that has expired")
        }
        text if text.contains("proxy auth") => Some("the proxy wants other credentials"),
        text if text.contains("InvalidContentType") || text.contains("corrupt message") => {
            Some("no TLS is spoken there: it may expect http")
        }
        _ => None,
    });
    known.map_or_else(|| innermost.to_owned(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Layer(&'static str, io::Error);

    impl fmt::Display for Layer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Layer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.1)
        }
    }

    #[test]
    fn the_innermost_reason_is_told() {
        let other = || io::Error::other("failed to lookup address information: Name or service not known");
        for (outer, inner, expected) in [
            (
                "dns error",
                other(),
                "no such host: failed to lookup address information: Name or service not known",
            ),
            ("tcp connect error", io::ErrorKind::NetworkUnreachable.into(), "no route to the host"),
            ("tcp connect error", io::ErrorKind::TimedOut.into(), "no answer in time"),
            ("client error", io::Error::other("something new"), "something new"),
        ] {
            let layer = Layer(outer, inner);
            assert_eq!(why(&[&layer, &layer.1]), expected);
        }
    }
}
