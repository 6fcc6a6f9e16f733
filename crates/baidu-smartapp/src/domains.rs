//! The domains that an app may connect to, and those that it may show as web pages.
//!
//! Every request contains its `action`: without one Baidu adds all domains that the platform has registered.
//!
//! Source: document 003, "设置小程序服务器域名" and "设置小程序业务域名".

use std::collections::BTreeSet;

use async_trait::async_trait;
use miniprogram_core::Subject;
use miniprogram_core::pipeline::{AfterRefusal, Call, EffectClass, EffectPlan, Fields, Finding, Op, Reply};
use miniprogram_core::{Code, Effect, EffectValue, Error, Intent, MethodName, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::client::BaiduApp;
use crate::commands;
use crate::form;
use crate::values::DomainAction;
use crate::{BAIDU, refuse, reply};

pub(crate) const CHANGE_SERVER_DOMAINS: MethodName = MethodName::new("change_server_domains");
pub(crate) const CHANGE_WEB_VIEW_DOMAINS: MethodName = MethodName::new("change_web_view_domains");

const SERVER_PATH: &str = "/rest/2.0/smartapp/app/modifydomain";
const WEB_VIEW_PATH: &str = "/rest/2.0/smartapp/app/modifywebviewdomain";
/// The code for deleting a domain that is not set.
const NOT_SET: Code = Code::Number(470_017);
const WEB_VIEW_FIELD: &str = "web_view_domain";

/// The domains that an app may connect to, each with its protocol, such as `https://www.example.com`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ServerDomains {
    /// For requests (`request_domain`).
    #[serde(default)]
    pub request: Vec<String>,
    /// For sockets (`socket_domain`).
    #[serde(default)]
    pub socket: Vec<String>,
    /// For downloads (`download_domain`).
    #[serde(default)]
    pub download: Vec<String>,
    /// For uploads (`upload_domain`).
    #[serde(default)]
    pub upload: Vec<String>,
    /// All other fields that Baidu returned, by its names. A change does not send them.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl ServerDomains {
    /// Creates an empty set of domains.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a domain for requests.
    #[must_use]
    pub fn with_request(mut self, domain: impl Into<String>) -> Self {
        self.request.push(domain.into());
        self
    }

    /// Adds a domain for sockets.
    #[must_use]
    pub fn with_socket(mut self, domain: impl Into<String>) -> Self {
        self.socket.push(domain.into());
        self
    }

    /// Adds a domain for downloads.
    #[must_use]
    pub fn with_download(mut self, domain: impl Into<String>) -> Self {
        self.download.push(domain.into());
        self
    }

    /// Adds a domain for uploads.
    #[must_use]
    pub fn with_upload(mut self, domain: impl Into<String>) -> Self {
        self.upload.push(domain.into());
        self
    }

    /// Returns the kinds of domains, by the names of their fields.
    fn into_kinds(self) -> Kinds {
        vec![
            ("request_domain", self.request),
            ("socket_domain", self.socket),
            ("download_domain", self.download),
            ("upload_domain", self.upload),
        ]
    }
}

/// A change of the domains that an app may connect to: at least one domain added, deleted or set.
///
/// ```
/// use baidu_smartapp::{DomainChange, ServerDomains};
///
/// let change = DomainChange::add(ServerDomains::new().with_request("https://api.example.com"));
/// assert_eq!(change.action().as_wire(), "add");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DomainChange {
    action: DomainAction,
    /// The domains.
    pub domains: ServerDomains,
    /// Unmodelled fields, sent as they are.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

/// A change of the domains that an app may show as web pages: at least one domain added, deleted or set.
///
/// ```
/// use baidu_smartapp::WebViewDomainChange;
///
/// let change = WebViewDomainChange::set(["https://www.example.com"]);
/// assert_eq!(change.action().as_wire(), "set");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WebViewDomainChange {
    action: DomainAction,
    /// The domains.
    pub domains: Vec<String>,
    /// Unmodelled fields, sent as they are.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

/// Implements what both kinds of change have in common.
macro_rules! change {
    ($name:ident, $given:ident: $domains:ty, $domains_of:expr) => {
        impl $name {
            /// Adds to the configured domains.
            #[must_use]
            pub fn add($given: $domains) -> Self {
                Self { action: DomainAction::Add, domains: $domains_of, extra: Map::new() }
            }

            /// Deletes from the configured domains.
            #[must_use]
            pub fn delete($given: $domains) -> Self {
                Self { action: DomainAction::Delete, domains: $domains_of, extra: Map::new() }
            }

            /// Replaces the configured domains.
            #[must_use]
            pub fn set($given: $domains) -> Self {
                Self { action: DomainAction::Set, domains: $domains_of, extra: Map::new() }
            }

            /// Returns the operation on the domains.
            #[must_use]
            pub const fn action(&self) -> DomainAction {
                self.action
            }

            /// Adds an unmodelled field.
            #[must_use]
            pub fn with_extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
                self.extra.insert(name.into(), value.into());
                self
            }
        }
    };
}

