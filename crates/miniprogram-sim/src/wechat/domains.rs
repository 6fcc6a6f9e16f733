//! Server domains of an app.

use std::collections::BTreeMap;

use serde_json::json;

use super::input::{self, Action};
use super::platform_domains::covers_server;
use super::uses::Uses;
use super::web_domains::WebDomains;
use super::{Step, Verdict, WeScene, WeView};
use crate::call::{Content, Object, Refusal};
use crate::platform::DomainKind;

/// Kinds of server domains, with the protocol allowed for each.
const KINDS: [(&str, &str); 6] = [
    ("requestdomain", "https://"),
    ("wsrequestdomain", "wss://"),
    ("uploaddomain", "https://"),
    ("downloaddomain", "https://"),
    ("udpdomain", "udp://"),
    ("tcpdomain", "tcp://"),
];
/// The simulator's names for them, in the same order.
const NAMES: [DomainKind; 6] = [
    DomainKind::Request,
    DomainKind::Socket,
    DomainKind::Upload,
    DomainKind::Download,
    DomainKind::Udp,
    DomainKind::Tcp,
];

/// Maximum domains per kind and app.
pub(super) const PER_KIND: usize = 200;
/// Maximum changes per month, of an app or the platform.
pub(super) const CHANGES_PER_MONTH: usize = 50;
/// Domains below this one have no ICP filing.
pub(super) const UNFILED: &str = "unfiled.example";

/// The domains of each kind, in the order of [`KINDS`].
pub(crate) type ServerDomains = [Vec<String>; 6];

/// The domains of an app.
#[derive(Debug, Clone, Default)]
pub(crate) struct Domains {
    /// Set by the owner in the console, until the next release.
    own: ServerDomains,
    /// Set by the platform, among its registered domains.
    third: ServerDomains,
    /// Set by the platform directly.
    direct: ServerDomains,
    /// In force since the last release.
    effective: ServerDomains,
    changes: Uses,
    pub(super) web: WebDomains,
    /// Prefetched DNS names.
    pub(super) prefetched: Vec<String>,
}

impl Domains {
    /// Domains that the app set itself.
    pub(super) fn of_owner(domains: &BTreeMap<DomainKind, Vec<String>>) -> Self {
        let of = |kind: DomainKind| domains.get(&kind).cloned().unwrap_or_default();
        let own = NAMES.map(of);
        let web = WebDomains::of_owner(&of(DomainKind::WebView));
        Self { effective: own.clone(), own, web, ..Self::default() }
    }

    /// A release through the platform replaces the owner's domains by the platform's.
    pub(super) fn release(&mut self) {
        self.own = ServerDomains::default();
        self.effective = std::array::from_fn(|kind| Action::Add.on(&self.third[kind], &self.direct[kind]));
        self.web.release();
    }

    /// The owner's and the platform's domains, by kind, in force or not.
    pub(super) fn all(&self) -> BTreeMap<DomainKind, Vec<String>> {
        let of_platform = |kind: usize| Action::Add.on(&self.third[kind], &self.direct[kind]);
        let of_kind = |kind: usize| Action::Add.on(&self.own[kind], &of_platform(kind));
        let server = NAMES.into_iter().zip((0..NAMES.len()).map(of_kind));
        let all = server.chain([(DomainKind::WebView, self.web.all())]);
        all.filter(|(_, domains)| !domains.is_empty()).collect()
    }
}

fn to_json(domains: &ServerDomains) -> Object {
    KINDS.iter().zip(domains).map(|((kind, _), domains)| ((*kind).to_owned(), json!(domains))).collect()
}

/// Strips the protocol from a domain; an error if it has another protocol or is WeChat's own.
pub(super) fn bare<'a>(domain: &'a str, protocol: &str) -> Result<&'a str, Refusal> {
    let host = domain.strip_prefix(protocol).unwrap_or(domain);
    if host.contains("://") {
        return Err(Refusal::code(86100));
    }
    if host == "api.weixin.qq.com" { Err(Refusal::code(86101)) } else { Ok(host) }
}

