//! What a submission to Baidu says.

use miniprogram_core::vendor_api::kit::read_options;
use miniprogram_core::{Result, Secret};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::REFUSE;
use crate::form::{self, Fields};

const OPERATION: &str = "submit_audit";

/// What a submission says. `content` and `remark` are required.
///
/// `Debug` prints no password. The neutral options that it converts to contain it in plain text.
///
/// Source: document 001, `package/submitaudit`, and Baidu's current SDKs.
///
/// ```
/// use baidu_smartapp::SubmitOptions;
///
/// let options = SubmitOptions::new("外卖点餐", "第一次提交").with_test_account("tester", "secret");
/// let options: miniprogram_core::SubmitOptions = options.into();
/// assert_eq!(options.fields()["content"], "外卖点餐");
/// assert_eq!(options.fields()["extra"]["test_account"], "tester");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SubmitOptions {
    /// The description for the reviewer.
    pub content: String,
    /// A remark.
    pub remark: String,
    /// The account that the reviewer signs in with (`test_account`).
    pub test_account: Option<String>,
    /// Its password (`test_password`).
    pub test_password: Option<Secret>,
    /// Unmodelled fields, sent as they are.
    pub other: Map<String, Value>,
}

impl SubmitOptions {
    /// Creates options with a description for the reviewer and a remark.
    #[must_use]
    pub fn new(content: impl Into<String>, remark: impl Into<String>) -> Self {
        Self {
            content: content.into(),
            remark: remark.into(),
            test_account: None,
            test_password: None,
            other: Map::new(),
        }
    }

    /// Sets the account that the reviewer signs in with.
    #[must_use]
    pub fn with_test_account(mut self, account: impl Into<String>, password: impl Into<Secret>) -> Self {
        self.test_account = Some(account.into());
        self.test_password = Some(password.into());
        self
    }

    /// Adds an unmodelled field: strings, numbers and booleans as text, anything else as JSON text.
    #[must_use]
    pub fn with_field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.other.insert(name.into(), value.into());
        self
    }
}

impl From<SubmitOptions> for miniprogram_core::SubmitOptions {
    fn from(options: SubmitOptions) -> Self {
        let mut extra = options.other;
        if let Some(account) = options.test_account {
            extra.insert("test_account".to_owned(), Value::from(account));
        }
        if let Some(password) = options.test_password {
            extra.insert("test_password".to_owned(), Value::from(password.expose()));
        }
        Self::default()
            .with_field("content", options.content)
            .with_field("remark", options.remark)
            .with_field("extra", extra)
    }
}

/// The options of a command, as they are sent.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Sent {
    content: String,
    remark: String,
    extra: Map<String, Value>,
}

/// Names that `extra` must not contain.
const TAKEN: &[&str] = &["content", "remark", "package_id", "items", "version_desc", "extra"];

/// Returns the form fields of a command's options. Content and remark are required; items and a text on what is new do
/// not exist here. Names that are taken are refused, as is null, which a form cannot represent.
pub(super) fn form_fields(options: &miniprogram_core::SubmitOptions) -> Result<Fields> {
    if let Some(name) =
        ["items", "version_desc"].into_iter().find(|name| options.fields().contains_key(*name))
    {
        let why = "does not exist at this vendor; `content` and `remark` describe a submission";
        return Err(REFUSE.unsupported(OPERATION, name, why));
    }
    let known = ["content", "remark", "extra"];
    let sent: Sent = read_options(REFUSE, OPERATION, "a submission", options.fields(), &known)?;
    let mut fields = Fields::new();
    for (name, text) in [("content", sent.content), ("remark", sent.remark)] {
        REFUSE.required(OPERATION, name, &text)?;
        fields.push((name.into(), text));
    }
    fields.extend(form::extra(OPERATION, &sent.extra, TAKEN)?);
    Ok(fields)
}
