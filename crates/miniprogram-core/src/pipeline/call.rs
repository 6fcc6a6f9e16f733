use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Dialect;
use crate::codes::CodeRow;
use crate::error::{Code, Error, ErrorKind, Outcome, Result};
use crate::intent::PlannedRequest;
use crate::redact::{self, MASK};
use crate::secret::Secret;
use crate::time::Timestamp;
use crate::token::{AccessToken, TokenKind};
use crate::transport::{Body, Part, Place, Request};

/// One request of an operation, before it has a token.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Call {
    /// The operation that it serves: it picks the meaning of the vendor's codes.
    pub operation: Cow<'static, str>,
    /// The method.
    pub method: Method,
    /// The path, from `/`.
    pub path: Cow<'static, str>,
    /// The query without its secrets.
    pub query: Vec<(Cow<'static, str>, String)>,
    /// The headers without their secrets.
    pub headers: HeaderMap,
    /// The body without its secrets.
    pub body: Body,
    /// The secrets beside the token, and where each of them goes.
    pub secrets: Vec<(Place, Secret)>,
    /// Which token it takes.
    pub token: CallToken,
    /// What a success looks like.
    pub expect: Expect,
    /// Whether it may take as long as an upload.
    pub is_upload: bool,
    /// Whether it only reads: what is unknown of it is only its answer.
    pub is_read: bool,
}

/// Which token a call takes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallToken {
    /// None: the call itself proves who calls.
    None,
    /// One from the token provider. Where it is refused it is replaced, and the call sent once more.
    Of(TokenKind),
    /// This one. Where it is refused, so is the call.
    Given(AccessToken),
}

/// What a success looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expect {
    /// The vendor's JSON envelope.
    Json,
    /// An image; only failures are JSON.
    Image,
    /// Anything that is no refusal.
    Anything,
}

impl Call {
    fn new(operation: &'static str, method: Method, path: &'static str, body: Body) -> Self {
        Self {
            operation: operation.into(),
            method,
            path: path.into(),
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

    /// A GET.
    #[must_use]
    pub fn get(operation: &'static str, path: &'static str) -> Self {
        Self::new(operation, Method::GET, path, Body::Empty)
    }

    /// A POST of JSON, UTF-8 as it is.
    #[must_use]
    pub fn post_json(operation: &'static str, path: &'static str, body: &Value) -> Self {
        Self::new(operation, Method::POST, path, Body::Json(body.to_string()))
    }

    /// A POST of a form.
    #[must_use]
    pub fn post_form(
        operation: &'static str,
        path: &'static str,
        fields: Vec<(Cow<'static, str>, String)>,
    ) -> Self {
        Self::new(operation, Method::POST, path, Body::Form(fields))
    }

    /// A POST of texts and files, which may take as long as an upload.
    #[must_use]
    pub fn post_multipart(operation: &'static str, path: &'static str, parts: Vec<Part>) -> Self {
        Self::new(operation, Method::POST, path, Body::Multipart(parts)).as_upload()
    }

    /// A call of an endpoint that nobody has modelled; a GET is taken for a read. Path and query are not encoded yet.
    ///
    /// # Errors
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) for a path that does not begin with `/` or holds more than a
    /// path.
    pub fn raw(method: Method, path: &str, query: &[(&str, &str)], body: Body) -> Result<Self> {
        const OPERATION: &str = "call";
        if !path.starts_with('/') || path.contains(['?', '#', '\\']) || path.contains("..") {
            let rule = "must begin with `/` and hold neither query, fragment, backslash nor `..`";
            return Err(Error::invalid(OPERATION, "path", rule));
        }
        let query =
            query.iter().map(|(name, value)| (Cow::Owned((*name).to_owned()), (*value).to_owned())).collect();
        let is_read = method == Method::GET;
        Ok(Self { query, path: path.to_owned().into(), is_read, ..Self::new(OPERATION, method, "", body) })
    }

    /// Whether it is a call of an endpoint that nobody has modelled.
    #[must_use]
    pub fn is_raw(&self) -> bool {
        self.operation == "call"
    }

    /// Which has an effect, although it is a GET.
    #[must_use]
    pub const fn with_effect(mut self) -> Self {
        self.is_read = false;
        self
    }

    /// Whose success is anything: JSON without a code, a file, nothing at all.
    #[must_use]
    pub const fn expecting_anything(mut self) -> Self {
        self.expect = Expect::Anything;
        self
    }

    /// With a parameter in the query.
    #[must_use]
    pub fn with_query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Whose success is an image.
    #[must_use]
    pub const fn expecting_image(mut self) -> Self {
        self.expect = Expect::Image;
        self
    }

    /// Which may take as long as an upload.
    #[must_use]
    pub const fn as_upload(mut self) -> Self {
        self.is_upload = true;
        self
    }

    /// With a header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// With a secret in a place: nothing prints it, and a vendor's words that repeat it are masked.
    #[must_use]
    pub fn with_secret(mut self, place: Place, secret: Secret) -> Self {
        self.secrets.push((place, secret));
        self
    }

    /// The call as data, its secrets and what the dialect authorizes it with masked: what `--dry-run` prints and
    /// snapshots hold.
    ///
    /// # Errors
    /// What the dialect refuses, such as a query that names the token.
    pub fn planned(&self, dialect: &dyn Dialect) -> Result<PlannedRequest> {
        Ok(self.with_masked_token(dialect)?.planned())
    }

    /// Checks that the call can be authorized, before a token is fetched for it.
    ///
    /// # Errors
    /// Those of [`planned`](Self::planned).
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
            Err(error) => Err(error.for_vendor(dialect.vendor()).with_operation(self.operation.clone())),
        }
    }

