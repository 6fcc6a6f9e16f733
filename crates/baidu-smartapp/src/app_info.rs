//! `app/info`: what Baidu knows about the app.

use miniprogram_core::pipeline::{Call, Op};
use miniprogram_core::{AppId, Result, Visit};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::client::BaiduApp;
use crate::codes::APP_VISIT;
use crate::{reply, wire};

/// What Baidu knows about the app. Source: document 004 and the later `app/info`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AppInfo {
    /// The app's id.
    pub app_id: Option<AppId>,
    /// The app's name.
    pub name: Option<String>,
    /// The app's description.
    pub description: Option<String>,
    /// Whether users can open it, and the number behind that.
    pub visit: Visit,
    /// The lowest base library version that may open it, where one is set.
    pub min_library_version: Option<String>,
    /// Every member as Baidu sent it, by its name: qualification, categories, `modify_count`, `auth_info` and more.
    pub members: Map<String, Value>,
}

impl BaiduApp {
    /// What Baidu knows about the app: name, qualification, categories, what is under review, how many changes are
    /// left, and which permissions the merchant has granted (`auth_info`).
    ///
    /// # Errors
    /// Those of any read.
    pub async fn app_info(&self) -> Result<AppInfo> {
        let mut op = self.pipeline.begin(&self.app, "app_info");
        read(&mut op).await
    }
}

/// `app/info`.
pub(crate) fn call(operation: &'static str) -> Call {
    Call::get(operation, "/rest/2.0/smartapp/app/info")
}

pub(crate) async fn read(op: &mut Op<'_>) -> Result<AppInfo> {
    let reply = op.read(&call(op.operation())).await?;
    let info: wire::AppInfo = reply::data(&reply)?;
    let (status, raw) = APP_VISIT.translate(info.status);
    Ok(AppInfo {
        app_id: info.app_id.map(AppId::from),
        name: info.app_name,
        description: info.app_desc,
        visit: Visit::new(status, Some(raw)),
        min_library_version: info.min_swan_version.filter(|version| !version.is_empty()),
        members: reply::data(&reply)?,
    })
}
