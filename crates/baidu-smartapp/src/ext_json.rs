//! A typed builder of `ext_json`, the merchant's values for a template.

use miniprogram_core::{ExtJson, Result, ext_json_fields};
use serde_json::{Map, Value};

use crate::REFUSE;

const OPERATION: &str = "upload_code";

/// Builds the `ext_json` of an upload: methods for the fields of Baidu's format, and
/// [`with_field`](Self::with_field) for any other. Source: document 001, "ext_json内容说明".
///
/// ```
/// use baidu_smartapp::ExtJsonBuilder;
///
/// let ext = ExtJsonBuilder::new().with_ext_appid("100000282").with_ext("name", "面包店").build()?;
/// assert_eq!(ext.as_str(), r#"{"extEnable":true,"extAppid":"100000282","ext":{"name":"面包店"}}"#);
/// # Ok::<(), miniprogram_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct ExtJsonBuilder {
    fields: Map<String, Value>,
}

impl Default for ExtJsonBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl ExtJsonBuilder {
    /// Creates an object with only the field that every upload needs, `extEnable`, as true.
    pub fn new() -> Self {
        Self { fields: Map::from_iter([("extEnable".to_owned(), Value::Bool(true))]) }
    }

    ext_json_fields! { fields;
        /// `extAppid`: the merchant's app, sent as text.
        with_ext_appid(app: impl Into<String>) = "extAppid", app.into();
        /// `extEnable`: whether the other fields are merged into the template; true unless set.
        with_ext_enable(enabled: bool) = "extEnable", enabled;
        /// `window`: overrides the template's.
        with_window(window: Map<String, Value>) = "window", window;
        /// `networkTimeout`: overrides the template's; milliseconds.
        with_network_timeout(timeout: Map<String, Value>) = "networkTimeout", timeout;
        /// `tabBar`: overrides the template's.
        with_tab_bar(tab_bar: Map<String, Value>) = "tabBar", tab_bar;
    }

    /// Sets one value in `ext`: free-form data that the program reads at run time.
    pub fn with_ext(self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.with_entry("ext", name.into(), value.into())
    }

    /// Sets one page in `extPages`, which overrides that page's own configuration.
    pub fn with_ext_page(self, page: impl Into<String>, configuration: Map<String, Value>) -> Self {
        self.with_entry("extPages", page.into(), Value::Object(configuration))
    }

    /// Builds the text.
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument), naming the field, for an `extEnable` that
    /// is neither true nor false, and for a `directCommit` that is not false: such an upload would also submit, and
    /// two effects in one call could not be settled.
    pub fn build(self) -> Result<ExtJson> {
        refuse_unclear_switch(self.fields.get("extEnable"))?;
        refuse_direct_commit(self.fields.get("directCommit"))?;
        Ok(ExtJson::from_object(&self.fields))
    }

    fn with_entry(mut self, field: &str, name: String, value: Value) -> Self {
        let mut entries = match self.fields.get_mut(field).map(Value::take) {
            Some(Value::Object(entries)) => entries,
            _ => Map::new(),
        };
        entries.insert(name, value);
        self.fields.insert(field.to_owned(), Value::Object(entries));
        self
    }
}

/// Refuses an `extEnable` that is absent, or neither on nor off: document 001 requires it, and does not say what an
/// upload without it does with the other fields.
pub(crate) fn refuse_unclear_switch(field: Option<&Value>) -> Result<()> {
    let rule = match field {
        Some(Value::Bool(_)) => return Ok(()),
        Some(_) => "must be true or false",
        None => "must be given, true or false: Baidu requires it",
    };
    Err(REFUSE.invalid(OPERATION, "ext_json.extEnable", rule))
}

/// Refuses an upload that would also submit. The field is documented as text and shown as boolean: both are
/// recognised.
pub(crate) fn refuse_direct_commit(field: Option<&Value>) -> Result<()> {
    let off = match field {
        None | Some(Value::Null | Value::Bool(false)) => true,
        Some(Value::String(text)) => text.eq_ignore_ascii_case("false"),
        Some(_) => false,
    };
    if off {
        return Ok(());
    }
    let why = "must not be true: uploading and submitting in one call could not be settled";
    Err(REFUSE
        .invalid(OPERATION, "ext_json.directCommit", why)
        .with_advice("upload without it, then call submit_audit"))
}
