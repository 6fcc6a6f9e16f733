//! The clients, and the method that calls each endpoint.

use miniprogram::baidu::alliance::BaiduAlliance;
use miniprogram::baidu::values::{CategoryScope, PhonePermissionReason, PhonePermissionScene};
use miniprogram::baidu::{
    BaiduApp, CategoryChoice, DomainChange, ExtJsonBuilder, OfflineUpdate, PackageQuery,
    PhonePermissionRequest, ServerDomains, WebViewDomainChange,
};
use miniprogram::model::{Category, CategoryLevel, QrCodeOptions};
use miniprogram::wechat::{AuditItem, WeChatApp};
use miniprogram::*;
use serde::Serialize;
use serde_json::{Map, Value, json as object};

pub(super) const WECHAT_APP: &str = "wx0123456789abcdef";
pub(super) const BAIDU_APP: &str = "17000001";

/// Clients for one app of each vendor, and one alliance key.
pub(super) struct Callers {
    baidu: BaiduApp,
    wechat: WeChatApp,
    alliance: BaiduAlliance,
    /// URL returned by an image upload.
    image: String,
}

fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        other => panic!("no object: {other}"),
    }
}

impl Callers {
    pub(super) fn new(baidu: BaiduApp, wechat: WeChatApp, alliance: BaiduAlliance, image: String) -> Self {
        Self { baidu, wechat, alliance, image }
    }

    /// Calls an endpoint through its method, as often as it takes to send every parameter. Returns the result as JSON.
    pub(super) async fn call(&self, path: &str) -> Result<Value> {
        match path.strip_prefix("/rest/2.0/smartapp/") {
            Some(path) => self.call_baidu(path).await,
            None if path == "/oauth/2.0/token" => {
                json(self.alliance.alliance_packages(&BAIDU_APP.into()).await)
            }
            None => self.call_wechat(path).await,
        }
    }

    fn phone_permission(&self) -> PhonePermissionRequest {
        PhonePermissionRequest::new(
            PhonePermissionReason::DeliveryContact,
            PhonePermissionScene::TicketBooking,
            "描述",
            self.image.as_str(),
        )
    }

    async fn call_wechat(&self, path: &str) -> Result<Value> {
        let app = &self.wechat;
        match path {
            "/wxa/commit" => {
                let ext = object!({
                    "extAppid": WECHAT_APP, "ext": { "attr1": "value1" }, "extPages": { "pages/index/index": {} },
                    "pages": ["pages/index/index"], "window": {}, "networkTimeout": {}, "tabBar": {},
                });
                let ext = ExtJson::from_object(&fields(ext));
                json(app.upload_code(&"0".into(), &ext, "V1.0", "test").await)
            }
            "/wxa/get_qrcode" => json(
                app.trial_qr_code(&QrCodeOptions::default().with_path("index"))
                    .await
                    .map(|code| code.content_type),
            ),
            "/wxa/get_category" => json(app.categories().await),
            "/wxa/get_page" => json(app.pages().await),
            "/wxa/submit_audit" => {
                let category = Category::new(vec![
                    CategoryLevel::new(3, "教育"),
                    CategoryLevel::new(4, "学历教育"),
                    CategoryLevel::new(5, "高等"),
                ]);
                let item = AuditItem::of_category(&category)
                    .with_address("pages/index/index")
                    .with_tag("学习 生活")
                    .with_title("首页");
                let options = wechat::SubmitOptions::new().with_item(item).into();
                json(app.submit_audit(&SubmitTarget::Newest, &options).await)
            }
            "/wxa/get_auditstatus" => {
                let latest = app.latest_audit().await?;
                json(app.audit_status(&latest.audit_id.expect("an audit")).await)
            }
            "/wxa/get_latest_auditstatus" => json(app.latest_audit().await),
            "/wxa/release" => json(app.release(&ReleaseTarget::Approved).await),
            "/wxa/change_visitstatus" => json(app.set_visit_status(VisitStatus::Closed).await),
            "/cgi-bin/wxopen/getweappsupportversion" => json(app.min_library_version().await),
            "/cgi-bin/wxopen/setweappsupportversion" => json(app.set_min_library_version("1.0.0").await),
            "/wxa/revertcoderelease" => json(app.rollback(&RollbackTarget::Previous).await),
            "/wxa/undocodeaudit" => {
                let latest = app.latest_audit().await?;
                json(app.withdraw_audit(&latest.audit_id.expect("an audit")).await)
            }
            "/wxa/grayrelease" => json(app.start_gray_release(GrayRelease::percentage(1)).await),
            "/wxa/revertgrayrelease" => json(app.cancel_gray_release().await),
            "/wxa/getgrayreleaseplan" => json(app.gray_release_plan().await),
            other => panic!("no method of the client calls {other}"),
        }
    }

