//! Privacy interfaces: APIs that need a permission because they read personal data.

use std::collections::BTreeMap;

use miniprogram_core::Timestamp;
use serde_json::{Value, json};

use super::{Step, Verdict, WeScene, WeView, input, review};
use crate::call::Refusal;
use crate::verdict::ReviewItem;

/// WeChat's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Permission {
    MayApply = 1,
    NotAvailable = 2,
    Applied = 3,
    Refused = 4,
    Granted = 5,
}

struct Interface {
    name: &'static str,
    chinese_name: &'static str,
    description: &'static str,
    /// The initial permission.
    permission: Permission,
}

static INTERFACES: [Interface; 6] = [
    Interface {
        name: "wx.getLocation",
        chinese_name: "获取当前的地理位置、速度",
        description: "获取用户精确位置信息",
        permission: Permission::MayApply,
    },
    Interface {
        name: "wx.getFuzzyLocation",
        chinese_name: "获取当前的模糊地理位置",
        description: "获取用户模糊位置信息",
        permission: Permission::MayApply,
    },
    Interface {
        name: "wx.choosePoi",
        chinese_name: "打开POI列表选择位置",
        description: "获取用户选择的位置信息",
        permission: Permission::MayApply,
    },
    Interface {
        name: "wx.onLocationChange",
        chinese_name: "监听实时地理位置变化事件",
        description: "持续获取用户位置信息",
        permission: Permission::MayApply,
    },
    Interface {
        name: "wx.startLocationUpdateBackground",
        chinese_name: "后台获取位置",
        description: "在后台获取用户位置信息",
        permission: Permission::NotAvailable,
    },
    Interface {
        name: "wx.chooseAddress",
        chinese_name: "获取用户收货地址",
        description: "获取用户收货地址",
        permission: Permission::Granted,
    },
];

/// The newest application for an interface.
#[derive(Debug, Clone)]
pub(crate) struct Application {
    pub(crate) audit: u64,
    pub(crate) applied_at: Timestamp,
    pub(crate) permission: Permission,
    pub(crate) reason: String,
}

/// An interface and its application.
pub(super) type Applied = (&'static str, Application);

#[derive(Debug, Clone, Default)]
pub(crate) struct Interfaces(BTreeMap<&'static str, Application>);

impl Interfaces {
    /// Applications under review.
    pub(super) fn pending(&self) -> impl Iterator<Item = Applied> {
        let pending = self.0.iter().filter(|(_, application)| application.permission == Permission::Applied);
        pending.map(|(name, application)| (*name, application.clone()))
    }

    /// Decides the application of this audit, or the newest one without an id.
    pub(super) fn decide(&mut self, audit: Option<u64>, reason: Option<&str>) -> Option<Applied> {
        let pending = self.0.iter_mut().filter(|(_, application)| {
            application.permission == Permission::Applied
                && audit.is_none_or(|audit| audit == application.audit)
        });
        let (name, application) = pending.max_by_key(|(_, application)| application.audit)?;
        application.reason = reason.unwrap_or_default().to_owned();
        application.permission = if reason.is_some() { Permission::Refused } else { Permission::Granted };
        Some((name, application.clone()))
    }
}

pub(super) fn get_privacy_interface(view: &WeView<'_>) -> Verdict {
    let applications = &view.state.profile.privacy.interfaces.0;
    let list: Vec<Value> = INTERFACES
        .iter()
        .map(|interface| {
            let application = applications.get(interface.name);
            json!({
                "api_name": interface.name,
                "api_ch_name": interface.chinese_name,
                "api_desc": interface.description,
                "status": application.map_or(interface.permission, |application| application.permission) as u64,
                "apply_time": application.map_or(0, |application| application.applied_at.as_unix()),
                "audit_id": application.map_or(0, |application| application.audit),
                "fail_reason": application.map_or("", |application| application.reason.as_str()),
                "api_link": "https://developers.weixin.qq.com/miniprogram/dev/api/",
                "group_name": "地理位置",
            })
        })
        .collect();
    Step::answer(json!({ "interface_list": list }))
}

pub(super) fn apply_privacy_interface(view: &WeView<'_>) -> Verdict {
    let name = input::text(view.body, "api_name").ok_or(Refusal::code(40097))?;
    let interface = INTERFACES.iter().find(|interface| interface.name == name);
    let interface = interface.ok_or(Refusal::code(40097))?;
    input::text(view.body, "content").filter(|content| !content.is_empty()).ok_or(Refusal::code(40097))?;
    for list in ["url_list", "pic_list", "video_list"] {
        input::texts(view.body, list)?;
    }
    let application = view.state.profile.privacy.interfaces.0.get(interface.name);
    match application.map_or(interface.permission, |application| application.permission) {
        Permission::MayApply | Permission::Refused => {}
        Permission::Granted => return Err(Refusal::code(61035)),
        Permission::NotAvailable => return Err(Refusal::code(48001)),
        Permission::Applied => return Err(Refusal::code(85050)),
    }
    Step::effect(|scene: &mut WeScene<'_>| {
        let audit = review::submit(scene, ReviewItem::PrivacyInterface);
        let application = Application {
            audit,
            applied_at: scene.now,
            permission: Permission::Applied,
            reason: String::new(),
        };
        scene.state.profile.privacy.interfaces.0.insert(interface.name, application);
        // This response has another `errmsg` than "ok".
        json!({ "errmsg": "apply success", "audit_id": audit }).into()
    })
}
