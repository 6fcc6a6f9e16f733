//! What Baidu alone has: the basic information of apps, and the open-source alliance.

use std::sync::Arc;

use async_trait::async_trait;
use miniprogram::baidu::alliance::{AllianceConfig, BaiduAlliance};
use miniprogram::baidu::values::{
    CATEGORY_SCOPE, ImageKind as Kind, PHONE_PERMISSION_REASON, PHONE_PERMISSION_SCENE, WireTable,
};
use miniprogram::baidu::{
    BAIDU, BaiduApp, BaiduPlatform, CategoryChoice, DomainChange, OfflineUpdate, PackageQuery,
    PhonePermissionRequest, ServerDomains, WebViewDomainChange, commands,
};
use miniprogram::{AppId, ClientConfig, Command, Error, Result, StaticToken};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Calling;
use super::alliance::{Alliance, AllianceQuestion, AllianceReader, Key, Member};
use super::app::{AppAdmin, AppChange, AppQuestion, DomainAction};
use crate::cli::{DomainLists, ImageKind, OfflineFields, PhoneApply};
use crate::output::to_value;

/// The basic information of apps.
pub(super) const APP_ADMIN: AppAdmin = AppAdmin {
    ask: |config, app, question| Box::pin(async move { ask(&app_of(config, app)?, question).await }),
    command,
    upload_image,
};

/// The open-source alliance.
pub(super) const ALLIANCE: Alliance = Alliance {
    join,
    #[cfg(feature = "kafka")]
    watch: |topic, listener, stop| Box::pin(changes::watch(topic, listener, stop)),
};

fn app_of(config: ClientConfig, app: AppId) -> Result<BaiduApp> {
    Ok(BaiduPlatform::new(config)?.app(app))
}

async fn ask(app: &BaiduApp, question: AppQuestion) -> Result<Value> {
    match question {
        AppQuestion::Info => to_value(&app.app_info().await?),
        AppQuestion::Categories(number) => {
            let scope = listed(&CATEGORY_SCOPE, "category_tree", number)?;
            to_value(&app.category_tree(scope).await?)
        }
        AppQuestion::Name(name) => to_value(&app.check_name(&name).await?),
        AppQuestion::Domains => to_value(&app.server_domains().await?),
        AppQuestion::WebViewDomains => to_value(&app.web_view_domains().await?),
        AppQuestion::Phone => to_value(&app.phone_permission().await?),
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
        AppChange::ApplyPhone(wish) => commands::apply_phone_permission(&phone(wish)?),
        AppChange::CancelPhone => commands::cancel_phone_permission(),
    }
}

/// The value that a number stands for.
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
        let why = format!("is not the JSON it must be: {problem}");
        Error::invalid("update_categories", "categorys", why).for_vendor(BAIDU)
    })?;
    let choice = |wish: Choice| {
        let choice = CategoryChoice::new(wish.sub_category_id);
        let choice =
            wish.qualis.into_iter().fold(choice, |choice, it| choice.with_qualification(it.id, it.addr));
        wish.extra.into_iter().fold(choice, |choice, (name, value)| choice.with_extra(name, value))
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

fn phone(wish: &PhoneApply) -> Result<PhonePermissionRequest> {
    const OPERATION: &str = "apply_phone_permission";
    let reason = listed(&PHONE_PERMISSION_REASON, OPERATION, wish.reason)?;
    let scene = listed(&PHONE_PERMISSION_SCENE, OPERATION, wish.used_scene)?;
    Ok(PhonePermissionRequest::new(reason, scene, &wish.scene_desc, &wish.scene_demo))
}

fn upload_image(config: ClientConfig, kind: ImageKind, file_name: String, bytes: Vec<u8>) -> Calling {
    let kind = match kind {
        ImageKind::Icon => Kind::Icon,
        ImageKind::Qualification => Kind::CategoryQualification,
        ImageKind::Name => Kind::NameMaterial,
    };
    Box::pin(async move {
        let url = BaiduPlatform::new(config)?.upload_image(kind, &file_name, bytes).await?;
        Ok(json!({ "url": url }))
    })
}

/// A client of the alliance. A token that is given belongs to a key whose id nobody needs.
fn join(member: Member) -> Result<Arc<dyn AllianceReader>> {
    let mut config = match member.key {
        Key::Credentials(id, secret) => AllianceConfig::new(id, secret),
        Key::Token(token) => {
            AllianceConfig::with_tokens("", Arc::new(StaticToken::client_credentials(BAIDU, token)))
        }
    };
    if let Some(base_url) = member.base_url {
        config = config.with_base_url(base_url);
    }
    if let Some(timeout) = member.timeout {
        config = config.with_timeout(timeout);
    }
    if let Some(deadline) = member.deadline {
        config = config.with_deadline(deadline);
    }
    Ok(Arc::new(Reader(BaiduAlliance::new(config)?)))
}

struct Reader(BaiduAlliance);

#[async_trait]
impl AllianceReader for Reader {
    async fn ask(&self, question: AllianceQuestion) -> Result<Value> {
        let Self(alliance) = self;
        match question {
            AllianceQuestion::Apps(apps) => to_value(&alliance.alliance_apps(&apps).await?),
            AllianceQuestion::Packages(app) => to_value(&alliance.alliance_packages(&app).await?),
            AllianceQuestion::Package(app, id) => {
                to_value(&alliance.alliance_package(&app, &PackageQuery::Id(id)).await?)
            }
            AllianceQuestion::PackageOfStatus(app, status) => {
                to_value(&alliance.alliance_package(&app, &PackageQuery::Status(status)).await?)
            }
        }
    }
}

/// The changes that Kafka tells.
#[cfg(feature = "kafka")]
mod changes {
    use std::fmt::{self, Debug};
    use std::sync::Arc;

    use async_trait::async_trait;
    use miniprogram::Result;
    use miniprogram::baidu::alliance::kafka::{ChangeConsumer, DeadLetter, DeadLetters, KafkaConfig};

    use crate::vendors::alliance::{Listener, Notice, Stop, Topic, Unreadable};

    pub(super) async fn watch(topic: Topic, listener: Arc<dyn Listener>, stop: Stop) -> Result<()> {
        let config = KafkaConfig::new(topic.brokers, topic.topic, topic.group);
        let config = topic
            .properties
            .into_iter()
            .fold(config, |config, (name, value)| config.with_property(name, value));
        let letters = Arc::new(Letters(Arc::clone(&listener)));
        let consumer = ChangeConsumer::connect(config, letters)?;
        let handler = |notification: miniprogram::baidu::alliance::kafka::Notification| {
            let listener = Arc::clone(&listener);
            async move {
                let notice = Notice {
                    event: notification.event,
                    topic: notification.topic,
                    partition: notification.partition,
                    offset: notification.offset,
                };
                listener.heard(notice).await
            }
        };
        consumer.run_until(handler, stop).await
    }

    /// Records that are no notices go to the listener too.
    struct Letters(Arc<dyn Listener>);

    impl Debug for Letters {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Letters")
        }
    }

    #[async_trait]
    impl DeadLetters for Letters {
        async fn keep(
            &self,
            letter: &DeadLetter,
        ) -> std::result::Result<(), Box<dyn std::error::Error + Send + Sync>> {
            let letter = letter.clone();
            let record = Unreadable {
                key: letter.key,
                payload: letter.payload,
                topic: letter.topic,
                partition: letter.partition,
                offset: letter.offset,
                reason: letter.reason,
            };
            Ok(self.0.unreadable(record).await?)
        }
    }
}
