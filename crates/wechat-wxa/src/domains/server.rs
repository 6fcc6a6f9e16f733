use std::collections::BTreeMap;

use miniprogram_core::vendor_api::endpoint::Endpoint;
use miniprogram_core::vendor_api::pipeline::{Call, EffectClass, EffectPlan, Fields, Reply, VendorRefusal};
use miniprogram_core::vendor_api::{InherentCommand, MethodName};
use miniprogram_core::{Code, Effect, Error, Result, Subject, inherent_commands};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{bare, check_domains, standing, verdict};
use crate::body::Body;
use crate::client::WeChatApp;
use crate::codes::ERRCODE;
use crate::dialect::whole;
use crate::endpoints;
use crate::fields;
use crate::values::{DomainAction, ServerDomainKind};
use crate::{REFUSE, WECHAT};
use miniprogram_core::vendor_api::kit::{OneCall, effect_value};

pub(crate) const CHANGE: MethodName = MethodName::new("change_server_domains");
pub(crate) const CHANGE_DIRECTLY: MethodName = MethodName::new("change_server_domains_directly");

/// Maximum number of domains of one kind per app.
const MOST_OF_A_KIND: usize = 200;

/// The servers that an app may reach, by the interface that reaches them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ServerDomains {
    /// `requestdomain`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub request: Vec<String>,
    /// `wsrequestdomain`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub ws_request: Vec<String>,
    /// `uploaddomain`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub upload: Vec<String>,
    /// `downloaddomain`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub download: Vec<String>,
    /// `udpdomain`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub udp: Vec<String>,
    /// `tcpdomain`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub tcp: Vec<String>,
    /// All other fields, as the vendor sent them.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl ServerDomains {
    /// Returns the domains of one kind.
    #[must_use]
    pub fn of(&self, kind: ServerDomainKind) -> &[String] {
        match kind {
            ServerDomainKind::Request => &self.request,
            ServerDomainKind::WsRequest => &self.ws_request,
            ServerDomainKind::Upload => &self.upload,
            ServerDomainKind::Download => &self.download,
            ServerDomainKind::Udp => &self.udp,
            ServerDomainKind::Tcp => &self.tcp,
        }
    }

    /// Whether there are no domains.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        ServerDomainKind::ALL.iter().all(|kind| self.of(*kind).is_empty())
    }

    /// Reads the six lists; their field names may have a prefix.
    pub(super) fn read(fields: &mut Fields<'_>, prefix: &str) -> Result<Self> {
        let mut list = |kind: ServerDomainKind| fields.texts(&format!("{prefix}{}", kind.as_wire()));
        Ok(Self {
            request: list(ServerDomainKind::Request)?,
            ws_request: list(ServerDomainKind::WsRequest)?,
            upload: list(ServerDomainKind::Upload)?,
            download: list(ServerDomainKind::Download)?,
            udp: list(ServerDomainKind::Udp)?,
            tcp: list(ServerDomainKind::Tcp)?,
            extra: Map::new(),
        })
    }

    /// Reads the lists, and puts all remaining fields into `extra`.
    pub(super) fn whole(fields: &mut Fields<'_>) -> Result<Self> {
        let domains = Self::read(fields, "")?;
        Ok(Self { extra: fields.rest(), ..domains })
    }
}

