use baidu_smartapp::event::BaiduEventDecoder;
use http::request::Parts;
use http::{Method, header};
use miniprogram_core::callback::{CallbackConfig, query_parameters};
use miniprogram_core::{CallbackCheck, Event, EventDecoder, EventKind, Push, Result, Timestamp};

use super::{Dialect, Route, names};

#[derive(Debug)]
pub(super) struct Baidu {
    decoder: BaiduEventDecoder,
}

impl Baidu {
    pub(super) const fn new(config: CallbackConfig) -> Self {
        Self { decoder: BaiduEventDecoder::new(config) }
    }
}

impl Dialect for Baidu {
    fn checks_by_get(&self) -> bool {
        false
    }

    /// The parameters stand in the query or in a form, the documents do not say where.
    fn verify_url(&self, head: &Parts, body: &[u8], now: Timestamp) -> Option<Result<String>> {
        if head.method != Method::POST {
            return None;
        }
        let content_type = head.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let is_form = content_type.is_some_and(|content_type| {
            let media_type = content_type.split(';').next().unwrap_or_default().trim();
            media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        });
        // A push may be called a form by a sender that sets no content type of its own.
        let content = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body).trim_ascii_start();
        let parameters = if is_form && !content.is_empty() && !content.starts_with(b"{") {
            match std::str::from_utf8(body) {
                Ok(form) => form,
                Err(_) => return Some(Err(CallbackCheck::Query.refuse(self.decoder.vendor()))),
            }
        } else {
            head.uri.query().unwrap_or_default()
        };
        asks(parameters).then(|| self.decoder.verify_url(parameters, now))
    }

    fn decode(&self, push: Push<'_>) -> Result<Event<'static>> {
        self.decoder.decode(push).map(Event::into_owned)
    }

    /// System events name their app, so that either URL will do for them. The ticket is the platform's and belongs to
    /// no app; customers' messages name no app and go to the message URL. Of what has no name nobody knows where it
    /// belongs.
    fn fits(&self, event: &Event<'_>, route: Route) -> bool {
        match route {
            _ if names(event, "event") || event.raw_event.is_empty() => true,
            Route::Authorization => event.kind == EventKind::Ticket,
            Route::Messages => true,
            Route::App => event.kind != EventKind::Ticket,
        }
    }

    fn ticket_member(&self) -> &'static str {
        "Ticket"
    }
}

fn asks(parameters: &str) -> bool {
    // A malformed query is no push either; the check of the URL says what is wrong with it.
    query_parameters(parameters, ["echoStr"]).map_or(true, |[echo]| echo.is_some())
}
