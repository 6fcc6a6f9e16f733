//! Changes of an app, and messages from its customers.

use miniprogram_core::vendor_api::Fields;
use miniprogram_core::{AppId, PackageId, Result, Secret};

use super::reason;
use crate::values::{Coded, IllegalPart, OFFLINE_REASON, OfflineReason};

/// Baidu took an app offline. Source: vendor document 003, pause and resume.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ForcedOffline {
    /// `offlineReason`: the part at fault.
    pub offline_reason: Option<Coded<OfflineReason>>,
    /// `illegalFields`, split at its commas: with the reasons 1 and 3, the basic information at fault.
    pub illegal_fields: Vec<IllegalPart>,
    /// `reason`: the vendor's message.
    pub reason: Option<String>,
}

impl ForcedOffline {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self> {
        let reason_code = fields.number("offlineReason")?;
        Ok(Self {
            offline_reason: reason_code.map(|code| Coded::new(&OFFLINE_REASON, code)),
            illegal_fields: IllegalPart::list(&fields.text("illegalFields")?.unwrap_or_default()),
            reason: reason(fields)?,
        })
    }
}

/// An app lost its name because no package was submitted in time.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NameCleared {
    /// `beforeAppName`: the name that was released.
    pub before: Option<String>,
    /// `appName`: the name it has now.
    pub now: Option<String>,
    /// `reason`: the vendor's message.
    pub reason: Option<String>,
}

impl NameCleared {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            before: fields.text("beforeAppName")?,
            now: fields.text("appName")?,
            reason: reason(fields)?,
        })
    }
}

/// Reads the app whose information changed.
pub(super) fn changed_app(fields: &Fields<'_>) -> Result<AppId> {
    fields.required("data", Fields::object)?.required("app_id", Fields::id).map(AppId::from)
}

/// A package changed, possibly in its status. Source: vendor document 004, change notifications.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PackageChange {
    /// `app_id`.
    pub app_id: AppId,
    /// `package_id`.
    pub package_id: PackageId,
}

impl PackageChange {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self> {
        let data = fields.required("data", Fields::object)?;
        Ok(Self {
            app_id: data.required("app_id", Fields::id)?.into(),
            package_id: data.required("package_id", Fields::id)?.into(),
        })
    }
}

/// A message from a customer to an app; reply within 2 seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CustomerMessage {
    /// `MsgType`: `text`, `image` or an unlisted type.
    pub msg_type: String,
    /// `FromUserName`: the customer.
    pub from_user: Option<String>,
    /// `ToUserName`: the app.
    pub to_user: Option<String>,
    /// `MsgId`: identical for redelivered messages.
    pub msg_id: Option<String>,
    /// `Content` of a text. Customers' messages must not be logged.
    pub content: Option<Secret>,
    /// `PicUrl` of an image. Anyone who has the URL can see what the customer sent.
    pub pic_url: Option<Secret>,
}

impl CustomerMessage {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            msg_type: fields.required("MsgType", Fields::text)?,
            from_user: fields.text("FromUserName")?,
            to_user: fields.text("ToUserName")?,
            msg_id: fields.text("MsgId")?,
            content: fields.text("Content")?.map(Secret::from),
            pic_url: fields.text("PicUrl")?.map(Secret::from),
        })
    }
}
