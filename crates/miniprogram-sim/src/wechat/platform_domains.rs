//! Domains registered by the platform: its apps may only use those and their subdomains.

use serde_json::json;

use super::domains::{CHANGES_PER_MONTH, is_below, is_well_formed};
use super::input::{self, Action};
use super::uses::Uses;
use super::web_domains::{self, check_file};
use super::{ComponentScene, ComponentStep, ComponentVerdict, ComponentView};
use crate::call::{Content, Object, Refusal};
use crate::platform::{DomainKind, Platform};

/// Maximum server domains of the platform.
pub(super) const SERVER_DOMAINS: usize = 1000;

/// The platform's changes of its domains, without a protocol. The published ones are in
/// [`Shared::domains`](super::shared::Shared::domains).
#[derive(Debug, Default)]
pub(crate) struct Changed {
    testing: Vec<String>,
    changes: Uses,
}

/// Returns whether the platform has registered the server domain or a parent domain.
pub(super) fn covers_server(platform: &Platform, host: &str) -> bool {
    let mut domains = platform.wechat.domains.iter().filter(|(kind, _)| **kind != DomainKind::WebView);
    domains.any(|(_, domains)| domains.iter().any(|domain| is_below(host, domain)))
}

struct Kind {
    /// The field that names them.
    name: &'static str,
    limit: usize,
    /// Where the published ones are kept: one list for all kinds of server domains.
    published: DomainKind,
    changed: fn(&Platform) -> &Changed,
    changed_mut: fn(&mut Platform) -> &mut Changed,
}

static SERVER: Kind = Kind {
    name: "wxa_server_domain",
    limit: SERVER_DOMAINS,
    published: DomainKind::Request,
    changed: |platform| &platform.wechat.server_domains,
    changed_mut: |platform| &mut platform.wechat.server_domains,
};
static WEB_VIEW: Kind = Kind {
    name: "wxa_jump_h5_domain",
    limit: web_domains::LIMIT,
    published: DomainKind::WebView,
    changed: |platform| &platform.wechat.web_view_domains,
    changed_mut: |platform| &mut platform.wechat.web_view_domains,
};

pub(super) fn modify_wxa_server_domain(view: &ComponentView<'_>) -> ComponentVerdict {
    modify(view, &SERVER)
}

pub(super) fn modify_wxa_jump_domain(view: &ComponentView<'_>) -> ComponentVerdict {
    modify(view, &WEB_VIEW)
}

/// Malformed domains are skipped and reported.
fn modify(view: &ComponentView<'_>, kind: &'static Kind) -> ComponentVerdict {
    let action = Action::of(view.body)?;
    if action == Action::Get {
        return ComponentStep::answer(Content::Fields(to_json(kind, view.platform, &[])));
    }
    let together = match view.body.get("is_modify_published_together") {
        None => false,
        Some(together) => together.as_bool().ok_or(Refusal::code(47003))?,
    };
    let given = input::text(view.body, kind.name).unwrap_or_default();
    let given: Vec<&str> = given.split(';').map(str::trim).filter(|domain| !domain.is_empty()).collect();
    if given.iter().any(|domain| domain.contains("://")) {
        return Err(Refusal::code(86100));
    }
    if given.contains(&"api.weixin.qq.com") {
        return Err(Refusal::code(86101));
    }
    let changed = (kind.changed)(view.platform);
    if changed.changes.this_month(view.now) >= CHANGES_PER_MONTH {
        return Err(Refusal::code(45104));
    }
    let (valid, invalid): (Vec<&str>, Vec<&str>) =
        given.into_iter().partition(|domain| is_well_formed(domain));
    let owned = |domains: Vec<&str>| domains.into_iter().map(str::to_owned).collect::<Vec<_>>();
    let (valid, invalid) = (owned(valid), owned(invalid));
    let was_published = view.platform.wechat.domains_of(kind.published);
    let testing = action.on(&changed.testing, &valid);
    let published = if together { action.on(was_published, &valid) } else { was_published.to_vec() };
    if valid.is_empty() || (testing == changed.testing && published == was_published) {
        return Err(Refusal::code(85017));
    }
    if testing.len() > kind.limit || published.len() > kind.limit {
        return Err(Refusal::code(65316));
    }
    ComponentStep::effect(move |scene: &mut ComponentScene<'_>| {
        let changed = (kind.changed_mut)(scene.platform);
        changed.testing = testing;
        changed.changes.add(scene.now);
        scene.platform.wechat.domains.insert(kind.published, published);
        Content::Fields(to_json(kind, scene.platform, &invalid))
    })
}

/// Lists are joined by semicolons, and omitted if empty.
fn to_json(kind: &Kind, platform: &Platform, invalid: &[String]) -> Object {
    let lists = [
        ("published", platform.wechat.domains_of(kind.published)),
        ("testing", (kind.changed)(platform).testing.as_slice()),
        ("invalid", invalid),
    ];
    let filled = lists.into_iter().filter(|(_, domains)| !domains.is_empty());
    filled.map(|(list, domains)| (format!("{list}_{}", kind.name), json!(domains.join(";")))).collect()
}

pub(super) fn get_domain_confirmfile(view: &ComponentView<'_>) -> ComponentVerdict {
    ComponentStep::answer(check_file(view.app_id.as_str()))
}
