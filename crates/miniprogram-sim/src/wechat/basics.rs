//! Avatar, signature, search status and account information of an app.

use serde_json::json;

use super::naming::CHANGES_PER_YEAR;
use super::uses::Uses;
use super::{Step, Verdict, WeScene, WeView, input, media};
use crate::call::{Content, Refusal};

/// How often avatar and signature may each change per month.
pub(super) const CHANGES_PER_MONTH: usize = 5;
/// Maximum size of an avatar, in bytes.
pub(super) const LARGEST: usize = 2 * 1024 * 1024;

#[derive(Debug, Clone, Default)]
pub(crate) struct Basics {
    pub(super) signature: String,
    /// Media id of the avatar, once set.
    pub(super) head_image: Option<String>,
    /// Whether the app is hidden from search.
    is_hidden: bool,
    signature_changes: Uses,
    head_image_changes: Uses,
}

pub(super) fn getaccountbasicinfo(view: &WeView<'_>) -> Verdict {
    let profile = &view.state.profile;
    let basics = &profile.basics;
    let nickname = &profile.naming.name;
    let picture = basics.head_image.as_deref().unwrap_or("default");
    let picture = input::digest(2, &[view.app_id.as_str().as_bytes(), picture.as_bytes()]);
    Step::answer(json!({
        "appid": view.app_id,
        "account_type": 3,
        "principal_type": u64::from(!profile.is_personal),
        "principal_name": if profile.is_personal { "张三" } else { "示例科技有限公司" },
        "realname_status": 1,
        "wx_verify_info": {
            "qualification_verify": !profile.is_personal,
            "naming_verify": !profile.is_personal,
        },
        "signature_info": {
            "signature": basics.signature,
            "modify_used_count": basics.signature_changes.this_month(view.now),
            "modify_quota": CHANGES_PER_MONTH,
        },
        "head_image_info": {
            "head_image_url": format!("http://wx.qlogo.cn/mmhead/{picture}/0"),
            "modify_used_count": basics.head_image_changes.this_month(view.now),
            "modify_quota": CHANGES_PER_MONTH,
        },
        "nickname_info": {
            "nickname": nickname,
            "modify_used_count": profile.naming.changes(view.now),
            "modify_quota": CHANGES_PER_YEAR,
        },
        "registered_country": 1017,
        "credential": "",
        "customer_type": u64::from(!profile.is_personal),
        "nickname": nickname,
    }))
}

/// The crop box is two corners, as fractions of the image from 0 to 1.
pub(super) fn modifyheadimage(view: &WeView<'_>) -> Verdict {
    let media_id = input::text(view.body, "head_img_media_id").filter(|id| !id.is_empty());
    let media_id = media_id.ok_or(Refusal::code(41006))?.to_owned();
    let corner = |name: &str| {
        let place = view.body.get(name).and_then(serde_json::Value::as_f64);
        place.filter(|place| (0.0..=1.0).contains(place)).ok_or(Refusal::code(40097))
    };
    let (left, top, right, bottom) = (corner("x1")?, corner("y1")?, corner("x2")?, corner("y2")?);
    if left >= right || top >= bottom {
        return Err(Refusal::code(40097));
    }
    if !media::looks_like_id(&media_id) {
        return Err(Refusal::code(40007));
    }
    let size = view.state.profile.media.picture(&media_id, view.now).ok_or(Refusal::code(46001))?;
    if size > LARGEST {
        return Err(Refusal::code(40009));
    }
    if view.state.profile.basics.head_image_changes.this_month(view.now) >= CHANGES_PER_MONTH {
        return Err(Refusal::code(53202));
    }
    Step::effect(move |scene: &mut WeScene<'_>| {
        let basics = &mut scene.state.profile.basics;
        basics.head_image = Some(media_id);
        basics.head_image_changes.add(scene.now);
        Content::Done
    })
}

/// 4 to 120 characters, without the words refused in names.
pub(super) fn modifysignature(view: &WeView<'_>) -> Verdict {
    let signature = input::text(view.body, "signature").ok_or(Refusal::code(40097))?.to_owned();
    if !(4..=120).contains(&signature.chars().count()) {
        return Err(Refusal::code(53204));
    }
    if view.platform.wechat.name_rules.keys().any(|word| signature.contains(word.as_str())) {
        return Err(Refusal::code(53201));
    }
    if view.state.profile.basics.signature_changes.this_month(view.now) >= CHANGES_PER_MONTH {
        return Err(Refusal::code(53200));
    }
    Step::effect(move |scene: &mut WeScene<'_>| {
        let basics = &mut scene.state.profile.basics;
        basics.signature = signature;
        basics.signature_changes.add(scene.now);
        Content::Done
    })
}

pub(super) fn getwxasearchstatus(view: &WeView<'_>) -> Verdict {
    Step::answer(json!({ "status": u64::from(view.state.profile.basics.is_hidden) }))
}

/// Refused for an app with an illegal record.
pub(super) fn changewxasearchstatus(view: &WeView<'_>) -> Verdict {
    let status = input::number(view.body, "status").filter(|status| *status <= 1);
    let is_hidden = status.ok_or(Refusal::code(85084))? == 1;
    if view.state.profile.records.is_punished() {
        return Err(Refusal::code(85083));
    }
    Step::effect(move |scene: &mut WeScene<'_>| {
        scene.state.profile.basics.is_hidden = is_hidden;
        Content::Done
    })
}
