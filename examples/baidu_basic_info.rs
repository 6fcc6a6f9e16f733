//! Preparations for a first submission at Baidu: categories, domains, a name, the permission for phone numbers.
//!
//! ```sh
//! cargo run --example baidu_basic_info
//! ```
//!
//! The simulator plays the vendor over loopback. The program exits with 0 only if the simulator's truth agrees with the
//! responses.
#![expect(clippy::print_stdout, reason = "an example speaks to its reader")]

use std::error::Error as StdError;
use std::sync::Arc;

use miniprogram::baidu::values::{CategoryScope, ImageKind, PhonePermissionReason, PhonePermissionScene};
use miniprogram::baidu::{
    BAIDU, BaiduApp, BaiduPlatform, CategoryChoice, CategoryNode, DomainChange, PhonePermissionRequest,
    ServerDomains, WebViewDomainChange,
};
use miniprogram::model::QrCodeOptions;
use miniprogram::transport::BaseUrl;
use miniprogram::*;
use miniprogram_sim::{AppSpec, Decision, DomainKind, ReviewItem, SimConfig, Simulator};

/// Prints every category with its qualifications. They arrive as JSON inside JSON, with ids as numbers or strings.
fn print(categories: &[CategoryNode], depth: usize) {
    for category in categories {
        println!("{:depth$}{} {}", "", category.id, category.name);
        for alternatives in category.qualifications.iter().flat_map(|rules| &rules.groups) {
            let names = alternatives.iter().filter_map(|item| item.name.as_deref());
            println!("{:depth$}  needs {}", "", names.collect::<Vec<_>>().join(" or "));
        }
        print(&category.children, depth + 2);
    }
}

async fn categories(app: &BaiduApp, picture: &str) -> Result<()> {
    println!("categories:");
    let tree = app.category_tree(CategoryScope::All).await?;
    print(&tree, 2);
    // Every change replaces the whole set.
    let choices = [CategoryChoice::new(2).with_qualification(1, picture), CategoryChoice::new(6)];
    app.update_categories(&choices).await?;
    println!("two of them chosen; they are under review");
    Ok(())
}

async fn domains(app: &BaiduApp) -> Result<()> {
    let wanted = ServerDomains::new()
        .with_request("https://api.example.com")
        .with_socket("wss://push.example.com")
        .with_download("https://cdn.example.com")
        .with_upload("https://api.example.com");
    // A change always sends an action. Without one, Baidu would add every domain of the platform.
    app.change_server_domains(&DomainChange::set(wanted)).await?;
    app.change_web_view_domains(&WebViewDomainChange::add(["https://shop.example.com"])).await?;
    println!("server domains: {:?}", app.server_domains().await?.request);
    println!("web-view domains: {:?}", app.web_view_domains().await?);
    // This one is not registered by the platform.
    let foreign = ServerDomains::new().with_request("https://elsewhere.test");
    match app.change_server_domains(&DomainChange::add(foreign)).await {
        Ok(_) => println!("a foreign domain was taken"),
        Err(error) => println!("refused: {error:#}"),
    }
    Ok(())
}

async fn name(app: &BaiduApp, wanted: &str) -> Result<()> {
    // A name that is taken is a result, not an error.
    let check = app.check_name(wanted).await?;
    println!("the name {wanted} is {}", check.result);
    app.set_name(wanted, &[]).await?;
    Ok(())
}

async fn phone_numbers(app: &BaiduApp, picture: &str) -> Result<()> {
    let request = PhonePermissionRequest::new(
        PhonePermissionReason::DeliveryContact,
        PhonePermissionScene::OnlineShopping,
        "选择商品后填写收货人的手机号",
        picture,
    );
    app.apply_phone_permission(&request).await?;
    println!("permission for phone numbers: {}", app.phone_permission().await?.status);
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    let sim = Arc::new(Simulator::start(SimConfig::new()).await?);
    let id = AppId::from("17000001");
    sim.add_app(AppSpec::baidu(id.clone()))?;
    let kinds = [DomainKind::Request, DomainKind::Socket, DomainKind::Download, DomainKind::Upload];
    for kind in kinds.into_iter().chain([DomainKind::WebView]) {
        sim.set_platform_domains(BAIDU, kind, ["https://example.com", "wss://example.com"])?;
    }

    let config = ClientConfig::new(sim.callback(BAIDU)?.platform_id, sim.tokens())
        .with_base_url(BaseUrl::parse(&sim.base_url())?);
    let platform = BaiduPlatform::new(config)?;
    let app = platform.app(id.clone());

    // Images must come from the platform's own upload; Baidu refuses others.
    let bytes = app.trial_qr_code(&QrCodeOptions::default()).await?.bytes;
    let picture = platform.upload_image(ImageKind::CategoryQualification, "licence.png", bytes).await?;

    categories(&app, &picture).await?;
    domains(&app).await?;
    name(&app, "街角面包店").await?;
    phone_numbers(&app, &picture).await?;

    // The vendor's reviewers.
    for item in [ReviewItem::Categories, ReviewItem::Name, ReviewItem::PhonePermission] {
        sim.decide_review(&id, item, &Decision::Approve)?;
    }
    let info = app.app_info().await?;
    let permission = app.phone_permission().await?.status;
    println!("approved: {}, phone numbers {permission}", info.name.as_deref().unwrap_or("without a name"));

    let once = ["update_categories", "set_name", "apply_phone_permission", "change_web_view_domains"];
    let agrees = once.iter().all(|operation| sim.effects(&id, operation) == 1)
        && sim.effects(&id, "change_server_domains") == 1
        && info.name.as_deref() == Some("街角面包店");
    if !agrees {
        return Err("the simulator's truth differs".into());
    }
    println!("each change took place once");
    Ok(())
}
