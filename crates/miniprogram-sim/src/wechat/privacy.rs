//! The privacy guide of an app.

use miniprogram_core::Timestamp;
use serde_json::{Value, json};

use super::privacy_interfaces::Interfaces;
use super::{Step, Verdict, WeScene, WeView, input};
use crate::call::{Content, Object, Refusal};

/// WeChat's names of the kinds of data it knows; an app may add others.
const KEYS: [(&str, &str); 22] = [
    ("UserInfo", "用户信息（微信昵称、头像）"),
    ("Location", "位置信息"),
    ("Address", "地址"),
    ("Invoice", "发票信息"),
    ("RunData", "微信运动数据"),
    ("Record", "麦克风"),
    ("Album", "选中的照片或视频信息"),
    ("Camera", "摄像头"),
    ("PhoneNumber", "手机号"),
    ("Contact", "通讯录（仅写入）权限"),
    ("DeviceInfo", "设备信息"),
    ("EXIDNumber", "身份证号码"),
    ("EXOrderInfo", "订单信息"),
    ("EXUserPublishContent", "发布内容"),
    ("EXUserFollowAcct", "所关注账号"),
    ("EXUserOpLog", "操作日志"),
    ("AlbumWriteOnly", "相册（仅写入）权限"),
    ("LicensePlate", "车牌号"),
    ("BlueTooth", "蓝牙"),
    ("CalendarWriteOnly", "日历（仅写入）权限"),
    ("Email", "邮箱"),
    ("MessageFile", "选中的文件"),
];
/// Kinds of data that the code of every template uses.
const USED: [&str; 2] = ["UserInfo", "Location"];
const CONTACTS: [&str; 4] = ["contact_email", "contact_phone", "contact_qq", "contact_weixin"];

#[derive(Debug, Clone)]
struct Guide {
    owner: Object,
    /// Key and text of each kind of data.
    settings: Vec<(String, String)>,
    updated_at: Timestamp,
}

impl Guide {
    fn file(&self) -> Option<&str> {
        input::text(&self.owner, "ext_file_media_id").filter(|file| !file.is_empty())
    }
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Privacy {
    published: Option<Guide>,
    development: Option<Guide>,
    pub(super) interfaces: Interfaces,
}

impl Privacy {
    /// The guide takes effect with the release of its version.
    pub(super) fn release(&mut self) {
        if let Some(guide) = self.development.take() {
            self.published = Some(guide);
        }
    }
}

/// 1 is the guide of the released version, 2 (the default) that of the next.
fn of_released(view: &WeView<'_>) -> Result<bool, Refusal> {
    match view.body.get("privacy_ver") {
        None => Ok(false),
        Some(version) => match version.as_u64() {
            Some(1) => Ok(true),
            Some(2) => Ok(false),
            _ => Err(Refusal::code(86071)),
        },
    }
}

fn owner_setting(view: &WeView<'_>) -> Result<Object, Refusal> {
    let owner = view.body.get("owner_setting").and_then(Value::as_object).ok_or(Refusal::code(86069))?;
    let filled = |name: &str| input::text(owner, name).is_some_and(|text| !text.is_empty());
    if !CONTACTS.into_iter().any(filled) {
        return Err(Refusal::code(86069));
    }
    if !filled("notice_method") {
        return Err(Refusal::code(86070));
    }
    if let Some(expiry) = owner.get("store_expire_timestamp").filter(|expiry| **expiry != "") {
        let days = expiry.as_str().and_then(|expiry| expiry.strip_suffix('天'));
        if !days.is_some_and(|days| !days.is_empty() && days.bytes().all(|byte| byte.is_ascii_digit())) {
            return Err(Refusal::code(86072));
        }
    }
    if let Some(file) = owner.get("ext_file_media_id").filter(|file| **file != "") {
        let known = file.as_str().is_some_and(|file| view.state.profile.media.holds(file, view.now));
        if !known && view.state.profile.privacy.published.as_ref().and_then(Guide::file) != file.as_str() {
            return Err(Refusal::code(86073));
        }
    }
    Ok(owner.clone())
}

fn setting_list(view: &WeView<'_>) -> Result<Vec<(String, String)>, Refusal> {
    let list = view.body.get("setting_list").and_then(Value::as_array).ok_or(Refusal::code(40097))?;
    let settings = list.iter().map(|setting| {
        let text = |name: &str| setting.get(name).and_then(Value::as_str).map(str::to_owned);
        text("privacy_key").filter(|key| !key.is_empty()).zip(text("privacy_text"))
    });
    settings.collect::<Option<Vec<_>>>().ok_or(Refusal::code(40097))
}

pub(super) fn setprivacysetting(view: &WeView<'_>) -> Verdict {
    let released = of_released(view)?;
    let owner = owner_setting(view)?;
    if released {
        let published = view.state.profile.privacy.published.as_ref().ok_or(Refusal::code(86074))?;
        let guide = Guide { owner, settings: published.settings.clone(), updated_at: view.now };
        if guide.file() != published.file() {
            return Err(Refusal::code(86075));
        }
        if view.body.contains_key("setting_list") {
            return Err(Refusal::code(40097));
        }
        return Step::effect(move |scene: &mut WeScene<'_>| {
            scene.state.profile.privacy.published = Some(Guide { updated_at: scene.now, ..guide });
            Content::Done
        });
    }
    let settings = setting_list(view)?;
    Step::effect(move |scene: &mut WeScene<'_>| {
        let guide = Guide { owner, settings, updated_at: scene.now };
        scene.state.profile.privacy.development = Some(guide);
        Content::Done
    })
}

pub(super) fn getprivacysetting(view: &WeView<'_>) -> Verdict {
    let privacy = &view.state.profile.privacy;
    let (guide, has_code) = if of_released(view)? {
        (privacy.published.as_ref(), view.state.online.is_some())
    } else {
        (privacy.development.as_ref().or(privacy.published.as_ref()), view.state.uploaded.is_some())
    };
    let label = |key: &str| KEYS.iter().find(|(known, _)| *known == key).map_or("", |(_, label)| *label);
    let settings: Vec<Value> = guide
        .iter()
        .flat_map(|guide| &guide.settings)
        .map(|(key, text)| json!({ "privacy_key": key, "privacy_text": text, "privacy_label": label(key) }))
        .collect();
    let descriptions: Vec<Value> =
        KEYS.iter().map(|(key, label)| json!({ "privacy_key": key, "privacy_desc": label })).collect();
    Step::answer(json!({
        "code_exist": u64::from(has_code),
        "privacy_list": if has_code { &USED[..] } else { &[] },
        "setting_list": settings,
        "update_time": guide.map_or(0, |guide| guide.updated_at.as_unix()),
        "owner_setting": guide.map(|guide| guide.owner.clone()).unwrap_or_default(),
        "privacy_desc": { "privacy_desc_list": descriptions },
    }))
}
