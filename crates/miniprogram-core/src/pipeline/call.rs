use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Dialect;
use crate::codes::{Certainty, CodeRow};
use crate::endpoint::{Endpoint, UNMODELLED, Verb};
use crate::error::{Error, Result};
use crate::error_kind::ErrorKind;
use crate::outcome::Outcome;
use crate::planned::PlannedRequest;
use crate::redact::{self, MASK};
use crate::secret::Secret;
use crate::time::Timestamp;
use crate::token::{AccessToken, TokenKind};
use crate::transport::{Body, Part, Place, Request};
use crate::vendor::Vendor;
use crate::vendor_error::{Code, VendorError};
use crate::wire;

/// One request of an operation, before it has a token.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Call {
    /// The endpoint, which determines the meaning of the vendor's codes; none for an unmodelled one.
    pub endpoint: Option<&'static Endpoint>,
    /// The method.
    pub method: Method,
    /// The path, starting with `/`.
    pub path: Cow<'static, str>,
    /// The query parameters without secrets.
    pub query: Vec<(Cow<'static, str>, String)>,
    /// The headers without secrets.
    pub headers: HeaderMap,
    /// The body without secrets.
    pub body: Body,
    /// The secrets other than the token, and where each of them goes.
    pub secrets: Vec<(Place, Secret)>,
    /// Which token it uses.
    pub token: CallToken,
    /// The expected form of a success.
    pub expect: Expect,
    /// Whether it may take as long as an upload.
    pub is_upload: bool,
    /// Whether it only reads, so that after a failure only its response is unknown.
    pub is_read: bool,
}

/// Which token a call uses.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallToken {
    /// No token: the request authenticates itself.
    None,
    /// A token from the token provider. If it is refused, it is replaced and the call is sent once more.
    Of(TokenKind),
    /// Exactly this token; if it is refused, the call fails.
    Given(AccessToken),
}

/// The expected form of a success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expect {
    /// The vendor's JSON envelope.
    Json,
    /// An image; only failures are JSON.
    Image,
    /// Anything that is not a refusal.
    Anything,
}

impl Call {
    fn new(endpoint: Option<&'static Endpoint>, method: Method, path: Cow<'static, str>, body: Body) -> Self {
        Self {
            endpoint,
            method,
            path,
            query: Vec::new(),
            headers: HeaderMap::new(),
            body,
            secrets: Vec::new(),
            token: CallToken::Of(TokenKind::Authorizer),
            expect: Expect::Json,
            is_upload: false,
            is_read: false,
        }
    }

    /// Creates a call of an endpoint without a body.
    #[must_use]
    pub fn to(endpoint: &'static Endpoint) -> Self {
        let method = if endpoint.verb() == Verb::Get { Method::GET } else { Method::POST };
        Self::new(Some(endpoint), method, endpoint.path().into(), Body::Empty)
    }

    /// Sets a body of JSON, as unescaped UTF-8.
    #[must_use]
    pub fn with_json(mut self, body: &Value) -> Self {
        self.body = Body::Json(body.to_string());
        self
    }

    /// Sets a body that is a form.
    #[must_use]
    pub fn with_form(mut self, fields: Vec<(Cow<'static, str>, String)>) -> Self {
        self.body = Body::Form(fields);
        self
    }

    /// Sets a body of text parts and files, which may take as long as an upload.
    #[must_use]
    pub fn with_parts(mut self, parts: Vec<Part>) -> Self {
        self.body = Body::Multipart(parts);
        self.as_upload()
    }

    /// Creates a call of an unmodelled endpoint; a GET is assumed to be a read. Path and query are not encoded
    /// yet.
    ///
    /// # Errors
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) for a path that does not begin with `/` or contains more
    /// than a path.
    pub fn raw(method: Method, path: &str, query: &[(&str, &str)], body: Body) -> Result<Self> {
        if !path.starts_with('/') || path.contains(['?', '#', '\\']) || path.contains("..") {
            let rule = "must begin with `/` and contain no query, fragment, backslash or `..`";
            return Err(Error::invalid(UNMODELLED, "path", rule));
        }
        let query =
            query.iter().map(|(name, value)| (Cow::Owned((*name).to_owned()), (*value).to_owned())).collect();
        let is_read = method == Method::GET;
        Ok(Self { query, is_read, ..Self::new(None, method, path.to_owned().into(), body) })
    }

