//! One request out, one response back: the only place that touches the network.

mod http_transport;

use std::borrow::Cow;
use std::fmt::{self, Debug};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::{Map, Value, json};

pub use http_transport::{BaseUrl, HttpTransport};

use crate::intent::PlannedRequest;
use crate::time::Timestamp;
use crate::token::AccessToken;

/// Sends one request and brings one response back. It repeats nothing, follows no redirect, and no error of it holds
/// a URL.
#[async_trait]
pub trait Transport: Debug + Send + Sync + 'static {
    /// Sends the request.
    ///
    /// # Errors
    /// [`TransportError`], which says whether anything can have reached the vendor.
    async fn send(&self, request: Request) -> Result<Response, TransportError>;
}

/// A request to a vendor. `Debug` shows method and path only: query and body may hold tokens and merchants' data.
#[derive(Clone)]
#[non_exhaustive]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path, from `/`.
    pub path: Cow<'static, str>,
    /// The query without the token, not encoded yet.
    pub query: Vec<(Cow<'static, str>, String)>,
    /// The token and the name of its parameter in the query.
    pub token: Option<(&'static str, AccessToken)>,
    /// The body.
    pub body: Body,
    /// How long the whole exchange may take.
    pub timeout: Duration,
    /// How many bytes the answer may have, unpacked.
    pub max_bytes: usize,
}

/// The body of a request.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Body {
    /// None at all.
    Empty,
    /// JSON text, UTF-8 as it is.
    Json(String),
    /// A form, not encoded yet.
    Form(Vec<(Cow<'static, str>, String)>),
    /// Texts and files, `multipart/form-data`.
    Multipart(Vec<Part>),
}

/// One part of a [`Body::Multipart`]. `Debug` shows names and sizes only.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Part {
    /// The field's name.
    pub name: Cow<'static, str>,
    /// The content.
    pub content: Bytes,
    /// The file's name and media type; none for a text.
    pub file: Option<(String, Cow<'static, str>)>,
}

impl Part {
    /// A text.
    #[must_use]
    pub fn text(name: impl Into<Cow<'static, str>>, text: impl Into<String>) -> Self {
        Self { name: name.into(), content: Bytes::from(text.into()), file: None }
    }

    /// A file with its name and media type.
    #[must_use]
    pub fn file(
        name: impl Into<Cow<'static, str>>,
        file_name: impl Into<String>,
        media_type: impl Into<Cow<'static, str>>,
        content: impl Into<Bytes>,
    ) -> Self {
        let file = Some((file_name.into(), media_type.into()));
        Self { name: name.into(), content: content.into(), file }
    }

    /// The part as data: a text as it is, a file by name, media type and size.
    fn planned(&self) -> Value {
        match &self.file {
            None => Value::from(String::from_utf8_lossy(&self.content)),
            Some((name, media_type)) => {
                json!({ "file_name": name, "media_type": media_type, "bytes": self.content.len() })
            }
        }
    }
}

impl Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Part({}, {} bytes)", self.name, self.content.len())
    }
}

impl Request {
    /// A request without query, token and body, with ten seconds and 4 MiB for the answer.
    #[must_use]
    pub fn new(method: Method, path: impl Into<Cow<'static, str>>) -> Self {
        Self {
            method,
            path: path.into(),
            query: Vec::new(),
            token: None,
            body: Body::Empty,
            timeout: Duration::from_secs(10),
            max_bytes: 4 << 20,
        }
    }

    /// The request as data, the token and whatever is named a password or a secret masked: what `--dry-run` prints and
    /// snapshots hold. The query is sorted.
    #[must_use]
    pub fn planned(&self) -> PlannedRequest {
        let mut query: Vec<(String, Value)> =
            self.query.iter().map(|(name, value)| (name.to_string(), Value::from(value.as_str()))).collect();
        if let Some((name, _)) = &self.token {
            query.push(((*name).to_owned(), Value::from("***")));
        }
        query.sort_by(|a, b| a.0.cmp(&b.0));
        let mut planned = PlannedRequest::new(self.method.as_str(), self.path.as_ref());
        planned.query = Map::from_iter(query);
        planned.body = match &self.body {
            Body::Empty => None,
            Body::Json(text) => {
                Some(serde_json::from_str(text).unwrap_or_else(|_| Value::from(text.as_str())))
            }
            Body::Form(fields) => Some(
                fields.iter().map(|(name, value)| (name.to_string(), Value::from(value.as_str()))).collect(),
            ),
            Body::Multipart(parts) => {
                Some(parts.iter().map(|part| (part.name.to_string(), part.planned())).collect())
            }
        };
        planned.masked()
    }
}

impl Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({} {})", self.method, self.path)
    }
}

impl Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Json(text) => write!(f, "Json({} bytes)", text.len()),
            Self::Form(fields) => write!(f, "Form({} fields)", fields.len()),
            Self::Multipart(parts) => write!(f, "Multipart({parts:?})"),
        }
    }
}

/// What came back.
#[derive(Clone)]
#[non_exhaustive]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, whole.
    pub body: Bytes,
}

impl Response {
    /// A response.
    #[must_use]
    pub fn new(status: u16, headers: HeaderMap, body: impl Into<Bytes>) -> Self {
        Self { status, headers, body: body.into() }
    }

    /// A header's text, if it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The vendor's own time, from the `Date` header.
    #[must_use]
    pub fn date(&self) -> Option<Timestamp> {
        Timestamp::from_http_date(self.header("date")?)
    }

    /// How long the vendor asks to wait, from `Retry-After`.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let text = self.header("retry-after")?.trim();
        match text.parse() {
            Ok(seconds) => Some(Duration::from_secs(seconds)),
            Err(_) => Some(Timestamp::from_http_date(text)?.since(self.date()?)),
        }
    }
}

impl Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({}, {} bytes)", self.status, self.body.len())
    }
}

/// Why no response came back. Holds no URL.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The connection could not be opened: nothing was sent.
    #[error("the connection could not be opened")]
    Connect(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// No answer in time.
    #[error("no answer in time")]
    Timeout,
    /// The connection broke before the answer was complete.
    #[error("the connection broke before the answer was complete")]
    Cut(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The answer is larger than the cap.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// The request could not be built: nothing was sent.
    #[error("the request could not be built")]
    Build(#[source] Box<dyn std::error::Error + Send + Sync>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_shows_no_password() {
        let mut request = Request::new(Method::POST, "/apply");
        let json =
            json!({ "batch": { "path": "a", "test_pwd": "canary" }, "items": [{ "appsecret": "canary" }] });
        for body in [
            Body::Json(json.to_string()),
            Body::Form(vec![("test_password".into(), "canary".to_owned())]),
            Body::Multipart(vec![Part::text("client_secret", "canary")]),
        ] {
            request.body = body;
            request.query = vec![("component_access_token".into(), "canary".to_owned())];
            let plan = serde_json::to_string(&request.planned()).unwrap();
            assert!(plan.contains("***") && !plan.contains("canary"), "{plan}");
        }
    }
}
