use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use miniprogram::journal::MemoryJournal;
use miniprogram::wechat::values::{MaterialKind, SearchStatus, ServerDomainKind};
use miniprogram::wechat::{
    CategoryCertificate, DomainChange, IconChange, MediaFile, NameChange, NewCategory, OrderPathRequest,
    PlatformDomainChange, PrivacyInterfaceRequest, PrivacyOwner, PrivacySetting, PrivacyUse, TesterRef,
    WECHAT, WeChatApp, WeChatPlatform, WebViewDomainChange,
};
use miniprogram::*;
use miniprogram_core::conformance::Fault;
use miniprogram_sim::{AppSpec, AppTruth, Decision, DomainKind, ReviewItem, SimConfig};
use serde_json::{Value, json as object};

use super::Class::{Guarded, OneShot, Set};
use super::{HIDDEN, LIBRARY, Row, SEED, Stage, Unasked, json};
use crate::harness::Rig;

const DAY: Duration = Duration::from_secs(86_400);
const TESTER: &str = "baker_lin";
const DESCRIPTION: &str = "每天早上六点出炉的面包";
const OLD_DOMAIN: &str = "old.example.com";
/// Kept while another one is deleted: an empty platform list is encoded like an unreported one.
const KEPT_DOMAIN: &str = "kept.example.com";
const DOMAIN: &str = "api.example.com";
/// A category that requires a certificate, and one that does not.
const FOOD: (i64, i64) = (20, 21);
const FLOWERS: (i64, i64) = (20, 30);
const INTERFACE: &str = "wx.getLocation";
const ORDERS: &str = "pages/orders/index";

/// WeChat's effects and one simulator.
pub(super) struct WeChatStage {
    rig: Arc<Rig>,
    journal: Arc<MemoryJournal>,
    platform: WeChatPlatform,
}

/// What a domain change names.
#[derive(Clone, Copy)]
enum Action {
    Add,
    Delete,
    Set,
}

impl Action {
    fn of(word: &str) -> Self {
        match word {
            "add" => Self::Add,
            "delete" => Self::Delete,
            "set" => Self::Set,
            other => panic!("no action: {other}"),
        }
    }

    fn web_view(self, domain: String) -> WebViewDomainChange {
        match self {
            Self::Add => WebViewDomainChange::add([domain]),
            Self::Delete => WebViewDomainChange::delete([domain]),
            Self::Set => WebViewDomainChange::set([domain]),
        }
    }

    fn server(self, domain: String) -> DomainChange {
        let change = match self {
            Self::Add => DomainChange::add(),
            Self::Delete => DomainChange::delete(),
            Self::Set => DomainChange::set(),
        };
        change.with(ServerDomainKind::Request, [domain])
    }

    fn platform(self, domain: &str) -> PlatformDomainChange {
        match self {
            Self::Add => PlatformDomainChange::add([domain]),
            Self::Delete => PlatformDomainChange::delete([domain]),
            Self::Set => PlatformDomainChange::set([domain]),
        }
    }
}

impl WeChatStage {
    fn open(rig: Arc<Rig>) -> Self {
        let journal = Arc::<MemoryJournal>::default();
        let config = rig.client().with_journal(Arc::<MemoryJournal>::clone(&journal));
        Self { platform: WeChatPlatform::new(config).expect("a platform"), rig, journal }
    }

    fn app(&self, app: &AppId) -> WeChatApp {
        self.platform.app(app.clone())
    }

    fn truth(&self, app: &AppId) -> AppTruth {
        self.rig.sim.truth(app).expect("a known app")
    }

    /// Uploads a picture for the app.
    async fn picture(&self, app: &AppId) -> String {
        let file = MediaFile::new("picture.png", &b"\x89PNG\r\n\x1a\n and so on"[..]);
        self.app(app).upload_material(MaterialKind::Image, &file).await.expect("an upload").media_id
    }

    /// A draft that is not yet a template.
    fn draft(&self) -> DraftId {
        self.rig.sim.add_template_draft(WECHAT, "1.0.0", "面包店模板").expect("a draft")
    }

    /// A unique name for the app.
    fn name(app: &AppId) -> String {
        format!("街角面包店{app}")
    }

    fn food(certificate: &str) -> NewCategory {
        NewCategory::new(FOOD.0, FOOD.1)
            .with_certificate(CategoryCertificate::new("《食品经营许可证》", certificate))
    }

    fn privacy_setting() -> PrivacySetting {
        PrivacySetting::of_development(PrivacyOwner::new("弹窗").with_email("baker@example.com"))
            .with_use(PrivacyUse::new("UserInfo", "展示头像"))
    }

