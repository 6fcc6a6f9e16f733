use std::fmt::{self, Debug};

use crate::error::Result;
use crate::event::{Event, EventDecoder};
use crate::id::{AppId, PlatformId};
use crate::time::Timestamp;

/// How a vendor delivers its pushes, for a receiver that serves any vendor.
///
/// A vendor crate implements it for one platform with that platform's secrets. It performs no I/O. The receiver
/// depends on nothing else of a vendor: it checks method, route and size, calls [`url_check`](Self::url_check)
/// and then [`decode`](EventDecoder::decode), checks that the event [`fits`](Self::fits) the route, stores the
/// event, and responds.
pub trait CallbackProtocol: EventDecoder {
    /// Returns the only platform whose pushes are decoded; `None` if the vendor's pushes do not identify a
    /// platform.
    fn platform_id(&self) -> Option<&PlatformId>;

    /// Returns whether the vendor checks URLs by GET. If it does not, every GET is rejected.
    fn checks_by_get(&self) -> bool {
        false
    }

    /// Returns the response to the vendor's check of a URL; `None` if the request is not a check.
    ///
    /// # Errors
    /// (Inside the option.) Those of [`decode`](EventDecoder::decode): the request is a check and is rejected.
    fn url_check(&self, _request: &UrlCheck<'_>, _now: Timestamp) -> Option<Result<Answer>> {
        None
    }

    /// Returns whether this event may arrive on this route. An event that may not is rejected.
    fn fits(&self, event: &Event<'_>, route: Route) -> bool;

    /// Returns whether the vendor tests platforms by pushes to this app's URL.
    ///
    /// Such an app has not authorized any platform, so its alias cannot be looked up. Its events are
    /// delivered without that lookup, unless the id is known to belong to another app.
    fn is_test_app(&self, _app: &AppId) -> bool {
        false
    }

    /// Returns the response to a push once it is stored.
    fn acknowledgement(&self) -> Answer {
        Answer::text("success")
    }

    /// Returns the body of the response to a push that is not accepted, whatever the reason; `None` for no body. The
    /// status says the same: 403 for a push that is rejected, 503 for one that could not be stored.
    fn failure(&self) -> Option<Answer> {
        None
    }

    /// Returns the response to this push if it differs from the acknowledgement; `None` for almost every push.
    ///
    /// If it is an error, the receiver logs it and acknowledges the push.
    fn reply(&self, _event: &Event<'_>, _now: Timestamp) -> Option<Result<Answer>> {
        None
    }

    /// Moves the ticket or authorization code of an event into [`Event::credential`] if it is still in the
    /// payload. [`decode`](EventDecoder::decode) has already done so for every event it returns. A receiver calls
    /// this for events stored by versions that left credentials in the payload.
    fn take_credential(&self, _event: &mut Event<'static>) {}
}

/// Which of a platform's URLs a request was sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Route {
    /// The URL for authorization events.
    Authorization,
    /// The URL for messages and events of any app.
    Messages,
    /// The URL for messages and events of one app, named in the URL.
    App,
}

impl Route {
    /// Returns the name used in logs and metrics, where the two URLs for messages share one name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authorization => "authorization",
            Self::Messages | Self::App => "messages",
        }
    }
}

/// A request that may be a vendor's check of a URL. `Debug` shows only its method.
#[derive(Clone, Copy)]
pub enum UrlCheck<'a> {
    /// A GET. A receiver passes it on only if the protocol [checks by GET](CallbackProtocol::checks_by_get).
    Get {
        /// The raw query string, without `?`.
        query: &'a str,
    },
    /// A POST: a check or a push.
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

/// The content of a response, with status 200 unless the method that returns it says otherwise. `Debug` does not show
/// the body.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// The `Content-Type`, visible ASCII.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// Creates a response with this content type.
    #[must_use]
    pub fn new(content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self { content_type, body: body.into() }
    }

    /// Creates a response of plain text.
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