/// Two or more labels, the last one letters, optionally with a port.
pub(super) fn is_well_formed(host: &str) -> bool {
    let (name, port) = host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    name.contains('.')
        && name.split('.').all(label)
        && last.bytes().all(|byte| byte.is_ascii_alphabetic())
        && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

/// Returns whether `host` is the domain or one below it.
pub(super) fn is_below(host: &str, domain: &str) -> bool {
    let name = host.split(':').next().unwrap_or_default();
    name == domain || name.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

pub(super) fn modify_domain(view: &WeView<'_>) -> Verdict {
    modify(view, Via::Platform)
}

pub(super) fn modify_domain_directly(view: &WeView<'_>) -> Verdict {
    modify(view, Via::Directly)
}

/// Whether only registered domains are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Via {
    Platform,
    Directly,
}

fn modify(view: &WeView<'_>, via: Via) -> Verdict {
    let action = Action::of(view.body)?;
    let domains = &view.state.profile.domains;
    let current = match via {
        Via::Platform => &domains.third,
        Via::Directly => &domains.direct,
    };
    if action == Action::Get {
        return Step::answer(Content::Fields(to_json(current)));
    }
    let mut given: [Option<Vec<String>>; 6] = Default::default();
    for (given, (kind, _)) in given.iter_mut().zip(KINDS) {
        *given = input::given_texts(view.body, kind)?;
    }
    if domains.changes.this_month(view.now) >= CHANGES_PER_MONTH {
        return Err(Refusal::code(86102));
    }
    if action != Action::Delete {
        check(view, via, current, &mut given)?;
    }
    let changed: ServerDomains = std::array::from_fn(|kind| match &given[kind] {
        Some(given) => action.on(&current[kind], given),
        None => current[kind].clone(),
    });
    if given.iter().all(Option::is_none) || (action != Action::Set && changed == *current) {
        return Err(Refusal::code(85017));
    }
    if changed.iter().any(|domains| domains.len() > PER_KIND) {
        return Err(Refusal::code(85016));
    }
    Step::effect(move |scene: &mut WeScene<'_>| {
        let answer = to_json(&changed);
        let domains = &mut scene.state.profile.domains;
        domains.changes.add(scene.now);
        match via {
            Via::Platform => domains.third = changed,
            Via::Directly => domains.direct = changed,
        }
        Content::Fields(answer)
    })
}

/// Validates the domains and keeps only registered ones.
fn check(
    view: &WeView<'_>,
    via: Via,
    current: &ServerDomains,
    given: &mut [Option<Vec<String>>; 6],
) -> Result<(), Refusal> {
    let mut faulty = Object::new();
    let (mut unfiled, mut unregistered) = (Vec::new(), false);
    for ((kind, protocol), given) in KINDS.into_iter().zip(given.iter_mut()) {
        let mut invalid = Vec::new();
        let mut left = Vec::new();
        for domain in given.iter().flatten() {
            let host = bare(domain, protocol)?;
            if !is_well_formed(host) {
                invalid.push(domain.clone());
            } else if is_below(host, UNFILED) {
                unfiled.push(domain.clone());
            } else if via == Via::Platform && !covers_server(view.platform, host) {
                unregistered = true;
            } else {
                left.push(domain.clone());
            }
        }
        if !invalid.is_empty() {
            faulty.insert(format!("invalid_{kind}"), json!(invalid));
        }
        *given = given.is_some().then_some(left);
    }
    let code = match (faulty.is_empty(), unfiled.is_empty()) {
        (true, true) if !unregistered => return Ok(()),
        (true, true) if given.iter().flatten().all(Vec::is_empty) => 85017,
        (true, true) => 85018,
        (false, true) => 85301,
        (true, false) => 85302,
        (false, false) => 85303,
    };
    let mut refusal = Refusal::code(code);
    if code > 85300 {
        refusal.fields = to_json(current);
        refusal.fields.extend(faulty);
        refusal.fields.insert("no_icp_domain".to_owned(), json!(unfiled));
    }
    Err(refusal)
}

pub(super) fn get_effective_domain(view: &WeView<'_>) -> Verdict {
    let domains = &view.state.profile.domains;
    Step::answer(json!({
        "mp_domain": to_json(&domains.own),
        "third_domain": to_json(&domains.third),
        "direct_domain": to_json(&domains.direct),
        "effective_domain": to_json(&domains.effective),
    }))
}
