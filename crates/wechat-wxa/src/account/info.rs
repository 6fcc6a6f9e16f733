use miniprogram_core::pipeline::{Call, Fields, Reply};
use miniprogram_core::{AppId, Result, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::client::WeChatApp;
use crate::fields;
use crate::values::{ACCOUNT_TYPE, AccountType, Coded, REALNAME_STATUS, ReviewStatus};

/// What the vendor tells of an app's account.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AccountInfo {
    /// `appid`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub app_id: Option<AppId>,
    /// `account_type`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub account_type: Option<Coded<AccountType>>,
    /// `principal_type`: the vendor's number for the kind of owner.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub principal_type: Option<i64>,
    /// `principal_name`: the owner.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub principal_name: Option<String>,
    /// `realname_status`: where the check of the owner stands.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub realname_status: Option<Coded<ReviewStatus>>,
    /// `wx_verify_info`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub verification: Option<VerificationInfo>,
    /// `signature_info`: the description.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub description: Option<Changes>,
    /// `head_image_info`: the address of the icon.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub icon: Option<Changes>,
    /// `nickname_info`: the name.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<Changes>,
    /// `registered_country`: the vendor's number.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub registered_country: Option<i64>,
    /// `credential`: the owner's registration number.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub credential: Option<String>,
    /// `customer_type`: the vendor's number.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub customer_type: Option<i64>,
    /// Every other member as the vendor sent it.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

/// What can be changed so often.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Changes {
    /// What it is now.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub value: Option<String>,
    /// `modify_used_count`: how often it was changed in the period.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub used: Option<i64>,
    /// `modify_quota`: how often it can be changed in the period.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub quota: Option<i64>,
    /// Every other member as the vendor sent it.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl Changes {
    fn read(members: &mut Fields<'_>, value: &str) -> Self {
        Self {
            value: members.text(value),
            used: members.number("modify_used_count"),
            quota: members.number("modify_quota"),
            extra: members.rest(),
        }
    }

    /// How many changes were counted since; none if that is not told or a new period began.
    pub(super) fn counted_since(&self, before: &Self) -> Option<i64> {
        let counted = self.used?.checked_sub(before.used?)?;
        (counted >= 0).then_some(counted)
    }

    /// Whether the vendor tells neither the value nor how often it was changed.
    pub(super) fn is_untold(&self) -> bool {
        self.used.is_none() && self.value.as_deref().is_none_or(|value| value.trim().is_empty())
    }

    /// Whether it was changed to a value since; none if that does not show, since the owner can change it too. One
    /// change that was counted although all looks as before is not shown yet.
    pub(super) fn changed_to(&self, wanted: &str, before: &Self) -> Option<bool> {
        let (now, then) = (self.value.as_deref(), before.value.as_deref());
        match self.counted_since(before) {
            _ if now == Some(wanted) && then.is_some_and(|then| then != wanted) => Some(true),
            Some(0) if now == then => Some(false),
            Some(1) if now == then || now == Some(wanted) => Some(true),
            _ => None,
        }
    }
}

/// What of an account was verified.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct VerificationInfo {
    /// `qualification_verify`: whether the owner was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub qualification: Option<bool>,
    /// `naming_verify`: whether the name was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub naming: Option<bool>,
    /// `annual_review`: whether the yearly review is due.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub annual_review: Option<bool>,
    /// `annual_review_begin_time`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub annual_review_begins_at: Option<Timestamp>,
    /// `annual_review_end_time`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub annual_review_ends_at: Option<Timestamp>,
    /// Every other member as the vendor sent it.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl VerificationInfo {
    fn read(members: &mut Fields<'_>) -> Self {
        Self {
            qualification: members.flag("qualification_verify"),
            naming: members.flag("naming_verify"),
            annual_review: members.flag("annual_review"),
            annual_review_begins_at: members.time("annual_review_begin_time"),
            annual_review_ends_at: members.time("annual_review_end_time"),
            extra: members.rest(),
        }
    }
}

impl WeChatApp {
    /// Name, icon, description and owner of the app, and how often each can be changed: `getaccountbasicinfo`.
    ///
    /// # Errors
    /// Those of any read.
    pub async fn account_info(&self) -> Result<AccountInfo> {
        Ok(read(&self.begin("account_info").read(&call()).await?))
    }
}

pub(super) fn call() -> Call {
    Call::get("account_info", "/cgi-bin/account/getaccountbasicinfo")
}

fn read(reply: &Reply) -> AccountInfo {
    let mut members = fields::of(reply);
    // The name stands outside of `nickname_info` too, in some answers only there.
    let nickname = members.text("nickname");
    let mut changes =
        |name: &str, value: &str| members.object(name).as_mut().map(|info| Changes::read(info, value));
    let description = changes("signature_info", "signature");
    let icon = changes("head_image_info", "head_image_url");
    let mut name = changes("nickname_info", "nickname");
    if let Some(nickname) = nickname {
        name.get_or_insert_default().value.get_or_insert(nickname);
    }
    AccountInfo {
        app_id: members.text("appid").map(AppId::from),
        account_type: members.coded("account_type", &ACCOUNT_TYPE),
        principal_type: members.number("principal_type"),
        principal_name: members.text("principal_name"),
        realname_status: members.coded("realname_status", &REALNAME_STATUS),
        verification: members.object("wx_verify_info").as_mut().map(VerificationInfo::read),
        description,
        icon,
        name,
        registered_country: members.number("registered_country"),
        credential: members.text("credential"),
        customer_type: members.number("customer_type"),
        extra: members.rest(),
    }
}

/// What of an account shows that it was changed.
#[derive(Serialize, Deserialize)]
pub(super) struct Shown {
    pub(super) name: Changes,
    pub(super) icon: Changes,
    pub(super) description: Changes,
}

pub(super) fn shown(reply: &Reply) -> Result<Shown> {
    let info = read(reply);
    Ok(Shown {
        name: info.name.unwrap_or_default(),
        icon: info.icon.unwrap_or_default(),
        description: info.description.unwrap_or_default(),
    })
}
