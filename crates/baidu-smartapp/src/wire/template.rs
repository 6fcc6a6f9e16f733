use serde::Deserialize;
use serde_json::{Map, Value};
use serde_with::serde_as;

use super::{Number, Text};

/// One page of `template/gettemplatedraftlist` and `template/gettemplatelist`.
#[serde_as]
#[derive(Debug, Deserialize)]
pub(crate) struct TemplateList {
    /// How many there are on all pages.
    #[serde_as(as = "Number")]
    pub(crate) count: i64,
    /// Null where there is none.
    pub(crate) list: Option<Vec<Template>>,
}

/// A draft or a template.
#[serde_as]
#[derive(Debug, Deserialize)]
pub(crate) struct Template {
    #[serde_as(as = "Option<Text>")]
    pub(crate) draft_id: Option<String>,
    #[serde_as(as = "Option<Text>")]
    pub(crate) template_id: Option<String>,
    #[serde_as(as = "Option<Text>")]
    pub(crate) user_version: Option<String>,
    #[serde_as(as = "Option<Text>")]
    pub(crate) user_desc: Option<String>,
    /// Seconds since the epoch; Baidu's SDK takes it as anything.
    #[serde(default)]
    pub(crate) create_time: Value,
    #[serde(flatten)]
    pub(crate) extra: Map<String, Value>,
}

/// `template/addtotemplate`.
#[serde_as]
#[derive(Debug, Deserialize)]
pub(crate) struct AddedTemplate {
    #[serde_as(as = "Text")]
    pub(crate) template_id: String,
}
