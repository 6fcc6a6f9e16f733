//! Web view domains and prefetched DNS names.

use serde_json::{Value, json};

use super::domains::{Via, bare, is_below, is_well_formed};
use super::input::{self, Action};
use super::{Step, Verdict, WeScene, WeView};
use crate::call::{Content, Refusal};
use crate::platform::DomainKind;

/// Maximum web view domains per app.
pub(super) const LIMIT: usize = 300;
/// Maximum prefetched names.
pub(super) const PREFETCHED: usize = 5;

/// Web view domains; see [`Domains`](super::domains::Domains) for server domains.
#[derive(Debug, Clone, Default)]
pub(crate) struct WebDomains {
    own: Vec<String>,
    third: Vec<String>,
    direct: Vec<String>,
    effective: Vec<String>,
}

impl WebDomains {
    pub(super) fn of_owner(own: &[String]) -> Self {
        Self { own: own.to_vec(), effective: own.to_vec(), ..Self::default() }
    }

    pub(super) fn release(&mut self) {
        self.own.clear();
        self.effective = Action::Add.on(&self.third, &self.direct);
    }

    pub(super) fn all(&self) -> Vec<String> {
        Action::Add.on(&self.own, &Action::Add.on(&self.third, &self.direct))
    }
}

pub(super) fn setwebviewdomain(view: &WeView<'_>) -> Verdict {
    modify(view, Via::Platform)
}

pub(super) fn setwebviewdomain_directly(view: &WeView<'_>) -> Verdict {
    modify(view, Via::Directly)
}

/// Without an action, all domains registered by the platform are added.
fn modify(view: &WeView<'_>, via: Via) -> Verdict {
    let registered = view.platform.wechat.domains_of(DomainKind::WebView);
    let (action, given) = match view.body.get("action") {
        None if via == Via::Platform => {
            let all = registered.iter().map(|domain| format!("https://{domain}"));
            (Action::Add, all.collect())
        }
        _ => (Action::of(view.body)?, input::texts(view.body, "webviewdomain")?),
    };
    let web = &view.state.profile.domains.web;
    let current = match via {
        Via::Platform => &web.third,
        Via::Directly => &web.direct,
    };
    if action == Action::Get {
        return Step::answer(json!({ "webviewdomain": current }));
    }
    if view.state.profile.is_personal {
        return Err(Refusal::code(89231));
    }
    if via == Via::Platform && registered.is_empty() {
        return Err(Refusal::code(89020));
    }
    if action == Action::Delete {
        if !given.iter().all(|domain| current.contains(domain)) {
            return Err(Refusal::code(89022));
        }
    } else {
        for domain in &given {
            let host = bare(domain, "https://")?;
            if !is_well_formed(host)
                || (via == Via::Platform && !registered.iter().any(|domain| is_below(host, domain)))
            {
                return Err(Refusal::code(89021));
            }
        }
    }
    let changed = action.on(current, &given);
    if changed == *current {
        return Err(Refusal::code(89019));
    }
    if changed.len() > LIMIT {
        return Err(Refusal::code(89029));
    }
    Step::effect(move |scene: &mut WeScene<'_>| {
        let web = &mut scene.state.profile.domains.web;
        let answer = json!({ "webviewdomain": changed });
        match via {
            Via::Platform => web.third = changed,
            Via::Directly => web.direct = changed,
        }
        answer.into()
    })
}

pub(super) fn get_webviewdomain_confirmfile(view: &WeView<'_>) -> Verdict {
    Step::answer(check_file(view.app_id.as_str()))
}

/// The file that proves who owns a domain.
pub(super) fn check_file(owner: &str) -> Value {
    let name = &input::digest(1, &[b"check file", owner.as_bytes()])[..10];
    json!({
        "file_name": format!("{name}.txt"),
        "file_content": input::digest(2, &[b"check file content", owner.as_bytes()]),
    })
}

pub(super) fn get_effective_webviewdomain(view: &WeView<'_>) -> Verdict {
    let web = &view.state.profile.domains.web;
    Step::answer(json!({
        "mp_webviewdomain": web.own,
        "third_webviewdomain": web.third,
        "direct_webviewdomain": web.direct,
        "effective_webviewdomain": web.effective,
    }))
}

pub(super) fn get_prefetchdnsdomain(view: &WeView<'_>) -> Verdict {
    let domains: Vec<Value> = view
        .state
        .profile
        .domains
        .prefetched
        .iter()
        .map(|domain| json!({ "url": domain, "status": 1 }))
        .collect();
    Step::answer(json!({ "prefetch_dns_domain": domains, "size_limit": PREFETCHED }))
}

/// Replaces the previous list.
pub(super) fn set_prefetchdnsdomain(view: &WeView<'_>) -> Verdict {
    let given = view.body.get("prefetch_dns_domain").and_then(Value::as_array).ok_or(Refusal::code(47003))?;
    let mut domains = Vec::new();
    for domain in given {
        let domain = domain.get("url").and_then(Value::as_str).ok_or(Refusal::code(47003))?;
        if !is_well_formed(domain) {
            return Err(Refusal::code(9_410_016));
        }
        domains.push(domain.to_owned());
    }
    if domains.len() > PREFETCHED {
        return Err(Refusal::code(85016));
    }
    Step::effect(move |scene: &mut WeScene<'_>| {
        scene.state.profile.domains.prefetched = domains;
        Content::Done
    })
}
