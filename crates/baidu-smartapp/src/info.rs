//! The app's basic information: categories, icon, description, name, and remedies after it was taken offline.
//!
//! Source: document 003, "基本信息设置".

pub(crate) mod category;
mod change;
mod examination;
pub(crate) mod name;

use miniprogram_core::vendor_api::MethodName;
use miniprogram_core::vendor_api::kit::Inherent;
use miniprogram_core::vendor_api::pipeline::{Call, EffectPlan};
use miniprogram_core::{Effect, Result, Subject, inherent_commands};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use category::update_categories;
pub use category::{CategoryChoice, CategoryNode, QualificationImage, QualificationItem, QualificationRules};
pub(crate) use category::{UPDATE_CATEGORIES, update_categories_plan};
use change::{Seen, Wanted};
pub use examination::Examination;
pub use name::NameCheck;
pub use name::set_name;
pub(crate) use name::{SET_NAME, set_name_plan};

use crate::BAIDU;
use crate::REFUSE;
use crate::client::BaiduApp;
use crate::endpoints;
use crate::form;

pub(crate) const SET_ICON: MethodName = MethodName::new("set_icon");
pub(crate) const SET_DESCRIPTION: MethodName = MethodName::new("set_description");
pub(crate) const APPLY_RECOVERY: MethodName = MethodName::new("apply_recovery");
pub(crate) const UPDATE_OFFLINE_INFO: MethodName = MethodName::new("update_offline_info");

/// The changes of the app's information.
pub(crate) const EFFECTS: &[Inherent] = &[
    Inherent::new(UPDATE_CATEGORIES, |command| update_categories_plan(command.arguments()?)),
    Inherent::new(SET_ICON, |command| set_icon_plan(command.arguments()?)),
    Inherent::new(SET_DESCRIPTION, |command| set_description_plan(command.arguments()?)),
    Inherent::new(SET_NAME, |command| set_name_plan(command.arguments()?)),
    Inherent::new(APPLY_RECOVERY, |command| apply_recovery_plan(command.arguments()?)),
    Inherent::new(UPDATE_OFFLINE_INFO, |command| update_offline_info_plan(command.arguments()?)),
];

/// The arguments of `set_icon`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Icon {
    pub(crate) image_url: String,
}

/// The arguments of `set_description` and `apply_recovery`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Description {
    pub(crate) description: String,
}

/// New basic information for an app that was forced offline. At least one of the fields must be set.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OfflineUpdate {
    /// The name (`app_name`).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// The description (`app_desc`).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub description: Option<String>,
    /// The icon (`photo_addr`): a URL returned by an upload.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub icon_url: Option<String>,
    /// Proofs for the name (`app_name_material`): URLs returned by an upload.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub name_materials: Vec<String>,
    /// Unmodelled fields, sent as they are.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl OfflineUpdate {
    /// Sets the name.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the description.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Sets the icon.
    #[must_use]
    pub fn with_icon_url(mut self, image_url: impl Into<String>) -> Self {
        self.icon_url = Some(image_url.into());
        self
    }

    /// Adds another proof for the name.
    #[must_use]
    pub fn with_name_material(mut self, image_url: impl Into<String>) -> Self {
        self.name_materials.push(image_url.into());
        self
    }

    /// Adds an unmodelled field.
    #[must_use]
    pub fn with_extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(name.into(), value.into());
        self
    }
}

inherent_commands! { BAIDU;
    /// [`BaiduApp::set_icon`](crate::BaiduApp::set_icon).
    set_icon(image_url: &str) = SET_ICON, &Icon { image_url: image_url.to_owned() };
    /// [`BaiduApp::set_description`](crate::BaiduApp::set_description).
    set_description(description: &str) = SET_DESCRIPTION, &Description { description: description.to_owned() };
    /// [`BaiduApp::apply_recovery`](crate::BaiduApp::apply_recovery).
    apply_recovery(description: &str) = APPLY_RECOVERY, &Description { description: description.to_owned() };
    /// [`BaiduApp::update_offline_info`](crate::BaiduApp::update_offline_info).
    update_offline_info(update: &OfflineUpdate) = UPDATE_OFFLINE_INFO, update;
}