/// A change of the servers that an app may reach. A kind that is not named is left unchanged.
///
/// ```
/// use wechat_wxa::DomainChange;
/// use wechat_wxa::values::ServerDomainKind;
///
/// let change = DomainChange::add()
///     .with(ServerDomainKind::Request, ["https://api.example.com"])
///     .with(ServerDomainKind::WsRequest, ["wss://push.example.com"]);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DomainChange {
    /// Add, delete or set.
    pub action: DomainAction,
    /// The domains by kind.
    pub domains: BTreeMap<ServerDomainKind, Vec<String>>,
    /// Unmodelled fields, sent as they are.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl DomainChange {
    /// Adds to the configured domains.
    #[must_use]
    pub fn add() -> Self {
        Self::new(DomainAction::Add)
    }

    /// Deletes from the configured domains.
    #[must_use]
    pub fn delete() -> Self {
        Self::new(DomainAction::Delete)
    }

    /// Replaces the configured domains, kind by kind; a kind that is named without domains is cleared.
    #[must_use]
    pub fn set() -> Self {
        Self::new(DomainAction::Set)
    }

    fn new(action: DomainAction) -> Self {
        Self { action, domains: BTreeMap::new(), extra: Map::new() }
    }

    /// Adds domains of one kind.
    #[must_use]
    pub fn with<D: Into<String>>(
        mut self,
        kind: ServerDomainKind,
        domains: impl IntoIterator<Item = D>,
    ) -> Self {
        self.domains.entry(kind).or_default().extend(domains.into_iter().map(Into::into));
        self
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
        let none = self.domains.values().all(Vec::is_empty);
        if self.domains.is_empty() || (none && self.action != DomainAction::Set) {
            return Err(REFUSE.invalid(operation, "domains", "must name at least one domain"));
        }
        let mut body = Body::new(operation).with("action", self.action.as_wire());
        for kind in ServerDomainKind::ALL {
            let domains = self.domains.get(kind);
            if let Some(domains) = domains {
                let field = format!("domains.{kind}");
                check_domains(operation, &field, domains)?;
                if domains.len() > MOST_OF_A_KIND {
                    let rule =
                        format!("must contain at most {MOST_OF_A_KIND} domains, has {}", domains.len());
                    return Err(REFUSE.invalid(operation, field, rule));
                }
                if let Some(at) = domains.iter().position(|domain| bare(domain) == "api.weixin.qq.com") {
                    let rule = "must not be api.weixin.qq.com: only servers may call that";
                    return Err(REFUSE.invalid(operation, format!("{field}[{at}]"), rule));
                }
            }
            body = body.with_some(kind.as_wire(), domains.cloned());
        }
        body.finish("", &self.extra)
    }
}

/// The servers that an app may reach after a change.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DomainResult {
    /// All of them.
    pub domains: ServerDomains,
    /// `invalid_…`: the domains that break the vendor's rules and were omitted.
    #[serde(skip_serializing_if = "ServerDomains::is_empty", default)]
    pub invalid: ServerDomains,
    /// `no_icp_domain`: the domains without an ICP filing, also omitted.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub no_icp: Vec<String>,
}

impl DomainResult {
    /// Creates a result of which only the domains are known.
    #[must_use]
    pub fn new(domains: ServerDomains) -> Self {
        Self { domains, ..Self::default() }
    }

    /// Reads the response to a change or to `action` `get`; a refusal that names domains becomes an error that names
    /// them.
    fn read(reply: &Reply) -> Result<Self> {
        let mut fields = fields::of(reply);
        let mut result = Self {
            domains: ServerDomains::read(&mut fields, "")?,
            invalid: ServerDomains::read(&mut fields, "invalid_")?,
            no_icp: fields.texts("no_icp_domain")?,
        };
        match reply.json.get("errcode").and_then(whole) {
            Some(code) if code != 0 => return Err(result.refusal(code, reply)),
            _ => {}
        }
        result.domains.extra = fields.rest();
        Ok(result)
    }

    fn refusal(&self, code: i64, reply: &Reply) -> Error {
        let mut faults = Vec::new();
        for kind in ServerDomainKind::ALL {
            let invalid = self.invalid.of(*kind);
            if !invalid.is_empty() {
                faults.push(format!("invalid {kind} domains: {}", invalid.join(", ")));
            }
        }
        if !self.no_icp.is_empty() {
            faults.push(format!("domains without an ICP filing: {}", self.no_icp.join(", ")));
        }
        let code = Code::Number(code);
        let words = reply.json.get("errmsg").and_then(Value::as_str).unwrap_or_default();
        let row = ERRCODE.find(&code, Some(reply.operation));
        let refusal = VendorRefusal::new(code, words.to_owned(), row).with_fields(fields::of(reply).copy());
        let error = reply.refused(refusal, WECHAT);
        if faults.is_empty() { error } else { error.with_detail(faults.join("; ")) }
    }
}

