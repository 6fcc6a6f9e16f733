//! A request to a vendor as it arrived, and an answer before it becomes HTTP.

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
    pub(crate) form: Vec<(String, String)>,
    pub(crate) body: Bytes,
}

impl Call {
    pub(crate) fn new(method: Method, path: &str, query: &str, body: Bytes) -> Self {
        let looks_like_json = matches!(body.trim_ascii_start().first(), Some(b'{' | b'['));
        let form = if looks_like_json { Vec::new() } else { pairs(&body) };
        Self { method, path: path.to_owned(), query: pairs(query.as_bytes()), form, body }
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
        matches!(self.body.trim_ascii_start().first(), Some(b'{' | b'['))
    }
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

/// A code that a vendor refuses with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: i64,
    /// Instead of the table's words.
    pub(crate) message: Option<String>,
    /// Whether the gateway in front says so (Baidu).
    pub(crate) gateway: bool,
}

impl Refusal {
    pub(crate) fn code(code: i64) -> Self {
        Self { code, message: None, gateway: false }
    }

    pub(crate) fn gateway(code: i64) -> Self {
        Self { gateway: true, ..Self::code(code) }
    }
}
