//! The permission to read users' phone numbers.
//!
//! Source: document 003, "申请获取用户手机号". Its samples spell the paths `moblieauth` and send labels; its tables and
//! Baidu's SDKs use the paths and numbers used here.

use miniprogram_core::vendor_api::MethodName;
use miniprogram_core::vendor_api::kit::{Inherent, OneCall};
use miniprogram_core::vendor_api::pipeline::{Call, EffectClass, EffectPlan, Fields, Finding, Reply};
use miniprogram_core::{Code, Effect, EffectValue, RawStatus, Result, Subject, inherent_commands};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::BAIDU;
use crate::client::BaiduApp;
use crate::endpoints;
use crate::values::{PHONE_PERMISSION, PhonePermission, PhonePermissionReason, PhonePermissionScene};
use crate::{REFUSE, form, reply};

pub(crate) const APPLY_PHONE_PERMISSION: MethodName = MethodName::new("apply_phone_permission");
pub(crate) const CANCEL_PHONE_PERMISSION: MethodName = MethodName::new("cancel_phone_permission");

/// The changes of the permission.
pub(crate) const EFFECTS: &[Inherent] = &[
    Inherent::new(APPLY_PHONE_PERMISSION, |command| apply(command.arguments()?)),
    Inherent::new(CANCEL_PHONE_PERMISSION, |_| cancel()),
];

/// The state of the permission to read users' phone numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PhonePermissionState {
    /// The status.
    pub status: PhonePermission,
    /// The number behind the status.
    pub raw_status: RawStatus,
    /// The reason for a refusal; may be present with another status too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// All unmodelled fields, by Baidu's names.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Value>,
}

/// A request for the permission, with its reason.
///
/// ```
/// use baidu_smartapp::PhonePermissionRequest;
/// use baidu_smartapp::values::{PhonePermissionReason, PhonePermissionScene};
///
/// let request = PhonePermissionRequest::new(
///     PhonePermissionReason::DeliveryContact,
///     PhonePermissionScene::OnlineShopping,
///     "订单配送时联系收货人：下单页点击获取手机号，用户同意后填入联系方式",
///     "https://mbs1.bdstatic.com/searchbox/mappconsole/image/20191224/demo.png",
/// );
/// assert_eq!(request.reason.as_wire(), "1");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PhonePermissionRequest {
    /// Why the app needs phone numbers.
    pub reason: PhonePermissionReason,
    /// Where the app uses them.
    pub scene: PhonePermissionScene,
    /// How the app uses them, step by step; at most 500 characters.
    pub description: String,
    /// An image that shows it: a URL returned by [`upload_image`](crate::BaiduPlatform::upload_image).
    pub demo_image_url: String,
    /// Unmodelled fields, sent as they are.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl PhonePermissionRequest {
    /// Creates a request.
    #[must_use]
    pub fn new(
        reason: PhonePermissionReason,
        scene: PhonePermissionScene,
        description: impl Into<String>,
        demo_image_url: impl Into<String>,
    ) -> Self {
        Self {
            reason,
            scene,
            description: description.into(),
            demo_image_url: demo_image_url.into(),
            extra: Map::new(),
        }
    }

    /// Adds an unmodelled field.
    #[must_use]
    pub fn with_extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(name.into(), value.into());
        self
    }
}

inherent_commands! { BAIDU;
    /// [`BaiduApp::apply_phone_permission`](crate::BaiduApp::apply_phone_permission).
    apply_phone_permission(request: &PhonePermissionRequest) = APPLY_PHONE_PERMISSION, request;
    /// [`BaiduApp::cancel_phone_permission`](crate::BaiduApp::cancel_phone_permission).
    cancel_phone_permission() = CANCEL_PHONE_PERMISSION, &();
}

impl BaiduApp {
    /// Returns the state of the permission to read users' phone numbers.
    ///
    /// Source: document 003, "查询手机号权限状态".
    ///
    /// # Errors
    /// The errors of any read.
    pub async fn phone_permission(&self) -> Result<PhonePermissionState> {
        let mut op = self.pipeline.begin(&self.app, "phone_permission");
        PhonePermissionState::read(&op.read(&query()).await?)
    }

