use std::sync::Arc;

use async_trait::async_trait;
use miniprogram::baidu::values::{ImageKind, PhonePermissionReason, PhonePermissionScene};
use miniprogram::baidu::{
    BAIDU, BaiduPlatform, CategoryChoice, DomainChange, OfflineUpdate, PhonePermissionRequest, ServerDomains,
    WebViewDomainChange,
};
use miniprogram::journal::MemoryJournal;
use miniprogram::model::QrCodeOptions;
use miniprogram::*;
use miniprogram_core::conformance::Fault;
use miniprogram_sim::{
    AppSpec, DomainKind, ForcedOffline, IllegalField, OfflineFault, ReviewItem, SimConfig,
};
use serde_json::{Value, json as object};

use super::Class::{Guarded, OneShot, Set};
use super::{LIBRARY, Row, SEED, Stage, Unasked, json};
use crate::harness::Rig;

const NAME: &str = "街角面包店";
const DESCRIPTION: &str = "每天早上六点出炉的面包";
const OLD_DOMAIN: &str = "https://old.example.com";
/// Kept while another one is deleted: Baidu encodes "none left" like "not reported".
const KEPT_DOMAIN: &str = "https://kept.example.com";
const DOMAIN: &str = "https://api.example.com";

/// Baidu's effects and one simulator.
pub(super) struct BaiduStage {
    rig: Arc<Rig>,
    journal: Arc<MemoryJournal>,
    platform: BaiduPlatform,
    /// URL returned by an image upload.
    image: String,
}

impl BaiduStage {
    fn open(rig: &Arc<Rig>) -> (Arc<MemoryJournal>, BaiduPlatform) {
        let journal = Arc::<MemoryJournal>::default();
        let config = rig.client().with_journal(Arc::<MemoryJournal>::clone(&journal));
        (journal, BaiduPlatform::new(config).expect("a platform"))
    }

    fn app(&self, app: &AppId) -> baidu::BaiduApp {
        self.platform.app(app.clone())
    }

    fn phone_permission(&self) -> PhonePermissionRequest {
        PhonePermissionRequest::new(
            PhonePermissionReason::DeliveryContact,
            PhonePermissionScene::OnlineShopping,
            "下单页点击获取手机号",
            self.image.as_str(),
        )
    }

    fn offline_update(&self) -> OfflineUpdate {
        OfflineUpdate::default().with_name(NAME).with_description(DESCRIPTION)
    }

    /// A draft that is not yet a template.
    fn draft(&self) -> DraftId {
        self.rig.sim.add_template_draft(BAIDU, "1.0.0", "面包店模板").expect("a draft")
    }

    /// A new template.
    async fn template(&self) -> TemplateId {
        let added = self.platform.templates().add_template(&self.draft(), None).await;
        added.expect("a template").value.template_id.expect("its id")
    }

    /// The value under review, if any.
    fn in_review(&self, app: &AppId, item: ReviewItem) -> Option<Value> {
        let reviews = self.rig.sim.truth(app).expect("a known app").reviews;
        reviews.into_iter().find(|review| review.item == item).map(|review| review.value)
    }

    fn domains(&self, app: &AppId, kind: DomainKind) -> Vec<String> {
        let mut truth = self.rig.sim.truth(app).expect("a known app");
        truth.domains.remove(&kind).unwrap_or_default()
    }
}

