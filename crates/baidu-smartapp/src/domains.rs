//! The domains that an app may connect to, and those that it may show as web pages.
//!
//! Every request contains its `action`: without one Baidu adds all domains that the platform has registered.
//!
//! Source: document 003, "设置小程序服务器域名" and "设置小程序业务域名".

use std::collections::{BTreeMap, BTreeSet};

use miniprogram_core::vendor_api::MethodName;
use miniprogram_core::vendor_api::endpoint::Endpoint;
use miniprogram_core::vendor_api::kit::{Inherent, OneCall};
use miniprogram_core::vendor_api::pipeline::{Call, EffectClass, EffectPlan, Fields, Finding, Reply};
use miniprogram_core::{Effect, EffectValue, Result, Subject, inherent_commands};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::BAIDU;
use crate::client::BaiduApp;
use crate::values::DomainAction;
use crate::{REFUSE, endpoints, form, reply};

pub(crate) const CHANGE_SERVER_DOMAINS: MethodName = MethodName::new("change_server_domains");
pub(crate) const CHANGE_WEB_VIEW_DOMAINS: MethodName = MethodName::new("change_web_view_domains");

/// The changes of domains.
pub(crate) const EFFECTS: &[Inherent] = &[
    Inherent::new(CHANGE_SERVER_DOMAINS, |command| change_server_domains_plan(command.arguments()?)),
    Inherent::new(CHANGE_WEB_VIEW_DOMAINS, |command| change_web_view_domains_plan(command.arguments()?)),
];

/// The code for deleting a domain that is not set.
const NOT_SET: i64 = 470_017;
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

inherent_commands! { BAIDU;
    /// [`BaiduApp::change_server_domains`](crate::BaiduApp::change_server_domains).
    change_server_domains(change: &DomainChange) = CHANGE_SERVER_DOMAINS, change;
    /// [`BaiduApp::change_web_view_domains`](crate::BaiduApp::change_web_view_domains).
    change_web_view_domains(change: &WebViewDomainChange) = CHANGE_WEB_VIEW_DOMAINS, change;
}

impl BaiduApp {
    /// Returns the domains that the app may connect to.
    ///
    /// Source: document 003, "设置小程序服务器域名", `action` `get`.
    ///
    /// # Errors
    /// The errors of any read.
    pub async fn server_domains(&self) -> Result<ServerDomains> {
        let mut op = self.pipeline.begin(&self.app, SERVER.endpoint.name());
        of_servers(&op.read(&SERVER.get()).await?)
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
        Ok(self.perform(change_server_domains(change)?).await?.into_unit())
    }

    /// Returns the domains that the app may show as web pages.
    ///
    /// Source: document 003, "设置小程序业务域名", `action` `get`.
    ///
    /// # Errors
    /// The errors of any read.
    pub async fn web_view_domains(&self) -> Result<Vec<String>> {
        let mut op = self.pipeline.begin(&self.app, WEB_VIEW.endpoint.name());
        of_web_view(&op.read(&WEB_VIEW.get()).await?)
    }

    /// Changes the domains that the app may show as web pages; otherwise like
    /// [`change_server_domains`](Self::change_server_domains).
    ///
    /// Source: document 003, "设置小程序业务域名".
    ///
    /// # Errors
    /// Those of `change_server_domains`.
    pub async fn change_web_view_domains(&self, change: &WebViewDomainChange) -> Result<Effect> {
        Ok(self.perform(change_web_view_domains(change)?).await?.into_unit())
    }
}

/// Splits texts that each join several domains by commas.
fn split(texts: Vec<String>) -> Vec<String> {
    let domains = texts.iter().flat_map(|text| text.split(',')).map(str::trim);
    domains.filter(|domain| !domain.is_empty()).map(str::to_owned).collect()
}

/// The domains of a change by the names of their fields, in the order of the form.
type Kinds = Vec<(&'static str, Vec<String>)>;

/// The domains that a read shows, by the names of their fields.
type Shown = BTreeMap<String, Vec<String>>;

fn owned((field, domains): (&'static str, Vec<String>)) -> (String, Vec<String>) {
    (field.to_owned(), domains)
}

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
        return Err(reply.protocol("is missing").with_field("data"));
    }
    if !matches!(data, Value::Null | Value::String(_) | Value::Array(_)) {
        return Err(reply
            .protocol("is neither domains joined by commas nor a list of them")
            .with_field("data"));
    }
    let mut shown = Fields::new(reply, "", Map::from_iter([("data".to_owned(), data)]));
    Ok(split(shown.texts("data")?))
}

