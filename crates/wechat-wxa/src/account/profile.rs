use miniprogram_core::vendor_api::pipeline::{Call, EffectClass, EffectPlan, Fields, Finding, Reply};
use miniprogram_core::vendor_api::{InherentCommand, MethodName, kit};
use miniprogram_core::{Command, Effect, EffectValue, Result, Subject, inherent_commands};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::info;
use crate::REFUSE;
use crate::WECHAT;
use crate::body::Body;
use crate::client::WeChatApp;
use crate::endpoints;
use crate::fields;
use crate::values::{Coded, SEARCH_STATUS, SearchStatus};
use miniprogram_core::vendor_api::kit::OneCall;

pub(crate) const SET_ICON: MethodName = MethodName::new("set_icon");
pub(crate) const SET_DESCRIPTION: MethodName = MethodName::new("set_description");
pub(crate) const SET_SEARCH: MethodName = MethodName::new("set_search_status");

/// An image to use as the icon.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct IconChange {
    /// `head_img_media_id`, from [`WeChatApp::upload_material`].
    pub media_id: String,
    /// `x1` and `y1`: the start of the visible part, as a fraction of width and height.
    pub from: (f64, f64),
    /// `x2` and `y2`: the end of the visible part.
    pub to: (f64, f64),
    /// Unmodelled fields, sent as they are.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl IconChange {
    /// Uses the whole image.
    #[must_use]
    pub fn new(media_id: impl Into<String>) -> Self {
        Self { media_id: media_id.into(), from: (0.0, 0.0), to: (1.0, 1.0), extra: Map::new() }
    }

    /// Uses a part of the image, given by x and y of two corners, each from 0 to 1.
    #[must_use]
    pub const fn cropped(mut self, from: (f64, f64), to: (f64, f64)) -> Self {
        (self.from, self.to) = (from, to);
        self
    }

    /// Adds an unmodelled field.
    #[must_use]
    pub fn with_extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(name.into(), value.into());
        self
    }

    fn corners(&self) -> [(&'static str, f64); 4] {
        [("x1", self.from.0), ("y1", self.from.1), ("x2", self.to.0), ("y2", self.to.1)]
    }

    pub(crate) fn check(&self) -> Result<()> {
        const OPERATION: &str = SET_ICON.as_str();
        REFUSE.required(OPERATION, "media_id", &self.media_id)?;
        for (name, share) in self.corners() {
            if !(0.0..=1.0).contains(&share) {
                return Err(REFUSE.invalid(OPERATION, name, format!("must be 0 to 1, is {share}")));
            }
        }
        for (name, from, to) in [("x2", self.from.0, self.to.0), ("y2", self.from.1, self.to.1)] {
            if to <= from {
                let rule = format!("must be greater than that of the first corner, {from}, is {to}");
                return Err(REFUSE.invalid(OPERATION, name, rule));
            }
        }
        Ok(())
    }

    fn body(&self) -> Result<Value> {
        self.check()?;
        let body = Body::new(SET_ICON.as_str()).with("head_img_media_id", self.media_id.as_str());
        self.corners()
            .into_iter()
            .fold(body, |body, (name, share)| body.with(name, share))
            .finish("", &self.extra)
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Description {
    pub(crate) text: String,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Search {
    pub(crate) status: SearchStatus,
}

/// [`WeChatApp::set_icon`](crate::WeChatApp::set_icon).
///
/// # Errors
/// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument) for a crop area that is not a part of the image.
pub fn set_icon(change: &IconChange) -> Result<Command> {
    // Checked before the arguments become JSON, which cannot represent values that are not numbers.
    change.check()?;
    kit::command(WECHAT, SET_ICON, change)
}

inherent_commands! { WECHAT;
    /// [`WeChatApp::set_description`](crate::WeChatApp::set_description).
    set_description(text: &str) = SET_DESCRIPTION, &Description { text: text.to_owned() };
    /// [`WeChatApp::set_search_status`](crate::WeChatApp::set_search_status).
    set_search_status(status: SearchStatus) = SET_SEARCH, &Search { status };
}

impl WeChatApp {
    /// Sets the icon: `modifyheadimage`. This uses up one of the month's changes.
    ///
    /// # Errors
    /// [`QuotaExhausted`](miniprogram_core::ErrorKind::QuotaExhausted) (53202), and those of any effect.
    pub async fn set_icon(&self, change: &IconChange) -> Result<Effect> {
        Ok(self.perform(set_icon(change)?).await?.into_unit())
    }

    /// Sets the description, 4 to 120 characters: `modifysignature`. This uses up one of the month's changes.
    ///
    /// # Errors
    /// [`QuotaExhausted`](miniprogram_core::ErrorKind::QuotaExhausted) (53200),
    /// [`ContentRejected`](miniprogram_core::ErrorKind::ContentRejected) (53201), and those of any effect.
    pub async fn set_description(&self, text: &str) -> Result<Effect> {
        Ok(self.perform(set_description(text)?).await?.into_unit())
    }

    /// Returns whether the vendor's search shows the app: `getwxasearchstatus`.
    ///
    /// # Errors
    /// The errors of any read.
    pub async fn search_status(&self) -> Result<Coded<SearchStatus>> {
        search_status(&self.begin("search_status").read(&search_call()).await?)
    }

    /// Sets whether the vendor's search shows the app: `changewxasearchstatus`.
    ///
    /// # Errors
    /// [`PermissionDenied`](miniprogram_core::ErrorKind::PermissionDenied) if the vendor has locked it (85083), and
    /// those of any effect.
    pub async fn set_search_status(&self, status: SearchStatus) -> Result<Effect> {
        Ok(self.perform(set_search_status(status)?).await?.into_unit())
    }
}

fn search_call() -> Call {
    Call::to(&endpoints::SEARCH_STATUS)
}

fn search_status(reply: &Reply) -> Result<Coded<SearchStatus>> {
    Ok(Coded::new(&SEARCH_STATUS, fields::of(reply).required("status", Fields::number)?))
}

pub(super) fn set_icon_plan(command: &InherentCommand) -> Result<Box<dyn EffectPlan>> {
    let change: IconChange = command.arguments()?;
    let call = Call::to(&endpoints::SET_ICON).with_json(&change.body()?);
    OneCall::new(EffectClass::OneShot, call)
        .changes(info::call(), info::shown, |before, now| {
            if now.icon.is_untold() {
                return Finding::Untold("head_image_info");
            }
            // The icon's URL does not identify the image.
            shown(match now.icon.counted_since(&before.icon) {
                Some(0) if now.icon.value == before.icon.value => Some(false),
                Some(1) => Some(true),
                _ => None,
            })
        })
        .boxed()
}

pub(super) fn set_description_plan(command: &InherentCommand) -> Result<Box<dyn EffectPlan>> {
    const OPERATION: &str = SET_DESCRIPTION.as_str();
    let Description { text } = command.arguments()?;
    REFUSE.characters(OPERATION, "text", &text, 4..=120)?;
    let call = Call::to(&endpoints::SET_DESCRIPTION).with_json(&json!({ "signature": text }));
    OneCall::new(EffectClass::OneShot, call)
        .changes(info::call(), info::shown, move |before, now| {
            if now.description.is_untold() {
                return Finding::Untold("signature_info");
            }
            shown(now.description.changed_to(&text, &before.description))
        })
        .boxed()
}

pub(super) fn set_search_status_plan(command: &InherentCommand) -> Result<Box<dyn EffectPlan>> {
    const OPERATION: &str = SET_SEARCH.as_str();
    let Search { status } = command.arguments()?;
    let Some(row) = SEARCH_STATUS.rows().iter().find(|row| row.status == status) else {
        let rule = format!("must be searchable or hidden, is {status}");
        return Err(REFUSE.invalid(OPERATION, "status", rule));
    };
    let call = Call::to(&endpoints::SET_SEARCH_STATUS).with_json(&json!({ "status": row.code.as_number() }));
    OneCall::new(EffectClass::Set, call)
        .shown_by(search_call(), search_status, move |now| match now.value {
            SearchStatus::Unknown => Finding::Unknowable,
            now => shown(Some(now == status)),
        })
        .boxed()
}

/// Maps whether the effect is visible, is not visible, or cannot be determined to a finding.
fn shown(done: Option<bool>) -> Finding {
    match done {
        Some(true) => Finding::Done(EffectValue::None),
        Some(false) => Finding::Absent,
        None => Finding::Unknowable,
    }
}