    /// Requests the permission to read users' phone numbers. The verdict is pushed.
    ///
    /// After a lost response the effect is done if the permission's status has changed. While an earlier request is
    /// pending, the two are indistinguishable: the outcome stays unknown and nothing is sent again.
    ///
    /// Source: document 003, "申请手机号权限".
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument) for a description that is empty or too long,
    /// and those of any effect.
    pub async fn apply_phone_permission(&self, request: &PhonePermissionRequest) -> Result<Effect> {
        Ok(self.perform(apply_phone_permission(request)?).await?.into_unit())
    }

    /// Gives up the permission.
    ///
    /// Source: document 003, "取消手机号权限".
    ///
    /// # Errors
    /// The errors of any effect.
    pub async fn cancel_phone_permission(&self) -> Result<Effect> {
        Ok(self.perform(cancel_phone_permission()?).await?.into_unit())
    }
}

/// `app/get/mobileauthstatus`.
fn query() -> Call {
    Call::to(&endpoints::PHONE_PERMISSION)
}

impl PhonePermissionState {
    fn read(reply: &Reply) -> Result<Self> {
        let mut state = reply::fields(reply)?;
        let (status, raw_status) = PHONE_PERMISSION.translate(state.required("status", Fields::number)?);
        Ok(Self { status, raw_status, reason: state.text("reason"), extra: state.rest() })
    }
}

/// The permission, as an intent stores it.
#[derive(Debug, Serialize, Deserialize)]
struct Seen {
    status: Code,
}

impl Seen {
    fn read(reply: &Reply) -> Result<Self> {
        Ok(Self { status: PhonePermissionState::read(reply)?.raw_status.code })
    }

    fn permission(&self) -> PhonePermission {
        PHONE_PERMISSION.translate(self.status.clone()).0
    }
}

/// `app/apply/mobileauth`.
fn apply(request: PhonePermissionRequest) -> Result<Box<dyn EffectPlan>> {
    const OPERATION: &str = APPLY_PHONE_PERMISSION.as_str();
    REFUSE.required(OPERATION, "scene_desc", &request.description)?;
    REFUSE.characters(OPERATION, "scene_desc", &request.description, 1..=500)?;
    REFUSE.required(OPERATION, "scene_demo", &request.demo_image_url)?;
    let taken = &["reason", "used_scene", "scene_desc", "scene_demo"];
    let extra = form::extra(OPERATION, &request.extra, taken)?;
    let mut fields: form::Fields = vec![
        ("reason".into(), request.reason.as_wire().to_owned()),
        ("used_scene".into(), request.scene.as_wire().to_owned()),
        ("scene_desc".into(), request.description),
        ("scene_demo".into(), request.demo_image_url),
    ];
    fields.extend(extra);
    let call = Call::to(&endpoints::APPLY_PHONE_PERMISSION).with_form(fields);
    OneCall::new(EffectClass::OneShot, call)
        .changes(query(), Seen::read, |before, now| match (before.permission(), now.permission()) {
            // Our request is indistinguishable from an earlier pending one, and so are their verdicts.
            (PhonePermission::Pending, _) => Finding::Unknowable,
            _ if before.status == now.status => Finding::Absent,
            (_, PhonePermission::Pending | PhonePermission::Granted | PhonePermission::Refused) => {
                Finding::Done(EffectValue::None)
            }
            _ => Finding::Unknowable,
        })
        .boxed()
}

/// `app/cancel/mobileauth`.
fn cancel() -> Result<Box<dyn EffectPlan>> {
    OneCall::new(EffectClass::Set, Call::to(&endpoints::CANCEL_PHONE_PERMISSION).with_form(Vec::new()))
        .shown_by(query(), Seen::read, |now| match now.permission() {
            PhonePermission::Cancelled => Finding::Done(EffectValue::None),
            PhonePermission::Pending | PhonePermission::Granted | PhonePermission::Refused => Finding::Absent,
            _ => Finding::Pending,
        })
        .boxed()
}