/// One of the two kinds of lists.
struct Lists {
    change: MethodName,
    endpoint: &'static Endpoint,
    shown: fn(&Reply) -> Result<Shown>,
}

const SERVER: Lists = Lists {
    change: CHANGE_SERVER_DOMAINS,
    endpoint: &endpoints::SERVER_DOMAINS,
    shown: |reply| Ok(of_servers(reply)?.into_kinds().into_iter().map(owned).collect()),
};

const WEB_VIEW: Lists = Lists {
    change: CHANGE_WEB_VIEW_DOMAINS,
    endpoint: &endpoints::WEB_VIEW_DOMAINS,
    shown: |reply| Ok(Shown::from([owned((WEB_VIEW_FIELD, of_web_view(reply)?))])),
};

/// `app/modifydomain`.
fn change_server_domains_plan(change: DomainChange) -> Result<Box<dyn EffectPlan>> {
    SERVER.changed(change.action, change.domains.into_kinds(), &change.extra)
}

/// `app/modifywebviewdomain`.
fn change_web_view_domains_plan(change: WebViewDomainChange) -> Result<Box<dyn EffectPlan>> {
    WEB_VIEW.changed(change.action, vec![(WEB_VIEW_FIELD, change.domains)], &change.extra)
}

impl Lists {
    /// Builds a read of the domains.
    fn get(&self) -> Call {
        let action = DomainAction::Get.as_wire().to_owned();
        Call::to(self.endpoint).with_form(vec![("action".into(), action)])
    }

    /// Builds the plan of a change.
    fn changed(
        &self,
        action: DomainAction,
        mut kinds: Kinds,
        extra: &Map<String, Value>,
    ) -> Result<Box<dyn EffectPlan>> {
        let operation = self.change.as_str();
        if action == DomainAction::Get {
            return Err(REFUSE.invalid(operation, "action", "must be add, delete or set"));
        }
        let taken: Vec<_> = kinds.iter().map(|(field, _)| *field).chain(["action"]).collect();
        kinds.retain(|(_, domains)| !domains.is_empty());
        if kinds.is_empty() {
            return Err(REFUSE.invalid(operation, "domains", "must contain at least one domain"));
        }
        for (field, domains) in &kinds {
            REFUSE.listed(operation, field, domains)?;
            if let Some(why) = domains.iter().find_map(|domain| fault(domain)) {
                return Err(REFUSE.invalid(operation, *field, why));
            }
        }
        let mut fields: form::Fields = vec![("action".into(), action.as_wire().to_owned())];
        fields.extend(kinds.iter().map(|(field, domains)| ((*field).into(), domains.join(","))));
        fields.extend(form::extra(operation, extra, &taken)?);
        let call = Call::to(self.endpoint).with_form(fields);
        let class = if action == DomainAction::Delete { EffectClass::Guarded } else { EffectClass::Set };
        let names: Vec<_> = kinds.iter().map(|(field, _)| *field).collect();
        // An empty string may mean that no domain is left, or nothing at all: no change blocks the next one.
        let change = OneCall::new(class, call)
            .shown_by(self.get(), self.shown, move |shown| judge(action, &kinds, &shown))
            .told_unless(move |reply| untold(reply, &names))
            .harmless();
        match action {
            DomainAction::Delete => change.done_already_unless_shown(NOT_SET, EffectValue::None).boxed(),
            _ => change.boxed(),
        }
    }
}

/// Returns the first kind of the change that a read does not report. An empty list in place of the kinds means that
/// none are set.
fn untold(reply: &Reply, kinds: &[&'static str]) -> Option<&'static str> {
    match reply.json.get("data") {
        Some(Value::Array(_)) => None,
        Some(Value::String(text)) if !text.trim().is_empty() => None,
        Some(Value::Object(shown)) => {
            let blank = |value: &Value| value.as_str().is_some_and(|text| text.trim().is_empty());
            let tells = |field: &str| shown.get(field).is_some_and(|value| !value.is_null() && !blank(value));
            kinds.iter().copied().find(|field| !tells(field))
        }
        _ => Some("data"),
    }
}

fn judge(action: DomainAction, wanted: &Kinds, shown: &Shown) -> Finding {
    let done = wanted.iter().all(|(field, wanted)| {
        let shown = comparable(shown.get(*field).map_or(&[], Vec::as_slice));
        let wanted = comparable(wanted);
        match action {
            DomainAction::Add => shown.is_superset(&wanted),
            DomainAction::Delete => shown.is_disjoint(&wanted),
            _ => shown == wanted,
        }
    });
    if done { Finding::Done(EffectValue::None) } else { Finding::Absent }
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