    /// The request of one attempt, authorized.
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
        authorize()
            .map_err(|error| error.for_vendor(dialect.vendor()).with_operation(self.operation.clone()))?;
        Ok(request)
    }

    /// With the platform's token.
    #[must_use]
    pub fn with_platform_token(mut self) -> Self {
        self.token = CallToken::Of(TokenKind::Platform);
        self
    }

    /// With the token of a key.
    #[must_use]
    pub fn with_client_credentials(mut self) -> Self {
        self.token = CallToken::Of(TokenKind::ClientCredentials);
        self
    }

    /// With this token and no other.
    #[must_use]
    pub fn with_given_token(mut self, token: AccessToken) -> Self {
        self.token = CallToken::Given(token);
        self
    }

    /// Without a token: what proves who calls stands in the body.
    #[must_use]
    pub fn without_token(mut self) -> Self {
        self.token = CallToken::None;
        self
    }
}

/// An answer that is a success.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Reply {
    /// The operation that it answers.
    pub operation: Cow<'static, str>,
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The JSON; `null` for a body that is none, such as an image.
    pub json: Value,
    /// The body as received.
    pub bytes: Bytes,
    /// The vendor's id of the request.
    pub request_id: Option<String>,
    /// The vendor's own time, from the `Date` header.
    pub date: Option<Timestamp>,
    /// When it arrived, by our clock.
    pub received_at: Timestamp,
    /// What is known of the effect if this reply cannot be understood.
    pub(super) if_unreadable: Outcome,
    /// Whether an effect compares what it says.
    pub(super) compared: bool,
}

impl Reply {
    /// A reply to an operation.
    #[must_use]
    pub fn new(operation: Cow<'static, str>, json: Value, bytes: Bytes) -> Self {
        Self {
            operation,
            status: 200,
            headers: HeaderMap::new(),
            json,
            bytes,
            request_id: None,
            date: None,
            received_at: Timestamp::from_unix(0),
            if_unreadable: Outcome::Unknown,
            compared: false,
        }
    }

