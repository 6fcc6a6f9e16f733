//! What concerns the app as a whole.

use serde_json::{Value, json};

use super::{BdScene, BdView, Step, Verdict};
use crate::call::{Content, Refusal};
use crate::wechat::is_library_version;

/// Categories with the oddities of the documents: ids as number and as text, JSON inside JSON.
pub(super) fn category_list(view: &BdView<'_>) -> Verdict {
    let personal = match view.call.param("category_type") {
        Some("1") => true,
        Some("2") => false,
        _ => return Err(Refusal::code(40001)),
    };
    let licence = json!({
        "desc": "资质要求",
        "list": [[{ "id": 1, "must": 1, "name": "快递业务经营许可证", "desc": "" }]],
    });
    let mut categories = vec![json!({
        "id": 5,
        "category_name": "工具",
        "category_type": 1,
        "sub_items": {
            "6": { "id": "6", "category_name": "备忘录", "category_type": 1, "need_quali": "0", "category_quali": "" },
        },
    })];
    if !personal {
        categories.insert(
            0,
            json!({
                "id": 1,
                "category_name": "快递业与邮政",
                "category_type": 2,
                "sub_items": {
                    "2": {
                        "id": "2",
                        "category_name": "快递",
                        "category_type": 2,
                        "need_quali": 1,
                        "category_quali": licence.to_string(),
                    },
                    "3": { "id": "3", "category_name": "邮政", "category_type": 2, "need_quali": "0", "category_quali": "" },
                },
            }),
        );
    }
    Step::answer(Content::Data(Value::Array(categories)))
}

pub(super) fn info(view: &BdView<'_>) -> Verdict {
    Step::answer(json!({
        "app_id": number(view.app_id.as_str()),
        "app_name": format!("app {}", view.app_id),
        "app_key": "",
        "app_desc": "",
        "photo_addr": "[]",
        "qualification": { "name": "", "type": 2, "satus": 1, "ad_type": 1, "ad_status": 1 },
        "category": [],
        "audit_info": {},
        "modify_count": {
            "name_modify_used": 0, "name_modify_quota": 5,
            "signature_modify_used": 0, "signature_modify_quota": 5,
            "image_modify_used": 0, "image_modify_quota": 5,
            "category_modify_used": 0, "category_modify_quota": 3,
        },
        "auth_info": [{ "scope_name": "package_manage", "type": 0 }],
        "annual_review_info": { "annual_review_status": 1, "annual_review_overdue_time": 0 },
        "app_offline_info": [],
        "min_swan_version": view.state.library(),
        "status": if view.state.paused { 4 } else { 1 },
        "web_status": 0,
    }))
}

/// An id as a number where it is one.
pub(super) fn number(id: &str) -> Value {
    id.parse::<u64>().map_or_else(|_| json!(id), |number| json!(number))
}

pub(super) fn pause(_: &BdView<'_>) -> Verdict {
    Step::effect(|scene: &mut BdScene<'_>| {
        scene.state.paused = true;
        Content::Done
    })
}

pub(super) fn resume(_: &BdView<'_>) -> Verdict {
    Step::effect(|scene: &mut BdScene<'_>| {
        scene.state.paused = false;
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
