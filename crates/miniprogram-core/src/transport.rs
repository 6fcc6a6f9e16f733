//! Sends one request and receives one response: the only module that accesses the network.

mod http_transport;

use std::borrow::Cow;
use std::fmt::{self, Debug};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use form_urlencoded::Serializer;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Map, Value, json};

pub use http_transport::{BaseUrl, HttpTransport, HttpTransportBuilder, Proxy};
/// For [`HttpTransport::from_client`].
pub use reqwest;

use crate::error::{Error, Result as CoreResult};
use crate::planned::PlannedRequest;
use crate::redact::{self, MASK};
use crate::secret::Secret;
use crate::time::Timestamp;

/// A shorter text is not treated as a secret, since it might be part of any word.
const SHORTEST_SECRET: usize = 6;

/// Sends one request and returns one response. It does not retry, follows no redirects, and none of its errors
/// contains a URL.
///
/// Implement it with the attribute [`async_trait`](macro@crate::async_trait), which this crate exports.
#[async_trait]
pub trait Transport: Debug + Send + Sync + 'static {
    /// Sends the request: its method and path, [`query_pairs`](Request::query_pairs),
    /// [`sent_headers`](Request::sent_headers) and [`sent_body`](Request::sent_body), which contain the secrets.
    ///
    /// # Errors
    /// [`TransportError`], which states whether anything can have reached the vendor.
    async fn send(&self, request: Request) -> Result<Response, TransportError>;
}

/// A request to a vendor. `Debug` shows only the method and the path: query and body may contain merchants' data.
#[derive(Clone)]
#[non_exhaustive]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path, starting with `/`.
    pub path: Cow<'static, str>,
    /// The query without secrets, not encoded yet.
    pub query: Vec<(Cow<'static, str>, String)>,
    /// The headers without secrets, other than those that the body requires.
    pub headers: HeaderMap,
    /// The body without secrets.
    pub body: Body,
    /// The secrets and where each of them goes: [`query_pairs`](Self::query_pairs), [`sent_headers`](Self::sent_headers)
    /// and [`sent_body`](Self::sent_body) put them in, [`planned`](Self::planned) masks them.
    pub secrets: Vec<(Place, Secret)>,
    /// How long the whole exchange may take.
    pub timeout: Duration,
    /// The maximum size of the response in bytes, decompressed.
    pub max_bytes: usize,
}

/// Where in a request a secret goes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// A parameter of the query.
    Query(Cow<'static, str>),
    /// A header.
    Header(HeaderName),
    /// A field of the body: of the JSON object or the form, or a text part of the multipart form.
    Body(Cow<'static, str>),
}

impl Place {
    /// Creates a query parameter.
    #[must_use]
    pub const fn query(name: &'static str) -> Self {
        Self::Query(Cow::Borrowed(name))
    }

    /// Creates a header from its name in lower case.
    ///
    /// # Panics
    /// If the name is not a lower-case header name.
    #[must_use]
    pub const fn header(name: &'static str) -> Self {
        Self::Header(HeaderName::from_static(name))
    }

    /// Creates a field of the body.
    #[must_use]
    pub const fn body(name: &'static str) -> Self {
        Self::Body(Cow::Borrowed(name))
    }

    /// Returns the name of the parameter, header or field.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Query(name) | Self::Body(name) => name,
            Self::Header(name) => name.as_str(),
        }
    }
}

