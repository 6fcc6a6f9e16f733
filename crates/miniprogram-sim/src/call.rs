//! A vendor request as received, and a response before it becomes HTTP.

use std::convert::Infallible;

use bytes::Bytes;
use hyper::Method;
use serde_json::{Map, Value};

/// Fields of a JSON object.
pub(crate) type Object = Map<String, Value>;

#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    /// Form fields, from either encoding.
    pub(crate) form: Vec<(String, String)>,
    /// Files of a `multipart/form-data` body.
    pub(crate) files: Vec<FilePart>,
    pub(crate) body: Bytes,
    multipart: bool,
}

/// A file in a `multipart/form-data` body.
#[derive(Debug, Clone)]
pub(crate) struct FilePart {
    pub(crate) name: String,
    pub(crate) file_name: String,
    /// As stated by the client; empty if absent.
    pub(crate) content_type: String,
    pub(crate) bytes: Bytes,
}

impl Call {
    /// Reads the body as `multipart/form-data` if it has a boundary, otherwise as a form unless it looks like JSON. A
    /// malformed multipart body has neither fields nor files.
    pub(crate) async fn read(
        method: Method,
        path: &str,
        query: &str,
        boundary: Option<String>,
        body: Bytes,
    ) -> Self {
        let multipart = boundary.is_some();
        let (form, files) = match boundary {
            Some(boundary) => parts(body.clone(), boundary).await.unwrap_or_default(),
            None if looks_like_json(&body) => Parts::default(),
            None => (pairs(&body), Vec::new()),
        };
        Self { method, path: path.to_owned(), query: pairs(query.as_bytes()), form, files, body, multipart }
    }

    pub(crate) fn is_multipart(&self) -> bool {
        self.multipart
    }

    /// Returns the file of that name.
    pub(crate) fn file(&self, name: &str) -> Option<&FilePart> {
        self.files.iter().find(|file| file.name == name)
    }

    /// Returns the fields of the body if it is a JSON object.
    pub(crate) fn json(&self) -> Option<Object> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Returns a query parameter.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        find(&self.query, name)
    }

    /// Returns a parameter from the query, otherwise from the form.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.query(name).or_else(|| find(&self.form, name))
    }

    pub(crate) fn has_json_body(&self) -> bool {
        !self.multipart && looks_like_json(&self.body)
    }
}

fn looks_like_json(body: &[u8]) -> bool {
    matches!(body.trim_ascii_start().first(), Some(b'{' | b'['))
}

type Parts = (Vec<(String, String)>, Vec<FilePart>);

/// `None` if the body is malformed: no end, a part without a name, a field that is not UTF-8.
async fn parts(body: Bytes, boundary: String) -> Option<Parts> {
    let whole = futures::stream::iter([Ok::<_, Infallible>(body)]);
    let mut multipart = multer::Multipart::new(whole, boundary);
    let (mut form, mut files) = Parts::default();
    while let Some(part) = multipart.next_field().await.ok()? {
        let name = part.name()?.to_owned();
        let content_type = part.content_type().map(ToString::to_string).unwrap_or_default();
        let file_name = part.file_name().map(str::to_owned);
        let bytes = part.bytes().await.ok()?;
        match file_name {
            Some(file_name) => files.push(FilePart { name, file_name, content_type, bytes }),
            None => form.push((name, String::from_utf8(bytes.into()).ok()?)),
        }
    }
    Some((form, files))
}

fn pairs(text: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(text).into_owned().collect()
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn new(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self { status, content_type, headers: Vec::new(), body: body.into() }
    }

    pub(crate) fn is_image(&self) -> bool {
        self.content_type.starts_with("image/")
    }
}

/// What an endpoint returns, before it is wrapped in the vendor's envelope.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// Fields next to the code (WeChat), possibly none.
    Fields(Object),
    /// The value of `data` (Baidu).
    Data(Value),
    /// Success without further content.
    Done,
    /// The whole response, without a code.
    Bare(Object),
    /// The bytes of an image, with its media type.
    Image(&'static str, Vec<u8>),
}

impl From<Value> for Content {
    fn from(value: Value) -> Self {
        match value {
            Value::Object(fields) => Self::Fields(fields),
            other => Self::Data(other),
        }
    }
}

/// Which part of Baidu refuses; determines the shape of the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Service,
    /// The gateway in front of the API.
    Gateway,
    /// The token service, which returns strings instead of codes.
    OAuth(OAuthError),
}

/// Error strings of OAuth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OAuthError {
    InvalidRequest,
    InvalidGrant,
    UnsupportedGrantType,
}

impl OAuthError {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidGrant => "invalid_grant",
            Self::UnsupportedGrantType => "unsupported_grant_type",
        }
    }
}

/// A refusal with a vendor's code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: i64,
    /// Replaces the table's message.
    pub(crate) message: Option<String>,
    /// Who refuses (Baidu).
    pub(crate) origin: Origin,
    /// Fields returned along with the code (WeChat).
    pub(crate) fields: Object,
}

impl Refusal {
    pub(crate) fn code(code: i64) -> Self {
        Self { code, message: None, origin: Origin::Service, fields: Object::new() }
    }

    pub(crate) fn gateway(code: i64) -> Self {
        Self { origin: Origin::Gateway, ..Self::code(code) }
    }

    pub(crate) fn oauth(error: OAuthError, description: &str) -> Self {
        Self { origin: Origin::OAuth(error), message: Some(description.to_owned()), ..Self::code(0) }
    }
}
