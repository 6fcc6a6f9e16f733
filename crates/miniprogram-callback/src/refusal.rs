//! The reasons for rejecting a request, and the single response that does not reveal them.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use miniprogram_core::{CallbackCheck, Error};

/// The check that rejected a request. For the receiver's log and metrics; the sender is not informed of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Refusal {
    /// Neither a push nor the check of a URL.
    Method,
    /// No such platform, or no such app id.
    Route,
    /// A `Content-Encoding` header.
    Encoding,
    /// The body is too large.
    Size,
    /// The body did not arrive in time.
    Deadline,
    /// The body ended prematurely.
    Broken,
    /// There is currently no room for a body of this size: 503, and the vendor delivers again.
    Memory,
    /// A check of the decoder.
    Decoder(CallbackCheck),
    /// This kind of push does not arrive on this route.
    Sort,
    /// The push concerns another app than that of its route.
    App,
    /// The app of the original id cannot be determined now, and too many routes were tried: 503, and the vendor
    /// delivers again.
    Unbound,
    /// The request made a handler panic.
    Panic,
}

impl Refusal {
    /// Returns the check that a decoder's error names.
    pub(crate) fn of(error: &Error) -> Self {
        Self::Decoder(CallbackCheck::of(error).unwrap_or(CallbackCheck::Message))
    }

    /// Returns the name used in logs and metrics.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::Route => "route",
            Self::Encoding => "encoding",
            Self::Size | Self::Decoder(CallbackCheck::Size) => "size",
            Self::Deadline => "deadline",
            Self::Broken => "broken",
            Self::Memory => "memory",
            Self::Decoder(CallbackCheck::Query) => "query",
            Self::Decoder(CallbackCheck::Freshness) => "freshness",
            Self::Decoder(CallbackCheck::Envelope) => "envelope",
            Self::Decoder(CallbackCheck::Mode) => "mode",
            Self::Decoder(CallbackCheck::Signature) => "signature",
            Self::Decoder(CallbackCheck::Frame) => "frame",
            Self::Decoder(CallbackCheck::Message) => "message",
            Self::Decoder(CallbackCheck::Receiver) => "receiver",
            Self::Decoder(_) => "other",
            Self::Sort => "sort",
            Self::App => "app",
            Self::Unbound => "unbound",
            Self::Panic => "panic",
        }
    }
}

/// Returns the response to every rejected request, whatever the check: 403, no body, and the connection closes.
pub(crate) fn refused() -> Response {
    let mut response = empty(StatusCode::FORBIDDEN);
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Returns the response if the receiver failed: the vendor delivers again.
pub(crate) fn unavailable() -> Response {
    empty(StatusCode::SERVICE_UNAVAILABLE)
}

fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
