use miniprogram_core::vendor_api::endpoint::Endpoint;
use miniprogram_core::vendor_api::pipeline::{Call, EffectClass, EffectPlan, Reply};
use miniprogram_core::vendor_api::{InherentCommand, MethodName};
use miniprogram_core::{Effect, Result, Subject, inherent_commands};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{CheckFile, check_domains, standing, verdict};
use crate::REFUSE;
use crate::WECHAT;
use crate::body::Body;
use crate::client::WeChatApp;
use crate::endpoints;
use crate::fields;
use crate::values::DomainAction;
use miniprogram_core::vendor_api::kit::{OneCall, effect_value};

pub(crate) const CHANGE: MethodName = MethodName::new("change_web_view_domains");
pub(crate) const CHANGE_DIRECTLY: MethodName = MethodName::new("change_web_view_domains_directly");

/// A change of the domains whose pages an app may show. Without an action the vendor would add every domain of the
/// platform, so an action is always sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WebViewDomainChange {
    /// Add, delete or set.
    pub action: DomainAction,
    /// The domains.
    pub domains: Vec<String>,
    /// Unmodelled fields, sent as they are.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl WebViewDomainChange {
    /// Adds to the configured domains.
    #[must_use]
    pub fn add<D: Into<String>>(domains: impl IntoIterator<Item = D>) -> Self {
        Self::new(DomainAction::Add, domains)
    }

    /// Deletes from the configured domains.
    #[must_use]
    pub fn delete<D: Into<String>>(domains: impl IntoIterator<Item = D>) -> Self {
        Self::new(DomainAction::Delete, domains)
    }

    /// Replaces the configured domains; an empty list clears them.
    #[must_use]
    pub fn set<D: Into<String>>(domains: impl IntoIterator<Item = D>) -> Self {
        Self::new(DomainAction::Set, domains)
    }

    fn new<D: Into<String>>(action: DomainAction, domains: impl IntoIterator<Item = D>) -> Self {
        Self { action, domains: domains.into_iter().map(Into::into).collect(), extra: Map::new() }
    }

    /// Adds an unmodelled field.
    #[must_use]
    pub fn with_extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(name.into(), value.into());
        self
    }

    fn body(&self, operation: &'static str) -> Result<Value> {
        if self.action == DomainAction::Get {
            return Err(REFUSE.invalid(operation, "action", "must be add, delete or set, is get"));
        }
        if self.domains.is_empty() && self.action != DomainAction::Set {
            return Err(REFUSE.invalid(operation, "domains", "must name at least one domain"));
        }
        check_domains(operation, "domains", &self.domains)?;
        Body::new(operation)
            .with("action", self.action.as_wire())
            .with("webviewdomain", self.domains.clone())
            .finish("", &self.extra)
    }
}

/// The domains whose pages an app may show after a change.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WebViewDomainResult {
    /// `webviewdomain`: all of them, if the vendor reports them.
    pub domains: Vec<String>,
    /// All other fields, as the vendor sent them.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl WebViewDomainResult {
    /// Creates a result from the domains after a change.
    #[must_use]
    pub fn new(domains: Vec<String>) -> Self {
        Self { domains, extra: Map::new() }
    }

    fn read(reply: &Reply) -> Result<Self> {
        let mut fields = fields::of(reply);
        Ok(Self { domains: fields.texts("webviewdomain")?, extra: fields.rest() })
    }
}

inherent_commands! { WECHAT;
    /// [`WeChatApp::change_web_view_domains`](crate::WeChatApp::change_web_view_domains).
    change_web_view_domains(change: &WebViewDomainChange) = CHANGE, change;
    /// [`WeChatApp::change_web_view_domains_directly`](crate::WeChatApp::change_web_view_domains_directly).
    change_web_view_domains_directly(change: &WebViewDomainChange) = CHANGE_DIRECTLY, change;
}

impl WeChatApp {
    /// Returns the domains whose pages the app may show, as set by the platform: `setwebviewdomain` with `action`
    /// `get`.
    ///
    /// # Errors
    /// The errors of any read.
    pub async fn web_view_domains(&self) -> Result<Vec<String>> {
        let reply = self.begin("web_view_domains").read(&get_call(&endpoints::WEB_VIEW_DOMAINS)).await?;
        Ok(WebViewDomainResult::read(&reply)?.domains)
    }

    /// Changes these domains: `setwebviewdomain`. Accepts domains that the platform has registered.
    ///
    /// # Errors
    /// [`Conflict`](miniprogram_core::ErrorKind::Conflict) for domains that are already set or not registered with
    /// the platform, [`PermissionDenied`](miniprogram_core::ErrorKind::PermissionDenied) for an app owned by a
    /// person, and those of any effect.
    pub async fn change_web_view_domains(
        &self,
        change: &WebViewDomainChange,
    ) -> Result<Effect<WebViewDomainResult>> {
        self.perform(change_web_view_domains(change)?).await?.into_inherent(CHANGE.as_str())
    }

    /// Changes the app's own domains: `setwebviewdomain_directly`, which accepts domains that the platform has not
    /// registered.
    ///
    /// # Errors
    /// Those of [`change_web_view_domains`](Self::change_web_view_domains).
    pub async fn change_web_view_domains_directly(
        &self,
        change: &WebViewDomainChange,
    ) -> Result<Effect<WebViewDomainResult>> {
        self.perform(change_web_view_domains_directly(change)?).await?.into_inherent(CHANGE_DIRECTLY.as_str())
    }

    /// Returns the file that proves ownership of a domain, for
    /// [`change_web_view_domains_directly`](Self::change_web_view_domains_directly): `get_webviewdomain_confirmfile`.
    ///
    /// # Errors
    /// The errors of any read.
    pub async fn web_view_check_file(&self) -> Result<CheckFile> {
        const OPERATION: &str = "web_view_check_file";
        let call = Call::to(&endpoints::WEB_VIEW_CHECK_FILE).with_json(&json!({}));
        CheckFile::read(&self.begin(OPERATION).read(&call).await?)
    }
}

fn get_call(endpoint: &'static Endpoint) -> Call {
    Call::to(endpoint).with_json(&json!({ "action": DomainAction::Get.as_wire() }))
}

pub(super) fn change(command: &InherentCommand) -> Result<Box<dyn EffectPlan>> {
    changing(CHANGE, &endpoints::WEB_VIEW_DOMAINS, command)
}

pub(super) fn change_directly(command: &InherentCommand) -> Result<Box<dyn EffectPlan>> {
    changing(CHANGE_DIRECTLY, &endpoints::WEB_VIEW_DOMAINS_DIRECTLY, command)
}

fn changing(
    method: MethodName,
    endpoint: &'static Endpoint,
    command: &InherentCommand,
) -> Result<Box<dyn EffectPlan>> {
    let change: WebViewDomainChange = command.arguments()?;
    let call = Call::to(endpoint).with_json(&change.body(method.as_str())?);
    let class = if change.action == DomainAction::Delete { EffectClass::Guarded } else { EffectClass::Set };
    OneCall::new(class, call)
        .sets(get_call(endpoint), WebViewDomainResult::read, move |before, now| {
            let before = before.unwrap_or(&now);
            let standing = standing(change.action, &change.domains, &before.domains, &now.domains);
            verdict([standing], || effect_value(&now))
        })
        .told_by(["webviewdomain"])
        .yielding(|reply| Ok(effect_value(&WebViewDomainResult::read(reply)?)))
        .harmless()
        .boxed()
}
