//! Domains: the servers that an app may reach and the pages it may show, its own domains and those of the platform.
//!
//! The domains that an app may use change with the next release through the platform.

mod effective;
pub(crate) mod platform;
pub(crate) mod prefetch;
pub(crate) mod server;
pub(crate) mod web_view;

use miniprogram_core::vendor_api::pipeline::{Fields, Finding, Reply};
use miniprogram_core::{EffectValue, Result, effect_fields};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use effective::{EffectiveServerDomains, EffectiveWebViewDomains};
pub use platform::{PlatformDomainChange, PlatformDomains};
pub use prefetch::{PrefetchDomain, PrefetchDomains};
pub use server::{DomainChange, DomainResult, ServerDomains};
pub use web_view::{WebViewDomainChange, WebViewDomainResult};

use crate::REFUSE;
use crate::fields;
use crate::values::DomainAction;
use miniprogram_core::vendor_api::kit::Inherent;

pub(crate) const EFFECTS: &[Inherent] = &[
    Inherent::new(server::CHANGE, server::change),
    Inherent::new(server::CHANGE_DIRECTLY, server::change_directly),
    Inherent::new(web_view::CHANGE, web_view::change),
    Inherent::new(web_view::CHANGE_DIRECTLY, web_view::change_directly),
    Inherent::new(prefetch::SET, prefetch::set),
];

pub(crate) const PLATFORM_EFFECTS: &[Inherent] = &[
    Inherent::new(platform::CHANGE, platform::change),
    Inherent::new(platform::CHANGE_WEB_VIEW, platform::change_web_view),
];

/// A file that proves ownership of a domain, to be placed in the root of its web server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CheckFile {
    /// `file_name`.
    pub file_name: String,
    /// `file_content`.
    pub file_content: String,
    /// All other fields, as the vendor sent them.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl CheckFile {
    /// Creates a file.
    #[must_use]
    pub fn new(file_name: impl Into<String>, file_content: impl Into<String>) -> Self {
        Self { file_name: file_name.into(), file_content: file_content.into(), extra: Map::new() }
    }

    fn read(reply: &Reply) -> Result<Self> {
        let mut fields = fields::of(reply);
        Ok(Self {
            file_name: fields.required("file_name", Fields::text)?,
            file_content: fields.required("file_content", Fields::text)?,
            extra: fields.rest(),
        })
    }
}

/// Strips the optional parts of a domain: protocol, letter case, a trailing slash.
fn bare(domain: &str) -> String {
    let host = domain.split_once("://").map_or(domain, |(_, host)| host);
    host.trim_end_matches('/').to_ascii_lowercase()
}

fn has(domains: &[String], wanted: &str) -> bool {
    let wanted = bare(wanted);
    domains.iter().any(|domain| bare(domain) == wanted)
}

fn same(one: &[String], other: &[String]) -> bool {
    one.iter().all(|domain| has(other, domain)) && other.iter().all(|domain| has(one, domain))
}

/// The state of one list relative to the wanted state.
#[derive(Clone, Copy)]
struct Standing {
    /// Whether the list is as wanted.
    reached: bool,
    /// Whether the list is no longer as before, in the part that the change is about.
    moved: bool,
}

fn standing(action: DomainAction, given: &[String], before: &[String], now: &[String]) -> Standing {
    let reached = match action {
        DomainAction::Delete => !given.iter().any(|domain| has(now, domain)),
        DomainAction::Set => same(given, now),
        _ => given.iter().all(|domain| has(now, domain)),
    };
    let moved = match action {
        DomainAction::Delete => given.iter().any(|domain| has(before, domain) && !has(now, domain)),
        DomainAction::Set => !same(before, now),
        _ => given.iter().any(|domain| !has(before, domain) && has(now, domain)),
    };
    Standing { reached, moved }
}

/// Decides whether the change took place from the state of each list. A partial change is inconclusive: the vendor
/// omits domains that it does not accept, and a list may have been changed by someone else.
fn verdict(standings: impl IntoIterator<Item = Standing>, value: impl FnOnce() -> EffectValue) -> Finding {
    let (mut reached, mut moved) = (true, false);
    for standing in standings {
        reached &= standing.reached;
        moved |= standing.moved;
    }
    match (reached, moved) {
        (true, _) => Finding::Done(value()),
        (false, true) => Finding::Unknowable,
        (false, false) => Finding::Absent,
    }
}

fn check_domains(operation: &'static str, field: &str, domains: &[String]) -> Result<()> {
    match domains.iter().position(|domain| domain.trim().is_empty()) {
        Some(at) => Err(REFUSE.invalid(operation, format!("{field}[{at}]"), "must not be empty")),
        None => Ok(()),
    }
}

effect_fields! { DomainResult WebViewDomainResult PlatformDomains }
