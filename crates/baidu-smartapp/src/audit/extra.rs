//! The Baidu-only fields of a submission.

use miniprogram_core::{Result, Secret};
use serde_json::{Map, Value};

use crate::form::{self, Fields};

/// The fields of `package/submitaudit` that `SubmitOptions` does not model. Source: Baidu's current SDKs.
///
/// `Debug` prints no password. The map returned by [`into_extra`](Self::into_extra) contains it in plain text.
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
    /// Unmodelled fields, sent as they are.
    pub other: Map<String, Value>,
}

impl SubmitExtra {
    /// Creates an empty set of fields.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
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

    /// Returns the fields in the form that [`SubmitOptions::with_extra`](miniprogram_core::SubmitOptions::with_extra)
    /// takes.
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

/// Names of the submission's own fields, which `extra` must not contain.
const TAKEN: &[&str] = &["content", "remark", "package_id", "items", "version_desc", "extra"];

/// Converts the extra fields to form fields. Reserved names are refused, as is null, which a form cannot represent.
pub(super) fn form_fields(operation: &'static str, extra: &Map<String, Value>) -> Result<Fields> {
    form::extra(operation, extra, TAKEN)
}