#[async_trait]
impl Stage for BaiduStage {
    const VENDOR: Vendor = BAIDU;
    const ROWS: &'static [Row] = &[
        Row::app("update_categories", OneShot),
        Row::app("set_icon", OneShot),
        Row::app("set_description", OneShot),
        Row::app("set_name", OneShot),
        Row::app("apply_recovery", OneShot),
        Row::app("update_offline_info", OneShot),
        Row::app("change_server_domains add", Set),
        Row::app("change_server_domains delete", Guarded),
        Row::app("change_server_domains set", Set),
        Row::app("change_web_view_domains add", Set),
        Row::app("change_web_view_domains delete", Guarded),
        Row::app("change_web_view_domains set", Set),
        Row::app("apply_phone_permission", OneShot),
        Row::app("cancel_phone_permission", Set),
        Row::platform("add_template", OneShot),
        Row::platform("delete_template", Guarded),
    ];
    const UNASKED: &'static [Unasked] = &[
        Unasked {
            case: "apply_recovery",
            faults: &Fault::ALL,
            settling: &Fault::ALL,
            why: "no query shows the application: only a push tells the verdict",
        },
        Unasked {
            case: "update_offline_info",
            faults: &Fault::ALL,
            settling: &Fault::ALL,
            why: "no document says that app/info shows this review, as it does those of single parts",
        },
    ];

    async fn start() -> Self {
        let rig = Arc::new(Rig::start(BAIDU, SimConfig::new().with_seed(SEED)).await);
        for kind in [DomainKind::Request, DomainKind::WebView] {
            rig.sim.set_platform_domains(BAIDU, kind, ["https://example.com"]).expect("a known vendor");
        }
        let (journal, platform) = Self::open(&rig);
        let painter = AppId::from("69999");
        rig.sim.add_app(AppSpec::baidu(painter.clone())).expect("a new app");
        let icon = platform.app(painter).trial_qr_code(&QrCodeOptions::default()).await.expect("a picture");
        let image = platform.upload_image(ImageKind::Icon, "icon.png", icon.bytes).await;
        Self { image: image.expect("an address"), rig, journal, platform }
    }

    fn anew(&self) -> Self {
        let (journal, platform) = Self::open(&self.rig);
        Self { rig: Arc::clone(&self.rig), journal, platform, image: self.image.clone() }
    }

    fn rig(&self) -> &Rig {
        &self.rig
    }

    fn journal(&self) -> &MemoryJournal {
        &self.journal
    }

    async fn prepare(&self, case: &str, app: &AppId) -> String {
        let sim = &self.rig.sim;
        let own = [DomainKind::Request, DomainKind::WebView];
        let spec = AppSpec::baidu(app.clone());
        let spec = match case.split_once(' ') {
            Some((_, "delete")) => own
                .into_iter()
                .fold(spec, |spec, kind| spec.with_own_domains(kind, [OLD_DOMAIN, KEPT_DOMAIN])),
            Some((_, "set" | "add")) => {
                own.into_iter().fold(spec, |spec, kind| spec.with_own_domains(kind, [OLD_DOMAIN]))
            }
            _ => spec,
        };
        sim.add_app(spec).expect("a new app");
        match case {
            "apply_recovery" => sim.close_traffic(app).expect("a known app"),
            "update_offline_info" => {
                let offline = ForcedOffline::new(OfflineFault::BasicInformation, "名称不合规")
                    .with_illegal_field(IllegalField::Name);
                sim.force_offline(app, offline).expect("a known app");
            }
            "cancel_phone_permission" => {
                let applied = self.app(app).apply_phone_permission(&self.phone_permission()).await;
                applied.expect("an application");
            }
            "add_template" => return self.draft().to_string(),
            "delete_template" => return self.template().await.to_string(),
            _ => {}
        }
        String::new()
    }

    async fn perform(&self, case: &str, app: &AppId, about: &str) -> Result<Value> {
        let app = self.app(app);
        let server = |domain: &str| ServerDomains::new().with_request(domain);
        let change_server = async |change: DomainChange| json(app.change_server_domains(&change).await);
        let change_web_view =
            async |change: WebViewDomainChange| json(app.change_web_view_domains(&change).await);
        match case {
            "update_categories" => {
                let choices = [CategoryChoice::new(6), CategoryChoice::new(7)];
                json(app.update_categories(&choices).await)
            }
            "set_icon" => json(app.set_icon(&self.image).await),
            "set_description" => json(app.set_description(DESCRIPTION).await),
            "set_name" => json(app.set_name(NAME, &[]).await),
            "apply_recovery" => json(app.apply_recovery("已下架违规商品").await),
            "update_offline_info" => json(app.update_offline_info(&self.offline_update()).await),
            "change_server_domains add" => change_server(DomainChange::add(server(DOMAIN))).await,
            "change_server_domains delete" => change_server(DomainChange::delete(server(OLD_DOMAIN))).await,
            "change_server_domains set" => change_server(DomainChange::set(server(DOMAIN))).await,
            "change_web_view_domains add" => change_web_view(WebViewDomainChange::add([DOMAIN])).await,
            "change_web_view_domains delete" => {
                change_web_view(WebViewDomainChange::delete([OLD_DOMAIN])).await
            }
            "change_web_view_domains set" => change_web_view(WebViewDomainChange::set([DOMAIN])).await,
            "apply_phone_permission" => json(app.apply_phone_permission(&self.phone_permission()).await),
            "cancel_phone_permission" => json(app.cancel_phone_permission().await),
            "add_template" => json(self.platform.templates().add_template(&about.into(), None).await),
            "delete_template" => json(self.platform.templates().delete_template(&about.into()).await),
            other => panic!("nobody performs {other}"),
        }
    }

    async fn is_reached(&self, case: &str, app: &AppId, about: &str, brought: &Value) -> bool {
        let reviewed = |item| self.in_review(app, item);
        let phone = || self.rig.sim.truth(app).expect("a known app").phone_permission;
        let (method, action) = case.split_once(' ').unwrap_or((case, ""));
        match method {
            "update_categories" => reviewed(ReviewItem::Categories) == Some(object!([6, 7])),
            "set_icon" => reviewed(ReviewItem::Icon) == Some(object!(self.image)),
            "set_description" => reviewed(ReviewItem::Description) == Some(object!(DESCRIPTION)),
            "set_name" => reviewed(ReviewItem::Name) == Some(object!(NAME)),
            "apply_recovery" => reviewed(ReviewItem::Recovery).is_some(),
            "update_offline_info" => reviewed(ReviewItem::OfflineUpdate)
                .is_some_and(|value| value["name"] == NAME && value["description"] == DESCRIPTION),
            "change_server_domains" | "change_web_view_domains" => {
                let kind =
                    if method == "change_server_domains" { DomainKind::Request } else { DomainKind::WebView };
                self.domains(app, kind)
                    == match action {
                        "delete" => vec![KEPT_DOMAIN],
                        "add" => vec![OLD_DOMAIN, DOMAIN],
                        _ => vec![DOMAIN],
                    }
            }
            "apply_phone_permission" => phone().as_deref() == Some("pending"),
            "cancel_phone_permission" => phone().as_deref() == Some("none"),
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
            other => panic!("nobody knows what {other} leads to"),
        }
    }

    async fn follow(&self, row: &Row, app: &AppId) -> Result<()> {
        match row.case {
            "add_template" => {
                let library = self.platform.templates();
                let known = library.templates().await?.into_iter().next().expect("a template");
                library.delete_template(&known.template_id).await.map(drop)
            }
            "delete_template" => self.platform.templates().add_template(&self.draft(), None).await.map(drop),
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
