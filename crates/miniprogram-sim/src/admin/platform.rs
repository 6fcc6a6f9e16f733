//! Routes below `platforms`.

use std::collections::BTreeMap;

use miniprogram_core::{DraftId, Vendor};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Result, done, expire_token, issued, json_of, parse, rotate_token, token_json};
use crate::BAIDU;
use crate::call::Call;
use crate::hub::Hub;
use crate::platform::DomainKind;
use crate::server::known;
use crate::tokens::Holder;

pub(crate) fn add_template_draft(
    hub: &Hub,
    vendor: Vendor,
    version: &str,
    description: &str,
) -> Result<DraftId> {
    known(vendor)?;
    Ok(DraftId::from(hub.with(|world, now| match vendor {
        BAIDU => world.platform.baidu.add_draft(version, description, now),
        _ => world.platform.wechat.add_draft(version, description, now),
    })))
}

/// Replaces the kinds given; others stay unchanged.
pub(crate) fn set_platform_domains(
    hub: &Hub,
    vendor: Vendor,
    domains: BTreeMap<DomainKind, Vec<String>>,
) -> Result<()> {
    known(vendor)?;
    hub.with(|world, _| world.platform.domains_mut(vendor).extend(domains));
    Ok(())
}

pub(crate) fn platform_domains(hub: &Hub, vendor: Vendor) -> Result<BTreeMap<DomainKind, Vec<String>>> {
    known(vendor)?;
    Ok(hub.with(|world, _| world.platform.domains_mut(vendor).clone()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewDraft {
    version: String,
    #[serde(default)]
    description: String,
}

/// `GET platforms/{vendor}`.
pub(super) fn about(hub: &Hub, vendor: Vendor) -> Result<Option<Value>> {
    Ok(Some(hub.with(|world, _| {
        let effects = world.platform_effects.get(&vendor).map(|effects| effects.all());
        json!({
            "platform_id": world.settings.callback(vendor).platform_id,
            "effects": effects.unwrap_or_default(),
        })
    })))
}

/// `platforms/{vendor}/{what}`.
pub(super) fn route(
    hub: &Hub,
    call: &Call,
    method: &str,
    vendor: Vendor,
    what: &str,
) -> Result<Option<Value>> {
    let holder = Holder::Platform(vendor);
    match (method, what) {
        ("GET", "token") => Ok(Some(token_json(&issued(hub, vendor, &holder)))),
        ("POST", "rotate-token") => Ok(Some(token_json(&rotate_token(hub, vendor, &holder)))),
        ("POST", "expire-token") => {
            expire_token(hub, &holder);
            done()
        }
        ("GET", "credentials") => Ok(Some(hub.with(|world, _| {
            let settings = &world.settings;
            let platform_id = &settings.callback(vendor).platform_id;
            match vendor {
                BAIDU => json!({ "platform_id": platform_id, "client_id": settings.baidu_key }),
                _ => json!({ "platform_id": platform_id, "secret": settings.wechat_secret.expose() }),
            }
        }))),
        ("POST", "drafts") => {
            let draft: NewDraft = parse(call)?;
            let id = add_template_draft(hub, vendor, &draft.version, &draft.description)?;
            Ok(Some(json!({ "draft_id": id })))
        }
        ("GET", "domains") => json_of(platform_domains(hub, vendor)?),
        ("PUT", "domains") => {
            set_platform_domains(hub, vendor, parse(call)?)?;
            json_of(platform_domains(hub, vendor)?)
        }
        _ => Ok(None),
    }
}
