//! Endpoints of the app as a whole.

use miniprogram_core::AppId;
use serde_json::{Value, json};

use super::profile::{Change, Profile};
use super::{Account, BdScene, BdView, Step, Verdict, categories, naming, push, reviews};
use crate::call::{Content, Object, Refusal};
use crate::verdict::ReviewItem;
use crate::wechat::is_library_version;

pub(super) fn info(view: &BdView<'_>) -> Verdict {
    let profile = &view.state.profile;
    let mut info = basics(view.app_id, view.state);
    let used = |item| (profile.used(item), Profile::quota(item));
    let (name, description) = (used(ReviewItem::Name), used(ReviewItem::Description));
    let (icon, categories) = (used(ReviewItem::Icon), used(ReviewItem::Categories));
    let offline = profile
        .offline
        .iter()
        .map(|offline| json!({ "offline_reason": offline.fault as i64, "illegal_fields": offline.fields() }));
    let more = json!({
        "app_key": "",
        "category": categories::with_reviews(profile),
        "audit_info": audit_info(profile),
        "modify_count": {
            "name_modify_used": name.0, "name_modify_quota": name.1,
            "signature_modify_used": description.0, "signature_modify_quota": description.1,
            "image_modify_used": icon.0, "image_modify_quota": icon.1,
            "category_modify_used": categories.0, "category_modify_quota": categories.1,
        },
        "auth_info": [{ "scope_name": "package_manage", "type": 0 }],
        "annual_review_info": { "annual_review_status": 1, "annual_review_overdue_time": 0 },
        "app_offline_info": offline.collect::<Vec<_>>(),
        "web_status": 0,
    });
    if let Value::Object(more) = more {
        info.extend(more);
    }
    Step::answer(Content::Fields(info))
}

/// The fields that `app/info` and the alliance's call share.
pub(super) fn basics(app_id: &AppId, account: &Account) -> Object {
    let profile = &account.profile;
    let basics = json!({
        "app_id": number(app_id.as_str()),
        "app_name": profile.name,
        "app_desc": profile.description,
        "photo_addr": cover(&profile.icon),
        "qualification": {
            "name": "",
            "type": 2,
            "satus": 1,
            "ad_type": u8::from(profile.is_authenticated),
            "ad_status": if profile.is_authenticated { 1 } else { 3 },
        },
        "category": categories::in_force(profile),
        "min_swan_version": account.library(),
        "status": profile.status(account.paused),
    });
    basics.as_object().cloned().unwrap_or_default()
}

/// JSON text with escaped slashes, as in the documents.
fn cover(icon: &str) -> String {
    let covers = if icon.is_empty() { json!([]) } else { json!([{ "cover": icon }]) };
    covers.to_string().replace('/', "\\/")
}

/// Which of name, description and icon is under review or was refused.
fn audit_info(profile: &Profile) -> Object {
    let mut info = Object::new();
    let items = [
        (ReviewItem::Name, "audit_app_name"),
        (ReviewItem::Description, "audit_app_desc"),
        (ReviewItem::Icon, "audit_photo_addr"),
    ];
    for (item, name) in items {
        let (change, status, reason) = match (profile.review(item), profile.refused.get(&item)) {
            (Some(review), _) => (&review.change, 1, ""),
            (None, Some((change, reason))) => (change, 3, reason.as_str()),
            (None, None) => continue,
        };
        let value = match change {
            Change::Icon(icon) => json!(cover(icon)),
            change => change.value(),
        };
        info.insert(name.to_owned(), value);
        info.insert(format!("{name}_status"), json!(status));
        info.insert(format!("{name}_reason"), json!(reason));
    }
    info
}

/// A description is 10 to 56 wide.
pub(super) fn modifysignature(view: &BdView<'_>) -> Verdict {
    let text = view.call.param("signature").filter(|text| (10..=56).contains(&naming::width(text)));
    let text = text.ok_or(Refusal::code(40001))?.to_owned();
    if text == view.state.profile.description {
        return Err(Refusal::code(50051));
    }
    reviews::check(view, ReviewItem::Description, 47006)?;
    Step::effect(|scene: &mut BdScene<'_>| {
        reviews::submit(scene, Change::Description(text));
        Content::Done
    })
}

pub(super) fn modifyheadimage(view: &BdView<'_>) -> Verdict {
    let address = view.call.param("image_url").filter(|address| !address.is_empty());
    let address = address.ok_or(Refusal::code(40001))?.to_owned();
    if !view.platform.baidu.images.contains(&address) {
        return Err(Refusal::code(47008));
    }
    if address == view.state.profile.icon {
        return Err(Refusal::code(50051));
    }
    reviews::check(view, ReviewItem::Icon, 47005)?;
    Step::effect(|scene: &mut BdScene<'_>| {
        reviews::submit(scene, Change::Icon(address));
        Content::Done
    })
}

/// Returns an id as a number if it is one.
pub(super) fn number(id: &str) -> Value {
    id.parse::<u64>().map_or_else(|_| json!(id), |number| json!(number))
}

pub(super) fn pause(_: &BdView<'_>) -> Verdict {
    Step::effect(|scene: &mut BdScene<'_>| {
        if !std::mem::replace(&mut scene.state.paused, true) {
            push::push_event(scene, "APP_SERVER_PAUSE");
        }
        Content::Done
    })
}

pub(super) fn resume(_: &BdView<'_>) -> Verdict {
    Step::effect(|scene: &mut BdScene<'_>| {
        if std::mem::replace(&mut scene.state.paused, false) {
            push::push_event(scene, "APP_SERVER_RESUME");
        }
        Content::Done
    })
}

pub(super) fn getsupportversion(view: &BdView<'_>) -> Verdict {
    Step::answer(json!({
        "now_version": view.state.library(),
        "items": [
            { "version": "1.0.0", "percentage": 0.5 },
            { "version": "1.11.0", "percentage": 12.25 },
            { "version": "3.0.0", "percentage": 87.25 },
        ],
    }))
}

pub(super) fn setsupportversion(view: &BdView<'_>) -> Verdict {
    let version = view.call.param("version").filter(|version| is_library_version(version));
    let version = version.ok_or(Refusal::code(470_021))?.to_owned();
    Step::effect(move |scene: &mut BdScene<'_>| {
        scene.state.library = Some(version);
        Content::Done
    })
}