change!(DomainChange, domains: ServerDomains, domains);
change!(
    WebViewDomainChange,
    domains: impl IntoIterator<Item = impl Into<String>>,
    domains.into_iter().map(Into::into).collect()
);

impl BaiduApp {
    /// Returns the domains that the app may connect to.
    ///
    /// Source: document 003, "设置小程序服务器域名", `action` `get`.
    ///
    /// # Errors
    /// The errors of any read.
    pub async fn server_domains(&self) -> Result<ServerDomains> {
        const OPERATION: &str = "server_domains";
        let mut op = self.pipeline.begin(&self.app, OPERATION);
        of_servers(&op.read(&get(OPERATION, SERVER_PATH)).await?)
    }

    /// Changes the domains that the app may connect to. They must be registered with the platform, or be subdomains
    /// of a registered one. Set them before submitting a package: that submission deletes the app's own domains.
    ///
    /// Uses up one of a limited number of changes; Baidu does not publish the limit.
    ///
    /// Source: document 003, "设置小程序服务器域名".
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument) if there is no domain, or for a domain
    /// without a protocol or with a user, [`QuotaExhausted`](miniprogram_core::ErrorKind::QuotaExhausted) when no
    /// change is left, [`Conflict`](miniprogram_core::ErrorKind::Conflict) for a domain that is not registered or,
    /// when deleting, not set, and those of any effect.
    pub async fn change_server_domains(&self, change: &DomainChange) -> Result<Effect> {
        Ok(self.perform(commands::change_server_domains(change)?).await?.into_unit())
    }

    /// Returns the domains that the app may show as web pages.
    ///
    /// Source: document 003, "设置小程序业务域名", `action` `get`.
    ///
    /// # Errors
    /// The errors of any read.
    pub async fn web_view_domains(&self) -> Result<Vec<String>> {
        const OPERATION: &str = "web_view_domains";
        let mut op = self.pipeline.begin(&self.app, OPERATION);
        of_web_view(&op.read(&get(OPERATION, WEB_VIEW_PATH)).await?)
    }

    /// Changes the domains that the app may show as web pages; otherwise like
    /// [`change_server_domains`](Self::change_server_domains).
    ///
    /// Source: document 003, "设置小程序业务域名".
    ///
    /// # Errors
    /// Those of `change_server_domains`.
    pub async fn change_web_view_domains(&self, change: &WebViewDomainChange) -> Result<Effect> {
        Ok(self.perform(commands::change_web_view_domains(change)?).await?.into_unit())
    }
}

/// Builds a read of the domains.
fn get(operation: &'static str, path: &'static str) -> Call {
    let action = DomainAction::Get.as_wire().to_owned();
    Call::post_form(operation, path, vec![("action".into(), action)])
}

/// Splits texts that each join several domains by commas.
fn split(texts: Vec<String>) -> Vec<String> {
    let domains = texts.iter().flat_map(|text| text.split(',')).map(str::trim);
    domains.filter(|domain| !domain.is_empty()).map(str::to_owned).collect()
}