/// The body of a request.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Body {
    /// No body.
    Empty,
    /// JSON text, as unescaped UTF-8.
    Json(String),
    /// A form, not encoded yet.
    Form(Vec<(Cow<'static, str>, String)>),
    /// Text parts and files, `multipart/form-data`.
    Multipart(Vec<Part>),
}

/// One part of a [`Body::Multipart`]. `Debug` shows only names and sizes.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Part {
    /// The field's name.
    pub name: Cow<'static, str>,
    /// The content.
    pub content: Bytes,
    /// The file's name and media type; none for a text part.
    pub file: Option<(String, Cow<'static, str>)>,
}

impl Part {
    /// Creates a text part.
    #[must_use]
    pub fn text(name: impl Into<Cow<'static, str>>, text: impl Into<String>) -> Self {
        Self { name: name.into(), content: Bytes::from(text.into()), file: None }
    }

    /// Creates a file with its name and media type.
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

    /// Returns the part as data: text unchanged, a file by name, media type and size.
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
    /// Creates a request without query, token and body, with a timeout of ten seconds and a limit of 4 MiB for
    /// the response.
    #[must_use]
    pub fn new(method: Method, path: impl Into<Cow<'static, str>>) -> Self {
        Self {
            method,
            path: path.into(),
            query: Vec::new(),
            headers: HeaderMap::new(),
            body: Body::Empty,
            secrets: Vec::new(),
            timeout: Duration::from_secs(10),
            max_bytes: 4 << 20,
        }
    }

    /// Puts a secret into its place.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) that names the place, if it is set already. A query
    /// and a form share one namespace, since servers read both alike.
    pub fn add_secret(&mut self, place: Place, secret: Secret) -> CoreResult<()> {
        let name = place.name();
        let is_set = match &place {
            Place::Header(header) => self.headers.contains_key(header),
            Place::Query(_) => self.pairs().any(|(given, _)| given == name),
            Place::Body(_) => self.pairs().any(|(given, _)| given == name) || self.body.has_field(name),
        };
        if is_set || self.secrets.iter().any(|(taken, _)| *taken == place) {
            let why = "must not be given: the client sets it";
            return Err(Error::invalid("request", name.to_owned(), why));
        }
        self.secrets.push((place, secret));
        Ok(())
    }

    /// Returns the pairs of the query and of a form, without secrets.
    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let form: &[_] = if let Body::Form(fields) = &self.body { fields } else { &[] };
        self.query.iter().chain(form).map(|(name, value)| (name.as_ref(), value.as_str()))
    }

    /// Returns the query as it is sent, secrets first; not encoded yet.
    pub fn query_pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let secrets = self.secrets.iter().filter_map(|(place, secret)| match place {
            Place::Query(name) => Some((name.as_ref(), secret.expose())),
            _ => None,
        });
        secrets.chain(self.query.iter().map(|(name, value)| (name.as_ref(), value.as_str())))
    }

    /// Returns the headers as they are sent. Those that hold secrets are marked as sensitive.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for a secret that is not a valid header value.
    pub fn sent_headers(&self) -> CoreResult<HeaderMap> {
        let mut headers = self.headers.clone();
        for (place, secret) in &self.secrets {
            let Place::Header(name) = place else { continue };
            let mut value = HeaderValue::from_str(secret.expose()).map_err(|_| {
                Error::invalid("request", name.to_string(), "holds what a header cannot hold")
            })?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        Ok(headers)
    }

    /// Returns the body as it is sent.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for a secret placed in a field of a body that has
    /// no fields.
    pub fn sent_body(&self) -> CoreResult<Cow<'_, Body>> {
        let mut body = Cow::Borrowed(&self.body);
        for (place, secret) in &self.secrets {
            if let Place::Body(name) = place {
                body.to_mut().insert(name.clone(), secret.expose())?;
            }
        }
        Ok(body)
    }

    /// Returns the request as data with its secrets masked, as printed by `--dry-run` and kept in snapshots.
    /// Values that the caller added under the name of a secret are masked too. The query is sorted.
    #[must_use]
    pub fn planned(&self) -> PlannedRequest {
        let mut query: Vec<(String, Value)> =
            self.query.iter().map(|(name, value)| (name.to_string(), Value::from(value.as_str()))).collect();
        let mut planned = PlannedRequest::new(self.method.as_str(), self.path.as_ref());
        for (name, value) in &self.headers {
            let shown = String::from_utf8_lossy(value.as_bytes());
            let shown = if value.is_sensitive() { MASK } else { shown.as_ref() };
            planned.headers.insert(name.to_string(), Value::from(shown));
        }
        let mut body = self.body.planned();
        for (place, _) in &self.secrets {
            match place {
                Place::Query(name) => query.push((name.to_string(), Value::from(MASK))),
                Place::Header(name) => {
                    planned.headers.insert(name.to_string(), Value::from(MASK));
                }
                Place::Body(name) => {
                    // A body without fields cannot be sent with a secret in it.
                    if let Some(fields) = body.as_mut().and_then(Value::as_object_mut) {
                        fields.insert(name.to_string(), Value::from(MASK));
                    }
                }
            }
        }
        query.sort_by(|a, b| a.0.cmp(&b.0));
        planned.query = redact::masked_fields(Map::from_iter(query));
        planned.headers = redact::masked_fields(planned.headers);
        planned.body = body.map(redact::masked);
        planned
    }

    /// Masks every secret of this request in a vendor's message, in case the message repeats one.
    #[must_use]
    pub fn redacted(&self, words: String) -> String {
        let mut secrets: Vec<Cow<'_, str>> =
            self.secrets.iter().map(|(_, secret)| Cow::Borrowed(secret.expose())).collect();
        let named = self.pairs().filter(|(name, _)| redact::is_secret_name(name));
        secrets.extend(named.map(|(_, value)| Cow::Borrowed(value)));
        let named = self.body.json_fields().into_iter().filter(|(name, _)| redact::is_secret_name(name));
        secrets.extend(named.filter_map(|(_, value)| match value {
            Value::String(text) => Some(Cow::Owned(text)),
            _ => None,
        }));
        // Longest first: a secret that is a prefix of another would leave the rest of the other.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        let long_enough = secrets.iter().filter(|secret| secret.len() >= SHORTEST_SECRET);
        long_enough.fold(words, |words, secret| words.replace(secret.as_ref(), MASK))
    }

    /// Does the same for the strings in JSON, at any depth.
    #[must_use]
    pub fn redacted_fields(&self, fields: Map<String, Value>) -> Map<String, Value> {
        fields.into_iter().map(|(name, value)| (name, self.redacted_value(value))).collect()
    }

    fn redacted_value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::from(self.redacted(text)),
            Value::Array(items) => items.into_iter().map(|item| self.redacted_value(item)).collect(),
            Value::Object(fields) => Value::Object(self.redacted_fields(fields)),
            other => other,
        }
    }
}

