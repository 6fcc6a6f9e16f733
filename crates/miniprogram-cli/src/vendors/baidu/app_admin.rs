//! The basic information of apps at Baidu.

use async_trait::async_trait;
use miniprogram::baidu::values::{
    CATEGORY_SCOPE, ImageKind as Kind, PHONE_PERMISSION_REASON, PHONE_PERMISSION_SCENE, WireTable,
};
use miniprogram::baidu::{
    BAIDU, BaiduApp, BaiduPlatform, CategoryChoice, DomainChange, OfflineUpdate, PhonePermissionRequest,
    ServerDomains, WebViewDomainChange, commands,
};
use miniprogram::{AppId, Command, Error, Result};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Baidu;
use crate::output::to_value;
use crate::vendors::PlatformConfig;
use crate::vendors::app::{
    AppAdmin, AppChange, AppQuery, DomainAction, DomainLists, ImageKind, OfflineFields, PhoneApply,
};

#[async_trait]
impl AppAdmin for Baidu {
    async fn read(&self, config: PlatformConfig, app: AppId, query: AppQuery) -> Result<Value> {
        read(&BaiduPlatform::new(config.client)?.app(app), query).await
    }

    fn command(&self, change: &AppChange) -> Result<Command> {
        command(change)
    }

    async fn upload_image(
        &self,
        config: PlatformConfig,
        kind: ImageKind,
        file_name: &str,
        bytes: Vec<u8>,
    ) -> Result<Value> {
        let kind = match kind {
            ImageKind::Icon => Kind::Icon,
            ImageKind::Qualification => Kind::CategoryQualification,
            ImageKind::Name => Kind::NameMaterial,
        };
        let url = BaiduPlatform::new(config.client)?.upload_image(kind, file_name, bytes).await?;
        Ok(json!({ "url": url }))
    }
}

async fn read(app: &BaiduApp, query: AppQuery) -> Result<Value> {
    match query {
        AppQuery::Info => to_value(&app.app_info().await?),
        AppQuery::Categories(number) => {
            let scope = listed(&CATEGORY_SCOPE, "category_tree", number)?;
            to_value(&app.category_tree(scope).await?)
        }
        AppQuery::Name(name) => to_value(&app.check_name(&name).await?),
        AppQuery::Domains => to_value(&app.server_domains().await?),
        AppQuery::WebViewDomains => to_value(&app.web_view_domains().await?),
        AppQuery::Phone => to_value(&app.phone_permission().await?),
    }
}

fn command(change: &AppChange) -> Result<Command> {
    match change {
        AppChange::Categories(list) => commands::update_categories(&choices(list)?),
        AppChange::Icon(url) => commands::set_icon(url),
        AppChange::Description(text) => commands::set_description(text),
        AppChange::Name(name, materials) => {
            let materials: Vec<&str> = materials.iter().map(String::as_str).collect();
            commands::set_name(name, &materials)
        }
        AppChange::Recovery(text) => commands::apply_recovery(text),
        AppChange::Domains(action, lists) => commands::change_server_domains(&server_domains(*action, lists)),
        AppChange::WebViewDomains(action, list) => {
            commands::change_web_view_domains(&web_view_domains(*action, list))
        }
        AppChange::Offline(fields) => commands::update_offline_info(&offline(fields)),
        AppChange::ApplyPhone(request) => commands::apply_phone_permission(&phone(request)?),
        AppChange::CancelPhone => commands::cancel_phone_permission(),
    }
}

/// Returns the value for a number.
fn listed<T: Copy>(table: &WireTable<T>, operation: &'static str, number: i64) -> Result<T> {
    table.find(&number.to_string()).ok_or_else(|| {
        let known: Vec<_> = table.rows().iter().map(|row| row.wire).collect();
        let why = format!("must be one of {}, is {number}", known.join(", "));
        Error::invalid(operation, table.name(), why).for_vendor(BAIDU)
    })
}

/// Categories as Baidu's document writes them.
fn choices(list: &Value) -> Result<Vec<CategoryChoice>> {
    #[derive(Deserialize)]
    struct Choice {
        sub_category_id: i64,
        #[serde(default)]
        qualis: Vec<Qualification>,
        #[serde(flatten)]
        extra: Map<String, Value>,
    }
    #[derive(Deserialize)]
    struct Qualification {
        id: i64,
        addr: String,
    }
    let list = Vec::<Choice>::deserialize(list).map_err(|problem| {
        let why = format!("is not the expected JSON: {problem}");
        Error::invalid("update_categories", "categorys", why).for_vendor(BAIDU)
    })?;
    let choice = |listed: Choice| {
        let choice = CategoryChoice::new(listed.sub_category_id);
        let choice =
            listed.qualis.into_iter().fold(choice, |choice, it| choice.with_qualification(it.id, it.addr));
        listed.extra.into_iter().fold(choice, |choice, (name, value)| choice.with_extra(name, value))
    };
    Ok(list.into_iter().map(choice).collect())
}

fn server_domains(action: DomainAction, lists: &DomainLists) -> DomainChange {
    let mut domains = ServerDomains::new();
    domains.request.clone_from(&lists.request_domain);
    domains.socket.clone_from(&lists.socket_domain);
    domains.download.clone_from(&lists.download_domain);
    domains.upload.clone_from(&lists.upload_domain);
    match action {
        DomainAction::Add => DomainChange::add(domains),
        DomainAction::Delete => DomainChange::delete(domains),
        DomainAction::Set => DomainChange::set(domains),
    }
}

fn web_view_domains(action: DomainAction, domains: &[String]) -> WebViewDomainChange {
    match action {
        DomainAction::Add => WebViewDomainChange::add(domains),
        DomainAction::Delete => WebViewDomainChange::delete(domains),
        DomainAction::Set => WebViewDomainChange::set(domains),
    }
}

fn offline(fields: &OfflineFields) -> OfflineUpdate {
    let mut update = OfflineUpdate::default();
    update.name.clone_from(&fields.app_name);
    update.description.clone_from(&fields.app_desc);
    update.icon_url.clone_from(&fields.photo_addr);
    update.name_materials.clone_from(&fields.app_name_material);
    update
}

fn phone(request: &PhoneApply) -> Result<PhonePermissionRequest> {
    const OPERATION: &str = "apply_phone_permission";
    let reason = listed(&PHONE_PERMISSION_REASON, OPERATION, request.reason)?;
    let scene = listed(&PHONE_PERMISSION_SCENE, OPERATION, request.used_scene)?;
    Ok(PhonePermissionRequest::new(reason, scene, &request.scene_desc, &request.scene_demo))
}