/// Domains by the names of their fields.
type Kinds = Vec<(&'static str, Vec<String>)>;

fn of_servers(reply: &Reply) -> Result<ServerDomains> {
    let mut shown = reply::lists(reply)?;
    Ok(ServerDomains {
        request: split(shown.texts("request_domain")?),
        socket: split(shown.texts("socket_domain")?),
        download: split(shown.texts("download_domain")?),
        upload: split(shown.texts("upload_domain")?),
        extra: shown.rest(),
    })
}

fn of_web_view(reply: &Reply) -> Result<Vec<String>> {
    let data = reply.json.get("data").cloned().unwrap_or_default();
    if data.is_null() && reply.is_compared() {
        return Err(reply::odd(reply, "data", "is missing"));
    }
    if !matches!(data, Value::Null | Value::String(_) | Value::Array(_)) {
        return Err(reply::odd(reply, "data", "is neither domains joined by commas nor a list of them"));
    }
    let mut shown = Fields::new(reply, BAIDU, "", Map::from_iter([("data".to_owned(), data)]));
    Ok(split(shown.texts("data")?))
}

/// A change of either kind.
#[derive(Debug)]
pub(crate) struct ChangeDomains {
    operation: &'static str,
    path: &'static str,
    action: DomainAction,
    /// The domains of the change; no kind is empty.
    kinds: Kinds,
    extra: form::Fields,
    /// Extracts the domains from a read's reply.
    shown: fn(&Reply) -> Result<Kinds>,
}

/// `app/modifydomain`.
pub(crate) fn change_server_domains(change: DomainChange) -> Result<ChangeDomains> {
    let shown = |reply: &Reply| of_servers(reply).map(ServerDomains::into_kinds);
    let kinds = change.domains.into_kinds();
    ChangeDomains::new(CHANGE_SERVER_DOMAINS, SERVER_PATH, change.action, kinds, &change.extra, shown)
}

/// `app/modifywebviewdomain`.
pub(crate) fn change_web_view_domains(change: WebViewDomainChange) -> Result<ChangeDomains> {
    let shown = |reply: &Reply| of_web_view(reply).map(|domains| vec![(WEB_VIEW_FIELD, domains)]);
    let kinds = vec![(WEB_VIEW_FIELD, change.domains)];
    ChangeDomains::new(CHANGE_WEB_VIEW_DOMAINS, WEB_VIEW_PATH, change.action, kinds, &change.extra, shown)
}

impl ChangeDomains {
    fn new(
        method: MethodName,
        path: &'static str,
        action: DomainAction,
        mut kinds: Kinds,
        extra: &Map<String, Value>,
        shown: fn(&Reply) -> Result<Kinds>,
    ) -> Result<Self> {
        let operation = method.as_str();
        let invalid = |field, why| Error::invalid(operation, field, why).for_vendor(BAIDU);
        if action == DomainAction::Get {
            return Err(invalid("action", "must be add, delete or set"));
        }
        let taken: Vec<_> = kinds.iter().map(|(field, _)| *field).chain(["action"]).collect();
        kinds.retain(|(_, domains)| !domains.is_empty());
        if kinds.is_empty() {
            return Err(invalid("domains", "must hold at least one domain"));
        }
        for (field, domains) in &kinds {
            refuse::listed(operation, field, domains)?;
            if let Some(why) = domains.iter().find_map(|domain| fault(domain)) {
                return Err(invalid(field, why));
            }
        }
        let extra = form::extra(operation, extra, &taken)?;
        Ok(Self { operation, path, action, kinds, extra, shown })
    }

    /// Returns the first kind of the change that a read does not report. An empty list in place of the kinds means
    /// that none are set.
    fn untold(&self, reply: &Reply) -> Option<&'static str> {
        match reply.json.get("data") {
            Some(Value::Array(_)) => None,
            Some(Value::String(text)) if !text.trim().is_empty() => None,
            Some(Value::Object(kinds)) => {
                let blank = |value: &Value| value.as_str().is_some_and(|text| text.trim().is_empty());
                let tells = |field| kinds.get(field).is_some_and(|value| !value.is_null() && !blank(value));
                self.kinds.iter().map(|(field, _)| *field).find(|field| !tells(*field))
            }
            _ => Some("data"),
        }
    }

    fn call(&self) -> Call {
        let mut fields: form::Fields = vec![("action".into(), self.action.as_wire().to_owned())];
        fields.extend(self.kinds.iter().map(|(field, domains)| ((*field).into(), domains.join(","))));
        fields.extend(self.extra.iter().cloned());
        Call::post_form(self.operation, self.path, fields)
    }
}

/// Returns what is wrong with a domain. Which protocols are allowed is for Baidu to decide: its documents disagree.
fn fault(domain: &str) -> Option<&'static str> {
    match domain.trim().split_once("://") {
        Some((protocol, host))
            if !host.is_empty()
                && !protocol.is_empty()
                && protocol.bytes().all(|byte| byte.is_ascii_alphanumeric()) =>
        {
            host.contains('@').then_some("must name no user and no password: it is a domain")
        }
        _ => Some("must begin with a protocol, such as https:// or wss://"),
    }
}

/// Normalizes domains for comparison: case and a trailing slash do not matter.
fn comparable(domains: &[String]) -> BTreeSet<String> {
    domains.iter().map(|domain| domain.trim().trim_end_matches('/').to_ascii_lowercase()).collect()
}

#[async_trait]
impl EffectPlan for ChangeDomains {
    fn class(&self) -> EffectClass {
        if self.action == DomainAction::Delete { EffectClass::Guarded } else { EffectClass::Set }
    }

    fn request(&self, _before: &Value) -> Result<Call> {
        Ok(self.call())
    }

    fn after_refusal(&self, _intent: &Intent, refusal: &Error) -> AfterRefusal {
        if self.action == DomainAction::Delete && refusal.code() == Some(&NOT_SET) {
            AfterRefusal::DoneUnlessShown(EffectValue::None)
        } else {
            AfterRefusal::Ask
        }
    }

    /// An empty string may mean that no domain is left, or nothing at all. Deleting a domain again is refused.
    fn bars_the_next(&self) -> bool {
        false
    }

    async fn look(&self, op: &mut Op<'_>, _intent: &Intent) -> Result<Finding> {
        let reply = op.read(&get(op.operation(), self.path)).await?;
        if let Some(field) = self.untold(&reply) {
            return Ok(Finding::Untold(field));
        }
        let shown = (self.shown)(&reply)?;
        let done = self.kinds.iter().all(|(field, wanted)| {
            let shown = shown.iter().find(|(name, _)| name == field);
            let shown = comparable(shown.map_or(&[], |(_, domains)| domains));
            let wanted = comparable(wanted);
            match self.action {
                DomainAction::Add => shown.is_superset(&wanted),
                DomainAction::Delete => shown.is_disjoint(&wanted),
                _ => shown == wanted,
            }
        });
        Ok(if done { Finding::Done(EffectValue::None) } else { Finding::Absent })
    }
}