    /// Whether an effect compares this reply with another: it was read before the effect or to find out what became of
    /// it. What such a reply does not tell proves nothing.
    #[must_use]
    pub const fn is_compared(&self) -> bool {
        self.compared
    }

    /// With the vendor's id of the request.
    #[must_use]
    pub fn with_request_id(mut self, request_id: Option<String>) -> Self {
        self.request_id = request_id;
        self
    }

    /// The JSON as a type.
    ///
    /// # Errors
    /// [`Protocol`](ErrorKind::Protocol), naming the member that does not fit.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T> {
        self.decode_value(&self.json)
    }

    /// A member of the JSON as a type; an absent one reads as `null`.
    ///
    /// # Errors
    /// [`Protocol`](ErrorKind::Protocol), naming the member that does not fit.
    pub fn decode_member<T: DeserializeOwned>(&self, member: &str) -> Result<T> {
        self.decode_value(self.json.get(member).unwrap_or(&Value::Null)).map_err(|error| {
            if error.field() == Some(".") { error.with_field(member.to_owned()) } else { error }
        })
    }

    fn decode_value<T: DeserializeOwned>(&self, value: &Value) -> Result<T> {
        serde_path_to_error::deserialize(value).map_err(|problem| {
            let path = problem.path().to_string();
            self.protocol(problem.into_inner().to_string()).with_field(path)
        })
    }

    /// The first of some fields that this reply does not tell: absent, null, or a text without a letter. A field is
    /// named by its path, such as `release_info.release_version`. In `template_list[].template_id` it is a field of
    /// every entry of a list, where the list has to be told too; an empty list tells that there is nothing.
    ///
    /// A look at the state after an effect asks this of the fields that it compares: what is not told proves nothing.
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

    /// An error that says this reply cannot be understood: for an effect its outcome is unknown, for a read
    /// `not_done`.
    #[must_use]
    pub fn protocol(&self, detail: impl Into<String>) -> Error {
        Error::new(ErrorKind::Protocol, self.operation.clone())
            .with_detail(detail)
            .with_request_id(self.request_id.clone())
            .with_outcome(self.if_unreadable)
    }

    /// A moment of our clock as the vendor's clock showed it, as far as this reply tells. The `Date` header has whole
    /// seconds, so the answer is early by up to one.
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

/// What stands at a path of names.
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

/// How a dialect reads an answer.
#[derive(Debug)]
pub enum Verdict {
    /// It is a success.
    Success(Reply),
    /// The vendor refused with a code.
    Refused(VendorRefusal),
    /// There is no sense in it; says why, without quoting it.
    NotUnderstood(String),
}

/// A vendor's code and words.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct VendorRefusal {
    /// The code.
    pub code: Code,
    /// The words, exactly as received.
    pub message: String,
    /// The vendor's id of the request.
    pub request_id: Option<String>,
    /// The row of the vendor's table; none if nobody has listed the code.
    pub row: Option<&'static CodeRow>,
    /// The answer's other fields.
    pub fields: Map<String, Value>,
}

impl VendorRefusal {
    /// A code and words, and the row that explains them.
    #[must_use]
    pub fn new(code: Code, message: String, row: Option<&'static CodeRow>) -> Self {
        Self { code, message, request_id: None, row, fields: Map::new() }
    }

    /// With the vendor's id of the request.
    #[must_use]
    pub fn with_request_id(mut self, request_id: Option<String>) -> Self {
        self.request_id = request_id;
        self
    }

    /// Masks what the request sends and the vendor repeats, and whatever its fields name as a secret.
    pub(super) fn redacted(mut self, request: &Request) -> Self {
        self.message = request.redacted(self.message);
        self.fields = request.redacted_fields(redact::masked_fields(self.fields));
        self
    }

    /// With the answer's other fields. Secrets in them are masked before anybody sees them.
    #[must_use]
    pub fn with_fields(mut self, fields: Map<String, Value>) -> Self {
        self.fields = fields;
        self
    }
}
