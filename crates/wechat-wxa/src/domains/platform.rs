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
use crate::client::WeChatPlatform;
use crate::endpoints;
use crate::fields;
use crate::values::DomainAction;
use miniprogram_core::vendor_api::kit::{OneCall, effect_value};

pub(crate) const CHANGE: MethodName = MethodName::new("change_platform_server_domains");
pub(crate) const CHANGE_WEB_VIEW: MethodName = MethodName::new("change_platform_web_view_domains");

/// Maximum number of server domains that a platform can register.
const MOST_SERVER_DOMAINS: usize = 1000;

/// One of the two lists of a platform.
#[derive(Clone, Copy)]
struct List {
    endpoint: &'static Endpoint,
    /// The field that carries it; responses prefix it with `published_`, `testing_` and `invalid_`.
    field: &'static str,
    published: &'static str,
    testing: &'static str,
    invalid: &'static str,
    most: Option<usize>,
    read: fn(&Reply) -> Result<PlatformDomains>,
}

const SERVER: List = List {
    endpoint: &endpoints::PLATFORM_SERVER_DOMAINS,
    field: "wxa_server_domain",
    published: "published_wxa_server_domain",
    testing: "testing_wxa_server_domain",
    invalid: "invalid_wxa_server_domain",
    most: Some(MOST_SERVER_DOMAINS),
    read: |reply| PlatformDomains::read(&SERVER, reply),
};

const WEB_VIEW: List = List {
    endpoint: &endpoints::PLATFORM_WEB_VIEW_DOMAINS,
    field: "wxa_jump_h5_domain",
    published: "published_wxa_jump_h5_domain",
    testing: "testing_wxa_jump_h5_domain",
    invalid: "invalid_wxa_jump_h5_domain",
    most: None,
    read: |reply| PlatformDomains::read(&WEB_VIEW, reply),
};

/// The domains that a platform has registered for its apps.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PlatformDomains {
    /// The domains of the published platform.
    #[serde(default)]
    pub published: Vec<String>,
    /// The domains of the platform under test.
    #[serde(default)]
    pub testing: Vec<String>,
    /// The domains of the change that break the vendor's rules and were omitted.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub invalid: Vec<String>,
    /// All other fields, as the vendor sent them.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl PlatformDomains {
    /// Creates the lists of the published platform and of the one under test.
    #[must_use]
    pub fn new(published: Vec<String>, testing: Vec<String>) -> Self {
        Self { published, testing, invalid: Vec::new(), extra: Map::new() }
    }

    fn read(list: &List, reply: &Reply) -> Result<Self> {
        let mut fields = fields::of(reply);
        // An empty list is absent.
        let mut split = |name: &str| -> Vec<String> {
            let text = fields.text(name).unwrap_or_default();
            let domains = text.split(';').map(str::trim).filter(|domain| !domain.is_empty());
            domains.map(str::to_owned).collect()
        };
        Ok(Self {
            published: split(list.published),
            testing: split(list.testing),
            invalid: split(list.invalid),
            extra: fields.rest(),
        })
    }
}

/// A change of the domains that a platform has registered for its apps; domains are written without a protocol.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PlatformDomainChange {
    /// Add, delete or set.
    pub action: DomainAction,
    /// The domains.
    pub domains: Vec<String>,
    /// `is_modify_published_together`: whether the published platform changes with the one under test.
    pub published_together: bool,
    /// Unmodelled fields, sent as they are.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl PlatformDomainChange {
    /// Adds to the registered domains.
    #[must_use]
    pub fn add<D: Into<String>>(domains: impl IntoIterator<Item = D>) -> Self {
        Self::new(DomainAction::Add, domains)
    }

    /// Deletes from the registered domains.
    #[must_use]
    pub fn delete<D: Into<String>>(domains: impl IntoIterator<Item = D>) -> Self {
        Self::new(DomainAction::Delete, domains)
    }

    /// Replaces the registered domains.
    #[must_use]
    pub fn set<D: Into<String>>(domains: impl IntoIterator<Item = D>) -> Self {
        Self::new(DomainAction::Set, domains)
    }

    fn new<D: Into<String>>(action: DomainAction, domains: impl IntoIterator<Item = D>) -> Self {
        let domains = domains.into_iter().map(Into::into).collect();
        Self { action, domains, published_together: false, extra: Map::new() }
    }

    /// Also changes the published platform.
    #[must_use]
    pub const fn published_together(mut self) -> Self {
        self.published_together = true;
        self
    }

    /// Adds an unmodelled field.
    #[must_use]
    pub fn with_extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(name.into(), value.into());
        self
    }

    fn body(&self, operation: &'static str, list: &List) -> Result<Value> {
        if self.action == DomainAction::Get {
            return Err(REFUSE.invalid(operation, "action", "must be add, delete or set, is get"));
        }
        if self.domains.is_empty() {
            return Err(REFUSE.invalid(operation, "domains", "must name at least one domain"));
        }
        check_domains(operation, "domains", &self.domains)?;
        if let Some(at) = self.domains.iter().position(|domain| domain.contains("://")) {
            let rule = "must have no protocol, such as api.example.com";
            return Err(REFUSE.invalid(operation, format!("domains[{at}]"), rule));
        }
        if let Some(at) = self.domains.iter().position(|domain| domain.contains(';')) {
            let rule = "must be one domain: give each its own item instead of `;`";
            return Err(REFUSE.invalid(operation, format!("domains[{at}]"), rule));
        }
        if let Some(most) = list.most.filter(|most| self.domains.len() > *most) {
            let rule = format!("must contain at most {most} domains, has {}", self.domains.len());
            return Err(REFUSE.invalid(operation, "domains", rule));
        }
        Body::new(operation)
            .with("action", self.action.as_wire())
            .with("is_modify_published_together", self.published_together)
            .with(list.field, self.domains.join(";"))
            .finish("", &self.extra)
    }
}

