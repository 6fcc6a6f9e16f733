use std::collections::BTreeMap;

use miniprogram_core::Subject;
use miniprogram_core::pipeline::{Call, EffectClass, EffectPlan, Fields, Reply};
use miniprogram_core::{
    Code, Effect, Error, InherentCommand, MethodName, Outcome, Result, Retry, VendorError, redact,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{bare, check_domains, standing, verdict};
use crate::body::Body;
use crate::client::WeChatApp;
use crate::codes::ERRCODE;
use crate::commands;
use crate::dialect::whole;
use crate::fields;
use crate::one_call::{OneCall, brought};
use crate::values::{DomainAction, ServerDomainKind};
use crate::{WECHAT, refuse};

pub(crate) const CHANGE: MethodName = MethodName::new("change_server_domains");
pub(crate) const CHANGE_DIRECTLY: MethodName = MethodName::new("change_server_domains_directly");

const MODIFY: &str = "/wxa/modify_domain";
const MODIFY_DIRECTLY: &str = "/wxa/modify_domain_directly";

/// Refusals whose answer names the domains at fault: the dialect lets them through, so that the lists are read.
pub(crate) const SERVER_DOMAIN_REFUSALS: [(&str, &[i64]); 2] =
    [(MODIFY, &[85301, 85302, 85303]), (MODIFY_DIRECTLY, &[85301, 85302, 85303])];

/// Domains of one kind that an app can have.
const MOST_OF_A_KIND: usize = 200;

/// The servers that an app may reach, by what it reaches them with.
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
    /// Every other member as the vendor sent it.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl ServerDomains {
    /// The domains of one kind.
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

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        ServerDomainKind::ALL.iter().all(|kind| self.of(*kind).is_empty())
    }

    /// The six lists; their members may have a prefix.
    pub(super) fn read(members: &mut Fields<'_>, prefix: &str) -> Result<Self> {
        let mut list = |kind: ServerDomainKind| members.texts(&format!("{prefix}{}", kind.as_wire()));
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

    /// The lists, and in `extra` all that is left of the members.
    pub(super) fn whole(members: &mut Fields<'_>) -> Result<Self> {
        let domains = Self::read(members, "")?;
        Ok(Self { extra: members.rest(), ..domains })
    }
}

/// A change of the servers that an app may reach. A kind that is not named stays as it is.
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
    /// Fields that have no name here, as they are sent.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl DomainChange {
    /// Adds to those that are set.
    #[must_use]
    pub fn add() -> Self {
        Self::new(DomainAction::Add)
    }

    /// Deletes out of those that are set.
    #[must_use]
    pub fn delete() -> Self {
        Self::new(DomainAction::Delete)
    }

    /// Replaces those that are set, kind by kind; a kind that is named with no domain is cleared.
    #[must_use]
    pub fn set() -> Self {
        Self::new(DomainAction::Set)
    }

    fn new(action: DomainAction) -> Self {
        Self { action, domains: BTreeMap::new(), extra: Map::new() }
    }

    /// With domains of one kind.
    #[must_use]
    pub fn with<D: Into<String>>(
        mut self,
        kind: ServerDomainKind,
        domains: impl IntoIterator<Item = D>,
    ) -> Self {
        self.domains.entry(kind).or_default().extend(domains.into_iter().map(Into::into));
        self
    }

    /// With a field that has no name here.
    #[must_use]
    pub fn with_extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(name.into(), value.into());
        self
    }

    fn body(&self, operation: &'static str) -> Result<Value> {
        if self.action == DomainAction::Get {
            return Err(refuse::invalid(operation, "action", "must be add, delete or set, is get"));
        }
        let none = self.domains.values().all(Vec::is_empty);
        if self.domains.is_empty() || (none && self.action != DomainAction::Set) {
            return Err(refuse::invalid(operation, "domains", "must name at least one domain"));
        }
        let mut body = Body::new(operation).with("action", self.action.as_wire());
        for kind in ServerDomainKind::ALL {
            let domains = self.domains.get(kind);
            if let Some(domains) = domains {
                let field = format!("domains.{kind}");
                check_domains(operation, &field, domains)?;
                if domains.len() > MOST_OF_A_KIND {
                    let rule = format!("must hold at most {MOST_OF_A_KIND} domains, has {}", domains.len());
                    return Err(refuse::invalid(operation, field, rule));
                }
                if let Some(at) = domains.iter().position(|domain| bare(domain) == "api.weixin.qq.com") {
                    let rule = "must not be api.weixin.qq.com: only servers may call that";
                    return Err(refuse::invalid(operation, format!("{field}[{at}]"), rule));
                }
            }
            body = body.with_some(kind.as_wire(), domains.cloned());
        }
        body.finish("", &self.extra)
    }
}