    /// Returns whether this calls an unmodelled endpoint.
    #[must_use]
    pub const fn is_raw(&self) -> bool {
        self.endpoint.is_none()
    }

    /// Returns the name of the endpoint; `call` for an unmodelled one.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self.endpoint {
            Some(endpoint) => endpoint.name(),
            None => UNMODELLED,
        }
    }

    /// Returns the name by which the rows of a code table know the call: that of its endpoint, or the path of an
    /// unmodelled one.
    #[must_use]
    pub fn code_key(&self) -> &str {
        match self.endpoint {
            Some(endpoint) => endpoint.name(),
            None => &self.path,
        }
    }

    /// Marks that the call has an effect although it is a GET.
    #[must_use]
    pub const fn with_effect(mut self) -> Self {
        self.is_read = false;
        self
    }

    /// Marks that the call only reads although it is sent once.
    #[must_use]
    pub const fn without_effect(mut self) -> Self {
        self.is_read = true;
        self
    }

    /// Accepts anything as a success: JSON without a code, a file, or nothing.
    #[must_use]
    pub const fn expecting_anything(mut self) -> Self {
        self.expect = Expect::Anything;
        self
    }

    /// Adds a query parameter.
    #[must_use]
    pub fn with_query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Expects an image as a success.
    #[must_use]
    pub const fn expecting_image(mut self) -> Self {
        self.expect = Expect::Image;
        self
    }

    /// Allows the call to take as long as an upload.
    #[must_use]
    pub const fn as_upload(mut self) -> Self {
        self.is_upload = true;
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Adds a secret in a place. It is never printed, and it is masked in a vendor's message that repeats it.
    #[must_use]
    pub fn with_secret(mut self, place: Place, secret: Secret) -> Self {
        self.secrets.push((place, secret));
        self
    }

    /// Returns the call as data, with its secrets and the dialect's authorization masked, as printed by
    /// `--dry-run` and kept in snapshots.
    ///
    /// # Errors
    /// The errors of the dialect, such as for a query that names the token.
    pub fn planned(&self, dialect: &dyn Dialect) -> Result<PlannedRequest> {
        Ok(self.with_masked_token(dialect)?.planned())
    }

    /// Checks that the call can be authorized, before a token is fetched for it.
    ///
    /// # Errors
    /// The errors of [`planned`](Self::planned).
    pub fn check(&self, dialect: &dyn Dialect) -> Result<()> {
        self.with_masked_token(dialect).map(drop)
    }

    fn with_masked_token(&self, dialect: &dyn Dialect) -> Result<Request> {
        let token = match self.token {
            CallToken::None => None,
            CallToken::Of(_) | CallToken::Given(_) => Some(AccessToken::new(MASK)?),
        };
        let request = self.request(dialect, token.as_ref(), Timestamp::from_unix(0))?;
        match request.sent_body() {
            Ok(_) => Ok(request),
            Err(error) => Err(error.for_vendor(dialect.vendor()).with_operation(self.name())),
        }
    }

    /// Returns the request of one attempt, authorized.
    pub(super) fn request(
        &self,
        dialect: &dyn Dialect,
        token: Option<&AccessToken>,
        now: Timestamp,
    ) -> Result<Request> {
        let mut request = Request::new(self.method.clone(), self.path.clone());
        request.query.clone_from(&self.query);
        request.headers.clone_from(&self.headers);
        request.body.clone_from(&self.body);
        let mut authorize = || {
            for (place, secret) in &self.secrets {
                request.add_secret(place.clone(), secret.clone())?;
            }
            dialect.authorize(&mut request, token, now)
        };
        authorize().map_err(|error| error.for_vendor(dialect.vendor()).with_operation(self.name()))?;
        Ok(request)
    }

    /// Uses the platform's token.
    #[must_use]
    pub fn with_platform_token(mut self) -> Self {
        self.token = CallToken::Of(TokenKind::Platform);
        self
    }

    /// Uses the token of a key.
    #[must_use]
    pub fn with_client_credentials(mut self) -> Self {
        self.token = CallToken::Of(TokenKind::ClientCredentials);
        self
    }

    /// Uses only this token.
    #[must_use]
    pub fn with_given_token(mut self, token: AccessToken) -> Self {
        self.token = CallToken::Given(token);
        self
    }

    /// Uses no token: the authentication is in the body.
    #[must_use]
    pub fn without_token(mut self) -> Self {
        self.token = CallToken::None;
        self
    }
}