    async fn call_baidu(&self, path: &str) -> Result<Value> {
        let app = &self.baidu;
        match path {
            "package/upload" => {
                let ext = ExtJsonBuilder::new()
                    .with_ext_enable(true)
                    .with_ext_appid("100000282")
                    .with_field("directCommit", false)
                    .with_ext("name", "helloword")
                    .with_ext_page("pages/api/api", Map::new())
                    .with_window(Map::new())
                    .with_tab_bar(Map::new())
                    .with_network_timeout(Map::new())
                    .build()?;
                json(app.upload_code(&"7".into(), &ext, "1.2.7", "desc").await)
            }
            "package/submitaudit" => {
                let options = baidu::SubmitOptions::new("orders", "none").into();
                json(app.submit_audit(&SubmitTarget::Newest, &options).await)
            }
            "package/release" => json(app.release(&ReleaseTarget::Approved).await),
            "package/rollback" => json(app.rollback(&RollbackTarget::Previous).await),
            "package/withdraw" => {
                let latest = app.latest_audit().await?;
                json(app.withdraw_audit(&latest.audit_id.expect("an audit")).await)
            }
            "package/gettrial" => json(app.trial_package().await),
            "package/get" => json(app.packages().await),
            "package/getdetail" => {
                let package = app.package_detail(&PackageQuery::Status(1)).await?;
                let id = package.package_id.expect("the package's id");
                json(app.package_detail(&PackageQuery::Id(id)).await)
            }
            "app/category/list" => json(app.category_tree(CategoryScope::All).await),
            "app/category/update" => {
                let choices = [
                    CategoryChoice::new(2).with_qualification(1, self.image.as_str()),
                    CategoryChoice::new(6),
                ];
                json(app.update_categories(&choices).await)
            }
            "app/modifyheadimage" => json(app.set_icon(&self.image).await),
            "app/modifysignature" => json(app.set_description("小程序的相关描述").await),
            "app/pause" => json(app.set_visit_status(VisitStatus::Closed).await),
            "app/resume" => json(app.set_visit_status(VisitStatus::Open).await),
            "appflow/applyRecovery" => json(app.apply_recovery("审核描述信息").await),
            "app/qrcode" => {
                let options = QrCodeOptions::default().with_path("pages/index").with_width(200);
                app.trial_qr_code(&options).await?;
                let packages = app.packages().await?;
                let id = packages.into_iter().find_map(|package| package.package_id).expect("a package");
                json(
                    app.trial_qr_code(&QrCodeOptions::default().with_package_id(id))
                        .await
                        .map(|code| code.content_type),
                )
            }
            "app/setnickname" => json(app.set_name("小程序名称", &[&self.image]).await),
            "app/setsupportversion" => json(app.set_min_library_version("1.0.0").await),
            "app/getsupportversion" => json(app.min_library_version().await),
            "app/modifydomain" => {
                let before = app.server_domains().await?;
                let domains = ServerDomains::new()
                    .with_request("https://www.example.com")
                    .with_socket("wss://www.example.com")
                    .with_download("https://www.example.com")
                    .with_upload("https://www.example.com");
                let after = app.change_server_domains(&DomainChange::set(domains)).await;
                json(after.map(|effect| (before, effect)))
            }
            "app/modifywebviewdomain" => {
                let before = app.web_view_domains().await?;
                let change = WebViewDomainChange::set(["https://www.example.com"]);
                json(app.change_web_view_domains(&change).await.map(|effect| (before, effect)))
            }
            "app/checkname" => json(app.check_name("面包店").await),
            "app/offline/update" => {
                let update = OfflineUpdate::default()
                    .with_name("聊聊测试")
                    .with_description("小程序的相关描述")
                    .with_icon_url(self.image.as_str())
                    .with_name_material(self.image.as_str());
                json(app.update_offline_info(&update).await)
            }
            "app/apply/mobileauth" => json(app.apply_phone_permission(&self.phone_permission()).await),
            "app/cancel/mobileauth" => {
                app.apply_phone_permission(&self.phone_permission()).await?;
                json(app.cancel_phone_permission().await)
            }
            "app/get/mobileauthstatus" => json(app.phone_permission().await),
            "oss/app/info" => json(self.alliance.alliance_apps(&[BAIDU_APP.into()]).await),
            "oss/package/get" => json(self.alliance.alliance_packages(&BAIDU_APP.into()).await),
            "oss/package/getdetail" => {
                let app = AppId::from(BAIDU_APP);
                let package = self.alliance.alliance_package(&app, &PackageQuery::Status(1)).await?;
                let id = package.package_id.expect("the package's id");
                json(self.alliance.alliance_package(&app, &PackageQuery::Id(id)).await)
            }
            other => panic!("no method of the client calls {other}"),
        }
    }
}

/// Returns a method's result as JSON.
fn json<T: Serialize>(result: Result<T>) -> Result<Value> {
    result.map(|value| serde_json::to_value(value).expect("a value that is JSON"))
}
