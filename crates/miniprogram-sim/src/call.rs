//! A request to a vendor as it arrived, and an answer before it becomes HTTP.

use std::convert::Infallible;

use bytes::Bytes;
use hyper::Method;
use serde_json::{Map, Value};

/// Members of a JSON object.
pub(crate) type Object = Map<String, Value>;

#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    /// The fields of a form, whichever way it is encoded.
    pub(crate) form: Vec<(String, String)>,
    /// The files of a `multipart/form-data` body.
    pub(crate) files: Vec<FilePart>,
    pub(crate) body: Bytes,
    multipart: bool,
}

/// A file in a `multipart/form-data` body.
#[derive(Debug, Clone)]
pub(crate) struct FilePart {
    pub(crate) name: String,
    pub(crate) file_name: String,
    /// As the client states it; empty if it does not.
    pub(crate) content_type: String,
    pub(crate) bytes: Bytes,
}

impl Call {
    /// Reads the body as `multipart/form-data` if it has a boundary, else as a form unless it looks like JSON. A
    /// multipart body that breaks the format has no fields and no files.
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

    /// The file of that name.
    pub(crate) fn file(&self, name: &str) -> Option<&FilePart> {
        self.files.iter().find(|file| file.name == name)
    }

    /// The members of a body that is a JSON object.
    pub(crate) fn json(&self) -> Option<Object> {
        serde_json::from_slice(&self.body).ok()
    }

    /// A parameter of the query.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        find(&self.query, name)
    }

    /// A parameter of the query, else of the form.
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

/// `None` if the format is broken: no end, a part without a name, a field that is no text.
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

/// What an endpoint has to say, before the vendor's envelope is put around it.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// Members beside the code (WeChat), or none of them.
    Members(Object),
    /// The value of `data` (Baidu).
    Data(Value),
    /// Success, and nothing else.
    Done,
    /// The whole answer, without a code beside it.
    Bare(Object),
    /// The bytes of a picture, with its media type.
    Image(&'static str, Vec<u8>),
}

impl From<Value> for Content {
    fn from(value: Value) -> Self {
        match value {
            Value::Object(members) => Self::Members(members),
            other => Self::Data(other),
        }
    }
}

/// Who refuses at Baidu, which decides about the shape of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Voice {
    Service,
    /// The gateway in front.
    Gateway,
    /// What issues tokens: it has words instead of codes.
    OAuth(OAuthError),
}

/// OAuth's words.
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

/// A code that a vendor refuses with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: i64,
    /// Instead of the table's words.
    pub(crate) message: Option<String>,
    /// Who says so (Baidu).
    pub(crate) voice: Voice,
    /// What comes with it all the same (WeChat).
    pub(crate) members: Object,
}

impl Refusal {
    pub(crate) fn code(code: i64) -> Self {
        Self { code, message: None, voice: Voice::Service, members: Object::new() }
    }

    pub(crate) fn gateway(code: i64) -> Self {
        Self { voice: Voice::Gateway, ..Self::code(code) }
    }

    pub(crate) fn oauth(error: OAuthError, description: &str) -> Self {
        Self { voice: Voice::OAuth(error), message: Some(description.to_owned()), ..Self::code(0) }
    }
}