impl BaiduApp {
    /// Changes the icon. The icon is reviewed; the verdict is pushed. Uses up one of the changes that
    /// [`app_info`](Self::app_info) counts.
    ///
    /// `image_url` is a URL returned by [`upload_image`](crate::BaiduPlatform::upload_image).
    ///
    /// Source: document 003, "修改小程序icon".
    ///
    /// # Errors
    /// [`QuotaExhausted`](miniprogram_core::ErrorKind::QuotaExhausted) when no change is left,
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument) for a URL from elsewhere, and those of any
    /// effect.
    pub async fn set_icon(&self, image_url: &str) -> Result<Effect<Examination>> {
        self.perform(set_icon(image_url)?).await?.into_inherent(SET_ICON.as_str())
    }

    /// Changes the description, 10 to 56 units of width: a Chinese character counts as 2, a Latin letter as 1. The
    /// description is reviewed; the verdict is pushed. Uses up one of the changes that [`app_info`](Self::app_info)
    /// counts.
    ///
    /// Source: document 003, "修改功能介绍".
    ///
    /// # Errors
    /// [`QuotaExhausted`](miniprogram_core::ErrorKind::QuotaExhausted) when no change is left, and those of any
    /// effect.
    pub async fn set_description(&self, description: &str) -> Result<Effect<Examination>> {
        self.perform(set_description(description)?).await?.into_inherent(SET_DESCRIPTION.as_str())
    }

    /// Requests that closed traffic be restored, once the violation has been repaired without a new package; 1 to 100
    /// characters describe what was done. The verdict is pushed.
    ///
    /// No query shows such a request: after a lost response the outcome stays unknown unless the traffic is open
    /// again.
    ///
    /// Source: document 003, "申请恢复流量下线".
    ///
    /// # Errors
    /// [`Conflict`](miniprogram_core::ErrorKind::Conflict) if the app's traffic is not closed, and those of any
    /// effect.
    pub async fn apply_recovery(&self, description: &str) -> Result<Effect> {
        Ok(self.perform(apply_recovery(description)?).await?.into_unit())
    }

    /// Replaces basic information of an app that was forced offline, and submits it for review. The push of the
    /// verdict names the same review.
    ///
    /// After a lost response the effect is done if `app/info` shows the new values in review; otherwise the outcome
    /// stays unknown and nothing is sent again.
    ///
    /// Source: document 003, "基本信息强制下线后修改基本信息".
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument) if nothing is to be replaced, and those of
    /// any effect.
    pub async fn update_offline_info(&self, update: &OfflineUpdate) -> Result<Effect<Examination>> {
        self.perform(update_offline_info(update)?).await?.into_inherent(UPDATE_OFFLINE_INFO.as_str())
    }
}

/// `app/modifyheadimage`.
pub(crate) fn set_icon_plan(icon: Icon) -> Result<Box<dyn EffectPlan>> {
    const OPERATION: &str = SET_ICON.as_str();
    REFUSE.required(OPERATION, "image_url", &icon.image_url)?;
    let wanted = Wanted::Part { of: |seen| &seen.icon, value: icon.image_url.clone() };
    let fields = vec![("image_url".into(), icon.image_url)];
    change::plan(Call::to(&endpoints::SET_ICON).with_form(fields), wanted)
}

/// `app/modifysignature`. The limit: Baidu's SDKs.
pub(crate) fn set_description_plan(text: Description) -> Result<Box<dyn EffectPlan>> {
    const OPERATION: &str = SET_DESCRIPTION.as_str();
    REFUSE.required(OPERATION, "signature", &text.description)?;
    REFUSE.width(OPERATION, "signature", &text.description, 10..=56)?;
    let wanted = Wanted::Part { of: |seen| &seen.description, value: text.description.clone() };
    let fields = vec![("signature".into(), text.description)];
    change::plan(Call::to(&endpoints::SET_DESCRIPTION).with_form(fields), wanted)
}

/// `appflow/applyRecovery`.
pub(crate) fn apply_recovery_plan(text: Description) -> Result<Box<dyn EffectPlan>> {
    const OPERATION: &str = APPLY_RECOVERY.as_str();
    REFUSE.required(OPERATION, "audit_desc", &text.description)?;
    REFUSE.characters(OPERATION, "audit_desc", &text.description, 1..=100)?;
    let fields = vec![("audit_desc".into(), text.description)];
    change::plan(Call::to(&endpoints::APPLY_RECOVERY).with_form(fields), Wanted::Recovery)
}

/// `app/offline/update`.
pub(crate) fn update_offline_info_plan(update: OfflineUpdate) -> Result<Box<dyn EffectPlan>> {
    const OPERATION: &str = UPDATE_OFFLINE_INFO.as_str();
    let part_of: [(&str, Option<String>, change::PartOf); 3] = [
        ("app_name", update.name, |seen: &Seen| &seen.name),
        ("app_desc", update.description, |seen| &seen.description),
        ("photo_addr", update.icon_url, |seen| &seen.icon),
    ];
    let (mut fields, mut wanted) = (form::Fields::new(), Vec::new());
    for (name, value, part) in part_of {
        let Some(value) = value else { continue };
        REFUSE.required(OPERATION, name, &value)?;
        wanted.push((part, value.clone()));
        fields.push((name.into(), value));
    }
    if !update.name_materials.is_empty() {
        REFUSE.listed(OPERATION, "app_name_material", &update.name_materials)?;
        fields.push(("app_name_material".into(), update.name_materials.join(",")));
    }
    fields.extend(form::extra(
        OPERATION,
        &update.extra,
        &["app_name", "app_desc", "photo_addr", "app_name_material"],
    )?);
    if fields.is_empty() {
        let why = "must replace something: name, description, picture or proofs";
        return Err(REFUSE.invalid(OPERATION, "update", why));
    }
    change::plan(Call::to(&endpoints::UPDATE_OFFLINE_INFO).with_form(fields), Wanted::Offline(wanted))
}
