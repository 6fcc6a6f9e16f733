//! The fields of a submission that only Baidu has.

use miniprogram_core::{Result, Secret};
use serde_json::{Map, Value};

use crate::form::{self, Fields};

/// The fields of `package/submitaudit` that `SubmitOptions` has no name for. Source: Baidu's current SDKs.
///
/// `Debug` prints no password. The map that [`into_extra`](Self::into_extra) makes holds it as it is.
///
/// ```
/// use baidu_smartapp::SubmitExtra;
/// use miniprogram_core::SubmitOptions;
///
/// let options = SubmitOptions::default()
///     .with_content("外卖点餐")
///     .with_remark("第一次提交")
///     .with_extra(SubmitExtra::new().with_test_account("tester", "secret").into_extra());
/// assert_eq!(options.extra["test_account"], "tester");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SubmitExtra {
    /// The account that the reviewer signs in with (`test_account`).
    pub test_account: Option<String>,
    /// Its password (`test_password`).
    pub test_password: Option<Secret>,
    /// Fields that nobody has modelled, sent as they are.
    pub other: Map<String, Value>,
}

impl SubmitExtra {
    /// No field.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With the account that the reviewer signs in with.
    #[must_use]
    pub fn with_test_account(mut self, account: impl Into<String>, password: impl Into<Secret>) -> Self {
        self.test_account = Some(account.into());
        self.test_password = Some(password.into());
        self
    }

    /// With a field that nobody has modelled: a text, a number or a boolean as text, anything else as JSON text.
    #[must_use]
    pub fn with_field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.other.insert(name.into(), value.into());
        self
    }

    /// The fields as [`SubmitOptions::with_extra`](miniprogram_core::SubmitOptions::with_extra) takes them.
    #[must_use]
    pub fn into_extra(self) -> Map<String, Value> {
        let mut extra = self.other;
        if let Some(account) = self.test_account {
            extra.insert("test_account".to_owned(), Value::from(account));
        }
        if let Some(password) = self.test_password {
            extra.insert("test_password".to_owned(), Value::from(password.expose()));
        }
        extra
    }
}

/// Names that the submission has already, under which nothing may hide in `extra`.
const TAKEN: &[&str] = &["content", "remark", "package_id", "items", "version_desc", "extra"];

/// The extra fields as the form has them. A name that is taken is refused, and null, which a form cannot hold.
pub(super) fn form_fields(operation: &'static str, extra: &Map<String, Value>) -> Result<Fields> {
    form::extra(operation, extra, TAKEN)
}
