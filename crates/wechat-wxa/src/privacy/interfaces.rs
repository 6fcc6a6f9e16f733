use miniprogram_core::vendor_api::pipeline::{Call, EffectClass, EffectPlan, Fields, Finding, Reply};
use miniprogram_core::vendor_api::{InherentCommand, MethodName};
use miniprogram_core::{AuditId, Effect, Result, Subject, Timestamp, effect_fields, inherent_commands};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;

use crate::REFUSE;
use crate::WECHAT;
use crate::body::Body;
use crate::client::WeChatApp;
use crate::endpoints;
use crate::fields;
use crate::values::{Coded, PRIVACY_INTERFACE, PrivacyInterfaceStatus};
use miniprogram_core::vendor_api::kit::{OneCall, effect_value};

pub(crate) const APPLY: MethodName = MethodName::new("apply_privacy_interface");

/// An interface that reads users' data and requires permission.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PrivacyInterface {
    /// `api_name`, such as `wx.getLocation`.
    pub api_name: String,
    /// `status`: whether the app may use it, if the vendor reports it.
    pub status: Option<Coded<PrivacyInterfaceStatus>>,
    /// `api_ch_name`: its name in Chinese.
    pub chinese_name: Option<String>,
    /// `api_desc`.
    pub description: Option<String>,
    /// `apply_time`.
    pub applied_at: Option<Timestamp>,
    /// `audit_id`: the last application.
    pub audit_id: Option<AuditId>,
    /// `fail_reason`: why it was refused.
    pub fail_reason: Option<String>,
    /// `api_link`: the interface's page.
    pub link: Option<String>,
    /// `group_name`.
    pub group_name: Option<String>,
    /// All other fields, as the vendor sent them.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl PrivacyInterface {
    /// Creates an interface of which only name and status are known.
    #[must_use]
    pub fn new(api_name: impl Into<String>, status: Coded<PrivacyInterfaceStatus>) -> Self {
        Self {
            api_name: api_name.into(),
            status: Some(status),
            chinese_name: None,
            description: None,
            applied_at: None,
            audit_id: None,
            fail_reason: None,
            link: None,
            group_name: None,
            extra: Map::new(),
        }
    }

    fn read(fields: &mut Fields<'_>) -> Result<Self> {
        Ok(Self {
            api_name: fields.required("api_name", Fields::text)?,
            status: fields.compared("status", |fields, name| fields.coded(name, &PRIVACY_INTERFACE))?,
            chinese_name: fields.text("api_ch_name"),
            description: fields.text("api_desc"),
            applied_at: fields.time("apply_time"),
            audit_id: audit_id(fields),
            fail_reason: fields.text("fail_reason"),
            link: fields.text("api_link"),
            group_name: fields.text("group_name"),
            extra: fields.rest(),
        })
    }
}

/// An id of 0 means that there is no application.
fn audit_id(fields: &mut Fields<'_>) -> Option<AuditId> {
    fields.id("audit_id")
}

/// An application for such an interface.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PrivacyInterfaceRequest {
    /// `api_name`.
    pub api_name: String,
    /// `content`: the purpose.
    pub content: String,
    /// `url_list`: addresses of pages that show it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub urls: Vec<String>,
    /// `pic_list`: media ids of images that show it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub pictures: Vec<String>,
    /// `video_list`: media ids of videos that show it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub videos: Vec<String>,
    /// Unmodelled fields, sent as they are.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl PrivacyInterfaceRequest {
    /// Creates an application.
    #[must_use]
    pub fn new(api_name: impl Into<String>, content: impl Into<String>) -> Self {
        Self {
            api_name: api_name.into(),
            content: content.into(),
            urls: Vec::new(),
            pictures: Vec::new(),
            videos: Vec::new(),
            extra: Map::new(),
        }
    }

    /// Adds addresses of pages that show it.
    #[must_use]
    pub fn with_urls<T: Into<String>>(mut self, urls: impl IntoIterator<Item = T>) -> Self {
        self.urls.extend(urls.into_iter().map(Into::into));
        self
    }

    /// Adds media ids of images that show it.
    #[must_use]
    pub fn with_pictures<T: Into<String>>(mut self, media: impl IntoIterator<Item = T>) -> Self {
        self.pictures.extend(media.into_iter().map(Into::into));
        self
    }

    /// Adds media ids of videos that show it.
    #[must_use]
    pub fn with_videos<T: Into<String>>(mut self, media: impl IntoIterator<Item = T>) -> Self {
        self.videos.extend(media.into_iter().map(Into::into));
        self
    }

    /// Adds an unmodelled field.
    #[must_use]
    pub fn with_extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(name.into(), value.into());
        self
    }

    fn body(&self) -> Result<Value> {
        REFUSE.required(APPLY.as_str(), "api_name", &self.api_name)?;
        REFUSE.required(APPLY.as_str(), "content", &self.content)?;
        let some = |list: &Vec<String>| Some(list.clone()).filter(|list| !list.is_empty());
        Body::new(APPLY.as_str())
            .with("api_name", self.api_name.as_str())
            .with("content", self.content.as_str())
            .with_some("url_list", some(&self.urls))
            .with_some("pic_list", some(&self.pictures))
            .with_some("video_list", some(&self.videos))
            .finish("", &self.extra)
    }
}