/// A successful response.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Reply {
    /// The operation that it responds to.
    pub operation: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The JSON; `null` for a body that is not JSON, such as an image.
    pub json: Value,
    /// The body as received.
    pub bytes: Bytes,
    /// The vendor's id of the request.
    pub request_id: Option<String>,
    /// The vendor's own time, from the `Date` header.
    pub date: Option<Timestamp>,
    /// When it arrived, according to the local clock.
    pub received_at: Timestamp,
    /// The vendor that sent it.
    pub(super) vendor: Option<Vendor>,
    /// What is known about the effect if this reply cannot be understood.
    pub(super) if_unreadable: Outcome,
    /// Whether an effect compares the reply's contents.
    pub(super) compared: bool,
}

impl Reply {
    /// Creates a reply. The pipeline names the operation and the vendor.
    #[must_use]
    pub fn new(json: Value, bytes: Bytes) -> Self {
        Self {
            operation: UNMODELLED,
            status: 200,
            headers: HeaderMap::new(),
            json,
            bytes,
            request_id: None,
            date: None,
            received_at: Timestamp::from_unix(0),
            vendor: None,
            if_unreadable: Outcome::Unknown,
            compared: false,
        }
    }

    /// Returns whether an effect compares this reply with another: it was read before the effect, or to determine
    /// its outcome. A field that such a reply does not report proves nothing.
    #[must_use]
    pub const fn is_compared(&self) -> bool {
        self.compared
    }

    /// Sets the vendor's id of the request.
    #[must_use]
    pub fn with_request_id(mut self, request_id: Option<String>) -> Self {
        self.request_id = request_id;
        self
    }

    /// Deserializes the JSON into a type.
    ///
    /// # Errors
    /// [`Protocol`](ErrorKind::Protocol), naming the field that does not fit.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T> {
        self.decode_value(&self.json)
    }

    /// Deserializes a field of the JSON into a type; an absent field reads as `null`.
    ///
    /// # Errors
    /// [`Protocol`](ErrorKind::Protocol), naming the field that does not fit.
    pub fn decode_field<T: DeserializeOwned>(&self, field: &str) -> Result<T> {
        self.decode_value(self.json.get(field).unwrap_or(&Value::Null)).map_err(|error| {
            if error.field() == Some(".") { error.with_field(field.to_owned()) } else { error }
        })
    }

    fn decode_value<T: DeserializeOwned>(&self, value: &Value) -> Result<T> {
        serde_path_to_error::deserialize(value).map_err(|problem| {
            let path = problem.path().to_string();
            self.protocol(problem.into_inner().to_string()).with_field(path)
        })
    }

    /// Returns the first of the given fields that this reply does not report: absent, null, or a string without a
    /// letter.
    ///
    /// A field is named by its path, such as `release_info.release_version`. `template_list[].template_id` is a
    /// field of every entry of a list. The list itself must be reported too; an empty list reports that there are
    /// no entries.
    ///
    /// A probe after an effect checks the fields it compares with this method: a field that is not reported
    /// proves nothing.
    #[must_use]
    pub fn untold(&self, fields: &[&'static str]) -> Option<&'static str> {
        fields.iter().copied().find(|field| match field.split_once("[].") {
            Some((list, field)) => match at(&self.json, list) {
                Some(Value::Array(entries)) => !entries.iter().all(|entry| tells(at(entry, field))),
                _ => true,
            },
            None => !tells(at(&self.json, field)),
        })
    }

    /// Creates an error stating that this reply cannot be understood: the outcome of an effect is unknown, that
    /// of a read is `not_done`.
    #[must_use]
    pub fn protocol(&self, detail: impl Into<String>) -> Error {
        self.error(ErrorKind::Protocol).with_detail(detail)
    }

    /// Creates the error for a required field of this reply that is absent, empty or of the wrong type.
    #[must_use]
    pub fn missing(&self, field: &'static str) -> Error {
        let told = at(&self.json, field).is_some_and(|value| !wire::is_empty(value));
        self.protocol(if told { "is of the wrong type" } else { "is missing" }).with_field(field)
    }

    /// Creates an error about what this reply says. It names the vendor and the vendor's request id, and has the
    /// outcome of [`protocol`](Self::protocol).
    #[must_use]
    pub fn error(&self, kind: ErrorKind) -> Error {
        let error = Error::new(kind, self.operation)
            .with_request_id(self.request_id.clone())
            .with_outcome(self.if_unreadable);
        match self.vendor {
            Some(vendor) => error.for_vendor(vendor),
            None => error,
        }
    }

    /// Creates the error for a refusal that the dialect let through as a success, so that its fields could be read.
    /// Secrets among the refusal's fields are masked.
    #[must_use]
    pub fn refused(&self, refusal: VendorRefusal, vendor: Vendor) -> Error {
        let fields = redact::masked_fields(refusal.fields);
        let refusal = VendorRefusal { request_id: self.request_id.clone(), fields, ..refusal };
        refusal.into_error(vendor, self.operation)
    }

    /// Converts a time of the local clock to the vendor's clock, as far as this reply allows. The `Date` header
    /// has whole seconds, so the result is early by up to one second.
    #[must_use]
    pub fn vendor_time(&self, ours: Timestamp) -> Timestamp {
        match self.date {
            Some(date) => Timestamp::from_unix_millis(
                date.as_unix_millis() + ours.as_unix_millis() - self.received_at.as_unix_millis(),
            ),
            None => ours,
        }
    }
}

/// Returns the value at a path of names.
fn at<'a>(json: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(json, |value, name| value.get(name))
}