inherent_commands! { WECHAT;
    /// [`WeChatApp::change_server_domains`](crate::WeChatApp::change_server_domains).
    change_server_domains(change: &DomainChange) = CHANGE, change;
    /// [`WeChatApp::change_server_domains_directly`](crate::WeChatApp::change_server_domains_directly).
    change_server_domains_directly(change: &DomainChange) = CHANGE_DIRECTLY, change;
}

impl WeChatApp {
    /// Returns the servers that the platform has set for the app: `modify_domain` with `action` `get`.
    ///
    /// # Errors
    /// The errors of any read.
    pub async fn server_domains(&self) -> Result<ServerDomains> {
        Ok(DomainResult::read(
            &self.begin("server_domains").read(&get_call(&endpoints::SERVER_DOMAINS)).await?,
        )?
        .domains)
    }

    /// Changes the servers that the platform has set for the app: `modify_domain`. Accepts domains that the platform
    /// has registered, 200 of each kind, 50 changes a month.
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument) for domains that break the rules, with the
    /// domains in the error's detail (85301, 85303); [`Conflict`](miniprogram_core::ErrorKind::Conflict) for domains
    /// that are already set, not registered with the platform or without an ICP filing; and those of any effect.
    pub async fn change_server_domains(&self, change: &DomainChange) -> Result<Effect<DomainResult>> {
        self.perform(change_server_domains(change)?).await?.into_inherent(CHANGE.as_str())
    }

    /// Changes the app's own domains, separate from those of the platform: `modify_domain_directly`, which accepts
    /// domains that the platform has not registered.
    ///
    /// # Errors
    /// Those of [`change_server_domains`](Self::change_server_domains).
    pub async fn change_server_domains_directly(
        &self,
        change: &DomainChange,
    ) -> Result<Effect<DomainResult>> {
        self.perform(change_server_domains_directly(change)?).await?.into_inherent(CHANGE_DIRECTLY.as_str())
    }
}

fn get_call(endpoint: &'static Endpoint) -> Call {
    Call::to(endpoint).with_json(&json!({ "action": DomainAction::Get.as_wire() }))
}

pub(super) fn change(command: &InherentCommand) -> Result<Box<dyn EffectPlan>> {
    changing(CHANGE, &endpoints::SERVER_DOMAINS, command)
}

pub(super) fn change_directly(command: &InherentCommand) -> Result<Box<dyn EffectPlan>> {
    changing(CHANGE_DIRECTLY, &endpoints::SERVER_DOMAINS_DIRECTLY, command)
}

fn changing(
    method: MethodName,
    endpoint: &'static Endpoint,
    command: &InherentCommand,
) -> Result<Box<dyn EffectPlan>> {
    let change: DomainChange = command.arguments()?;
    let call = Call::to(endpoint).with_json(&change.body(method.as_str())?);
    let class = if change.action == DomainAction::Delete { EffectClass::Guarded } else { EffectClass::Set };
    let kinds: Vec<&'static str> = change.domains.keys().map(|kind| kind.as_wire()).collect();
    OneCall::new(class, call)
        .sets(get_call(endpoint), DomainResult::read, move |before, now| {
            let before = before.unwrap_or(&now);
            let standings = change.domains.iter().map(|(kind, given)| {
                standing(change.action, given, before.domains.of(*kind), now.domains.of(*kind))
            });
            verdict(standings, || effect_value(&now))
        })
        .told_by(kinds)
        .yielding(|reply| Ok(effect_value(&DomainResult::read(reply)?)))
        .harmless()
        .boxed()
}