impl Body {
    /// Returns the bytes and their media type. Returns none for an empty body, and for a multipart form, whose
    /// boundary is chosen by the transport.
    #[must_use]
    pub fn encode(self) -> Option<(HeaderValue, Bytes)> {
        match self {
            Self::Empty | Self::Multipart(_) => None,
            Self::Json(text) => {
                let media_type = HeaderValue::from_static("application/json; charset=utf-8");
                Some((media_type, Bytes::from(text)))
            }
            Self::Form(fields) => {
                let mut form = Serializer::new(String::new());
                form.extend_pairs(fields.iter().map(|(name, value)| (name.as_ref(), value.as_str())));
                let media_type = HeaderValue::from_static("application/x-www-form-urlencoded");
                Some((media_type, Bytes::from(form.finish())))
            }
        }
    }

    /// Returns the fields of a JSON object; none for any other body.
    fn json_fields(&self) -> Map<String, Value> {
        match self {
            Self::Json(text) => serde_json::from_str(text).unwrap_or_default(),
            _ => Map::new(),
        }
    }

    /// Returns whether a JSON object or a multipart form has a field.
    fn has_field(&self, name: &str) -> bool {
        match self {
            Self::Multipart(parts) => parts.iter().any(|part| part.name == name),
            _ => self.json_fields().contains_key(name),
        }
    }

    /// Adds a field.
    fn insert(&mut self, name: Cow<'static, str>, value: &str) -> CoreResult<()> {
        match self {
            Self::Json(text) => {
                let mut fields: Map<String, Value> = serde_json::from_str(text).map_err(|_| {
                    Error::invalid("request", name.to_string(), "needs a body that is a JSON object")
                })?;
                fields.insert(name.to_string(), Value::from(value));
                *text = Value::Object(fields).to_string();
            }
            Self::Form(fields) => fields.push((name, value.to_owned())),
            Self::Multipart(parts) => parts.push(Part::text(name, value)),
            Self::Empty => {
                return Err(Error::invalid("request", name.to_string(), "needs a body, and there is none"));
            }
        }
        Ok(())
    }

    /// Returns the body as data; none if it is empty.
    fn planned(&self) -> Option<Value> {
        match self {
            Self::Empty => None,
            Self::Json(text) => {
                Some(serde_json::from_str(text).unwrap_or_else(|_| Value::from(text.as_str())))
            }
            Self::Form(fields) => Some(
                fields.iter().map(|(name, value)| (name.to_string(), Value::from(value.as_str()))).collect(),
            ),
            Self::Multipart(parts) => {
                Some(parts.iter().map(|part| (part.name.to_string(), part.planned())).collect())
            }
        }
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

/// A response from a vendor.
#[derive(Clone)]
#[non_exhaustive]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The complete body.
    pub body: Bytes,
}

impl Response {
    /// Creates a response.
    #[must_use]
    pub fn new(status: u16, headers: HeaderMap, body: impl Into<Bytes>) -> Self {
        Self { status, headers, body: body.into() }
    }

    /// Returns the text of a header, if it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns the vendor's own time, from the `Date` header.
    #[must_use]
    pub fn date(&self) -> Option<Timestamp> {
        Timestamp::from_http_date(self.header("date")?)
    }

    /// Returns how long the vendor asks to wait, from `Retry-After`.
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

/// Why there was no response. It contains no URL.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The connection could not be opened: nothing was sent.
    #[error("the connection could not be opened: {0}")]
    Connect(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// No response in time.
    #[error("no answer in time")]
    Timeout,
    /// The connection broke before the response was complete.
    #[error("the connection broke before the answer was complete")]
    Cut(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The response exceeds the size limit.
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
    fn a_plan_shows_nothing_that_is_named_a_secret() {
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
            request.headers.insert("x-api-secret", HeaderValue::from_static("canary"));
            let plan = serde_json::to_string(&request.planned()).unwrap();
            assert!(plan.contains("***") && !plan.contains("canary"), "{plan}");
        }
    }
}