    /// Changes a list of domains with the method of that name.
    async fn change_domains(&self, app: &AppId, method: &str, action: Action, domain: &str) -> Result<Value> {
        let (app, url) = (self.app(app), format!("https://{domain}"));
        let of_platform = action.platform(domain);
        match method {
            "change_server_domains" => json(app.change_server_domains(&action.server(url)).await),
            "change_server_domains_directly" => {
                json(app.change_server_domains_directly(&action.server(url)).await)
            }
            "change_web_view_domains" => json(app.change_web_view_domains(&action.web_view(url)).await),
            "change_web_view_domains_directly" => {
                json(app.change_web_view_domains_directly(&action.web_view(url)).await)
            }
            "change_platform_server_domains" => {
                json(self.platform.change_platform_server_domains(&of_platform).await)
            }
            "change_platform_web_view_domains" => {
                json(self.platform.change_platform_web_view_domains(&of_platform).await)
            }
            other => panic!("nobody performs {other}"),
        }
    }

    /// The list that the method changes.
    async fn domains(&self, app: &AppId, method: &str) -> Vec<String> {
        let platform = |domains: Result<wechat::PlatformDomains>| domains.expect("the domains").testing;
        let kind = match method {
            "change_platform_server_domains" => {
                return platform(self.platform.platform_server_domains().await);
            }
            "change_platform_web_view_domains" => {
                return platform(self.platform.platform_web_view_domains().await);
            }
            "change_server_domains" | "change_server_domains_directly" => DomainKind::Request,
            _ => DomainKind::WebView,
        };
        let shown = self.truth(app).domains.remove(&kind).unwrap_or_default().into_iter();
        shown.map(|url| url.trim_start_matches("https://").to_owned()).collect()
    }
}