inherent_commands! { WECHAT;
    /// [`WeChatPlatform::change_platform_server_domains`](crate::WeChatPlatform::change_platform_server_domains).
    change_platform_server_domains(change: &PlatformDomainChange) = CHANGE, change;
    /// [`WeChatPlatform::change_platform_web_view_domains`](crate::WeChatPlatform::change_platform_web_view_domains).
    change_platform_web_view_domains(change: &PlatformDomainChange) = CHANGE_WEB_VIEW, change;
}

impl WeChatPlatform {
    /// Returns the servers that the platform has registered for its apps: `modify_wxa_server_domain` with `action`
    /// `get`.
    ///
    /// # Errors
    /// The errors of any read.
    pub async fn platform_server_domains(&self) -> Result<PlatformDomains> {
        self.registered(&SERVER).await
    }

    /// Changes the registered servers: `modify_wxa_server_domain`. At most 1000 domains, 50 changes a month.
    ///
    /// # Errors
    /// The errors of any effect.
    pub async fn change_platform_server_domains(
        &self,
        change: &PlatformDomainChange,
    ) -> Result<Effect<PlatformDomains>> {
        self.perform(change_platform_server_domains(change)?).await?.into_inherent(CHANGE.as_str())
    }

    /// Returns the domains whose pages the platform has registered for its apps: `modify_wxa_jump_domain` with
    /// `action` `get`.
    ///
    /// # Errors
    /// The errors of any read.
    pub async fn platform_web_view_domains(&self) -> Result<PlatformDomains> {
        self.registered(&WEB_VIEW).await
    }

    /// Changes these domains: `modify_wxa_jump_domain`. 50 changes a month.
    ///
    /// # Errors
    /// The errors of any effect.
    pub async fn change_platform_web_view_domains(
        &self,
        change: &PlatformDomainChange,
    ) -> Result<Effect<PlatformDomains>> {
        self.perform(change_platform_web_view_domains(change)?).await?.into_inherent(CHANGE_WEB_VIEW.as_str())
    }

    /// Returns the file that proves ownership of a domain: `get_domain_confirmfile`.
    ///
    /// # Errors
    /// The errors of any read.
    pub async fn platform_check_file(&self) -> Result<CheckFile> {
        const OPERATION: &str = "platform_check_file";
        let call = Call::to(&endpoints::PLATFORM_CHECK_FILE).with_json(&json!({}));
        CheckFile::read(&self.begin(OPERATION).read(&call.with_platform_token()).await?)
    }

    async fn registered(&self, list: &List) -> Result<PlatformDomains> {
        (list.read)(&self.begin(list.endpoint.name()).read(&get_call(list)).await?)
    }
}

fn get_call(list: &List) -> Call {
    let body = json!({ "action": DomainAction::Get.as_wire() });
    Call::to(list.endpoint).with_json(&body).with_platform_token()
}

pub(super) fn change(command: &InherentCommand) -> Result<Box<dyn EffectPlan>> {
    changing(CHANGE, &SERVER, command)
}

pub(super) fn change_web_view(command: &InherentCommand) -> Result<Box<dyn EffectPlan>> {
    changing(CHANGE_WEB_VIEW, &WEB_VIEW, command)
}

fn changing(
    method: MethodName,
    list: &'static List,
    command: &InherentCommand,
) -> Result<Box<dyn EffectPlan>> {
    let change: PlatformDomainChange = command.arguments()?;
    let body = change.body(method.as_str(), list)?;
    let call = Call::to(list.endpoint).with_json(&body).with_platform_token();
    let class = if change.action == DomainAction::Delete { EffectClass::Guarded } else { EffectClass::Set };
    let published = change.published_together.then_some(list.published);
    OneCall::new(class, call)
        .sets(get_call(list), list.read, move |before, now| {
            let before = before.unwrap_or(&now);
            let stands =
                |before: &[String], now: &[String]| standing(change.action, &change.domains, before, now);
            let mut standings = vec![stands(&before.testing, &now.testing)];
            if change.published_together {
                standings.push(stands(&before.published, &now.published));
            }
            verdict(standings, || effect_value(&now))
        })
        .told_by([list.testing].into_iter().chain(published))
        .yielding(move |reply| Ok(effect_value(&(list.read)(reply)?)))
        .harmless()
        .boxed()
}
