use miniprogram_core::vendor_api::pipeline::{Call, Fields, Reply};
use miniprogram_core::{AppId, Result, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;

use crate::client::WeChatApp;
use crate::endpoints;
use crate::fields;
use crate::values::{ACCOUNT_TYPE, AccountType, Coded, REALNAME_STATUS, ReviewStatus};

/// An app's account, as the vendor reports it.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AccountInfo {
    /// `appid`.
    pub app_id: Option<AppId>,
    /// `account_type`.
    pub account_type: Option<Coded<AccountType>>,
    /// `principal_type`: the vendor's number for the kind of owner.
    pub principal_type: Option<i64>,
    /// `principal_name`: the owner.
    pub principal_name: Option<String>,
    /// `realname_status`: the state of the owner's identity check.
    pub realname_status: Option<Coded<ReviewStatus>>,
    /// `wx_verify_info`.
    pub verification: Option<VerificationInfo>,
    /// `signature_info`: the description.
    pub description: Option<Changes>,
    /// `head_image_info`: the URL of the icon.
    pub icon: Option<Changes>,
    /// `nickname_info`: the name.
    pub name: Option<Changes>,
    /// `registered_country`: the vendor's number.
    pub registered_country: Option<i64>,
    /// `credential`: the owner's registration number.
    pub credential: Option<String>,
    /// `customer_type`: the vendor's number.
    pub customer_type: Option<i64>,
    /// All other fields, as the vendor sent them.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

/// A property that can be changed only a limited number of times.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Changes {
    /// The current value.
    pub value: Option<String>,
    /// `modify_used_count`: the number of changes made in the period.
    pub used: Option<i64>,
    /// `modify_quota`: the number of changes allowed in the period.
    pub quota: Option<i64>,
    /// All other fields, as the vendor sent them.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl Changes {
    fn read(fields: &mut Fields<'_>, value: &str) -> Self {
        Self {
            value: fields.text(value),
            used: fields.number("modify_used_count"),
            quota: fields.number("modify_quota"),
            extra: fields.rest(),
        }
    }

    /// Returns how many changes were counted since `before`; `None` if that is not reported or a new period has
    /// begun.
    pub(super) fn counted_since(&self, before: &Self) -> Option<i64> {
        let counted = self.used?.checked_sub(before.used?)?;
        (counted >= 0).then_some(counted)
    }

    /// Whether the vendor reports neither the value nor the number of changes.
    pub(super) fn is_untold(&self) -> bool {
        self.used.is_none() && self.value.as_deref().is_none_or(|value| value.trim().is_empty())
    }

    /// Returns whether the value was changed to `wanted` since; `None` if that cannot be determined, since the owner
    /// can change it too. If everything looks as before but one change was counted, the change is not visible yet.
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

/// Which parts of an account are verified.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct VerificationInfo {
    /// `qualification_verify`: whether the owner is verified.
    pub qualification: Option<bool>,
    /// `naming_verify`: whether the name is verified.
    pub naming: Option<bool>,
    /// `annual_review`: whether the yearly review is due.
    pub annual_review: Option<bool>,
    /// `annual_review_begin_time`.
    pub annual_review_begins_at: Option<Timestamp>,
    /// `annual_review_end_time`.
    pub annual_review_ends_at: Option<Timestamp>,
    /// All other fields, as the vendor sent them.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl VerificationInfo {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            qualification: fields.flag("qualification_verify"),
            naming: fields.flag("naming_verify"),
            annual_review: fields.flag("annual_review"),
            annual_review_begins_at: fields.time("annual_review_begin_time"),
            annual_review_ends_at: fields.time("annual_review_end_time"),
            extra: fields.rest(),
        }
    }
}

impl WeChatApp {
    /// Returns the app's name, icon, description and owner, and how often each can be changed: `getaccountbasicinfo`.
    ///
    /// # Errors
    /// The errors of any read.
    pub async fn account_info(&self) -> Result<AccountInfo> {
        Ok(read(&self.begin("account_info").read(&call()).await?))
    }
}

pub(super) fn call() -> Call {
    Call::to(&endpoints::ACCOUNT_INFO)
}

fn read(reply: &Reply) -> AccountInfo {
    let mut fields = fields::of(reply);
    // The name also appears outside `nickname_info`, in some responses only there.
    let nickname = fields.text("nickname");
    let mut changes =
        |name: &str, value: &str| fields.object(name).as_mut().map(|info| Changes::read(info, value));
    let description = changes("signature_info", "signature");
    let icon = changes("head_image_info", "head_image_url");
    let mut name = changes("nickname_info", "nickname");
    if let Some(nickname) = nickname {
        name.get_or_insert_default().value.get_or_insert(nickname);
    }
    AccountInfo {
        app_id: fields.text("appid").map(AppId::from),
        account_type: fields.coded("account_type", &ACCOUNT_TYPE),
        principal_type: fields.number("principal_type"),
        principal_name: fields.text("principal_name"),
        realname_status: fields.coded("realname_status", &REALNAME_STATUS),
        verification: fields.object("wx_verify_info").as_mut().map(VerificationInfo::read),
        description,
        icon,
        name,
        registered_country: fields.number("registered_country"),
        credential: fields.text("credential"),
        customer_type: fields.number("customer_type"),
        extra: fields.rest(),
    }
}

/// The parts of an account that show that it was changed.
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
