//! Domains of an app.

use std::collections::BTreeMap;
use std::time::Duration;

use miniprogram_core::Timestamp;
use serde_json::json;

use super::shared::Shared;
use super::{BdScene, BdView, Step, Verdict};
use crate::call::{Call, Content, Object, Refusal};
use crate::platform::DomainKind;

/// The parameters of `app/modifydomain`.
const SERVER: &[(&str, DomainKind)] = &[
    ("request_domain", DomainKind::Request),
    ("socket_domain", DomainKind::Socket),
    ("download_domain", DomainKind::Download),
    ("upload_domain", DomainKind::Upload),
];
/// The parameter of `app/modifywebviewdomain`.
const WEB_VIEW: &[(&str, DomainKind)] = &[("web_view_domain", DomainKind::WebView)];

const MONTH: Duration = Duration::from_secs(30 * 24 * 3600);

type ByKind = BTreeMap<DomainKind, Vec<String>>;

#[derive(Debug, Clone, Default)]
pub(crate) struct Domains {
    /// Set by the app itself; dropped at a submission through the platform.
    own: ByKind,
    /// Set through the platform.
    set: ByKind,
    server_changes: Vec<Timestamp>,
    web_view_changes: Vec<Timestamp>,
}

impl Domains {
    pub(super) fn own(own: ByKind) -> Self {
        Self { own, ..Self::default() }
    }

    /// After a submission through the platform, only the platform's domains remain.
    pub(super) fn submit(&mut self) {
        self.own.clear();
    }

    fn of(&self, kind: DomainKind) -> Vec<&str> {
        let all = [&self.own, &self.set].into_iter().filter_map(|domains| domains.get(&kind));
        all.flatten().map(String::as_str).collect()
    }

    pub(super) fn all(&self) -> ByKind {
        let kinds = SERVER.iter().chain(WEB_VIEW).map(|(_, kind)| *kind);
        let all = kinds.map(|kind| (kind, self.of(kind).into_iter().map(str::to_owned).collect::<Vec<_>>()));
        all.filter(|(_, domains)| !domains.is_empty()).collect()
    }

    fn changes(&mut self, family: Family) -> &mut Vec<Timestamp> {
        match family {
            Family::Server => &mut self.server_changes,
            Family::WebView => &mut self.web_view_changes,
        }
    }

    fn add(&mut self, kind: DomainKind, domain: String) {
        self.remove(kind, &domain);
        self.set.entry(kind).or_default().push(domain);
    }

    fn remove(&mut self, kind: DomainKind, domain: &str) {
        for domains in [&mut self.own, &mut self.set] {
            if let Some(domains) = domains.get_mut(&kind) {
                domains.retain(|other| other != domain);
            }
        }
    }

    fn clear(&mut self, kind: DomainKind) {
        self.own.remove(&kind);
        self.set.remove(&kind);
    }
}

#[derive(Debug, Clone, Copy)]
enum Family {
    Server,
    WebView,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Add,
    Delete,
    Set,
}

/// Returns whether a request only reads the domains.
pub(super) fn only_reads(call: &Call) -> bool {
    call.param("action") == Some("get")
}

pub(super) fn modifydomain(view: &BdView<'_>) -> Verdict {
    if only_reads(view.call) {
        let domains = &view.state.profile.domains;
        let joined =
            SERVER.iter().map(|(name, kind)| ((*name).to_owned(), json!(domains.of(*kind).join(","))));
        return Step::answer(Content::Fields(joined.collect::<Object>()));
    }
    modify(view, Family::Server)
}

pub(super) fn modifywebviewdomain(view: &BdView<'_>) -> Verdict {
    if only_reads(view.call) {
        let domains = view.state.profile.domains.of(DomainKind::WebView).join(",");
        return Step::answer(Content::Data(json!(domains)));
    }
    modify(view, Family::WebView)
}

fn modify(view: &BdView<'_>, family: Family) -> Verdict {
    let (parameters, exhausted) = match family {
        Family::Server => (SERVER, 470_011),
        Family::WebView => (WEB_VIEW, 470_012),
    };
    let shared = &view.platform.baidu;
    let (action, given) = match view.call.param("action") {
        // Everything that the platform has registered.
        None => {
            let all = parameters.iter().map(|(_, kind)| (*kind, shared.domains_of(*kind).to_vec()));
            (Action::Add, all.collect::<Vec<_>>())
        }
        Some("add") => (Action::Add, given(view.call, parameters)?),
        Some("delete") => (Action::Delete, given(view.call, parameters)?),
        Some("set") => (Action::Set, given(view.call, parameters)?),
        Some(_) => return Err(Refusal::code(40001)),
    };
    let profile = &view.state.profile;
    if view.call.param("action").is_some() {
        for (kind, domain) in given.iter().flat_map(|(kind, list)| list.iter().map(move |one| (*kind, one))) {
            let host = host(domain).ok_or(Refusal::code(470_014))?;
            if action == Action::Delete {
                if !profile.domains.of(kind).contains(&domain.as_str()) {
                    return Err(Refusal::code(470_017));
                }
            } else if !is_registered(shared, kind, host) {
                return Err(Refusal::code(470_016));
            }
        }
    }
    let changes = match family {
        Family::Server => &profile.domains.server_changes,
        Family::WebView => &profile.domains.web_view_changes,
    };
    let recent = changes.iter().filter(|at| view.now.since(**at) < MONTH).count();
    if recent >= view.settings.baidu_domain_changes {
        return Err(Refusal::code(exhausted));
    }
    Step::effect(move |scene: &mut BdScene<'_>| {
        let domains = &mut scene.state.profile.domains;
        domains.changes(family).push(scene.now);
        for (kind, list) in given {
            if action == Action::Set {
                domains.clear(kind);
            }
            for domain in list {
                match action {
                    Action::Delete => domains.remove(kind, &domain),
                    Action::Add | Action::Set => domains.add(kind, domain),
                }
            }
        }
        Content::Done
    })
}

/// Returns the request's domains, by kind.
fn given(call: &Call, parameters: &[(&str, DomainKind)]) -> Result<Vec<(DomainKind, Vec<String>)>, Refusal> {
    let mut given = Vec::new();
    for (name, kind) in parameters {
        let Some(joined) = call.param(name) else { continue };
        let domains: Vec<String> = joined.split(',').map(|domain| domain.trim().to_owned()).collect();
        if domains.iter().any(String::is_empty) {
            return Err(Refusal::code(470_015));
        }
        given.push((*kind, domains));
    }
    if given.is_empty() { Err(Refusal::code(470_013)) } else { Ok(given) }
}

/// Returns the host of a domain with protocol `https` or `wss`.
fn host(domain: &str) -> Option<&str> {
    let host = domain.strip_prefix("https://").or_else(|| domain.strip_prefix("wss://"))?;
    let label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    (host.contains('.') && host.split('.').all(label)).then_some(host)
}

/// Returns whether the platform has registered the host or a parent domain.
fn is_registered(shared: &Shared, kind: DomainKind, wanted: &str) -> bool {
    shared.domains_of(kind).iter().any(|registered| {
        let registered = host(registered).unwrap_or(registered);
        wanted.strip_suffix(registered).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
}
