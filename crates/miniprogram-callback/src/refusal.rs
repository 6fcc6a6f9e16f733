//! The reasons for rejecting a request, and the single response that does not reveal them.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use miniprogram_core::Error;
use miniprogram_core::callback::Answer;
use miniprogram_core::push::CallbackCheck;

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
    /// The app of the alias cannot be determined now, and too many routes were tried: 503, and the vendor
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

/// Returns the response to every rejected request, whatever the check: 403, the vendor's word for a failure if it has
/// one, and the connection closes.
pub(crate) fn refused(failure: Option<Answer>) -> Response {
    let mut response = failed(StatusCode::FORBIDDEN, failure);
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Returns the response if the receiver failed: the vendor delivers again.
pub(crate) fn unavailable(failure: Option<Answer>) -> Response {
    failed(StatusCode::SERVICE_UNAVAILABLE, failure)
}

fn failed(status: StatusCode, failure: Option<Answer>) -> Response {
    let mut response = match failure {
        Some(failure) => respond(failure),
        None => Response::new(Body::empty()),
    };
    *response.status_mut() = status;
    response
}

/// Returns the response with this content and status 200.
pub(crate) fn respond(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    let headers = response.headers_mut();
    // A mistake of the protocol implementation must not cost the push, which is already stored.
    if let Ok(content_type) = HeaderValue::from_str(answer.content_type) {
        headers.insert(header::CONTENT_TYPE, content_type);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
