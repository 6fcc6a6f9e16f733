use miniprogram_core::vendor_api::pipeline::{Call, EffectClass, EffectPlan, Fields, Reply};
use miniprogram_core::vendor_api::{InherentCommand, MethodName, kit};
use miniprogram_core::{Command, Effect, EffectValue, Result, Subject};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use serde_with::skip_serializing_none;

use super::{check_domains, standing, verdict};
use crate::WECHAT;
use crate::client::WeChatApp;
use crate::endpoints;
use crate::fields;
use crate::values::DomainAction;
use miniprogram_core::vendor_api::kit::OneCall;

pub(crate) const SET: MethodName = MethodName::new("set_prefetch_domains");

/// The domains whose addresses the client resolves before the app requests them.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PrefetchDomains {
    /// `prefetch_dns_domain`.
    pub domains: Vec<PrefetchDomain>,
    /// `size_limit`: the maximum number of domains.
    pub size_limit: Option<i64>,
    /// All other fields, as the vendor sent them.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

/// A domain to prefetch.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PrefetchDomain {
    /// `url`: the domain.
    pub url: String,
    /// `status`: the vendor's number.
    pub status: Option<i64>,
    /// All other fields, as the vendor sent them.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl PrefetchDomain {
    /// Creates a domain.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), status: None, extra: Map::new() }
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Set {
    pub(crate) domains: Vec<String>,
}

/// [`WeChatApp::set_prefetch_domains`](crate::WeChatApp::set_prefetch_domains).
///
/// # Errors
/// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument) if the arguments cannot be written as JSON.
pub fn set_prefetch_domains<D: AsRef<str>>(domains: &[D]) -> Result<Command> {
    kit::command(
        WECHAT,
        SET,
        &Set { domains: domains.iter().map(|domain| domain.as_ref().to_owned()).collect() },
    )
}

impl WeChatApp {
    /// Returns the domains whose addresses are resolved in advance: `get_prefetchdnsdomain`.
    ///
    /// # Errors
    /// The errors of any read.
    pub async fn prefetch_domains(&self) -> Result<PrefetchDomains> {
        read(&self.begin("prefetch_domains").read(&get_call()).await?)
    }

    /// Replaces the prefetched domains: `set_prefetchdnsdomain`.
    ///
    /// # Errors
    /// The errors of any effect.
    pub async fn set_prefetch_domains<D: AsRef<str> + Sync>(&self, domains: &[D]) -> Result<Effect> {
        Ok(self.perform(set_prefetch_domains(domains)?).await?.into_unit())
    }
}

fn get_call() -> Call {
    Call::to(&endpoints::PREFETCH_DOMAINS)
}

fn read(reply: &Reply) -> Result<PrefetchDomains> {
    let mut fields = fields::of(reply);
    Ok(PrefetchDomains {
        domains: fields.each_of("prefetch_dns_domain", |domain| {
            Ok(PrefetchDomain {
                url: domain.required("url", Fields::text)?,
                status: domain.number("status"),
                extra: domain.rest(),
            })
        })?,
        size_limit: fields.number("size_limit"),
        extra: fields.rest(),
    })
}

fn urls(reply: &Reply) -> Result<Vec<String>> {
    Ok(read(reply)?.domains.into_iter().map(|domain| domain.url).collect())
}

pub(super) fn set(command: &InherentCommand) -> Result<Box<dyn EffectPlan>> {
    let Set { domains } = command.arguments()?;
    check_domains(SET.as_str(), "domains", &domains)?;
    let list: Vec<Value> = domains.iter().map(|domain| json!({ "url": domain })).collect();
    let body = json!({ "prefetch_dns_domain": list });
    let call = Call::to(&endpoints::SET_PREFETCH_DOMAINS).with_json(&body);
    OneCall::new(EffectClass::Set, call)
        .sets(get_call(), urls, move |before, now| {
            let standing = standing(DomainAction::Set, &domains, before.unwrap_or(&now), &now);
            verdict([standing], || EffectValue::None)
        })
        .told_by(["prefetch_dns_domain[].url"])
        .boxed()
}