fn tells(field: Option<&Value>) -> bool {
    match field {
        None | Some(Value::Null) => false,
        Some(Value::String(text)) => !text.trim().is_empty(),
        Some(_) => true,
    }
}

/// How a dialect interpreted a response.
#[derive(Debug)]
pub enum Verdict {
    /// It is a success.
    Success(Reply),
    /// The vendor refused with a code.
    Refused(VendorRefusal),
    /// The response could not be interpreted. Carries the reason, never the payload.
    NotUnderstood(String),
}

/// A vendor's code and message.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct VendorRefusal {
    /// The code.
    pub code: Code,
    /// The message, exactly as received.
    pub message: String,
    /// The vendor's id of the request.
    pub request_id: Option<String>,
    /// The row of the vendor's table; none if the code is unlisted.
    pub row: Option<&'static CodeRow>,
    /// The other fields of the response.
    pub fields: Map<String, Value>,
}

impl VendorRefusal {
    /// Creates a refusal from a code and a message, and the row that explains them.
    #[must_use]
    pub fn new(code: Code, message: String, row: Option<&'static CodeRow>) -> Self {
        Self { code, message, request_id: None, row, fields: Map::new() }
    }

    /// Sets the vendor's id of the request.
    #[must_use]
    pub fn with_request_id(mut self, request_id: Option<String>) -> Self {
        self.request_id = request_id;
        self
    }

    /// Masks the secrets of the request that the vendor repeats, and every field that is named like a secret.
    pub(super) fn redacted(mut self, request: &Request) -> Self {
        self.message = request.redacted(self.message);
        self.fields = request.redacted_fields(redact::masked_fields(self.fields));
        self
    }

    /// Creates the error of an operation that was refused like this.
    pub(super) fn into_error(self, vendor: Vendor, operation: &'static str) -> Error {
        let kind = self.row.map_or(ErrorKind::Vendor, |row| row.kind);
        let is_open = self.row.is_some_and(|row| row.certainty() == Certainty::Open);
        let answer = VendorError::new(vendor, self.code, self.message)
            .with_request_id(self.request_id)
            .with_fields(self.fields);
        let error = Error::new(kind, operation)
            .with_outcome(if is_open { Outcome::Unknown } else { Outcome::NotDone })
            .with_vendor(answer);
        match self.row {
            Some(row) => error
                .with_retry(row.retry_rule())
                .with_translated_advice(row.translated_advice())
                .with_retry_after(row.retry_after()),
            None => error,
        }
    }

    /// Sets the other fields of the response. Secrets in them are masked before they become visible.
    #[must_use]
    pub fn with_fields(mut self, fields: Map<String, Value>) -> Self {
        self.fields = fields;
        self
    }
}
