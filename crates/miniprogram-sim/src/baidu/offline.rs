//! Apps taken offline, closed to traffic or ordered to rectify, and how each ends.

use miniprogram_core::{AppId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::profile::Change;
use super::state::{Account, Status};
use super::{BdScene, BdView, Step, Verdict, push, reviews};
use crate::call::{Content, Refusal};
use crate::error::SimError;
use crate::verdict::ReviewItem;
use crate::world::{self, World};

/// Why Baidu takes an app offline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ForcedOffline {
    /// The reason.
    #[serde(default)]
    pub reason: String,
    /// What is at fault.
    pub fault: OfflineFault,
    /// The basic information at fault; empty if only the package is.
    #[serde(default)]
    pub illegal_fields: Vec<IllegalField>,
}

impl ForcedOffline {
    /// A reason without fields at fault.
    #[must_use]
    pub fn new(fault: OfflineFault, reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), fault, illegal_fields: Vec::new() }
    }

    /// Adds a field at fault.
    #[must_use]
    pub fn with_illegal_field(mut self, field: IllegalField) -> Self {
        self.illegal_fields.push(field);
        self
    }

    /// Joined as in the documents.
    pub(super) fn fields(&self) -> String {
        self.illegal_fields.iter().map(|field| field.as_wire()).collect::<Vec<_>>().join(",")
    }
}

/// What is at fault when Baidu takes an app offline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OfflineFault {
    /// Name, image or description.
    BasicInformation = 1,
    /// The package.
    Package = 2,
    /// Both.
    Both = 3,
}

/// Basic information that is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IllegalField {
    /// The name.
    Name,
    /// The image.
    Icon,
    /// The description.
    Description,
}

impl IllegalField {
    fn as_wire(self) -> &'static str {
        match self {
            Self::Name => "appName",
            Self::Icon => "photoAddr",
            Self::Description => "appDesc",
        }
    }
}

/// All parameters are optional; the simulator requires at least one.
pub(super) fn update(view: &BdView<'_>) -> Verdict {
    let given = |name: &str| view.call.param(name).filter(|value| !value.is_empty()).map(str::to_owned);
    let (name, description, icon) = (given("app_name"), given("app_desc"), given("photo_addr"));
    if name.is_none() && description.is_none() && icon.is_none() {
        return Err(Refusal::code(40001));
    }
    let images = [icon.clone(), given("app_name_material")];
    if images.iter().flatten().any(|image| !view.platform.baidu.knows_images(image)) {
        return Err(Refusal::code(47008));
    }
    let offline = view.state.profile.offline.as_ref();
    if offline.is_none_or(|offline| offline.fault == OfflineFault::Package) {
        return Err(Refusal::code(40045));
    }
    reviews::check_open(view, ReviewItem::OfflineUpdate)?;
    Step::effect(move |scene: &mut BdScene<'_>| {
        let id = reviews::submit(scene, Change::OfflineUpdate { name, description, icon });
        json!({ "examine_id": id }).into()
    })
}

pub(super) fn apply_recovery(view: &BdView<'_>) -> Verdict {
    let length = view.call.param("audit_desc").map_or(0, |text| text.chars().count());
    if !(1..=100).contains(&length) {
        return Err(Refusal::code(40001));
    }
    let state = view.state;
    let approved = state.packages.iter().any(|package| package.status == Status::Approved);
    if state.online.is_none() && !approved {
        return Err(Refusal::code(40032));
    }
    if !state.profile.traffic_closed {
        return Err(Refusal::code(40045));
    }
    reviews::check_open(view, ReviewItem::Recovery)?;
    Step::effect(|scene: &mut BdScene<'_>| {
        reviews::submit(scene, Change::Recovery);
        Content::Done
    })
}

/// A measure that Baidu takes on its own.
pub(crate) enum Measure {
    ForceOffline(ForcedOffline),
    CloseTraffic,
    RequireRectification,
    /// The account's legal subject changes, which cancels the permission for phone numbers.
    ChangeSubject,
}

impl Measure {
    /// Applies it; returns the event to push and its content, if any.
    fn apply(self, account: &mut Account) -> Option<(&'static str, Value)> {
        let profile = &mut account.profile;
        Some(match self {
            Self::ForceOffline(offline) => {
                let mut extra = json!({ "reason": offline.reason, "offlineReason": offline.fault as i64 });
                if offline.fault != OfflineFault::Package {
                    extra["illegalFields"] = json!(offline.fields());
                }
                profile.offline = Some(offline);
                ("APP_FORCE_OFFLINE", extra)
            }
            Self::CloseTraffic => {
                profile.traffic_closed = true;
                ("FLOW_CLOSE_NOTIFY", json!({}))
            }
            Self::RequireRectification => {
                profile.rectification = true;
                ("TIME_LIMIT_RECTIFY_NOTIFY", json!({}))
            }
            Self::ChangeSubject => {
                if !profile.phone.status.is_held() {
                    return None;
                }
                profile.cancel_phone_permission();
                ("APP_MOBILE_AUTH_CANCEL", json!({ "reson": "主体信息变更" }))
            }
        })
    }
}

/// Applies a measure to an app and pushes it.
pub(crate) fn enforce(
    world: &mut World,
    app_id: &AppId,
    measure: Measure,
    now: Timestamp,
) -> Result<(), SimError> {
    let app = world.apps.get_mut(app_id).ok_or_else(|| SimError::UnknownApp(app_id.clone()))?;
    let world::Account::Baidu(account) = &mut app.account else {
        return Err(SimError::Unsupported(app_id.clone(), "this measure"));
    };
    if let Some((event, extra)) = measure.apply(account) {
        let platform_id = &world.settings.baidu_callback.platform_id;
        let push = push::notice(app_id, platform_id, event, extra, now);
        world.send(push, now);
    }
    Ok(())
}