/// An application that was submitted; its verdict is pushed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PrivacyApplication {
    /// `audit_id`.
    pub audit_id: AuditId,
    /// All other fields, as the vendor sent them.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

effect_fields! { PrivacyApplication }

impl PrivacyApplication {
    /// Creates an application of which only the id is known.
    #[must_use]
    pub fn new(audit_id: AuditId) -> Self {
        Self { audit_id, extra: Map::new() }
    }
}

inherent_commands! { WECHAT;
    /// [`WeChatApp::apply_privacy_interface`](crate::WeChatApp::apply_privacy_interface).
    apply_privacy_interface(request: &PrivacyInterfaceRequest) = APPLY, request;
}

impl WeChatApp {
    /// Returns the interfaces that require permission, and whether the app has it: `get_privacy_interface`.
    ///
    /// # Errors
    /// The errors of any read.
    pub async fn privacy_interfaces(&self) -> Result<Vec<PrivacyInterface>> {
        interfaces(&self.begin("privacy_interfaces").read(&interfaces_call()).await?)
    }

    /// Applies for one of them: `apply_privacy_interface`.
    ///
    /// # Errors
    /// [`Conflict`](miniprogram_core::ErrorKind::Conflict) for an interface that needs no application (61035), and
    /// those of any effect.
    pub async fn apply_privacy_interface(
        &self,
        request: &PrivacyInterfaceRequest,
    ) -> Result<Effect<PrivacyApplication>> {
        self.perform(apply_privacy_interface(request)?).await?.into_inherent(APPLY.as_str())
    }
}

fn interfaces_call() -> Call {
    Call::to(&endpoints::PRIVACY_INTERFACES)
}

fn interfaces(reply: &Reply) -> Result<Vec<PrivacyInterface>> {
    fields::of(reply).each_of("interface_list", PrivacyInterface::read)
}

/// The parts of an interface that show an application for it.
#[derive(PartialEq, Serialize, Deserialize)]
struct Applied {
    api_name: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    status: Option<i64>,
    audit_id: Option<AuditId>,
}

fn applications(reply: &Reply) -> Result<Vec<Applied>> {
    let applied = |interface: PrivacyInterface| Applied {
        api_name: interface.api_name,
        status: interface.status.and_then(|status| status.raw.code.as_number()),
        audit_id: interface.audit_id,
    };
    Ok(interfaces(reply)?.into_iter().map(applied).collect())
}

pub(super) fn apply(command: &InherentCommand) -> Result<Box<dyn EffectPlan>> {
    let request: PrivacyInterfaceRequest = command.arguments()?;
    let call = Call::to(&endpoints::APPLY_PRIVACY_INTERFACE).with_json(&request.body()?);
    OneCall::new(EffectClass::Guarded, call)
        .changes(interfaces_call(), applications, move |before, now| {
            let is_ours = |applied: &&Applied| applied.api_name == request.api_name;
            let (before, now) = (before.iter().find(is_ours), now.iter().find(is_ours));
            if before == now {
                return Finding::Absent;
            }
            let known = before.and_then(|before| before.audit_id.as_ref());
            match now.and_then(|now| now.audit_id.as_ref()) {
                Some(id) if Some(id) != known => {
                    Finding::Done(effect_value(&PrivacyApplication::new(id.clone())))
                }
                // The verdict on an earlier application, or an application without an id.
                _ => Finding::Unknowable,
            }
        })
        .told_by(["interface_list[].api_name", "interface_list[].status"])
        .yielding(|reply| {
            let mut fields = fields::of(reply);
            let audit_id = fields.required("audit_id", |fields, _| audit_id(fields))?;
            Ok(effect_value(&PrivacyApplication { audit_id, extra: fields.rest() }))
        })
        .boxed()
}
