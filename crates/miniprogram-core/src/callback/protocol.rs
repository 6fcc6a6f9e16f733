use std::fmt::{self, Debug};

use crate::error::Result;
use crate::event::{Event, EventDecoder};
use crate::id::{AppId, PlatformId};
use crate::time::Timestamp;

/// How a vendor delivers its pushes, for a receiver that serves any vendor.
///
/// A vendor crate implements it for one platform with that platform's secrets. It does no I/O. The receiver knows
/// nothing else of a vendor: it checks method, route and size, asks [`url_check`](Self::url_check), then
/// [`decode`](EventDecoder::decode)s, then asks whether the event [`fits`](Self::fits) the route, keeps the event, and
/// answers.
pub trait CallbackProtocol: EventDecoder {
    /// The platform whose pushes alone are decoded; `None` if the vendor's pushes prove no platform.
    fn platform_id(&self) -> Option<&PlatformId>;

    /// Whether the vendor checks URLs by GET. If it does not, every GET is refused.
    fn checks_by_get(&self) -> bool {
        false
    }

    /// The answer to the vendor's check of a URL; `None` if the request is not one.
    ///
    /// # Errors
    /// (Inside the option.) As [`decode`](EventDecoder::decode): the request is a check, and is refused.
    fn url_check(&self, _request: &UrlCheck<'_>, _now: Timestamp) -> Option<Result<Answer>> {
        None
    }

    /// Whether such an event may arrive by such a route. An event that may not is refused.
    fn fits(&self, event: &Event<'_>, route: Route) -> bool;

    /// Whether the vendor tests platforms by pushes to this app's URL. Such an app has authorized nobody, so that its
    /// original id cannot be looked up: its events are delivered without that, unless the id is known to be another
    /// app's.
    fn is_test_app(&self, _app: &AppId) -> bool {
        false
    }

    /// What a push is answered with once it is kept.
    fn acknowledgement(&self) -> Answer {
        Answer::text("success")
    }

    /// What this push is answered with instead of the acknowledgement; `None` for almost every push. If it is an error,
    /// the receiver logs it and acknowledges.
    fn reply(&self, _event: &Event<'_>, _now: Timestamp) -> Option<Result<Answer>> {
        None
    }

    /// Moves the ticket or authorization code of an event into [`Event::credential`], where it is still in the payload.
    /// [`decode`](EventDecoder::decode) has done so with every event that it returns; a receiver asks for events that were
    /// stored by versions which left credentials in the payload.
    fn take_credential(&self, _event: &mut Event<'static>) {}
}

/// Which of a platform's URLs a request came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Route {
    /// The URL for authorization events.
    Authorization,
    /// The URL for messages and events of any app.
    Messages,
    /// The URL for messages and events of one app, which the URL names.
    App,
}

impl Route {
    /// The name in logs and metrics: the two URLs for messages are one.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authorization => "authorization",
            Self::Messages | Self::App => "messages",
        }
    }
}

/// A request that may be a vendor's check of a URL. `Debug` shows its method alone.
#[derive(Clone, Copy)]
pub enum UrlCheck<'a> {
    /// A GET, which a receiver passes on only if the protocol [checks by GET](CallbackProtocol::checks_by_get).
    Get {
        /// The raw query string, without `?`.
        query: &'a str,
    },
    /// A POST: a check, or a push.
    Post {
        /// The raw query string, without `?`.
        query: &'a str,
        /// The `Content-Type` header.
        content_type: Option<&'a str>,
        /// The body.
        body: &'a [u8],
    },
}

impl Debug for UrlCheck<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Get { .. } => "UrlCheck::Get",
            Self::Post { .. } => "UrlCheck::Post",
        })
    }
}

/// What a request is answered with, with status 200. `Debug` shows no body.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// The `Content-Type`, visible ASCII.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// A body of some type.
    #[must_use]
    pub fn new(content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self { content_type, body: body.into() }
    }

    /// Plain text.
    #[must_use]
    pub fn text(body: impl Into<String>) -> Self {
        Self::new("text/plain; charset=utf-8", body.into())
    }
}

impl Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("content_type", &self.content_type)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_request_or_an_answer_holds_is_not_printed() {
        let post = UrlCheck::Post { query: "canary", content_type: None, body: b"canary" };
        let shown = format!("{post:?} {:?} {:?}", UrlCheck::Get { query: "canary" }, Answer::text("canary"));
        assert!(!shown.contains("canary") && !shown.contains("99"), "{shown}");
    }
}
