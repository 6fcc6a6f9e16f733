//! Names: checking and changing them.

use miniprogram_core::vendor_api::pipeline::{Call, EffectPlan, Fields};
use miniprogram_core::vendor_api::{MethodName, kit, wire};
use miniprogram_core::{Command, Effect, RawStatus, Result, Subject};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::change::{self, Wanted};
use super::examination::Examination;
use crate::BAIDU;
use crate::client::BaiduApp;
use crate::endpoints;
use crate::values::{CHECK_RESULT, NameVerdict};
use crate::{REFUSE, reply};

pub(crate) const SET_NAME: MethodName = MethodName::new("set_name");

/// The arguments of `set_name`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct NameChange {
    pub(crate) name: String,
    pub(crate) materials: Vec<String>,
}

/// The result of a name check. A name that did not pass is a result, not an error.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct NameCheck {
    /// The verdict.
    pub result: NameVerdict,
    /// The number behind the verdict.
    pub raw: RawStatus,
    /// The offending words, if any: those of all groups in sequence.
    pub words: Vec<String>,
    /// The same words, grouped as Baidu sends them: `checkWords` is a list of lists in document 003. A plain list of
    /// words, as others have seen it, is one group.
    pub groups: Vec<Vec<String>>,
    /// All unmodelled fields, by Baidu's names.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Value>,
}

/// [`BaiduApp::set_name`](crate::BaiduApp::set_name).
///
/// # Errors
/// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument) if the arguments cannot be written as JSON.
pub fn set_name(name: &str, materials: &[&str]) -> Result<Command> {
    let materials = materials.iter().map(|url| (*url).to_owned()).collect();
    kit::command(BAIDU, SET_NAME, &NameChange { name: name.to_owned(), materials })
}

impl BaiduApp {
    /// Checks whether a name is available and allowed.
    ///
    /// Source: document 003, "小程序名称检测".
    ///
    /// # Errors
    /// The errors of any read. A name that did not pass is a result.
    pub async fn check_name(&self, name: &str) -> Result<NameCheck> {
        const OPERATION: &str = "check_name";
        REFUSE.required(OPERATION, "app_name", name)?;
        let mut op = self.pipeline.begin(&self.app, OPERATION);
        let call = Call::to(&endpoints::CHECK_NAME).with_query("app_name", name);
        let reply = op.read(&call).await?;
        let mut check = reply::fields(&reply)?;
        let (result, raw) = CHECK_RESULT.translate(check.required("checkResult", Fields::number)?);
        let groups = check.value("checkWords").map(|words| groups(&words)).unwrap_or_default();
        Ok(NameCheck { result, raw, words: groups.concat(), groups, extra: check.rest() })
    }

    /// Changes the name, 3 to 30 units of width: a Chinese character counts as 2, a Latin letter as 1. The name is
    /// reviewed; the verdict is pushed. Uses up one of the changes that [`app_info`](Self::app_info) counts.
    ///
    /// A name that contains a brand word needs proofs: `materials` are URLs returned by
    /// [`upload_image`](crate::BaiduPlatform::upload_image).
    ///
    /// Source: document 003, "修改小程序名称".
    ///
    /// # Errors
    /// [`QuotaExhausted`](miniprogram_core::ErrorKind::QuotaExhausted) when no change is left,
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument) for a URL from elsewhere, and those of any
    /// effect.
    pub async fn set_name(&self, name: &str, materials: &[&str]) -> Result<Effect<Examination>> {
        self.perform(set_name(name, materials)?).await?.into_inherent(SET_NAME.as_str())
    }
}

/// `app/setnickname`. The limit: Baidu's pages on third-party platforms.
pub(crate) fn set_name_plan(change: NameChange) -> Result<Box<dyn EffectPlan>> {
    const OPERATION: &str = SET_NAME.as_str();
    REFUSE.required(OPERATION, "nick_name", &change.name)?;
    REFUSE.width(OPERATION, "nick_name", &change.name, 3..=30)?;
    REFUSE.listed(OPERATION, "app_name_material", &change.materials)?;
    let wanted = Wanted::Part { of: |seen| &seen.name, value: change.name.clone() };
    let mut fields = vec![("nick_name".into(), change.name)];
    if !change.materials.is_empty() {
        fields.push(("app_name_material".into(), change.materials.join(",")));
    }
    change::plan(Call::to(&endpoints::SET_NAME).with_form(fields), wanted)
}

/// Returns the groups of a list of lists of words. Words next to the lists form a group of their own.
fn groups(words: &Value) -> Vec<Vec<String>> {
    let Some(entries) = words.as_array() else {
        return wire::text(words).map(|word| vec![vec![word]]).unwrap_or_default();
    };
    let loose: Vec<String> = entries.iter().filter_map(wire::text).collect();
    let listed = entries.iter().filter_map(Value::as_array);
    let listed = listed.map(|group| group.iter().filter_map(wire::text).collect());
    let groups = std::iter::once(loose).chain(listed);
    groups.filter(|group: &Vec<String>| !group.is_empty()).collect()
}