#[async_trait]
impl Stage for WeChatStage {
    const VENDOR: Vendor = WECHAT;
    const ROWS: &'static [Row] = &[
        Row::app("bind_tester", Guarded),
        Row::app("unbind_tester by_wechat_id", Guarded),
        Row::app("unbind_tester by_user_str", Guarded),
        Row::app("change_server_domains add", Set),
        Row::app("change_server_domains delete", Guarded),
        Row::app("change_server_domains set", Set),
        Row::app("change_server_domains_directly add", Set),
        Row::app("change_server_domains_directly delete", Guarded),
        Row::app("change_server_domains_directly set", Set),
        Row::app("change_web_view_domains add", Set),
        Row::app("change_web_view_domains delete", Guarded),
        Row::app("change_web_view_domains set", Set),
        Row::app("change_web_view_domains_directly add", Set),
        Row::app("change_web_view_domains_directly delete", Guarded),
        Row::app("change_web_view_domains_directly set", Set),
        Row::app("set_prefetch_domains", Set),
        Row::app("add_categories", Guarded),
        Row::app("modify_category", Guarded),
        Row::app("delete_category", Guarded),
        Row::app("set_name", OneShot),
        Row::app("set_icon", OneShot),
        Row::app("set_description", OneShot),
        Row::app("set_search_status", Set),
        Row::app("set_privacy_setting", Set),
        Row::app("apply_privacy_interface", Guarded),
        Row::app("clear_quota", OneShot),
        Row::platform("add_template", OneShot),
        Row::platform("delete_template", Guarded),
        Row::platform("change_platform_server_domains add", Set),
        Row::platform("change_platform_server_domains delete", Guarded),
        Row::platform("change_platform_server_domains set", Set),
        Row::platform("change_platform_web_view_domains add", Set),
        Row::platform("change_platform_web_view_domains delete", Guarded),
        Row::platform("change_platform_web_view_domains set", Set),
        Row::platform("apply_order_path", OneShot),
    ];
    const UNASKED: &'static [Unasked] = &[
        Unasked {
            case: "bind_tester",
            faults: &[],
            settling: &HIDDEN,
            why: "the list of testers does not name the WeChat ids; a repeat is refused if the person is bound",
        },
        Unasked {
            case: "unbind_tester by_wechat_id",
            faults: &HIDDEN,
            settling: &HIDDEN,
            why: "the list of testers does not name the WeChat ids, and no refusal says that nobody is bound",
        },
        Unasked {
            case: "set_name",
            faults: &Fault::ALL,
            settling: &Fault::ALL,
            why: "a name in review is shown by its id alone, which the lost answer held",
        },
        Unasked {
            case: "clear_quota",
            faults: &Fault::ALL,
            settling: &Fault::ALL,
            why: "no query tells how often the counts were cleared",
        },
        Unasked {
            case: "apply_order_path",
            faults: &Fault::ALL,
            settling: &Fault::ALL,
            why: "no query of the platform shows the application: pushes and each app's own query do",
        },
    ];
    async fn start() -> Self {
        let rig = Arc::new(Rig::start(WECHAT, SimConfig::new().with_seed(SEED)).await);
        for kind in [DomainKind::Request, DomainKind::WebView] {
            rig.sim.set_platform_domains(WECHAT, kind, ["example.com"]).expect("a known vendor");
        }
        Self::open(rig)
    }

    fn anew(&self) -> Self {
        Self::open(Arc::clone(&self.rig))
    }

    fn rig(&self) -> &Rig {
        &self.rig
    }

    fn journal(&self) -> &MemoryJournal {
        &self.journal
    }

    async fn prepare(&self, case: &str, id: &AppId) -> String {
        self.rig.sim.add_app(AppSpec::wechat(id.clone())).expect("a new app");
        let app = self.app(id);
        let (method, way) = case.split_once(' ').unwrap_or((case, ""));
        match (method, way) {
            ("unbind_tester", _) => {
                let tester = app.bind_tester(TESTER).await.expect("a tester").value;
                return tester.user_str.expect("what the vendor calls the tester");
            }
            (_, "delete" | "set" | "add") if method.starts_with("change_platform_") => {
                // All of the platform's apps share one list: the previous trial has left its domain there, and has used
                // up some of the month's 50 changes.
                self.rig.sim.advance(DAY * 3).expect("a virtual clock");
                let wanted: &[&str] =
                    if way == "delete" { &[OLD_DOMAIN, KEPT_DOMAIN] } else { &[OLD_DOMAIN] };
                if self.domains(id, method).await != wanted {
                    for (at, domain) in wanted.iter().enumerate() {
                        let action = if at == 0 { Action::Set } else { Action::Add };
                        let put = self.change_domains(id, method, action, domain).await;
                        put.expect("a domain");
                    }
                }
            }
            (_, "delete" | "set") => {
                let put = self.change_domains(id, method, Action::Add, OLD_DOMAIN).await;
                put.expect("a domain");
            }
            ("set_privacy_setting", _) => {
                let owner = PrivacyOwner::new("公告").with_email("owner@example.com");
                let before =
                    PrivacySetting::of_development(owner).with_use(PrivacyUse::new("Location", "配送"));
                app.set_privacy_setting(&before).await.expect("a setting");
            }
            ("add_categories" | "set_icon", _) => return self.picture(id).await,
            ("modify_category", _) => {
                let picture = self.picture(id).await;
                app.add_categories(&[Self::food(&picture)]).await.expect("a category");
                self.rig
                    .sim
                    .decide_review(id, ReviewItem::Categories, &Decision::reject("证照不清晰"))
                    .expect("a review");
                return picture;
            }
            ("add_template", _) => return self.draft().to_string(),
            ("delete_template", _) => {
                let added = self.platform.templates().add_template(&self.draft(), None).await;
                return added.expect("a template").value.template_id.expect("its id").to_string();
            }
            _ => {}
        }
        String::new()
    }

    async fn perform(&self, case: &str, id: &AppId, about: &str) -> Result<Value> {
        let app = self.app(id);
        let (method, way) = case.split_once(' ').unwrap_or((case, ""));
        match method {
            "bind_tester" => json(app.bind_tester(TESTER).await),
            "unbind_tester" => {
                let tester = match way {
                    "by_user_str" => TesterRef::UserStr(about.to_owned()),
                    _ => TesterRef::WeChatId(TESTER.to_owned()),
                };
                json(app.unbind_tester(&tester).await)
            }
            "set_prefetch_domains" => json(app.set_prefetch_domains(&[DOMAIN]).await),
            "add_categories" => {
                let flowers = NewCategory::new(FLOWERS.0, FLOWERS.1);
                json(app.add_categories(&[Self::food(about), flowers]).await)
            }
            "modify_category" => json(app.modify_category(&Self::food(about)).await),
            "delete_category" => json(app.delete_category(1, 2).await),
            "set_name" => json(app.set_name(&NameChange::new(Self::name(id))).await),
            "set_icon" => json(app.set_icon(&IconChange::new(about)).await),
            "set_description" => json(app.set_description(DESCRIPTION).await),
            "set_search_status" => json(app.set_search_status(SearchStatus::Hidden).await),
            "set_privacy_setting" => json(app.set_privacy_setting(&Self::privacy_setting()).await),
            "apply_privacy_interface" => {
                let request = PrivacyInterfaceRequest::new(INTERFACE, "推荐附近的门店");
                json(app.apply_privacy_interface(&request).await)
            }
            "clear_quota" => json(app.clear_quota().await),
            "add_template" => json(self.platform.templates().add_template(&about.into(), None).await),
            "delete_template" => json(self.platform.templates().delete_template(&about.into()).await),
            "apply_order_path" => {
                let request = OrderPathRequest::new(ORDERS, [id.clone()]);
                json(self.platform.apply_order_path(&request).await)
            }
            method => {
                let domain = if way == "delete" { OLD_DOMAIN } else { DOMAIN };
                self.change_domains(id, method, Action::of(way), domain).await
            }
        }
    }

    async fn is_reached(&self, case: &str, id: &AppId, about: &str, brought: &Value) -> bool {
        let (app, truth) = (self.app(id), self.truth(id));
        let review = |item| truth.reviews.iter().find(|review| review.item == item);
        let reviewed = |item| review(item).map(|review| &review.value);
        // A review's id, if known, is correct.
        let same_review = |item| {
            let named = &brought["audit_id"];
            named.is_null() || review(item).is_some_and(|review| *named == review.id.as_str())
        };
        let (method, way) = case.split_once(' ').unwrap_or((case, ""));
        match method {
            "bind_tester" => {
                let known = app.testers().await.expect("the testers");
                // A refused repeat does not report the vendor's id for the person.
                let is_same = brought["evidence"] == "inferred"
                    || known.iter().any(|tester| tester.user_str.as_deref() == brought["user_str"].as_str());
                truth.testers == [TESTER] && is_same
            }
            "unbind_tester" => truth.testers.is_empty(),
            "set_prefetch_domains" => {
                let set = app.prefetch_domains().await.expect("the domains").domains;
                set.len() == 1 && set[0].url == DOMAIN
            }
            "add_categories" => {
                reviewed(ReviewItem::Categories) == Some(&object!({ "first": FOOD.0, "second": FOOD.1 }))
                    && truth.categories.contains(&FLOWERS.1.to_string())
            }
            "modify_category" => reviewed(ReviewItem::Categories).is_some(),
            "delete_category" => !truth.categories.contains(&"2".to_owned()),
            "set_name" => {
                reviewed(ReviewItem::Name) == Some(&object!(Self::name(id))) && same_review(ReviewItem::Name)
            }
            "set_icon" => truth.icon.as_deref() == Some(about),
            "set_description" => truth.description == DESCRIPTION,
            "set_search_status" => {
                app.search_status().await.is_ok_and(|status| status.value == SearchStatus::Hidden)
            }
            "set_privacy_setting" => {
                let setting = Self::privacy_setting();
                let guide = app.privacy_setting(setting.version).await.expect("the guide");
                guide.uses.len() == 1
                    && guide.uses[0].text == setting.uses[0].text
                    && guide.owner.is_some_and(|owner| owner.contact_email == setting.owner.contact_email)
            }
            "apply_privacy_interface" => {
                !brought["audit_id"].is_null() && same_review(ReviewItem::PrivacyInterface)
            }
            "clear_quota" => true,
            "apply_order_path" => reviewed(ReviewItem::OrderPath) == Some(&object!(ORDERS)),
            "add_template" | "delete_template" => {
                let templates = self.platform.templates().templates().await.expect("the templates");
                let holds =
                    |id: &Value| templates.iter().any(|template| *id == template.template_id.as_str());
                if method == "add_template" {
                    holds(&brought["template_id"])
                } else {
                    !holds(&object!(about))
                }
            }
            method => {
                let wanted: &[&str] = match way {
                    "delete" if method.starts_with("change_platform_") => &[KEPT_DOMAIN],
                    "delete" => &[],
                    "add" if method.starts_with("change_platform_") => &[OLD_DOMAIN, DOMAIN],
                    _ => &[DOMAIN],
                };
                self.domains(id, method).await == wanted
            }
        }
    }

    async fn follow(&self, row: &Row, app: &AppId) -> Result<()> {
        match row.method() {
            "add_template" | "delete_template" => {
                let change = PlatformDomainChange::add([format!("shop{app}.example.com")]);
                self.platform.change_platform_server_domains(&change).await.map(drop)
            }
            _ if row.of_platform => {
                self.platform.templates().add_template(&self.draft(), None).await.map(drop)
            }
            _ => self.app(app).set_min_library_version(LIBRARY).await.map(drop),
        }
    }

    async fn settle(&self, row: &Row, intent: &Intent) -> Result<Settled> {
        if row.of_platform {
            return self.platform.settle(intent).await;
        }
        self.app(intent.subject.app().expect("an app")).settle(intent).await
    }
}