/// The servers that an app may reach after a change of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DomainResult {
    /// All of them.
    pub domains: ServerDomains,
    /// `invalid_…`: those that break the vendor's rules and were left out.
    #[serde(skip_serializing_if = "ServerDomains::is_empty", default)]
    pub invalid: ServerDomains,
    /// `no_icp_domain`: those without an ICP filing, left out too.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub no_icp: Vec<String>,
}

impl DomainResult {
    /// A result of which only the domains are known.
    #[must_use]
    pub fn new(domains: ServerDomains) -> Self {
        Self { domains, ..Self::default() }
    }

    /// Out of the answer to a change or to `action` `get`; a refusal that names domains is an error that names them.
    fn read(reply: &Reply) -> Result<Self> {
        let mut members = fields::of(reply);
        let mut result = Self {
            domains: ServerDomains::read(&mut members, "")?,
            invalid: ServerDomains::read(&mut members, "invalid_")?,
            no_icp: members.texts("no_icp_domain")?,
        };
        match reply.json.get("errcode").and_then(whole) {
            Some(code) if code != 0 => return Err(result.refusal(code, reply)),
            _ => {}
        }
        result.domains.extra = members.rest();
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
        let answer = VendorError::new(WECHAT, code.clone(), words)
            .with_request_id(reply.request_id.clone())
            .with_fields(redact::masked_fields(fields::of(reply).copy()));
        let row = ERRCODE.find(&code, Some(&reply.operation));
        let kind = row.map_or(miniprogram_core::ErrorKind::Vendor, |row| row.kind);
        let error = Error::new(kind, reply.operation.clone())
            .for_vendor(WECHAT)
            .with_outcome(Outcome::NotDone)
            .with_vendor(answer);
        let error = match row {
            Some(row) => error
                .with_retry(row.retry_rule())
                .with_translated_advice(row.translated_advice())
                .with_retry_after(row.retry_after()),
            None => error.with_retry(Retry::No),
        };
        if faults.is_empty() { error } else { error.with_detail(faults.join("; ")) }
    }
}

impl WeChatApp {
    /// The servers that the platform has set for the app: `modify_domain` with `action` `get`.
    ///
    /// # Errors
    /// Those of any read.
    pub async fn server_domains(&self) -> Result<ServerDomains> {
        Ok(DomainResult::read(&self.begin("server_domains").read(&get_call(MODIFY)).await?)?.domains)
    }

    /// Changes them: `modify_domain`. Takes domains that the platform has registered, 200 of each kind, 50 changes a
    /// month.
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument) for domains that break the rules, whose detail
    /// names them (85301, 85303); [`Conflict`](miniprogram_core::ErrorKind::Conflict) for domains that are set already,
    /// not registered with the platform or without an ICP filing; and those of any effect.
    pub async fn change_server_domains(&self, change: &DomainChange) -> Result<Effect<DomainResult>> {
        self.perform(commands::change_server_domains(change)?).await?.into_inherent(CHANGE.as_str())
    }

    /// Changes the app's domains beside those of the platform: `modify_domain_directly`, which takes domains that the
    /// platform has not registered.
    ///
    /// # Errors
    /// Those of [`change_server_domains`](Self::change_server_domains).
    pub async fn change_server_domains_directly(
        &self,
        change: &DomainChange,
    ) -> Result<Effect<DomainResult>> {
        self.perform(commands::change_server_domains_directly(change)?)
            .await?
            .into_inherent(CHANGE_DIRECTLY.as_str())
    }
}

fn get_call(path: &'static str) -> Call {
    Call::post_json("server_domains", path, &json!({ "action": DomainAction::Get.as_wire() }))
}

pub(super) fn change(command: &InherentCommand) -> Result<Box<dyn EffectPlan>> {
    changing(CHANGE, MODIFY, command)
}

pub(super) fn change_directly(command: &InherentCommand) -> Result<Box<dyn EffectPlan>> {
    changing(CHANGE_DIRECTLY, MODIFY_DIRECTLY, command)
}

fn changing(
    method: MethodName,
    path: &'static str,
    command: &InherentCommand,
) -> Result<Box<dyn EffectPlan>> {
    let change: DomainChange = command.arguments()?;
    let call = Call::post_json(method.as_str(), path, &change.body(method.as_str())?);
    let class = if change.action == DomainAction::Delete { EffectClass::Guarded } else { EffectClass::Set };
    let kinds: Vec<&'static str> = change.domains.keys().map(|kind| kind.as_wire()).collect();
    OneCall::new(method, class, call)
        .sets(get_call(path), DomainResult::read, move |before, now| {
            let before = before.unwrap_or(&now);
            let standings = change.domains.iter().map(|(kind, given)| {
                standing(change.action, given, before.domains.of(*kind), now.domains.of(*kind))
            });
            verdict(standings, || brought(&now))
        })
        .told_by(kinds)
        .bringing(|reply| Ok(brought(&DomainResult::read(reply)?)))
        .harmless()
        .boxed()
}
