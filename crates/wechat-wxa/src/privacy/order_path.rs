use std::fmt;

use miniprogram_core::vendor_api::pipeline::{Call, EffectClass, EffectPlan, Fields};
use miniprogram_core::vendor_api::{InherentCommand, MethodName};
use miniprogram_core::{AppId, Effect, Result, Secret, Subject, Timestamp, inherent_commands};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use serde_with::skip_serializing_none;

use crate::REFUSE;
use crate::WECHAT;
use crate::body::Body;
use crate::client::{WeChatApp, WeChatPlatform};
use crate::endpoints;
use crate::fields;
use crate::values::{Coded, ORDER_PATH, OrderPathKind, ReviewStatus};
use miniprogram_core::vendor_api::kit::OneCall;

pub(crate) const APPLY: MethodName = MethodName::new("apply_order_path");

/// The page of an app that shows orders.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OrderPath {
    /// `path`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub path: Option<String>,
    /// `status`: the state of its review.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<Coded<ReviewStatus>>,
    /// `img_list`: images that show it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub images: Vec<String>,
    /// `video`: a video that shows it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub video: Option<String>,
    /// `test_account`: the account with which reviewers log in.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub test_account: Option<String>,
    /// `test_pwd`: its password; not serialized.
    #[serde(skip)]
    pub test_password: Option<Secret>,
    /// `test_remark`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub test_remark: Option<String>,
    /// `apply_time`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub applied_at: Option<Timestamp>,
    /// All other fields, as the vendor sent them.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

/// An application for the page on which several apps show orders. `Debug` hides the password, but its JSON, including
/// that in a journal, contains it in plain text, so give the reviewers an account that is worth nothing.
#[skip_serializing_none]
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OrderPathRequest {
    /// `path`.
    pub path: String,
    /// `appid_list`: the apps.
    pub apps: Vec<AppId>,
    /// `img_list`: media ids of images that show it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub images: Vec<String>,
    /// `video`: the media id of a video that shows it.
    pub video: Option<String>,
    /// `test_account`: the account with which reviewers log in.
    pub test_account: Option<String>,
    /// `test_pwd`: its password.
    pub test_password: Option<String>,
    /// `test_remark`.
    pub test_remark: Option<String>,
    /// Unmodelled fields, sent as they are inside `batch_req`.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl fmt::Debug for OrderPathRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OrderPathRequest")
            .field("path", &self.path)
            .field("apps", &self.apps)
            .field("images", &self.images)
            .field("video", &self.video)
            .field("test_account", &self.test_account)
            .field("test_password", &self.test_password.as_ref().map(|_| "[redacted]"))
            .field("test_remark", &self.test_remark)
            .field("extra", &self.extra)
            .finish()
    }
}

impl OrderPathRequest {
    /// Creates an application for a page of several apps.
    #[must_use]
    pub fn new<A: Into<AppId>>(path: impl Into<String>, apps: impl IntoIterator<Item = A>) -> Self {
        Self {
            path: path.into(),
            apps: apps.into_iter().map(Into::into).collect(),
            images: Vec::new(),
            video: None,
            test_account: None,
            test_password: None,
            test_remark: None,
            extra: Map::new(),
        }
    }

    /// Adds media ids of images that show it.
    #[must_use]
    pub fn with_images<T: Into<String>>(mut self, media: impl IntoIterator<Item = T>) -> Self {
        self.images.extend(media.into_iter().map(Into::into));
        self
    }

    /// Sets the media id of a video that shows it.
    #[must_use]
    pub fn with_video(mut self, media_id: impl Into<String>) -> Self {
        self.video = Some(media_id.into());
        self
    }

    /// Sets the account with which reviewers log in.
    #[must_use]
    pub fn with_test_account(mut self, account: impl Into<String>, password: impl Into<String>) -> Self {
        (self.test_account, self.test_password) = (Some(account.into()), Some(password.into()));
        self
    }

    /// Sets a remark for the reviewers.
    #[must_use]
    pub fn with_test_remark(mut self, remark: impl Into<String>) -> Self {
        self.test_remark = Some(remark.into());
        self
    }

    /// Adds an unmodelled field.
    #[must_use]
    pub fn with_extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(name.into(), value.into());
        self
    }

    fn body(&self) -> Result<Value> {
        REFUSE.required(APPLY.as_str(), "path", &self.path)?;
        if self.apps.is_empty() {
            return Err(REFUSE.invalid(APPLY.as_str(), "apps", "must name at least one app"));
        }
        let apps: Vec<&str> = self.apps.iter().map(AppId::as_str).collect();
        let body = Body::new(APPLY.as_str())
            .with("path", self.path.as_str())
            .with("appid_list", apps)
            .with_some("img_list", Some(self.images.clone()).filter(|images| !images.is_empty()))
            .with_some("video", self.video.as_deref())
            .with_some("test_account", self.test_account.as_deref())
            .with_some("test_pwd", self.test_password.as_deref())
            .with_some("test_remark", self.test_remark.as_deref())
            .finish("", &self.extra)?;
        Ok(json!({ "batch_req": body }))
    }
}

inherent_commands! { WECHAT;
    /// [`WeChatPlatform::apply_order_path`](crate::WeChatPlatform::apply_order_path).
    apply_order_path(request: &OrderPathRequest) = APPLY, request;
}

impl WeChatApp {
    /// Returns the page on which the app shows orders, either the one in use or the one in review:
    /// `getorderpathinfo`.
    ///
    /// # Errors
    /// [`NotFound`](miniprogram_core::ErrorKind::NotFound) if there is no such page (61041), and those of any read.
    pub async fn order_path(&self, kind: OrderPathKind) -> Result<OrderPath> {
        const OPERATION: &str = "order_path";
        let call = Call::to(&endpoints::ORDER_PATH).with_query("info_type", kind.as_wire());
        let reply = self.begin(OPERATION).read(&call).await?;
        let mut fields = fields::of(&reply).required("msg", Fields::object)?;
        Ok(OrderPath {
            path: fields.text("path"),
            status: fields.coded("status", &ORDER_PATH),
            images: fields.texts("img_list")?,
            video: fields.text("video"),
            test_account: fields.text("test_account"),
            test_password: fields.text("test_pwd").map(Secret::from),
            test_remark: fields.text("test_remark"),
            applied_at: fields.time("apply_time"),
            extra: fields.rest(),
        })
    }
}

impl WeChatPlatform {
    /// Applies for the page on which several apps show orders: `applysetorderpathinfo`. The result for each app is
    /// pushed. No query of the platform shows it: after a lost response the outcome stays unknown until the push or
    /// each app's [`order_path`](WeChatApp::order_path) reports it.
    ///
    /// # Errors
    /// The errors of any effect.
    pub async fn apply_order_path(&self, request: &OrderPathRequest) -> Result<Effect> {
        Ok(self.perform(apply_order_path(request)?).await?.into_unit())
    }
}

pub(super) fn apply(command: &InherentCommand) -> Result<Box<dyn EffectPlan>> {
    let request: OrderPathRequest = command.arguments()?;
    let call = Call::to(&endpoints::APPLY_ORDER_PATH).with_json(&request.body()?);
    OneCall::new(EffectClass::OneShot, call.with_platform_token()).boxed()
}
